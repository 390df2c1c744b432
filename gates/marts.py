"""The marts gate: may what was built be published?"""

import time

from rich.progress import Progress

from extract.zone import StagingZone
from gates.suites import read_suites
from gates.validation import validate
from gates.verdicts import Check, Verdict, save
from infra.errors import CampuslakeError
from infra.settings import Settings
from infra.spark_sql import query


def judge(settings: Settings, run_id: str, progress: Progress | None = None) -> Verdict:
    """Judges the marts built from a run and keeps the verdict with their Iceberg snapshots.

    A mart that is rebuilt while it is judged fails. Raises `CampuslakeError` when the run, the
    object store or the engine does not answer.
    """
    started = time.monotonic()
    manifest = StagingZone(settings).manifest(run_id)
    progress = progress or Progress(disable=True)
    databases = {"build": settings.build_database, "staging": settings.staging_database}
    suites = read_suites("marts", databases)
    data_docs = settings.artifacts / "data_docs" / run_id / "marts"
    before, checks = _snapshots(settings, [suite.table for suite in suites])
    checks += validate(
        settings,
        settings.build_database,
        {table: table for table in before},
        [suite for suite in suites if suite.table in before],
        {"erp_students": manifest.table("students").rows},
        data_docs,
        progress,
    )
    after, _ = _snapshots(settings, list(before))
    checks += [
        Check(
            table=table,
            expectation="expect_table_not_to_change_while_judged",
            passed=after.get(table) == snapshot,
        )
        for table, snapshot in before.items()
    ]
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


def _snapshots(settings: Settings, tables: list[str]) -> tuple[dict[str, int], list[Check]]:
    """Returns each table's current Iceberg snapshot, and a failed check for what has none."""
    found, missing = {}, []
    for table in tables:
        refs = f"{settings.build_database}.{table}.refs"
        try:
            rows = query(f"select snapshot_id from {refs} where name = 'main'", settings)  # noqa: S608
            found[table] = rows[0][0]
        except (CampuslakeError, IndexError) as error:
            if isinstance(error, CampuslakeError) and "refused" not in error.message:
                raise
            missing.append(
                Check(
                    table=table,
                    expectation="expect_table_to_exist",
                    observed=_why_none(error),
                    passed=False,
                )
            )
    return found, missing


def _why_none(error: CampuslakeError | IndexError) -> str:
    return error.message if isinstance(error, CampuslakeError) else "nothing was ever written to it"
