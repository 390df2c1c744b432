"""Whether a run's objects are those that its manifest names."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from extract.contract import read_contract
from extract.manifest import Manifest, Part, TableManifest
from extract.zone import ABSENT, StagingZone, storage_error
from gates.verdicts import Check

READ_BYTES = 1024 * 1024
WORKERS = 4


def judge_files(zone: StagingZone, manifest: Manifest) -> list[Check]:
    """Compares every object with the manifest: present, of its size and SHA-256, and no other.

    Also checks that the manifest holds each table of the contract. One check per table.
    """
    listed = {table.name for table in manifest.tables}
    checks = [
        _check(table, "expect_table_in_manifest", "the manifest does not hold it")
        for table in read_contract().tables
        if table not in listed
    ]
    expected = {part.key for table in manifest.tables for part in table.parts}
    strangers = set(zone.keys(manifest.run_id)) - expected - {zone.manifest_key(manifest.run_id)}
    with ThreadPoolExecutor(WORKERS) as pool:
        for table in manifest.tables:
            found = [fault for fault in pool.map(lambda p: _fault(zone, p), table.parts) if fault]
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


def _fault(zone: StagingZone, part: Part) -> str:
    digest, size = hashlib.sha256(), 0
    try:
        body: Any = zone.client.get_object(Bucket=zone.bucket, Key=part.key)["Body"]
        for piece in body.iter_chunks(READ_BYTES):
            digest.update(piece)
            size += len(piece)
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return f"{_short(part.key)} is missing"
        raise storage_error(error, zone.bucket) from error
    except BotoCoreError as error:
        raise storage_error(error, zone.bucket) from error
    if size != part.bytes:
        return f"{_short(part.key)} has {size:,} bytes, not {part.bytes:,}"
    if digest.hexdigest() != part.sha256:
        return f"{_short(part.key)} was changed after the extract (SHA-256)"
    return ""


def _short(key: str) -> str:
    return key.split("/", 2)[2]
