"""All that is known of a run, for programs: `campuslake runs RUN --json`."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from extract.zone import StagingZone
from gates.verdicts import Check, verdict_on
from infra.settings import Settings
from orchestration.records import RunRecord, RunRegister, State, StepRecord

LAYERS = ("staging", "marts")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Table(_Frozen):
    """One table of the extract; `bytes` of CSV before compression."""

    name: str
    rows: int
    bytes: int
    seconds: float


class Gate(_Frozen):
    """What a gate found: how many checks it made, and those that failed."""

    layer: str
    passed: bool
    checks: int
    failures: list[Check]


class RunReport(_Frozen):
    """One run. `published` holds the rows of each view while people read this run."""

    run_id: str
    schema_prefix: str
    state: State
    started_at: datetime
    ended_at: datetime | None
    seconds: float
    error: str
    steps: list[StepRecord]
    tables: list[Table]
    gates: list[Gate]
    published: dict[str, int]


def report(settings: Settings, record: RunRecord) -> RunReport:
    """Returns the report on a run. Raises `CampuslakeError` when the store does not answer."""
    zone, register = StagingZone(settings), RunRegister(settings)
    manifest = zone.readable_manifest(record.run_id) if record.run_id in zone.runs() else None
    verdicts = [verdict_on(settings, layer, record.run_id) for layer in LAYERS]
    publication = register.publication()
    is_published = publication is not None and publication.run_id == record.run_id
    return RunReport(
        run_id=record.run_id,
        schema_prefix=settings.schema_prefix,
        state=record.state,
        started_at=record.started_at,
        ended_at=record.ended_at,
        seconds=record.seconds,
        error=record.error,
        steps=record.steps,
        tables=[
            Table(name=table.name, rows=table.rows, bytes=table.csv_bytes, seconds=table.seconds)
            for table in (manifest.tables if manifest else [])
        ],
        gates=[
            Gate(
                layer=verdict.layer,
                passed=verdict.passed,
                checks=len(verdict.checks),
                failures=verdict.failures,
            )
            for verdict in verdicts
            if verdict
        ],
        published=publication.rows if publication and is_published else {},
    )
