"""One run of a target at a time on this machine."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from infra.errors import CampuslakeError
from infra.lock import Locked, file_lock
from infra.settings import Settings

SUFFIX = ".lock"


@contextmanager
def run_lock(settings: Settings) -> Iterator[Callable[[str], None]]:
    """Holds the lock of the settings' target; yields a function that notes which run holds it.

    The kernel frees it when the process dies. Raises `CampuslakeError` when another run holds it.
    """
    try:
        with file_lock(_path(settings), wait=False) as opened:

            def note(run_id: str) -> None:
                opened.write(run_id)
                opened.flush()

            yield note
    except Locked as error:
        raise CampuslakeError(
            "another run is under way", "wait for it; `campuslake runs` shows it"
        ) from error


@contextmanager
def every_run_lock(settings: Settings) -> Iterator[None]:
    """Holds the locks of all targets of this machine's lake: nothing is built meanwhile.

    Raises `CampuslakeError` when a run holds one.
    """
    prefixes = {path.stem for path in _path(settings).parent.glob(f"*{SUFFIX}")}
    prefixes -= {"stack"}  # what starts and stops servers waits for nobody
    with ExitStack() as locks:
        for prefix in sorted(prefixes | {settings.schema_prefix}):
            locks.enter_context(run_lock(settings.model_copy(update={"schema_prefix": prefix})))
        yield


def run_under_way(settings: Settings) -> str | None:
    """Returns the id of the run that holds the lock, '' for one without a name yet, or None."""
    path = _path(settings)
    if not path.exists():
        return None
    held = path.read_text()
    try:
        with file_lock(path, wait=False):
            return None
    except Locked:
        return held


def _path(settings: Settings) -> Path:
    return settings.home / "run" / f"{settings.schema_prefix}{SUFFIX}"
