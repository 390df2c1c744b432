"""The steps of a run, in order. Each can be repeated alone; each is a command of its own too."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.progress import Progress

from extract.run import extract
from extract.verify import faults_of
from extract.zone import StagingZone
from gates import marts as marts_gate
from gates import staging as staging_gate
from gates.builds import begin_build, begin_history, end_build
from infra.errors import CampuslakeError
from infra.settings import REPOSITORY, Settings
from orchestration.catalog import make_site
from orchestration.dbt import Dbt
from orchestration.publication import publish
from orchestration.records import RunRecord
from orchestration.retention import retain
from orchestration.scoring import score_dropout_risk
from orchestration.warm_dashboards import after_publishing
from privacy.erase import unfinished
from privacy.obey import obey_registry


@dataclass
class RunContext:
    """What the steps of one run share."""

    settings: Settings
    record: RunRecord
    progress: Progress
    dbt: Dbt
    accept_fewer_rows: bool = False
    accept_drift: bool = False
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
    obey_registry(context.settings, context.run_id, gate_follows=True)
    verdict = staging_gate.judge(
        context.settings, context.run_id, context.progress, context.accept_fewer_rows
    )
    verdict.raise_if_failed()
    StagingZone(context.settings).promote(context.run_id, context.accept_another_erp)
    return f"{len(verdict.checks)} checks passed"


def _build(context: RunContext) -> str:
    obey_registry(context.settings, context.run_id)
    begin_build(context.settings)
    newer = begin_history(context.settings, StagingZone(context.settings).manifest(context.run_id))
    done = context.dbt.build(context.run_id, history=newer is None)
    _require_files_as_extracted(context)
    end_build(context.settings, context.run_id)
    kinds = {"model": "models", "snapshot": "snapshots", "test": "tests"}
    told = ", ".join(f"{done[kind]} {words}" for kind, words in kinds.items() if kind in done)
    return f"{told}; the history stays, it has run {newer} already" if newer else told


def _require_files_as_extracted(context: RunContext) -> None:
    """What was built is what was judged only if nobody touched the files meanwhile."""
    zone = StagingZone(context.settings)
    if faults := faults_of(zone, zone.manifest(context.run_id)):
        raise CampuslakeError(
            f"files of run {context.run_id} changed after the staging gate: {'; '.join(faults)}",
            "extract anew: `campuslake run`; what is published stays as it was",
        )


def _score(context: RunContext) -> str:
    return score_dropout_risk(context.settings, context.run_id)


def _marts_gate(context: RunContext) -> str:
    verdict = marts_gate.judge(
        context.settings, context.run_id, context.progress, context.accept_drift
    )
    verdict.raise_if_failed()
    return f"{len(verdict.checks)} checks passed"


def _publish(context: RunContext) -> str:
    publication = publish(context.settings, context.run_id, context.dbt)
    after_publishing(context.settings, context.progress)
    return ", ".join(f"{name} {rows:,} rows" for name, rows in publication.rows.items())


def _docs(context: RunContext) -> str:
    return str(make_site(context.settings, context.dbt).relative_to(REPOSITORY))


def _retain(context: RunContext) -> str:
    counts = retain(context.settings, context.dbt, context.progress, dry_run=False)
    ended = [f"{number} {what}" for what, number in counts.items() if number]
    told = f"ended {', '.join(ended)}" if ended else "nothing is overdue"
    if people := len(unfinished(context.settings)):
        told += f"; {people} not erased to the end: `campuslake privacy erase --unfinished --yes`"
    return told


STEPS = (
    Step("extract", "ERP to the staging zone", _extract),
    Step("staging-gate", "judges the extract and promotes it", _staging_gate),
    Step("build", "dbt builds and tests the marts", _build),
    Step("score", "learns who may drop out, and fills dropout_risk", _score),
    Step("marts-gate", "judges the marts", _marts_gate),
    Step("publish", "switches what analysts read", _publish),
    Step("docs", "generates the catalog", _docs),
    Step("retain", "ends what was kept long enough", _retain),
)
STEP_NAMES = tuple(step.name for step in STEPS)
