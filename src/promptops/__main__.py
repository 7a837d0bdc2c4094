"""`python -m promptops`."""

from promptops.cli.main import run

if __name__ == "__main__":
    run()
