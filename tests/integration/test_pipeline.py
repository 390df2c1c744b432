"""The main job from the ERP to what analysts read, on one lake, in the order of a school's days."""

import csv
import io
import re

import pytest

from extract.zone import StagingZone
from gates.staging import judge
from tests.conftest import Lake, make_lake

# The same figures by plain SQL on the ERP: what `students` must answer.
FIGURES = """
with averages as (
    select student_id, avg(grade) as average_grade from grades group by student_id
), rates as (
    select
        a.student_id,
        avg(case when a.status in ('present', 'late') then 1.0 else 0.0 end) as attendance_rate
    from attendances a
    join lessons l on l.id = a.lesson_id
    join students s on s.id = a.student_id
    where (l.starts_at at time zone 'Europe/Paris')::date
        between s.join_date and coalesce(s.left_date, 'infinity')
    group by a.student_id
), recruited as (
    select distinct s.id
    from students s
    join audiences c on lower(trim(c.email)) = lower(trim(s.personal_email))
    where (c.collected_at at time zone 'Europe/Paris')::date <= s.join_date
)
select count(*), avg(average_grade)::float8, avg(attendance_rate)::float8, count(recruited.id)
from students s
left join averages on averages.student_id = s.id
left join rates on rates.student_id = s.id
left join recruited on recruited.id = s.id
"""
MART_FIGURES = """
select count(*), avg(average_grade), avg(attendance_rate),
    sum(case when recruited_at_event then 1 else 0 end)
from {}.students
"""


def figures(lake: Lake) -> tuple:
    return lake.query(MART_FIGURES.format(lake.settings.schema_prefix))[0]


def published_run(lake: Lake) -> str:
    shown = lake.query(f"show create table {lake.settings.schema_prefix}.students")[0][0]
    return re.search(r"run_(\w+)", shown).group(1)


@pytest.fixture(scope="module")
def ran(lake: Lake) -> Lake:
    """The lake after its first `campuslake run`."""
    lake.run("run")
    return lake


def test_the_mart_gives_the_figures_of_plain_sql_on_the_erp(ran: Lake):
    expected = ran.erp.query(FIGURES)[0]
    found = figures(ran)
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
    for step in ("extract", "staging-gate", "build", "marts-gate", "publish", "docs"):
        assert step in told


def test_a_changed_grade_reaches_the_mart_and_an_older_run_can_be_published_again(ran: Lake):
    first, before = published_run(ran), figures(ran)
    ((student, left),) = ran.erp.query(
        "select student_id, left_date is not null from students s join grades g"
        " on g.student_id = s.id where left_date is null limit 1"
    )
    ran.erp.execute("update grades set grade = 0 where student_id = %s", student)
    ran.erp.execute("update students set home_region = 'Corse' where id = %s", student)
    ran.run("run")
    after = figures(ran)
    assert published_run(ran) != first
    assert after[1] < before[1]
    assert after[1] == pytest.approx(ran.erp.query(FIGURES)[0][1], abs=1e-9)

    history = ran.query(
        "select home_region, dbt_valid_to is null"
        f" from {ran.settings.history_database}.students_history"
        f" where student_id = {student} order by dbt_valid_from"
    )
    assert len(history) == 2
    assert history[0][1] is False and history[1] == ("Corse", True)

    ran.run("publish", "--run", first)
    assert published_run(ran) == first and figures(ran) == before
    ran.run("publish", "--run", "20000101T000000Z_dead", code=1)
    assert figures(ran) == before


def edit(lake: Lake, run_id: str, table: str, change) -> None:
    """Changes the text of a table's first part."""
    zone = StagingZone(lake.settings)
    key = f"{zone.prefix(run_id)}{table}/part-00000.csv"
    text = zone.client.get_object(Bucket=zone.bucket, Key=key)["Body"].read().decode()
    zone.client.put_object(Bucket=zone.bucket, Key=key, Body=change(text).encode())


