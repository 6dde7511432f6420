"""`python -m jobevents_cli` is `jobevents`."""

from jobevents_cli.cli import main

if __name__ == "__main__":
    main()
