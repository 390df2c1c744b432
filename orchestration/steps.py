"""The steps of a run, in order. Each can be repeated alone; each is a command of its own too."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.progress import Progress

from extract.run import extract
from extract.verify import faults_of
from extract.zone import StagingZone
from gates import marts as marts_gate
from gates import staging as staging_gate
from gates.builds import begin_build, end_build
from infra.errors import CampuslakeError
from infra.settings import REPOSITORY, Settings
from orchestration.dbt import Dbt
from orchestration.publication import publish
from orchestration.records import RunRecord


@dataclass
class RunContext:
    """What the steps of one run share."""

    settings: Settings
    record: RunRecord
    progress: Progress
    dbt: Dbt
    accept_fewer_rows: bool = False
    accept_another_erp: bool = False

    @property
    def run_id(self) -> str:
        """The run."""
        return self.record.run_id


@dataclass(frozen=True)
class Step:
    """One step: `action` does it and returns what it did in a few words."""

    name: str
    purpose: str
    action: Callable[[RunContext], str]


def _extract(context: RunContext) -> str:
    manifest = extract(context.settings, context.progress, run_id=context.run_id)
    context.record.rows, context.record.bytes = manifest.rows, manifest.csv_bytes
    rate = manifest.rows / manifest.seconds, manifest.csv_bytes / 1e6 / manifest.seconds
    return (
        f"{len(manifest.tables)} tables, {manifest.rows:,} rows, {manifest.csv_bytes / 1e6:,.1f} MB"
        f" ({rate[0]:,.0f} rows/s, {rate[1]:,.1f} MB/s)"
    )


def _staging_gate(context: RunContext) -> str:
    verdict = staging_gate.judge(
        context.settings, context.run_id, context.progress, context.accept_fewer_rows
    )
    verdict.raise_if_failed()
    StagingZone(context.settings).promote(context.run_id, context.accept_another_erp)
    return f"{len(verdict.checks)} checks passed"


def _build(context: RunContext) -> str:
    begin_build(context.settings)
    done = context.dbt.build(context.run_id)
    _require_files_as_extracted(context)
    end_build(context.settings, context.run_id)
    kinds = {"model": "models", "snapshot": "snapshots", "test": "tests"}
    return ", ".join(f"{done[kind]} {words}" for kind, words in kinds.items() if kind in done)


def _require_files_as_extracted(context: RunContext) -> None:
    """What was built is what was judged only if nobody touched the files meanwhile."""
    zone = StagingZone(context.settings)
    if faults := faults_of(zone, zone.manifest(context.run_id)):
        raise CampuslakeError(
            f"files of run {context.run_id} changed after the staging gate: {'; '.join(faults)}",
            "extract anew: `campuslake run`; what is published stays as it was",
        )


def _marts_gate(context: RunContext) -> str:
    verdict = marts_gate.judge(context.settings, context.run_id, context.progress)
    verdict.raise_if_failed()
    return f"{len(verdict.checks)} checks passed"


def _publish(context: RunContext) -> str:
    publication = publish(context.settings, context.run_id, context.dbt)
    return ", ".join(f"{name} {rows:,} rows" for name, rows in publication.rows.items())


def _docs(context: RunContext) -> str:
    context.dbt.docs()
    return f"{(REPOSITORY / 'target' / 'index.html').relative_to(REPOSITORY)}"


STEPS = (
    Step("extract", "ERP to the staging zone", _extract),
    Step("staging-gate", "judges the extract and promotes it", _staging_gate),
    Step("build", "dbt builds and tests the marts", _build),
    Step("marts-gate", "judges the marts", _marts_gate),
    Step("publish", "switches what analysts read", _publish),
    Step("docs", "generates the catalog", _docs),
)
STEP_NAMES = tuple(step.name for step in STEPS)
