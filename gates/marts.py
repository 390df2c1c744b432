"""The marts gate: may what was built be published?"""

import time

from rich.progress import Progress

from extract.zone import StagingZone
from gates.builds import current_snapshots, finished_build
from gates.drift import judge_drift
from gates.suites import read_suites
from gates.validation import validate
from gates.verdicts import Check, Verdict, save
from infra.settings import Settings

SCORED = {"dropout_risk"}  # left empty by dbt, filled by the step `score`


def judge(
    settings: Settings,
    run_id: str,
    progress: Progress | None = None,
    accept_drift: bool = False,
) -> Verdict:
    """Judges the marts built from a run and keeps the verdict with their Iceberg snapshots.

    A mart that was rebuilt since the build of the run, or is while it is judged, fails.
    `accept_drift` leaves out the comparison with what is published. Raises `CampuslakeError` when
    the marts hold another run, or when the object store or the engine does not answer.
    """
    started = time.monotonic()
    manifest = StagingZone(settings).manifest(run_id)
    build = finished_build(settings, run_id)
    progress = progress or Progress(disable=True)
    suites = read_suites("marts", settings)
    data_docs = settings.artifacts / "data_docs" / run_id / "marts"
    before, missing = current_snapshots(settings, suites)
    checks = [_check(table, "expect_table_to_exist", reason) for table, reason in missing.items()]
    judged = [suite for suite in suites if suite.table in before]
    checks += validate(
        settings,
        "marts",
        {suite.table: suite.built(settings) for suite in judged},
        judged,
        {"erp_students": manifest.table("students").rows},
        data_docs,
        progress,
    )
    if not accept_drift:
        checks += judge_drift(settings, judged)
    after, _ = current_snapshots(settings, judged)
    for table in before:
        unchanged = build.snapshots.get(table) == before[table] == after.get(table)
        told = "" if unchanged else "it was written after the build: `campuslake run --from build`"
        checks.append(_check(table, "expect_table_as_built", told))
    for table in SCORED & before.keys():
        told = "" if table in build.scored else "nobody filled it: `campuslake run --from score`"
        checks.append(_check(table, "expect_table_to_be_scored", told))
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
