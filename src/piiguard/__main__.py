"""`python -m piiguard`."""

from piiguard.cli import main

main()
