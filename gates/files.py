"""Whether a run's objects are those that its manifest names."""

import hashlib
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from extract.contract import read_contract
from extract.manifest import Manifest, Part, TableManifest
from extract.zone import StagingZone
from gates.verdicts import Check
from infra.object_store import Bucket, is_absence

READ_BYTES = 1024 * 1024
WORKERS = 4


def judge_presence(keys: Collection[str], manifest: Manifest) -> list[Check]:
    """Checks that the manifest holds each table of the contract, and `keys` each of its parts."""
    listed = {table.name for table in manifest.tables}
    checks = [
        _check(table, "expect_table_in_manifest", "the manifest does not hold it")
        for table in read_contract().tables
        if table not in listed
    ]
    for table in manifest.tables:
        missing = [f"{_short(p.key)} is missing" for p in table.parts if p.key not in keys]
        told = "; ".join(missing) if table.parts else "the manifest names no file of it"
        checks.append(_check(table.name, "expect_files_to_exist", told))
    return checks


def judge_files(zone: StagingZone, keys: Collection[str], manifest: Manifest) -> list[Check]:
    """Compares every object of `keys` with the manifest: its size, its SHA-256, and no other."""
    expected = {part.key for table in manifest.tables for part in table.parts}
    strangers = set(keys) - expected - {zone.manifest_key(manifest.run_id)}
    checks = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for table in manifest.tables:
            present = [part for part in table.parts if part.key in keys]
            found = [
                fault for fault in pool.map(lambda p: _fault(zone.bucket, p), present) if fault
            ]
            found += _strangers_of(zone, manifest, table, strangers)
            checks.append(_check(table.name, "expect_files_as_in_manifest", "; ".join(found)))
    return checks


def _strangers_of(
    zone: StagingZone, manifest: Manifest, table: TableManifest, strangers: set[str]
) -> list[str]:
    prefix = f"{zone.prefix(manifest.run_id)}{table.name}/"
    return [
        f"{_short(key)} is not in the manifest"
        for key in sorted(strangers)
        if key.startswith(prefix)
    ]


def _check(table: str, expectation: str, fault: str) -> Check:
    return Check(table=table, expectation=expectation, observed=fault, passed=not fault)


def _fault(bucket: Bucket, part: Part) -> str:
    digest, size = hashlib.sha256(), 0
    with bucket.errors():
        try:
            body = bucket.client.get_object(Bucket=bucket.name, Key=part.key)["Body"]
        except ClientError as error:
            if is_absence(error):
                return f"{_short(part.key)} is missing"
            raise
        for piece in body.iter_chunks(READ_BYTES):
            digest.update(piece)
            size += len(piece)
    if size != part.bytes:
        return f"{_short(part.key)} has {size:,} bytes, not {part.bytes:,}"
    if digest.hexdigest() != part.sha256:
        return f"{_short(part.key)} was changed after the extract (SHA-256)"
    return ""


def _short(key: str) -> str:
    return key.split("/", 2)[2]
