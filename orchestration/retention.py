"""What is kept for how long: applied after every run, reported, noted in the audit log."""

from datetime import UTC, datetime, timedelta

from rich.progress import Progress

from infra.errors import CampuslakeError
from infra.local.superset import Superset
from infra.settings import Settings
from infra.spark_sql import query
from orchestration.dbt import Dbt
from orchestration.records import RunRegister
from privacy import audit
from privacy.retain import end, overdue

IDENTITIES = """
select count(distinct student_id) from {{ ref('students_history') }}
where concat(first_name, last_name, email) <> ''
and student_id in ({{ expired_students(ref('students_history')) }})
"""


def retain(settings: Settings, dbt: Dbt, progress: Progress, dry_run: bool) -> dict[str, int]:
    """Ends what has been kept long enough; with `dry_run` it only looks.

    Returns how much of what that is. Raises `CampuslakeError` when nothing was published yet, or
    when the object store or the engine does not answer.
    """
    publication = RunRegister(settings).publication()
    if publication is None:
        raise CampuslakeError("nothing is published yet", "`campuslake run` does it")
    found = overdue(settings, publication.run_id, progress)
    identities = query(dbt.compiled(IDENTITIES), settings)[0][0]
    superset = Superset(settings)
    typed_until = datetime.now(UTC).date() - timedelta(settings.superset_keep_days)
    counts = {
        "runs of the staging zone": len(found.staged),
        "published runs": len(found.published),
        "tables with old snapshots": len(found.tables),
        "identities in the history": identities,
        "entries of what was typed into dashboards": superset.typed_before(typed_until),
    }
    if not dry_run and any(counts.values()):
        if identities:
            dbt.operation("forget_identities", {})
        end(settings, found, progress)
        superset.forget_typed_before(typed_until)
        audit.record(settings, "retain", "kept long enough", "", counts)
    return counts
