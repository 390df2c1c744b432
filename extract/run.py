"""One extract: every table of the ERP at one instant, to a new run of the staging zone."""

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from rich.progress import Progress

from extract.assembly import Assembly
from extract.copies import Copies
from extract.manifest import Column, Manifest, Owner, fingerprint
from extract.memory import give_large_blocks_back
from extract.metrics import keep_metrics
from extract.plan import PlannedPart
from extract.rate import RateLimit
from extract.report import Report
from extract.source import Gentleness, Source, TableSize
from extract.upload import PIECES_AT_ONCE, Uploads
from extract.zone import StagingZone, new_run_id
from infra.erp import erp_dsn
from infra.errors import CampuslakeError
from infra.object_store import Bucket, s3_client
from infra.settings import Settings

log = structlog.get_logger("extract")


def extract(
    settings: Settings,
    progress: Progress,
    run_id: str | None = None,
    tables: Sequence[str] | None = None,
) -> Manifest:
    """Extracts all tables, or those named, and returns the committed manifest.

    Several connections copy at the same time, in one snapshot, in bounded memory. On any failure
    the run's objects are deleted again and `CampuslakeError` is raised; a process that is killed
    leaves a run without a manifest, which does not exist for any reader and which the next extract
    deletes.
    """
    started_at = datetime.now(UTC)
    run_id = run_id or new_run_id()
    bucket = Bucket(settings, s3_client(settings, connections=PIECES_AT_ONCE + 2))
    try:
        manifest = _extract(settings, progress, run_id, started_at, bucket, tables)
    except BaseException as error:
        keep_metrics(settings, bucket, run_id, started_at, error)
        raise
    keep_metrics(settings, bucket, run_id, started_at, manifest)
    for table in manifest.tables:
        log.info(
            "table extracted",
            run_id=run_id,
            table=table.name,
            rows=table.rows,
            bytes=table.csv_bytes,
            seconds=round(table.seconds, 3),
        )
    log.info(
        "extracted",
        run_id=run_id,
        rows=manifest.rows,
        bytes=manifest.bytes,
        snapshot_seconds=round(manifest.snapshot_seconds, 2),
    )
    return manifest


def planned(
    settings: Settings, tables: Sequence[str] | None = None
) -> tuple[dict[str, list[Column]], dict[str, TableSize], list[PlannedPart]]:
    """Returns the columns, sizes and parts that an extract would have. Raises like `extract`."""
    source = open_source(settings)
    try:
        run = Assembly(settings, StagingZone(settings), source, new_run_id(), tables)
        return run.columns, run.sizes, run.parts
    finally:
        source.close()


def open_source(settings: Settings) -> Source:
    """Takes a snapshot of the settings' ERP, as gently as they say."""
    gentleness = Gentleness(
        lock_timeout=settings.extract_lock_timeout,
        statement_timeout=settings.extract_statement_timeout,
    )
    return Source(erp_dsn(settings), settings.erp_schema, gentleness)


def rate_limit(settings: Settings) -> RateLimit:
    """Returns the settings' speed limit."""
    megabytes = settings.extract_rate_mb
    return RateLimit(megabytes * 1e6 if megabytes else None)


def discard_the_dead(zone: StagingZone, erp: str, besides: str = "") -> None:
    """Deletes what killed extracts of this ERP left."""
    for dead in zone.discard_uncommitted(erp, besides):
        log.warning("discarded what a failed extract left", dead_run_id=dead)


def _extract(
    settings: Settings,
    progress: Progress,
    run_id: str,
    started_at: datetime,
    bucket: Bucket,
    tables: Sequence[str] | None,
) -> Manifest:
    give_large_blocks_back()
    zone = StagingZone(settings, bucket)
    source = open_source(settings)
    try:
        run = Assembly(settings, zone, source, run_id, tables)
        discard_the_dead(zone, source.erp)
        run.read_keys(progress)
        report = Report(progress, run.sizes)
        uploads = Uploads(bucket)
        copies = Copies(source, uploads, settings.extract_compression, report, rate_limit(settings))
        try:
            zone.begin(Owner(run_id=run_id, erp=source.erp))
            try:
                copied = copies.run(run.copy_jobs(), settings.extract_connections)
                run.write_changes(uploads, copied)
            finally:
                uploads.close()
                report.end()
            run.require_same_registry()
            # Once more: what a process had sent when it was killed may have arrived since.
            discard_the_dead(zone, source.erp, besides=run_id)
            manifest = Manifest(
                run_id=run_id,
                started_at=started_at,
                committed_at=datetime.now(UTC),
                server_version=source.server_version,
                erp=source.erp,
                snapshot=source.snapshot,
                schema_fingerprint=fingerprint(run.columns),
                compression=settings.extract_compression,
                tables=run.table_manifests(copied, report.tables),
            )
            zone.commit(manifest)
        except BaseException:
            _discard(zone, run_id)
            raise
    finally:
        source.close()
    return manifest


def _discard(zone: StagingZone, run_id: str) -> None:
    try:
        zone.delete_run(run_id)
    except CampuslakeError as error:
        # The failure that led here is the one to tell; without a manifest the run is invisible.
        log.warning("could not delete a failed run's objects", run_id=run_id, reason=str(error))
