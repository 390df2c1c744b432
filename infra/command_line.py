"""What every command line of campuslake does alike: errors in one line, progress, logs."""

import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import structlog
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from infra.errors import CampuslakeError, trace, unexpected
from infra.logs import start_logging
from infra.settings import settings

INTERRUPTED = 130  # what shells say of a program ended by Ctrl-C

FILE_WIDTH = 140  # columns of what goes to a file or a pipe

out = Console(highlight=False, width=None if sys.stdout.isatty() else FILE_WIDTH)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else FILE_WIDTH)


class RateColumn(ProgressColumn):
    """How many a second of what is counted; nothing until that can be told."""

    def render(self, task: Task) -> Text:
        """Returns the rate of a task."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="progress.data.speed")


def progress() -> Progress:
    """Returns a progress display on the error stream; silent when nobody watches."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def main(app: typer.Typer) -> NoReturn:
    """Runs a Typer app and exits: 0 done, 1 failed, 2 wrongly called, 130 interrupted.

    What failed becomes one line on the error stream; `-v` anywhere on the command line adds the
    traceback, without values of rows. What was typed is not repeated, for it may name somebody.
    SIGTERM is an interruption like Ctrl-C, so that a scheduler's stop cleans up too.
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
        code = app(arguments, standalone_mode=False)
    except typer.TyperException as error:
        _tell_usage(error, arguments)
        sys.exit(error.exit_code)
    except typer.Abort:
        _tell("aborted", "")
        sys.exit(1)
    except CampuslakeError as error:
        _tell(error.message, error.remedy, error if verbose else None)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - the last resort
        if logging:
            structlog.get_logger("campuslake").exception("unexpected error")
        told = unexpected(error)
        _tell(told.message, told.remedy, error if verbose else None)
        sys.exit(1)
    if code == INTERRUPTED:
        _tell("interrupted", "the same command can be repeated safely")
    sys.exit(code or 0)


def from_standard_input(parameter: typer.CallbackParam, given: Any) -> Any:
    """Returns what an option was given, with what standard input says in the place of each `-`.

    A callback of options whose values name somebody: the process list and the shell's history show
    what stands on a command line. Input gives a value per line; on a terminal it is asked for.
    """
    if isinstance(given, list):
        return [from_standard_input(parameter, value) for value in given]
    if given != "-":
        return given
    if sys.stdin.isatty():
        return typer.prompt(parameter.name or "", err=True)
    if value := sys.stdin.readline().strip():
        return value
    raise CampuslakeError(
        f"standard input holds no line for --{parameter.name} -",
        "give it one line for each `-`, in the order of the options",
    )


def _tell_usage(error: typer.TyperException, arguments: Sequence[str]) -> None:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else Path(sys.argv[0]).name
    if type(error).__name__ == "NoArgsIsHelpError":
        return  # the help was shown
    message = error.format_message()
    for argument in sorted(arguments, key=len, reverse=True):
        value = argument.partition("=")[2] if argument.startswith("-") else argument
        if value and value not in path.split():
            for form in (value, repr(value)[1:-1]):
                message = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", "…", message)
    _tell(message, f"`{path} --help` shows how it is called")


def _tell(message: str, remedy: str, error: BaseException | None = None) -> None:
    if error:
        err.print(Text(trace(error)), soft_wrap=True)
    err.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)
    if remedy:
        err.print(Text.assemble(("    -> ", "bold"), remedy), soft_wrap=True)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
