"""`python -m extract`."""

from extract.cli import app
from infra.command_line import main

if __name__ == "__main__":
    main(app)
