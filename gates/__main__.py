"""`python -m gates`."""

from gates.cli import app
from infra.command_line import main

if __name__ == "__main__":
    main(app)
