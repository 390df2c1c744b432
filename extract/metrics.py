"""What every extract, done or failed, leaves of itself as data: one JSON object per run.

The objects outlive the runs that they tell of; `macros/publication/ops.sql` makes tables of them.
"""

from datetime import UTC, datetime

import structlog
from pydantic import BaseModel

from extract.manifest import Manifest
from infra.errors import CampuslakeError
from infra.object_store import Bucket
from infra.settings import Settings

PREFIX = "ops/extract_runs/"

log = structlog.get_logger("extract")


class TableMetrics(BaseModel):
    """One table of a run: rows, bytes of CSV and as stored, seconds; whole or as changes."""

    name: str
    rows: int
    csv_bytes: int
    bytes: int
    seconds: float
    is_whole: bool


class RunMetrics(BaseModel):
    """One run: `state` is committed or failed, `error` says why; seconds that the ERP kept it."""

    run_id: str
    state: str
    error: str = ""
    started_at: datetime
    ended_at: datetime
    seconds: float
    snapshot_seconds: float | None = None
    rows: int = 0
    csv_bytes: int = 0
    bytes: int = 0
    connections: int
    compression: str
    tables: list[TableMetrics] = []


def keep_metrics(
    settings: Settings,
    bucket: Bucket,
    run_id: str,
    started_at: datetime,
    outcome: Manifest | BaseException,
) -> None:
    """Writes a run's metrics. A store that refuses is logged, and no failure of the extract."""
    ended_at = datetime.now(UTC)
    metrics = RunMetrics(
        run_id=run_id,
        state="failed",
        started_at=started_at,
        ended_at=ended_at,
        seconds=(ended_at - started_at).total_seconds(),
        connections=settings.extract_connections,
        compression=settings.extract_compression,
    )
    if isinstance(outcome, Manifest):
        metrics.state = "committed"
        metrics.seconds, metrics.snapshot_seconds = outcome.seconds, outcome.snapshot_seconds
        metrics.rows, metrics.bytes = outcome.rows, outcome.bytes
        metrics.csv_bytes = outcome.csv_bytes
        metrics.tables = [
            TableMetrics(
                name=table.name,
                rows=table.rows,
                csv_bytes=table.csv_bytes,
                bytes=table.bytes,
                seconds=table.seconds,
                is_whole=bool(table.parts),
            )
            for table in outcome.tables
        ]
    elif isinstance(outcome, CampuslakeError):
        metrics.error = outcome.message
    else:
        metrics.error = type(outcome).__name__
    try:
        bucket.put(f"{PREFIX}{run_id}.json", metrics.model_dump_json())
    except CampuslakeError as error:
        log.warning("a run's metrics could not be kept", run_id=run_id, reason=str(error))
