"""The staging gate: is this extract whole, and what the ERP promises?"""

import math
import time
from collections.abc import Iterator

from rich.progress import Progress

from extract.contract import read_contract
from extract.manifest import Manifest
from extract.zone import StagingZone
from gates.candidate import candidate, generations, view_name
from gates.drift import LEAST_SHARE
from gates.files import judge_files, judge_presence
from gates.layers import DATABASE, unproved_rows
from gates.suites import Suite, read_suites
from gates.validation import validate
from gates.verdicts import Check, Verdict, save
from infra.errors import CampuslakeError
from infra.settings import Settings


def judge(
    settings: Settings,
    run_id: str,
    progress: Progress | None = None,
    accept_fewer_rows: bool = False,
) -> Verdict:
    """Judges a committed run, promoted or not, and keeps the verdict.

    First what is missing, then the contents, through Spark, those pointed to before those that
    point, then the files against the manifest: whoever reads the verdict wants to know what is
    wrong before what follows from it and which file was touched. Nothing is promoted here.
    `accept_fewer_rows` leaves out the comparison with the rows of the current run. Raises
    `CampuslakeError` when the run, the object store or the engine does not answer.
    """
    started = time.monotonic()
    zone = StagingZone(settings)
    manifest = zone.manifest(run_id)
    progress = progress or Progress(disable=True)
    keys = zone.keys(run_id)
    suites = _suites_of(manifest)
    promised = read_contract(settings.extract_contract).tables
    checks = judge_presence(promised, keys, manifest) + _unjudged(manifest, suites)
    # A prefix may outlive its objects: what has no file is not empty, it is not there.
    absent = {t.name for t in manifest.tables if not any(part.key in keys for part in t.with_rows)}
    data_docs = settings.artifacts / "data_docs" / run_id / "staging"
    with candidate(settings, manifest, absent) as why_unreadable:

        def readable() -> Iterator[Suite]:
            for suite in suites:
                if reason := why_unreadable(suite.table):
                    zone.bucket.require_answer()  # else that is why
                    checks.append(_unreadable(suite.table, reason))
                else:
                    yield suite

        suites = [suite for suite in suites if suite.table not in absent]
        found = validate(
            settings,
            "staging",
            {
                suite.table: f"{DATABASE}.{view_name(settings, run_id, suite.table)}"
                for suite in suites
            },
            readable(),
            _row_counts(manifest, None if accept_fewer_rows else _previous(zone, run_id)),
            data_docs,
            progress,
        )
        checks += found
    checks += _proofs(settings, zone, manifest)
    checks += judge_files(zone, keys, manifest)
    verdict = Verdict(
        layer="staging",
        run_id=run_id,
        seconds=time.monotonic() - started,
        checks=checks,
        data_docs=data_docs / "index.html",
    )
    save(settings, verdict)
    return verdict


def _proofs(settings: Settings, zone: StagingZone, manifest: Manifest) -> list[Check]:
    """Where a run carries a table whole and as changes, both must say the same."""
    checks = []
    for table in manifest.tables:
        if table.parts and table.changes:
            base = zone.manifest(table.changes.base)
            try:
                rows = unproved_rows(settings, manifest, table, base)
                fault = f"{rows:,} rows differ" if rows else ""
            except CampuslakeError as error:
                if "refused" not in error.message:
                    raise
                fault = error.message
            checks.append(
                Check(
                    table=table.name,
                    expectation="expect_changes_to_equal_the_whole",
                    observed=fault,
                    passed=not fault,
                )
            )
    return checks


def _suites_of(manifest: Manifest) -> list[Suite]:
    """The suites of a run's tables, those pointed to first."""
    order = [t for tables in generations([t.name for t in manifest.tables]) for t in tables]
    suites = {suite.table: suite for suite in read_suites("staging")}
    return [suites[table] for table in order if table in suites]


def _unreadable(table: str, reason: str) -> Check:
    return Check(
        table=table, expectation="expect_table_to_be_readable", observed=reason, passed=False
    )


def _unjudged(manifest: Manifest, suites: list[Suite]) -> list[Check]:
    judged = {suite.table for suite in suites}
    return [
        Check(
            table=table.name,
            expectation="expect_suite_to_exist",
            observed="nothing judges it: gates/suites/staging has no such file",
            passed=False,
        )
        for table in manifest.tables
        if table.name not in judged
    ]


def _previous(zone: StagingZone, run_id: str) -> Manifest | None:
    current = zone.current_manifest()
    return None if current is None or current.run_id == run_id else current


def _row_counts(manifest: Manifest, previous: Manifest | None) -> dict[str, int]:
    counts = {f"{table.name}_rows": table.rows for table in manifest.tables}
    before = {table.name: table.rows for table in previous.tables} if previous else {}
    return counts | {
        f"{table.name}_fewest_rows": math.ceil(LEAST_SHARE * before.get(table.name, 0))
        for table in manifest.tables
    }
