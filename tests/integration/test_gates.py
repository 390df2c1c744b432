"""The gates: what is unsound stops there, is named, and nothing that is read changes."""

import gzip
import secrets

import pytest
from rich.progress import Progress

from extract.run import extract
from extract.zone import StagingZone
from gates.drift import judge_drift
from gates.staging import judge
from gates.suites import Suite, read_suites
from gates.verdicts import GateFailed
from infra.settings import Settings
from infra.spark_sql import execute
from orchestration import pipeline
from tests.conftest import Lake, make_lake

SILENT = Progress(disable=True)


def edit(lake: Lake, run_id: str, table: str, change) -> None:
    """Changes the text of a table's first part."""
    zone = StagingZone(lake.settings)
    key = f"{zone.prefix(run_id)}{table}/part-00000.csv.gz"
    text = gzip.decompress(zone.bucket.get(key).body).decode()
    zone.bucket.put(key, gzip.compress(change(text).encode()))


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
    return extract(ran.settings, SILENT).run_id


def run_from_the_gate(lake: Lake) -> GateFailed:
    """Runs the pipeline from the staging gate on, which must refuse; returns how it did."""
    with pytest.raises(GateFailed) as raised:
        pipeline.run(lake.settings, pipeline.chosen_steps("staging-gate", None), SILENT)
    return raised.value


def without_rows(text: str) -> str:
    return text.split("\n", 1)[0] + "\n"


@pytest.mark.parametrize(
    "damages",
    [
        [
            ("students", twice, "students.id expect_column_values_to_be_unique: 2 of 301 rows"),
            ("grades", last_value("150.00"), "grades.grade expect_column_max_to_be_between: 150"),
            ("lessons", second_value("9NONE"), "lessons.subject_id_not_in_subjects"),
            ("events", lambda text: text.replace("city", "town", 1), "header"),
        ],
        [
            ("grades", last_value("abc"), "grade_malformed expect_column_values_to_be_null: 1"),
            ("audiences", lambda text: text + '"1,2,Secret-Value\n', "MALFORMED_RECORD"),
            ("students", without_rows, "students expect_table_row_count_to_equal: 0, not 300"),
        ],
    ],
    ids=["wrong values", "unreadable values"],
)
def test_damaged_files_stop_at_the_staging_gate_and_each_is_named(ran, extracted, damages):
    before, current = ran.figures(), StagingZone(ran.settings).current()
    for table, change, _ in damages:
        edit(ran, extracted, table, change)
    refused = run_from_the_gate(ran)
    assert refused.message.startswith(f"staging-gate: run {extracted} failed")
    told = "\n".join(str(check) for check in refused.verdict.failures)
    for _, _, named in damages:
        assert named in told
    changed = {
        check.table
        for check in refused.verdict.failures
        if check.expectation == "expect_files_as_in_manifest"
    }
    assert changed == {table for table, _, _ in damages}
    assert StagingZone(ran.settings).current() == current
    assert ran.figures() == before
    log = (ran.settings.home / "logs" / "spark.log").read_text()
    assert not [line for line in (told + log).splitlines() if "Secret-Value" in line]


def test_a_missing_file_stops_at_the_staging_gate(ran: Lake, extracted: str):
    before = ran.figures()
    zone = StagingZone(ran.settings)
    zone.bucket.delete(f"{zone.prefix(extracted)}companies/part-00000.csv.gz")
    assert "companies/part-00000.csv.gz is missing" in run_from_the_gate(ran).message
    assert ran.figures() == before


