"""The command line. Exit 0: fine; 1: problems in what the user gave; 2: wrong usage."""

from trustcommerce.cli.main import main

__all__ = ["main"]
