"""What changed between two contracts of a mart, and how far its version has to be raised for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from catalog.contracts import Contract
from infra.errors import CampuslakeError


class Level(IntEnum):
    """The part of a semantic version (https://semver.org) that a change raises."""

    MINOR = 1
    MAJOR = 2


@dataclass(frozen=True)
class Change:
    """One change: `MAJOR` breaks what others built on the mart, `MINOR` does not."""

    level: Level
    what: str


def changes(old: Contract, new: Contract) -> list[Change]:
    """Returns what changed for those who read the mart. Words may change at any time."""
    return [*_of_mart(old, new), *_of_columns(old, new), *_of_key(old, new)]


def raised(version: str, level: Level) -> str:
    """Returns the version that follows for a change of a level."""
    major, minor, _ = numbers(version)
    return f"{major + 1}.0.0" if level is Level.MAJOR else f"{major}.{minor + 1}.0"


def numbers(version: str) -> tuple[int, int, int]:
    """Returns the three numbers of a version. Raises `CampuslakeError` when there are not three."""
    parts = version.split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise CampuslakeError(
            f"{version!r} is no version of a contract", "meta.contract_version is like 1.2.0"
        )
    major, minor, patch = map(int, parts)
    return major, minor, patch


def _of_mart(old: Contract, new: Contract) -> Iterator[Change]:
    if old["id"] != new["id"]:
        yield Change(Level.MAJOR, f"moved from {old['id']} to {new['id']}")
    if old.get("slaProperties") != new.get("slaProperties"):
        yield Change(Level.MINOR, "what is promised of its age changed")
    if old["schema"][0].get("quality") != new["schema"][0].get("quality"):
        yield Change(Level.MINOR, "rules about its rows changed")


def _of_columns(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = _columns(old), _columns(new)
    added = [name for name in after if name not in before]
    for name, column in before.items():
        if name in after:
            yield from _of_column(name, column, after[name])
            continue
        alike = [n for n in added if after[n]["physicalType"] == column["physicalType"]]
        hint = f" (renamed to {alike[0]}?)" if len(alike) == 1 else ""
        yield Change(Level.MAJOR, f"column {name} is gone{hint}")
    for name in added:
        yield Change(Level.MINOR, f"column {name} is new")


def _of_column(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    if old["physicalType"] != new["physicalType"]:
        types = f"{old['physicalType']}, is {new['physicalType']}"
        yield Change(Level.MAJOR, f"column {name} was {types}")
    for word, promise in (("required", "never NULL"), ("unique", "unique")):
        was, remains = old.get(word, False), new.get(word, False)
        if was and not remains:
            yield Change(Level.MAJOR, f"column {name} is no longer promised to be {promise}")
        elif remains and not was:
            yield Change(Level.MINOR, f"column {name} is now promised to be {promise}")
    for word in ("logicalTypeOptions", "quality"):
        if old.get(word) != new.get(word):
            yield Change(Level.MINOR, f"values that column {name} may have changed")
    if old.get("classification") != new.get("classification"):
        classes = f"{old.get('classification')}, is {new.get('classification')}"
        yield Change(Level.MINOR, f"column {name} was {classes}")


def _of_key(old: Contract, new: Contract) -> Iterator[Change]:
    if (was := _key(old)) != (key := _key(new)):
        yield Change(Level.MAJOR, f"its key was {', '.join(was)}, is {', '.join(key)}")


def _key(contract: Contract) -> list[str]:
    of_key = [c for c in _columns(contract).values() if c.get("primaryKey")]
    return [c["name"] for c in sorted(of_key, key=lambda c: c["primaryKeyPosition"])]


def _columns(contract: Contract) -> dict[str, dict[str, Any]]:
    return {column["name"]: column for column in contract["schema"][0]["properties"]}
