"""The staging gate: is this extract whole, and what the ERP promises?"""

import math
import time

from rich.progress import Progress

from extract.manifest import Manifest
from extract.zone import StagingZone
from gates.candidate import DATABASE, candidate, view_name
from gates.files import judge_files
from gates.suites import read_suites
from gates.validation import validate
from gates.verdicts import Check, Verdict, save
from infra.settings import Settings

LEAST_SHARE = 0.8  # a table that shrinks by more than a fifth between two runs is suspect


def judge(settings: Settings, run_id: str, progress: Progress) -> Verdict:
    """Judges a committed run, promoted or not, and keeps the verdict.

    First the contents, through Spark, then the files against the manifest: whoever reads the
    verdict wants to know what is wrong before which file was touched. Nothing is promoted here.
    Raises `CampuslakeError` when the run, the object store or the engine does not answer.
    """
    started = time.monotonic()
    zone = StagingZone(settings)
    manifest = zone.manifest(run_id)
    checks: list[Check] = []
    data_docs = settings.artifacts / "data_docs" / run_id / "staging"
    task = progress.add_task("staging gate: read the files", total=None)
    with candidate(settings, manifest) as unreadable:
        progress.remove_task(task)
        suites = [s for s in read_suites("staging") if s.table not in unreadable]
        checks += [
            Check(table=t, expectation="expect_table_to_be_readable", observed=why, passed=False)
            for t, why in unreadable.items()
        ]
        checks += validate(
            settings,
            DATABASE,
            {suite.table: view_name(settings, run_id, suite.table) for suite in suites},
            suites,
            _row_counts(manifest, _previous(zone, run_id)),
            data_docs,
            progress,
        )
    checks += judge_files(zone, manifest)
    verdict = Verdict(
        layer="staging",
        run_id=run_id,
        seconds=time.monotonic() - started,
        checks=checks,
        data_docs=data_docs / "index.html",
    )
    save(settings, verdict)
    return verdict


def _previous(zone: StagingZone, run_id: str) -> Manifest | None:
    current = zone.current()
    if current is None or current.run_id == run_id:
        return None
    return zone.manifest(current.run_id)


def _row_counts(manifest: Manifest, previous: Manifest | None) -> dict[str, int]:
    counts = {f"{table.name}_rows": table.rows for table in manifest.tables}
    before = {table.name: table.rows for table in previous.tables} if previous else {}
    return counts | {
        f"{table.name}_fewest_rows": math.ceil(LEAST_SHARE * before.get(table.name, 0))
        for table in manifest.tables
    }
