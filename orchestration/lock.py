"""One run at a time on this machine."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.errors import CampuslakeError
from infra.settings import Settings


@contextmanager
def run_lock(settings: Settings) -> Iterator[None]:
    """Holds the lock of the settings' target; the kernel frees it when the process dies.

    Raises `CampuslakeError` when another run holds it.
    """
    path = _path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CampuslakeError(
                "another run is under way", "wait for it; `campuslake runs` shows it"
            ) from error
        yield


def is_locked(settings: Settings) -> bool:
    """Whether a run holds the lock now."""
    path = _path(settings)
    if not path.exists():
        return False
    with path.open("w") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _path(settings: Settings) -> Path:
    return settings.home / "run" / f"{settings.schema_prefix}.lock"
