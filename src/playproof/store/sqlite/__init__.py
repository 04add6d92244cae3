"""SQLite, the embedded engine: one file, one writer thread in each process."""
