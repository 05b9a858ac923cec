"""`python -m trustcommerce` is the command line."""

from trustcommerce.cli import main

main()
