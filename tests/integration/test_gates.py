"""The staging gate: what is unsound stops there, is named, and nothing that is read changes."""

import gzip

import pytest
from rich.progress import Progress

from extract.run import extract
from extract.zone import StagingZone
from gates.staging import judge
from gates.verdicts import GateFailed
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
