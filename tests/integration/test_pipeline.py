"""The main job from the ERP to what analysts read, on one lake, in the order of a school's days."""

import csv
import gzip
import io
import re
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from extract.zone import StagingZone
from gates.verdicts import Check, verdict_on
from orchestration.records import RunRegister
from tests.conftest import Lake


def published_run(lake: Lake) -> str:
    shown = lake.query(f"show create table {lake.settings.schema_prefix}.students")[0][0]
    return re.search(r"run_(\w+)", shown).group(1)


def test_the_mart_gives_the_figures_of_plain_sql_on_the_erp(ran: Lake):
    expected = ran.erp_figures()
    found = ran.figures()
    assert found[0] == expected[0] == 300
    assert found[1] == pytest.approx(expected[1], abs=1e-9)
    assert found[2] == pytest.approx(expected[2], abs=1e-9)
    assert found[3] == expected[3] > 0


def test_an_analyst_reads_no_name_and_no_e_mail(ran: Lake):
    columns = {row[0] for row in ran.query(f"describe {ran.settings.schema_prefix}.students")}
    assert "student_key" in columns
    assert not columns & {"student_id", "first_name", "last_name", "email", "personal_email"}


def test_published_columns_carry_their_descriptions(ran: Lake):
    for name, _, comment in ran.query(f"describe {ran.settings.schema_prefix}.students"):
        assert comment, f"{name} has no description"


def test_the_identities_are_published_apart(ran: Lake):
    prefix, identities = ran.settings.schema_prefix, ran.settings.identity_database
    joined = ran.query(
        f"select count(*) from {prefix}.students join {identities}.student_identities"
        " using (student_key)"
    )
    assert joined == [(300,)]


def test_extracts_are_data_themselves(ran: Lake):
    ops, this = f"{ran.settings.schema_prefix}_ops", f"where run_id = '{published_run(ran)}'"
    ((state, rows),) = ran.query(f"select state, rows from {ops}.extract_runs {this}")
    assert state == "committed"
    tables = ran.query(f"select count(*), sum(rows) from {ops}.extract_tables {this}")
    assert tables == [(11, rows)]


def test_a_query_on_a_pipe_is_csv(ran: Lake):
    told = ran.run(
        "query",
        f"select gender, count(*) as n from {ran.settings.schema_prefix}.students"
        " group by gender order by gender",
    ).stdout
    rows = list(csv.reader(io.StringIO(told)))
    assert rows[0] == ["gender", "n"] and [row[0] for row in rows[1:]] == ["M.", "Mme"]


def test_a_refused_query_is_told_in_one_line(ran: Lake):
    told = ran.run("query", "select * from nowhere", code=1).stderr
    assert "TABLE_OR_VIEW_NOT_FOUND" in told and "Traceback" not in told


def test_every_step_is_on_record(ran: Lake):
    told = ran.run("runs").stdout
    assert "done" in told and "published" in told
    names = [record.run_id for record in RunRegister(ran.settings).all()]
    assert all(re.fullmatch(r"\d{8}T\d{6}Z_\w{4}", name) for name in names)
    for step in (
        "extract",
        "staging-gate",
        "build",
        "score",
        "marts-gate",
        "publish",
        "docs",
        "retain",
    ):
        assert step in told


@dataclass(frozen=True)
class Change:
    """What was published before the ERP changed and `campuslake run` ran again; whom it changed."""

    run: str
    figures: tuple
    students: list[tuple]
    capacity: int
    instant: datetime
    graded: int
    moved: int
    deleted: int
    deleted_key: str


@pytest.fixture(scope="module")
def change(ran: Lake) -> Change:
    """Changes grades, a student, a campus, a company and a contract, deletes a student; runs."""
    (graded,), (moved,) = ran.erp.query(
        "select id from students where left_date is null and promotion = 'BSC'"
        " and id in (select student_id from grades) order by id limit 2"
    )
    ((deleted,),) = ran.erp.query(
        "select min(student_id) from apprenticeships where student_id not in (%s, %s)",
        graded,
        moved,
    )
    ((deleted_key,),) = ran.query(
        f"select student_key from {ran.settings.build_database}.student_keys"
        f" where student_id = {deleted}"
    )
    before = Change(
        run=published_run(ran),
        figures=ran.figures(),
        students=published_students(ran),
        capacity=ran.erp.query("select capacity from campuses where id = 1")[0][0],
        instant=datetime.now(UTC),
        graded=graded,
        moved=moved,
        deleted=deleted,
        deleted_key=deleted_key,
    )
    ran.erp.execute("update grades set grade = 0 where student_id = %s", graded)
    ran.erp.execute(
        "update students set promotion = 'MSC1', email = 'moved@example.org',"
        " campus_id = (select min(id) from campuses where id <> students.campus_id) where id = %s",
        moved,
    )
    ran.erp.execute("update campuses set capacity = capacity + 1 where id = 1")
    ran.erp.execute("update companies set sector = 'Space' where id = 1")
    for table in ("attendances", "grades", "apprenticeships"):
        ran.erp.execute(f"delete from {table} where student_id = %s", deleted)
    ran.erp.execute("delete from students where id = %s", deleted)
    ran.erp.execute(
        "update apprenticeships set end_date = start_date"
        " where id = (select max(id) from apprenticeships)"
    )
    ran.run("run")
    return before


