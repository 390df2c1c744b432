"""What every command line of campuslake does alike: errors in one line, progress, logs."""

import signal
import sys
from types import FrameType
from typing import NoReturn

import structlog
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from infra.errors import CampuslakeError
from infra.logs import start_logging
from infra.settings import settings

INTERRUPTED = 130  # what shells say of a program ended by Ctrl-C

FILE_WIDTH = 140  # columns of what goes to a file or a pipe

out = Console(highlight=False, width=None if sys.stdout.isatty() else FILE_WIDTH)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else FILE_WIDTH)


def progress() -> Progress:
    """Returns a progress display on the error stream; silent when nobody watches."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def main(app: typer.Typer) -> NoReturn:
    """Runs a Typer app and exits: 0 done, 1 failed, 2 wrongly called, 130 interrupted.

    What failed becomes one line on the error stream; `-v` anywhere on the command line adds the
    traceback. SIGTERM is an interruption like Ctrl-C, so that a scheduler's stop cleans up too.
    """
    given = sys.argv[1:]
    own = given.index("psql") if "psql" in given else len(given)  # what follows is psql's
    arguments = [argument for argument in given[:own] if argument != "-v"] + given[own:]
    verbose = len(arguments) < len(given)
    signal.signal(signal.SIGTERM, _interrupt)
    logging = False
    try:
        start_logging(settings(), verbose)
        logging = True
        app(arguments)
    except CampuslakeError as error:
        _tell(error.message, error.remedy, verbose)
        sys.exit(error.exit_code)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            _tell("interrupted", "the same command can be repeated safely", False)
        raise
    except Exception as error:
        if logging:
            structlog.get_logger("campuslake").exception("unexpected error")
        if verbose:
            raise
        # Its text may hold a row's values: only its kind is shown.
        _tell(f"unexpected {type(error).__name__}", "repeat it with -v to see where", False)
        sys.exit(1)
    sys.exit(0)


def _tell(message: str, remedy: str, verbose: bool) -> None:
    if verbose:
        err.print_exception()
    err.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)
    if remedy:
        err.print(Text.assemble(("    -> ", "bold"), remedy), soft_wrap=True)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
