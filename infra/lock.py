"""Locks between processes, as files. The kernel frees one when its holder dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


class Locked(Exception):
    """Another process holds the lock."""


@contextmanager
def file_lock(path: Path, wait: bool) -> Iterator[TextIO]:
    """Holds the lock of a file, emptied, which is yielded; makes it when there is none.

    Raises `Locked` when another process holds it, unless told to wait.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Locked from None
        opened.truncate(0)
        yield opened
