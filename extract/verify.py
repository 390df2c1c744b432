"""Whether a run's objects are those that its manifest names."""

import hashlib
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from extract.manifest import Keys, Manifest, Part, TableManifest
from extract.zone import StagingZone
from infra.object_store import Bucket, is_absence

READ_BYTES = 1024 * 1024
WORKERS = 4


def faults_of(zone: StagingZone, manifest: Manifest) -> list[str]:
    """Returns one sentence for each object that is missing, changed or not in the manifest."""
    keys = zone.keys(manifest.run_id)
    changed = changed_files(zone, keys, manifest)
    return [
        fault
        for table in manifest.tables
        for fault in missing_files(table, keys) + changed[table.name]
    ]


def missing_files(table: TableManifest, keys: Collection[str]) -> list[str]:
    """Returns one sentence for each object of a table that is not among `keys`."""
    if not table.objects:
        return ["the manifest names no file of it"]
    return [f"{_short(part.key)} is missing" for part in table.objects if part.key not in keys]


def changed_files(
    zone: StagingZone, keys: Collection[str], manifest: Manifest
) -> dict[str, list[str]]:
    """Reads every object of `keys` again and compares it with the manifest.

    Returns for each table one sentence per object whose size or SHA-256 differs, and per object of
    its folders that the manifest does not name; of a table that is there as changes, those of the
    runs it builds on too. Raises `CampuslakeError` when the store refuses.
    """
    with ThreadPoolExecutor(WORKERS) as pool:
        found = {t.name: _changed(zone, pool, keys, manifest, t) for t in manifest.tables}
        for table in manifest.tables:
            for run_id in table.layers[:-1]:
                below = zone.manifest(run_id)
                there = zone.keys(run_id)
                entry = below.table(table.name)
                found[table.name] += [
                    *missing_files(entry, there),
                    *_changed(zone, pool, there, below, entry),
                ]
    return found


def _changed(
    zone: StagingZone,
    pool: ThreadPoolExecutor,
    keys: Collection[str],
    manifest: Manifest,
    table: TableManifest,
) -> list[str]:
    present = [part for part in table.objects if part.key in keys]
    faults = [fault for fault in pool.map(lambda part: _fault(zone.bucket, part), present) if fault]
    folders = (
        f"{zone.prefix(manifest.run_id)}{table.name}/",
        zone.changes_prefix(manifest.run_id, table.name),
    )
    strangers = {k for k in keys if k.startswith(folders)} - {part.key for part in table.objects}
    return faults + [f"{_short(key)} is not in the manifest" for key in sorted(strangers)]


def _fault(bucket: Bucket, part: Part | Keys) -> str:
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
