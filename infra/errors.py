"""The one error type that a user is meant to read, and how others are told."""

import traceback
from collections.abc import Iterator
from pathlib import Path

from infra import REPOSITORY


class CampuslakeError(Exception):
    """Something failed that a person can act on.

    `message` says in one line what failed and where, `remedy` what to do about it.
    Neither holds a personal value or a credential. Command lines print
    both and exit with `exit_code`; a traceback appears only with `-v`.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} — {self.remedy}" if self.remedy else self.message


def unexpected(error: BaseException) -> CampuslakeError:
    """Returns what a person is told of an error that nobody foresaw: its kind, and where it was.

    Its text is left out, for it may quote a row.
    """
    ours = [
        f"{path.relative_to(REPOSITORY)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if (path := Path(frame.filename)).is_relative_to(REPOSITORY)
        and "site-packages" not in path.parts
    ]
    where = f" at {ours[-1]}" if ours else ""
    return CampuslakeError(
        f"unexpected {type(error).__name__}{where}", "repeat it with -v for the way there"
    )


def trace(error: BaseException) -> str:
    """Returns where an error was raised, and where those were that led to it.

    Of errors that are not ours the kind is told and not the text, which may quote a row.
    """
    lines = []
    for link in reversed(list(_chain(error))):
        lines.append("Traceback (most recent call last):\n")
        lines += traceback.format_tb(link.__traceback__)
        told = f": {link.message}" if isinstance(link, CampuslakeError) else ""
        lines.append(f"{type(link).__qualname__}{told}\n")
    return "".join(lines).rstrip()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
