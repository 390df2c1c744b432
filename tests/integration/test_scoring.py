"""The step `score` fills a mart that the gate judges like any other."""

from collections.abc import Iterator

import pytest
from rich.progress import Progress

from extract.zone import StagingZone
from gates import marts as marts_gate
from gates.builds import finished_build
from gates.suites import read_suites
from gates.validation import validate
from gates.verdicts import Check
from infra.spark_sql import execute
from orchestration.scoring import score_dropout_risk
from science.dropout_risk import Rules
from tests.conftest import Lake


@pytest.fixture(scope="module")
def lake(ran: Lake) -> Iterator[Lake]:
    """The shared lake; its scores are made anew at the end."""
    yield ran
    ran.run("run", "--only", "score")


def run_of(lake: Lake) -> str:
    """Returns the lake's run."""
    current = StagingZone(lake.settings).current()
    assert current
    return current.run_id


def rows(lake: Lake) -> list[tuple]:
    """Returns what the built mart holds."""
    table = f"{lake.settings.marts_database}.dropout_risk"
    return lake.query(f"select * from {table} order by student_key, cutoff_date")


def judged(lake: Lake, folder) -> list[Check]:
    """Returns what the gate's suite says of the built mart."""
    (suite,) = (s for s in read_suites("marts", lake.settings) if s.table == "dropout_risk")
    names = {suite.table: suite.built(lake.settings)}
    return validate(lake.settings, "marts", names, [suite], {}, folder, Progress(disable=True))


def test_the_same_run_has_the_same_scores(lake: Lake):
    before = rows(lake)
    told = score_dropout_risk(lake.settings, run_of(lake))
    assert rows(lake) == before and len(before) > 100
    assert told.startswith(f"{len(before):,} risks at ")


def test_a_build_that_nobody_scored_is_refused(lake: Lake, monkeypatch: pytest.MonkeyPatch):
    build = finished_build(lake.settings, run_of(lake))
    assert build.scored == ("dropout_risk",)
    unscored = build.model_copy(update={"scored": ()})
    monkeypatch.setattr(marts_gate, "finished_build", lambda *_: unscored)
    monkeypatch.setattr(marts_gate, "validate", lambda *_: [])  # what suites say is not asked here
    monkeypatch.setattr(marts_gate, "save", lambda *_: None)
    failures = marts_gate.judge(lake.settings, run_of(lake), accept_drift=True).failures
    unfilled = [c.table for c in failures if c.expectation == "expect_table_to_be_scored"]
    assert unfilled == ["dropout_risk"]


def test_scores_that_cannot_be_are_refused(lake: Lake, tmp_path):
    table = f"{lake.settings.marts_database}.dropout_risk"
    execute(
        f"update {table} set risk = 1.5, learned_until = cutoff_date, student_key = 'nobody'"
        f" where student_key = (select min(student_key) from {table})",
        lake.settings,
    )
    failed = {
        (c.column or c.observed.split(":")[0]) for c in judged(lake, tmp_path) if not c.passed
    }
    assert {"risk", "cutoff_date, learned_until"} <= failed
    assert "every score is of somebody observed at that cut-off date" in failed
    assert "at a cut-off date that is scored, everybody is" in failed


def test_a_school_with_too_little_to_learn_from_has_an_empty_mart(
    lake: Lake, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Rules, "of_project", lambda: Rules(horizon_days=180, min_dropouts=10_000))
    told = score_dropout_risk(lake.settings, run_of(lake))
    assert told.startswith("no risks: ") and rows(lake) == []
    checks = judged(lake, tmp_path)
    assert checks and all(check.passed for check in checks)