PUBLISHED = (
    "student_key, gender, birth_year, campus_id, campus_name, region, region_source,"
    " origin_institution, promotion, join_date, left_date, status, average_grade, grade_count"
)


def published_students(lake: Lake) -> list[tuple]:
    return lake.query(
        f"select {PUBLISHED} from {lake.settings.schema_prefix}.students order by student_key"
    )


def students_as_of(lake: Lake, instant: datetime) -> list[tuple]:
    asked = f"timestamp'{instant.isoformat()}'"
    return lake.query(
        f"select {PUBLISHED} from {lake.settings.schema_prefix}.students_as_of"
        f" where valid_from <= {asked} and (valid_to > {asked} or valid_to is null)"
        " order by student_key"
    )


def versions(lake: Lake, table: str, columns: str, where: str) -> list[tuple]:
    """Returns the versions that the history has of a row, oldest first, and whether each holds."""
    return lake.query(
        f"select {columns}, dbt_valid_to is null from {lake.settings.history_database}.{table}"
        f" where {where} order by dbt_valid_from"
    )


def test_a_changed_grade_reaches_the_mart(ran: Lake, change: Change):
    after = ran.figures()
    assert published_run(ran) != change.run
    assert after[1] < change.figures[1]
    assert after[1] == pytest.approx(ran.erp_figures()[1], abs=1e-9)


def test_what_the_erp_overwrites_stays_in_the_history(ran: Lake, change: Change):
    grades = versions(ran, "students_history", "average_grade", f"student_id = {change.graded}")
    assert grades[0][0] > 0 and grades[0][1] is False and grades[1:] == [(0.0, True)]
    moved = versions(ran, "students_history", "promotion", f"student_id = {change.moved}")
    assert moved == [("BSC", False), ("MSC1", True)]
    capacity = versions(ran, "campuses_history", "capacity", "campus_id = 1")
    assert capacity == [(change.capacity, False), (change.capacity + 1, True)]
    sector = versions(ran, "companies_history", "sector = 'Space'", "company_id = 1")
    assert sector == [(False, False), (True, True)]
    ((last,),) = ran.erp.query("select max(id) from apprenticeships")
    end = versions(
        ran, "apprenticeships_history", "end_date <=> start_date", f"apprenticeship_id = {last}"
    )
    assert end == [(False, False), (True, True)]


def test_what_the_erp_deletes_ends_in_the_history(ran: Lake, change: Change):
    for table in ("students_history", "apprenticeships_history"):
        kept = versions(ran, table, "student_id", f"student_id = {change.deleted}")
        assert kept and not any(holds for _, holds in kept)
    told = ran.query(
        f"select ended_by, is_in_erp from {ran.settings.schema_prefix}.students_as_of"
        f" where student_key = '{change.deleted_key}'"
    )
    assert told == [("deletion", False)]


def test_all_histories_of_a_build_have_one_instant(ran: Lake, change: Change):
    instants = " union ".join(
        f"select dbt_valid_from from {ran.settings.history_database}.{table}_history"
        f" where dbt_valid_from > timestamp'{change.instant.isoformat()}'"
        for table in ("students", "apprenticeships", "campuses", "companies")
    )
    assert len(ran.query(instants)) == 1


def test_students_as_of_an_instant_are_those_published_then(ran: Lake, change: Change):
    assert students_as_of(ran, change.instant) == change.students
    now = students_as_of(ran, datetime.now(UTC))
    assert now == published_students(ran) and len(now) == len(change.students) - 1
    assert students_as_of(ran, datetime(2020, 1, 1, tzinfo=UTC)) == []


