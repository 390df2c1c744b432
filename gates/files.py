"""Whether a run's objects are those that its manifest names, as checks of the gate."""

from collections.abc import Collection, Iterable

from extract.manifest import Manifest
from extract.verify import changed_files, missing_files
from extract.zone import StagingZone
from gates.verdicts import Check


def judge_presence(
    promised: Iterable[str], keys: Collection[str], manifest: Manifest
) -> list[Check]:
    """Checks that the manifest holds every table `promised`, and `keys` each of its parts."""
    listed = {table.name for table in manifest.tables}
    checks = [
        _check(table, "expect_table_in_manifest", ["the manifest does not hold it"])
        for table in promised
        if table not in listed
    ]
    return checks + [
        _check(table.name, "expect_files_to_exist", missing_files(table, keys))
        for table in manifest.tables
    ]


def judge_files(zone: StagingZone, keys: Collection[str], manifest: Manifest) -> list[Check]:
    """Compares every object of `keys` with the manifest: its size, its SHA-256, and no other."""
    return [
        _check(table, "expect_files_as_in_manifest", faults)
        for table, faults in changed_files(zone, keys, manifest).items()
    ]


def _check(table: str, expectation: str, faults: list[str]) -> Check:
    return Check(
        table=table, expectation=expectation, observed="; ".join(faults), passed=not faults
    )
