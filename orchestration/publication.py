"""What analysts read: the audited snapshots of one run."""

import structlog

from extract.zone import StagingZone
from gates.drift import published_views
from gates.verdicts import audited_snapshots
from infra.errors import CampuslakeError
from infra.settings import Settings
from infra.spark_sql import query
from orchestration.dbt import Dbt
from orchestration.records import Publication, RunRegister
from privacy import audit

log = structlog.get_logger("publish")


def publish(settings: Settings, run_id: str, dbt: Dbt) -> Publication:
    """Switches the presentation layer to a run that passed the marts gate, new or old.

    Raises `CampuslakeError` when the run never passed it, or when the engine refuses; a view
    that was not switched then still shows what it showed.
    """
    snapshots = audited_snapshots(settings, run_id)
    if snapshots is None:
        known = RunRegister(settings).get(run_id) or run_id in StagingZone(settings).run_ids()
        raise CampuslakeError(
            f"run {run_id} never passed the marts gate, it cannot be published"
            if known
            else f"there is no run {run_id}",
            "`campuslake runs` lists the runs that can be published",
        )
    dbt.operation("publish", {"run_id": run_id, "snapshots": snapshots})
    publication = Publication(run_id=run_id, rows=_published_rows(settings))
    for view, rows in publication.rows.items():
        log.info("view published", run_id=run_id, view=view, rows=rows)
    RunRegister(settings).publish(publication)
    audit.record(settings, "publish", f"run {run_id}", "", publication.rows)
    return publication


def _published_rows(settings: Settings) -> dict[str, int]:
    return {
        name: query(f"select count(*) from {name}", settings)[0][0]  # noqa: S608
        for name in published_views(settings).values()
    }
