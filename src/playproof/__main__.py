"""`python -m playproof` is the command line."""

from playproof.cli import main

main()