def test_a_failed_gate_tells_a_table_and_no_persons_value_on_the_command_line(ran, extracted):
    ((email, birth),) = ran.erp.query(
        "select personal_email, date_of_birth::text from students limit 1"
    )
    edit(ran, extracted, "students", twice)
    edit(ran, extracted, "students", lambda text: text.replace(birth, "31/12/1999"))
    told = ran.run("run", "--from", "staging-gate", code=1)
    for words in ("students", "expect_column_values_to_be_unique", "date_of_birth_malformed"):
        assert words in told.stderr
    assert "error: staging-gate:" in told.stderr and "Traceback" not in told.stderr
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
    zone = StagingZone(lake.settings)
    zone.promote(extract(lake.settings, SILENT).run_id)
    lake.erp.execute("delete from audiences where id > 10")
    verdict = judge(lake.settings, extract(lake.settings, SILENT).run_id)
    (failure,) = verdict.failures
    assert failure.table == "audiences"
    assert failure.expectation == "expect_table_row_count_to_be_between"
    assert "--accept-fewer-rows" in GateFailed(verdict).remedy
    assert judge(lake.settings, verdict.run_id, accept_fewer_rows=True).passed


# Values and how often each, as published and as built since; then whether rows and mean pass, None
# where nothing is compared.
HUNDRED = "values (40), (60)", 50  # mean 50, standard deviation 10
DRIFTS = [
    (HUNDRED, ("values (40), (60)", 40), True, True),
    (HUNDRED, ("values (40), (60), (50)", 26), False, True),
    (HUNDRED, ("values (40), (60)", 100), True, True),
    (HUNDRED, ("values (40), (60), (50)", 67), False, True),
    (HUNDRED, ("values (44.9), (64.9)", 50), True, True),
    (HUNDRED, ("values (45.1), (65.1)", 50), True, False),
    (HUNDRED, ("values (cast(null as int))", 100), True, None),
    (("values (40)", 30), ("values (40)", 24), True, None),
    (("values (40)", 30), ("values (41)", 30), True, False),
    (("values (40)", 29), ("values (90)", 1), True, None),
    (("values (40)", 29), ("values (40)", 0), False, None),
    (("values (40)", 0), ("values (40)", 0), True, None),
]


def test_a_history_may_grow_between_two_publications_and_never_shrink(stack):
    (history,) = (suite for suite in read_suites("marts") if suite.table == "students_as_of")
    settings = Settings(schema_prefix=f"drift_{secrets.token_hex(4)}")
    published, built = settings.schema_prefix, settings.marts_database
    for database in (published, built):
        execute(f"create database {database}", settings)
    try:
        execute(f"create view {published}.students_as_of as select * from range(100)", settings)
        for rows, passed in ((290, True), (79, False)):
            view = f"create or replace view {built}.students_as_of as select * from range({rows})"
            execute(view, settings)
            assert [check.passed for check in judge_drift(settings, [history])] == [passed]
    finally:
        for database in (published, built):
            execute(f"drop database {database} cascade", settings)


def test_rows_and_means_are_compared_with_what_is_published(stack):
    settings = Settings(schema_prefix=f"drift_{secrets.token_hex(4)}")
    published, built = settings.schema_prefix, settings.marts_database
    suites = [
        Suite(table=f"mart_{number}", expectations=[], means=["value", "is_newer"])
        for number in range(len(DRIFTS) + 1)
    ]
    assert judge_drift(settings, suites) == []
    for database in (published, built):
        execute(f"create database {database}", settings)
    try:
        for number, (before, after, *_) in enumerate(DRIFTS):
            for database, (values, times), newer in (
                (published, before, ""),
                (built, after, ", true as is_newer"),
            ):
                execute(
                    f"create view {database}.mart_{number} as select value{newer}"
                    f" from {values} as t(value) cross join range({times})",
                    settings,
                )
        found = {(check.table, check.column): check for check in judge_drift(settings, suites)}
    finally:
        for database in (published, built):
            execute(f"drop database {database} cascade", settings)
    assert str(found["mart_1", ""]).endswith("100 rows are published, now there are 78")
    told = "the published mean is 50, now it is 55.1 (more than 5 away)"
    assert str(found["mart_5", "value"]).endswith(told)
    for number, (_, _, rows, mean) in enumerate(DRIFTS):
        assert found.pop((f"mart_{number}", "")).passed is rows, number
        check = found.pop((f"mart_{number}", "value"), None)
        assert (check and check.passed) is mean, (number, check)
    assert not found
