"""The main job from the ERP to what analysts read, on one lake, in the order of a school's days."""

import csv
import gzip
import io
import re
import signal
import time

import pytest

from extract.zone import StagingZone
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
    for step in ("extract", "staging-gate", "build", "marts-gate", "publish", "docs"):
        assert step in told


def test_a_changed_grade_reaches_the_mart_and_an_older_run_can_be_published_again(ran: Lake):
    first, before = published_run(ran), ran.figures()
    ((student, left),) = ran.erp.query(
        "select student_id, left_date is not null from students s join grades g"
        " on g.student_id = s.id where left_date is null limit 1"
    )
    ran.erp.execute("update grades set grade = 0 where student_id = %s", student)
    ran.run("run")
    after = ran.figures()
    assert published_run(ran) != first
    assert after[1] < before[1]
    assert after[1] == pytest.approx(ran.erp_figures()[1], abs=1e-9)

    history = ran.query(
        "select average_grade, dbt_valid_to is null"
        f" from {ran.settings.history_database}.students_history"
        f" where student_id = {student} order by dbt_valid_from"
    )
    assert len(history) == 2
    assert history[0][0] > 0 and history[0][1] is False
    assert history[1] == (0.0, True)

    ran.run("publish", "--run", first)
    assert published_run(ran) == first and ran.figures() == before
    ran.run("publish", "--run", "20000101T000000Z_dead", code=1)
    assert ran.figures() == before


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

    ran.run("run", "--only", "build")
    ran.dbt("run", "--select", "students")
    assert "expect_table_as_built" in ran.run("run", "--from", "marts-gate", code=1).stderr
    assert ran.figures() == before


def test_an_interrupted_build_says_so(ran: Lake):
    run = ran.start("run", "--from", "build")
    told = ""
    while "step started" not in told:
        told += run.stderr.readline()
    time.sleep(4)
    run.send_signal(signal.SIGINT)
    told += run.communicate(timeout=120)[1]
    assert run.returncode == 130 and "interrupted" in told, told
