"""Whether the contracts of the project keep what the published ones promise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog.changes import Change, Level, changes, numbers, raised
from catalog.contracts import Contract, as_yaml, read

EXPORT = "`campuslake contracts export`"


@dataclass(frozen=True)
class Finding:
    """One line on one mart; `is_kept` is false when something has to be done."""

    is_kept: bool
    mart: str
    told: str

    def __str__(self) -> str:
        return f"{self.mart}: {self.told}"


def findings(
    now: Mapping[str, Contract], published: Mapping[str, Mapping[str, Contract]], folder: Path
) -> Iterator[Finding]:
    """Yields what differs between the contracts of the project, the published ones and the folder.

    `published` is by mart and version, the last version last.
    """
    for mart in sorted({*now, *published}):
        versions = list(published.get(mart, {}).values())
        path = folder / f"{mart}.yaml"
        if mart not in now:
            yield from _gone(mart, versions[-1], path)
            continue
        if versions:
            yield from _changed(mart, versions[-1], now[mart])
        if not path.exists() or path.read_text(encoding="utf-8") != as_yaml(now[mart]):
            yield Finding(False, mart, f"{path.name} is not what the project says: {EXPORT}")


def _changed(mart: str, last: Contract, new: Contract) -> Iterator[Finding]:
    before, after = last["version"], new["version"]
    if numbers(after) < numbers(before):
        told = f"version {after} is lower than {before}, which is published: raise it"
        yield Finding(False, mart, told)
        return
    for change in changes(last, new):
        is_kept = _is_enough(before, after, change)
        told = f"{change.what} ({'breaking' if change.level is Level.MAJOR else 'not breaking'})"
        if is_kept:
            told += f", told by version {after}"
        else:
            told += (
                f": take it back, or raise meta.contract_version beside the model from {before} to"
                f" {raised(before, change.level)} and repeat {EXPORT}"
            )
        yield Finding(is_kept, mart, told)


def _gone(mart: str, last: Contract, path: Path) -> Iterator[Finding]:
    if last["status"] == "retired":
        return
    held = read(path) if path.exists() else None
    gone = Change(Level.MAJOR, "the mart is gone")
    if held and held["status"] == "retired" and _is_enough(last["version"], held["version"], gone):
        told = f"{gone.what} (breaking), told by version {held['version']}: retired"
        yield Finding(True, mart, told)
    else:
        told = f"{gone.what} (breaking): bring it back, or {EXPORT[:-1]} --retire {mart}`"
        yield Finding(False, mart, told)


def _is_enough(before: str, after: str, change: Change) -> bool:
    parts = 1 if change.level is Level.MAJOR else 2
    return numbers(after)[:parts] > numbers(before)[:parts]
