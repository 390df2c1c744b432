"""What a run is made of: tables whole or as changes, and what the manifest says of them."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import structlog

from extract.changes import Base, KeyScan, base_of, scan_keys, tables_with_keys, write_keys
from extract.contract import Contract
from extract.copies import CopyJob
from extract.manifest import Changes, Column, Keys, Part, TableManifest
from extract.plan import plan_parts
from extract.report import TableProgress
from extract.source import BlockRange, Source, TableSize
from extract.upload import PartUpload, Uploads
from extract.zone import StagingZone
from infra.errors import CampuslakeError
from infra.settings import Settings

SUFFIX = {"gzip": ".csv.gz", "none": ".csv"}

log = structlog.get_logger("extract")


@dataclass(frozen=True)
class KnownTable:
    """A table whose keys were read: by `key`, with what changed since `base`, if there is one.

    `whole`: it is carried whole; with a base too, so that the changes can be proved.
    """

    key: str
    scan: KeyScan
    base: Base | None
    whole: bool


def known_tables(
    settings: Settings,
    zone: StagingZone,
    source: Source,
    contract: Contract,
    columns: Mapping[str, Sequence[Column]],
    sizes: Mapping[str, TableSize],
) -> dict[str, KnownTable]:
    """Reads the keys of the tables whose changes can be told, if the settings ask for changes.

    Every `extract_full_every`th run in a row carries them whole as well.
    """
    if not settings.extract_changes:
        return {}
    current = zone.current_manifest()
    known = {}
    for table, key in tables_with_keys(contract, columns, sizes).items():
        base = base_of(zone.bucket, current, source, table, columns[table]) if current else None
        whole = base is None or len(base.layers) >= settings.extract_full_every
        if base is None:
            log.info("carried whole: no run to tell its changes against", table=table)
        known[table] = KnownTable(key, scan_keys(source, table, key, base), base, whole)
    return known


def copy_jobs(
    settings: Settings,
    zone: StagingZone,
    source: Source,
    run_id: str,
    columns: Mapping[str, Sequence[Column]],
    sizes: Mapping[str, TableSize],
    known: Mapping[str, KnownTable],
) -> list[CopyJob]:
    """Returns the copies to do, the longest first."""
    suffix = SUFFIX[settings.extract_compression]
    of_changes = [
        CopyJob(
            table=table,
            key=f"{zone.changes_prefix(run_id, table)}rows/part-00000{suffix}",
            statement=source.copy_statement(
                table, columns[table], BlockRange(), changed_since=found.base.xmin
            ),
            has_long_rows=sizes[table].has_long_rows,
            of_changes=True,
        )
        for table, found in known.items()
        if found.base
    ]
    return of_changes + [
        CopyJob(
            table=part.table,
            key=zone.part_key(run_id, part.table, part.number, suffix),
            statement=source.copy_statement(part.table, columns[part.table], part.range),
            has_long_rows=part.has_long_rows,
        )
        for part in plan_parts(sizes)
        if part.table not in known or known[part.table].whole
    ]


def write_changes(
    settings: Settings,
    zone: StagingZone,
    uploads: Uploads,
    run_id: str,
    known: Mapping[str, KnownTable],
    copied: Mapping[CopyJob, Part],
) -> dict[str, tuple[Keys, Changes | None]]:
    """Writes the keys of the tables whose changes can be told, and those that are gone.

    Raises `CampuslakeError` when as many rows did not come as there are keys.
    """
    suffix = SUFFIX[settings.extract_compression]
    written = {}
    for table, found in known.items():
        prefix = zone.changes_prefix(run_id, table)
        keys = write_keys(zone.bucket, f"{prefix}keys.roaring.gz", found.scan.now)
        changes = None
        if found.base:
            parts = _parts(copied, table, of_changes=True)
            _require(table, sum(part.rows for part in parts), len(found.scan.changed))
            gone = np.array(found.base.keys - found.scan.now, np.uint64).view(np.int64)
            upload = PartUpload(
                uploads, f"{prefix}deleted/part-00000{suffix}", settings.extract_compression
            )
            upload.write(_column_of(found.key, gone))
            upload.finish()
            upload.complete()
            changes = Changes(
                base=found.base.run_id,
                key=found.key,
                parts=parts,
                deleted=upload.part(rows=len(gone)),
            )
        if found.whole:
            _require(table, sum(p.rows for p in _parts(copied, table, False)), found.scan.rows)
        written[table] = (keys, changes)
    return written


def table_manifests(
    run_id: str,
    columns: Mapping[str, list[Column]],
    copied: Mapping[CopyJob, Part],
    progress: Mapping[str, TableProgress],
    known: Mapping[str, KnownTable],
    written: Mapping[str, tuple[Keys, Changes | None]],
) -> list[TableManifest]:
    """Returns the manifest's entry of each table, its parts in order."""
    tables = []
    for table in columns:
        parts = _parts(copied, table, of_changes=False)
        keys, changes = written.get(table, (None, None))
        carried = [*parts, *([*changes.parts, changes.deleted] if changes else [])]
        found = known.get(table)
        tables.append(
            TableManifest(
                name=table,
                columns=columns[table],
                rows=found.scan.rows if found else sum(part.rows for part in parts),
                bytes=sum(part.bytes for part in carried),
                csv_bytes=sum(part.csv_bytes for part in carried),
                seconds=round(progress[table].seconds, 3),
                parts=parts,
                changes=changes,
                layers=[*found.base.layers, run_id] if changes and not found.whole else [],
                key=found.key if found else "",
                keys=keys,
            )
        )
    return tables


def _parts(copied: Mapping[CopyJob, Part], table: str, of_changes: bool) -> list[Part]:
    jobs = [job for job in copied if job.table == table and job.of_changes == of_changes]
    return [copied[job] for job in sorted(jobs, key=lambda job: job.key)]


def _require(table: str, found: int, expected: int) -> None:
    if found != expected:
        raise CampuslakeError(f"{table} has {expected:,} keys and {found:,} rows came", "repeat it")


def _column_of(name: str, keys: np.ndarray) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name])
    writer.writerows([key] for key in keys.tolist())
    return text.getvalue().encode()