def test_an_older_run_can_be_published_again(ran: Lake, change: Change):
    ran.run("publish", "--run", change.run)
    assert published_run(ran) == change.run and ran.figures() == change.figures
    assert f",publish,run {change.run}," in ran.run("privacy", "log").stdout.splitlines()[1]
    ran.run("publish", "--run", "20000101T000000Z_dead", code=1)
    assert ran.figures() == change.figures


def interrupt_the_build(lake: Lake, run_id: str) -> None:
    """Builds a run until Control-C."""
    run = lake.start("run", "--from", "staging-gate", "--run", run_id)
    told = ""
    while '"build", "event": "step started"' not in told:
        line = run.stderr.readline()
        assert line, told
        told += line
    time.sleep(4)
    run.send_signal(signal.SIGINT)
    told += run.communicate(timeout=120)[1]
    assert run.returncode == 130 and "interrupted" in told, told


@pytest.mark.thorough
def test_an_older_run_that_is_built_again_does_not_turn_the_history_back(ran: Lake, change: Change):
    newest = StagingZone(ran.settings).runs()[-1]
    ran.run("publish", "--run", newest)
    students = published_students(ran)
    every_version = (
        "select dbt_scd_id, dbt_valid_from, dbt_valid_to"
        f" from {ran.settings.history_database}.students_history order by dbt_scd_id"
    )
    kept = ran.query(every_version)
    interrupt_the_build(ran, change.run)
    ran.run("run", "--from", "staging-gate", "--run", change.run)
    steps = RunRegister(ran.settings).get(change.run).steps
    (detail,) = (step.detail for step in steps if step.name == "build")
    assert f"it has run {newest} already" in detail and "snapshots" not in detail
    assert ran.query(every_version) == kept
    assert published_run(ran) == change.run and ran.figures() == change.figures
    assert students_as_of(ran, datetime.now(UTC)) == students


def test_steps_are_chosen_by_name(ran: Lake):
    assert "there is no step" in ran.run("run", "--from", "nonsense", code=1).stderr
    assert "exclude" in ran.run("run", "--from", "build", "--only", "docs", code=1).stderr


def test_only_what_was_built_from_the_judged_files_of_the_run_is_published(ran: Lake):
    before = ran.figures()
    ran.run("run", "--only", "extract")
    ran.run("run", "--only", "staging-gate")
    assert "the marts do not hold run" in ran.run("run", "--from", "marts-gate", code=1).stderr

    zone = StagingZone(ran.settings)
    (part,) = zone.manifest(zone.current().run_id).table("campuses").parts
    sound = zone.bucket.get(part.key).body
    zone.bucket.put(part.key, gzip.compress(gzip.decompress(sound), 9))
    told = ran.run("run", "--from", "build", code=1).stderr
    assert "changed after the staging gate" in told and "campuses" in told
    zone.bucket.put(part.key, sound)
    assert "the last build did not end" in ran.run("run", "--from", "marts-gate", code=1).stderr
    ran.run("run", "--only", "docs")
    assert "failed" in ran.run("runs").stdout.splitlines()[3]
    assert ran.figures() == before


def failures_of_marts(lake: Lake, run_id: str) -> list[Check]:
    """What the marts gate last found in a run."""
    verdict = verdict_on(lake.settings, "marts", run_id)
    assert verdict
    return verdict.failures


def test_marts_far_from_what_is_published_are_published_only_when_somebody_accepts_it(ran: Lake):
    before = ran.figures()
    half = "where leave_reason in ('graduated', 'Degree') and mod(id, 2) = 0"
    ran.erp.execute("update grades set grade = 100 - grade")
    ran.erp.execute(f"update students set leave_reason = 'Degree' {half}")
    refused = " ".join(ran.run("run", code=1).stderr.split())
    ran.erp.execute("update grades set grade = 100 - grade")
    ran.erp.execute(f"update students set leave_reason = 'graduated' {half}")
    assert "error: marts-gate:" in refused and "--accept-drift" in refused
    run_id = StagingZone(ran.settings).current().run_id
    drifted = {(check.table, check.column) for check in failures_of_marts(ran, run_id)}
    assert drifted >= {("grades", "grade"), ("graduate_hiring", "")}
    assert ran.figures() == before

    ran.dbt("run", "--select", "students")
    ran.run("run", "--from", "marts-gate", "--accept-drift", code=1)
    left = [(check.table, check.expectation) for check in failures_of_marts(ran, run_id)]
    assert left == [("students", "expect_table_as_built")]
    assert ran.figures() == before
