"""The marts gate: may what was built be published?"""

import time

from rich.progress import Progress

from extract.zone import StagingZone
from gates.builds import current_snapshots, finished_build
from gates.suites import read_suites
from gates.validation import validate
from gates.verdicts import Check, Verdict, save
from infra.settings import Settings


def judge(settings: Settings, run_id: str, progress: Progress | None = None) -> Verdict:
    """Judges the marts built from a run and keeps the verdict with their Iceberg snapshots.

    A mart that was rebuilt since the build of the run, or is while it is judged, fails. Raises
    `CampuslakeError` when the marts hold another run, or when the object store or the engine does
    not answer.
    """
    started = time.monotonic()
    manifest = StagingZone(settings).manifest(run_id)
    build = finished_build(settings, run_id)
    progress = progress or Progress(disable=True)
    databases = {"build": settings.build_database, "staging": settings.staging_database}
    suites = read_suites("marts", databases)
    data_docs = settings.artifacts / "data_docs" / run_id / "marts"
    before, missing = current_snapshots(settings, [suite.table for suite in suites])
    checks = [_check(table, "expect_table_to_exist", reason) for table, reason in missing.items()]
    checks += validate(
        settings,
        settings.build_database,
        {table: table for table in before},
        [suite for suite in suites if suite.table in before],
        {"erp_students": manifest.table("students").rows},
        data_docs,
        progress,
    )
    after, _ = current_snapshots(settings, list(before))
    for table in before:
        unchanged = build.snapshots.get(table) == before[table] == after.get(table)
        told = "" if unchanged else "it was written after the build: `campuslake run --from build`"
        checks.append(_check(table, "expect_table_as_built", told))
    verdict = Verdict(
        layer="marts",
        run_id=run_id,
        seconds=time.monotonic() - started,
        checks=checks,
        data_docs=data_docs / "index.html",
        snapshots=before,
    )
    save(settings, verdict)
    return verdict


def _check(table: str, expectation: str, fault: str) -> Check:
    return Check(table=table, expectation=expectation, observed=fault, passed=not fault)
