"""What goes out: tokens, the sites they are for, and the answers that their backends get."""
