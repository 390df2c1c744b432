"""What a run is made of: tables whole or as changes, and what the manifest says of them."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from rich.progress import Progress

from extract.contract import promised_columns, read_contract
from extract.copies import CopyJob
from extract.erased import Registry
from extract.manifest import Changes, Keys, Part, TableManifest
from extract.plan import plan_parts
from extract.queries import BlockRange
from extract.report import TableProgress
from extract.source import Source
from extract.upload import PartUpload, Uploads
from extract.zone import StagingZone
from infra.errors import CampuslakeError
from infra.settings import Settings

if TYPE_CHECKING:  # numpy, which tells changes, takes as long to load as a small extract
    from extract.changes import Base, KeyScan

SUFFIX = {"gzip": ".csv.gz", "none": ".csv"}

log = structlog.get_logger("extract")


@dataclass(frozen=True)
class KnownTable:
    """A table whose keys were read: by `key`, with what changed since `base`, if there is one.

    `whole`: it is carried whole; with a base too, so that the changes can be proved.
    """

    key: str
    scan: "KeyScan"
    base: "Base | None"
    whole: bool


class Assembly:
    """One run in the making: its `columns` and `sizes` by table, its copies, its manifest.

    Raises `CampuslakeError` when the ERP broke the contract or `tables` are not in it.
    """

    def __init__(
        self,
        settings: Settings,
        zone: StagingZone,
        source: Source,
        run_id: str,
        tables: Sequence[str] | None = None,
    ) -> None:
        self._settings = settings
        self._zone = zone
        self._source = source
        self._run_id = run_id
        self._contract = read_contract(settings.extract_contract)
        self.columns = promised_columns(self._contract, source, tables)
        self._registry = Registry(settings, zone.bucket)
        source.leave_out(self._registry, self._contract.tables)
        self.sizes = source.sizes(list(self.columns))
        self.parts = plan_parts(self.sizes)
        self._suffix = SUFFIX[settings.extract_compression]
        self._known: dict[str, KnownTable] = {}
        self._written: dict[str, tuple[Keys, Changes | None]] = {}

    def read_keys(self, progress: Progress) -> None:
        """Reads the keys of the tables whose changes can be told, if the settings ask for changes.

        Every `extract_full_every`th run in a row carries them whole as well.
        """
        if not self._settings.extract_changes:
            return
        from extract.changes import base_of, scan_keys, tables_with_keys

        current = self._zone.current_manifest()
        for table, key in tables_with_keys(self._contract, self.columns, self.sizes).items():
            task = progress.add_task(f"keys of {table}", total=None)
            base, columns = None, self.columns[table]
            if current:
                base = base_of(self._zone.bucket, current, self._source, table, columns)
            if base is None:
                log.info("carried whole: no run to tell its changes against", table=table)
            whole = base is None or len(base.layers) >= self._settings.extract_full_every
            scan = scan_keys(self._source, table, columns, key, base)
            self._known[table] = KnownTable(key, scan, base, whole)
            progress.remove_task(task)

    def require_same_registry(self) -> None:
        """Raises `CampuslakeError` when somebody was erased since the run began."""
        if Registry(self._settings, self._zone.bucket).hashes != self._registry.hashes:
            raise CampuslakeError("somebody was erased during the extract", "repeat it")

    def copy_jobs(self) -> list[CopyJob]:
        """Returns the copies to do: changes, then parts, the longest first."""
        of_changes = [
            CopyJob(
                table=table,
                key=f"{self._changes_prefix(table)}rows/part-00000{self._suffix}",
                query=self._source.rows_query(
                    table, self.columns[table], BlockRange(), changed_since=known.base.xmin
                ),
                has_long_rows=self.sizes[table].has_long_rows,
                of_changes=True,
            )
            for table, known in self._known.items()
            if known.base
        ]
        return of_changes + [
            CopyJob(
                table=part.table,
                key=self._zone.part_key(self._run_id, part.table, part.number, self._suffix),
                query=self._source.rows_query(part.table, self.columns[part.table], part.range),
                has_long_rows=part.has_long_rows,
            )
            for part in self.parts
            if part.table not in self._known or self._known[part.table].whole
        ]

    def write_changes(self, uploads: Uploads, copied: Mapping[CopyJob, Part]) -> None:
        """Writes the keys of the tables whose changes can be told, and those that are gone.

        Raises `CampuslakeError` when as many rows did not come as there are keys.
        """
        if not self._known:
            return
        from extract.changes import write_keys

        for table, known in self._known.items():
            prefix = self._changes_prefix(table)
            keys = write_keys(self._zone.bucket, f"{prefix}keys.roaring.gz", known.scan.now)
            changes = None
            if known.base:
                parts = _parts(copied, table, of_changes=True)
                _require(table, sum(part.rows for part in parts), len(known.scan.changed))
                gone = known.scan.gone(known.base)
                upload = PartUpload(
                    uploads,
                    f"{prefix}deleted/part-00000{self._suffix}",
                    self._settings.extract_compression,
                )
                upload.write(_column_of(known.key, gone))
                upload.finish()
                upload.complete()
                deleted = upload.part(rows=len(gone))
                changes = Changes(base=known.base.run_id, parts=parts, deleted=deleted)
            if known.whole:
                rows = sum(part.rows for part in _parts(copied, table, of_changes=False))
                _require(table, rows, known.scan.rows)
            self._written[table] = (keys, changes)

    def table_manifests(
        self, copied: Mapping[CopyJob, Part], progress: Mapping[str, TableProgress]
    ) -> list[TableManifest]:
        """Returns the manifest's entry of each table, its parts in order."""
        return [self._table_manifest(table, copied, progress[table]) for table in self.columns]

    def _changes_prefix(self, table: str) -> str:
        return self._zone.changes_prefix(self._run_id, table)

    def _table_manifest(
        self, table: str, copied: Mapping[CopyJob, Part], progress: TableProgress
    ) -> TableManifest:
        parts = _parts(copied, table, of_changes=False)
        keys, changes = self._written.get(table, (None, None))
        carried = [*parts, *([*changes.parts, changes.deleted] if changes else [])]
        known = self._known.get(table)
        return TableManifest(
            name=table,
            columns=self.columns[table],
            rows=known.scan.rows if known else sum(part.rows for part in parts),
            bytes=sum(part.bytes for part in carried),
            csv_bytes=sum(part.csv_bytes for part in carried),
            seconds=round(progress.seconds, 3),
            parts=parts,
            changes=changes,
            layers=[*known.base.layers, self._run_id] if changes and not known.whole else [],
            key=known.key if known else "",
            keys=keys,
        )


def _parts(copied: Mapping[CopyJob, Part], table: str, of_changes: bool) -> list[Part]:
    jobs = [job for job in copied if job.table == table and job.of_changes == of_changes]
    return [copied[job] for job in sorted(jobs, key=lambda job: job.key)]


def _require(table: str, found: int, expected: int) -> None:
    if found != expected:
        raise CampuslakeError(f"{table} has {expected:,} keys and {found:,} rows came", "repeat it")


def _column_of(name: str, keys: Sequence[int]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name])
    writer.writerows([key] for key in keys)
    return text.getvalue().encode()