def twice(text: str) -> str:
    header, row, rest = text.split("\n", 2)
    return "\n".join([header, row, row, rest])


def last_value(value: str):
    def change(text: str) -> str:
        header, row, rest = text.split("\n", 2)
        return "\n".join([header, row.rsplit(",", 1)[0] + "," + value, rest])

    return change


def second_value(value: str):
    def change(text: str) -> str:
        header, row, rest = text.split("\n", 2)
        values = row.split(",")
        values[1] = value
        return "\n".join([header, ",".join(values), rest])

    return change


@pytest.fixture
def extracted(ran: Lake) -> str:
    """A new run of the staging zone that no gate has seen."""
    ran.run("run", "--only", "extract")
    return StagingZone(ran.settings).runs()[-1]


@pytest.mark.parametrize(
    ("table", "change", "named"),
    [
        ("students", twice, ("students", "id", "expect_column_values_to_be_unique")),
        ("grades", last_value("150.00"), ("grades", "grade", "150")),
        ("grades", last_value("abc"), ("grades", "grade_malformed", "1 of")),
        ("lessons", second_value("9NONE"), ("lessons", "subject_id_not_in_subjects", "1 of")),
        ("events", lambda text: text.replace("city", "town", 1), ("events", "header")),
        ("audiences", lambda text: text + '"1,2\n', ("audiences", "MALFORMED_RECORD")),
        ("students", lambda text: text.split("\n", 1)[0] + "\n", ("students", "0, not 300")),
    ],
)
def test_a_damaged_file_stops_at_the_staging_gate(ran, extracted, table, change, named):
    before, current = figures(ran), StagingZone(ran.settings).current()
    edit(ran, extracted, table, change)
    told = ran.run("run", "--from", "staging-gate", code=1).stderr
    for words in named:
        assert words in told
    assert "error: staging-gate:" in told and "Traceback" not in told
    assert StagingZone(ran.settings).current() == current
    assert figures(ran) == before


def test_a_missing_file_stops_at_the_staging_gate(ran: Lake, extracted: str):
    before = figures(ran)
    zone = StagingZone(ran.settings)
    key = f"{zone.prefix(extracted)}companies/part-00000.csv"
    zone.client.delete_object(Bucket=zone.bucket, Key=key)
    told = ran.run("run", "--from", "staging-gate", code=1).stderr
    assert "companies/part-00000.csv is missing" in told
    assert figures(ran) == before


def test_data_docs_and_errors_hold_no_persons_values(ran: Lake, extracted: str):
    ((email, birth),) = ran.erp.query(
        "select personal_email, date_of_birth::text from students limit 1"
    )
    edit(ran, extracted, "students", twice)
    edit(ran, extracted, "students", lambda text: text.replace(birth, "31/12/1999"))
    told = ran.run("run", "--from", "staging-gate", code=1)
    pages = [
        page.read_text()
        for page in (ran.settings.artifacts / "data_docs" / extracted).rglob("*")
        if page.suffix in (".html", ".json")
    ]
    assert pages
    for text in [told.stdout, told.stderr, *pages]:
        assert email not in text and "31/12/1999" not in text


def test_a_run_that_lost_most_of_a_table_does_not_pass(stack, postgres: str):
    lake = make_lake(stack, postgres, seed=12)
    lake.run("run", "--only", "extract")
    zone = StagingZone(lake.settings)
    zone.promote(zone.runs()[-1])
    lake.erp.execute("delete from audiences where id > 10")
    lake.run("run", "--only", "extract")
    from rich.progress import Progress

    verdict = judge(lake.settings, zone.runs()[-1], Progress(disable=True))
    (failure,) = verdict.failures
    assert failure.table == "audiences"
    assert failure.expectation == "expect_table_row_count_to_be_between"


def test_steps_are_chosen_by_name(ran: Lake):
    assert "there is no step" in ran.run("run", "--from", "nonsense", code=1).stderr
    assert "exclude" in ran.run("run", "--from", "build", "--only", "docs", code=1).stderr
