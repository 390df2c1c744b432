"""Runs that carry only what changed say the same as full ones."""

import random

import pytest
from psycopg2 import sql
from rich.progress import Progress

from extract.manifest import Manifest
from extract.run import extract
from extract.verify import changed_files
from extract.zone import StagingZone
from gates.staging import judge
from infra.errors import CampuslakeError
from tests.conftest import Lake, make_lake

SILENT = Progress(disable=True)


@pytest.fixture(scope="module")
def lake(stack, postgres) -> Lake:
    return make_lake(stack, postgres, seed=21)


def settings_of(lake: Lake, **changes: object):
    return lake.settings.model_copy(update={"extract_changes": True, **changes})


def extract_and_promote(lake: Lake, **changes: object) -> Manifest:
    """An extract with changes, made the current run."""
    settings = settings_of(lake, **changes)
    manifest = extract(settings, SILENT)
    StagingZone(settings).promote(manifest.run_id)
    return manifest


def write(lake: Lake, number: int) -> None:
    """Inserts, updates, moves and deletes rows of the three tables as an ERP does."""
    chance = random.Random(number)  # noqa: S311
    lake.erp.execute(
        "update grades set grade = %s where mod(id, 17) = %s", chance.randint(0, 100), number
    )
    lake.erp.execute("update grades set grade = grade where mod(id, 19) = %s", number)
    lake.erp.execute("delete from grades where mod(id, 23) = %s", number)
    lake.erp.execute(
        "insert into grades (id, student_id, subject, date, grade)"
        " select (select max(id) from grades) + row_number() over (), student_id, subject, date, 50"
        " from grades order by id limit 30"
    )
    lake.erp.execute("delete from attendances where mod(id, 29) = %s", number)
    lake.erp.execute("update attendances set status = 'late' where mod(id, 31) = %s", number)


def test_a_first_run_carries_everything_and_a_second_only_what_changed(lake):
    first = extract_and_promote(lake)
    assert all(table.parts and not table.changes for table in first.tables)
    assert first.table("grades").keys
    write(lake, 1)
    second = extract_and_promote(lake)
    grades = second.table("grades")
    assert not grades.parts and grades.layers == [first.run_id, second.run_id]
    assert grades.rows == lake.erp.query("select count(*) from grades")[0][0]
    carried = sum(part.rows for part in grades.changes.parts)
    assert 0 < carried < grades.rows / 4 and grades.changes.deleted.rows > 0
    lessons = second.table("lessons")
    assert sum(part.rows for part in lessons.changes.parts) == lessons.changes.deleted.rows == 0
    assert second.table("students").parts


def test_dbt_reads_what_the_layers_say_together(lake):
    extract_and_promote(lake)
    for number in (2, 3):
        write(lake, number)
        manifest = extract_and_promote(lake)
    assert len(manifest.table("grades").layers) >= 3
    lake.dbt("run", "--select", "stg_erp__grades")
    staging = lake.settings.staging_database
    found = lake.query(
        f"select id, student_id, subject, cast(date as string), grade from {staging}.erp_grades"
    )
    expected = lake.erp.query(
        "select id::text, student_id::text, subject, date::text, grade::text from grades"
    )
    assert sorted(found) == sorted(expected)


def test_the_gate_passes_changes(lake):
    extract_and_promote(lake)
    write(lake, 4)
    judge(settings_of(lake), extract_and_promote(lake).run_id).raise_if_failed()


def test_a_periodic_full_run_proves_the_changes_and_a_missed_one_does_not_pass(lake, monkeypatch):
    extract_and_promote(lake)
    write(lake, 8)
    extract_and_promote(lake)
    lake.erp.execute("update grades set grade = 1 where id = (select min(id) from grades)")
    monkeypatch.setattr("extract.queries._changed_since", lambda _xmin: sql.SQL("false"))
    proof = extract(settings_of(lake, extract_full_every=1), SILENT)
    grades = proof.table("grades")
    assert grades.parts and grades.changes and not grades.layers
    verdict = judge(settings_of(lake), proof.run_id)
    proved = [c for c in verdict.checks if c.expectation == "expect_changes_to_equal_the_whole"]
    assert {check.table for check in proved} == {"attendances", "grades", "lessons"}
    assert [str(check) for check in verdict.failures] == [
        "grades expect_changes_to_equal_the_whole: 2 rows differ"
    ]


def test_rows_that_no_transaction_wrote_are_not_taken_for_changes(lake, monkeypatch):
    extract_and_promote(lake)
    write(lake, 5)
    monkeypatch.setattr("extract.queries._changed_since", lambda _xmin: sql.SQL("false"))
    before = StagingZone(lake.settings).runs()
    with pytest.raises(CampuslakeError, match="cannot be told"):
        extract(settings_of(lake), SILENT)
    assert StagingZone(lake.settings).runs() == before


@pytest.mark.parametrize(
    ("rows", "named"),
    [("(1), (null)", "a row has no key"), ("(1), (2), (2)", "1 values are there twice")],
)
def test_a_column_that_is_no_key_is_told(lake, tmp_path, rows, named):
    lake.erp.execute("drop table if exists keyless")
    lake.erp.execute("create table keyless (id bigint, name text)")
    lake.erp.execute(f"insert into keyless (id) values {rows}")
    contract = tmp_path / "contract.yml"
    contract.write_text("tables: {keyless: {id: bigint}}\nchanges: {keyless: id}")
    before = StagingZone(lake.settings).run_ids()
    with pytest.raises(CampuslakeError, match=named):
        extract(settings_of(lake, extract_contract=contract), SILENT)
    assert StagingZone(lake.settings).run_ids() == before


def test_a_changed_schema_is_carried_whole(lake):
    extract_and_promote(lake)
    lake.erp.execute("alter table grades add column note text")
    manifest = extract_and_promote(lake)
    assert manifest.table("grades").parts and not manifest.table("grades").changes
    assert manifest.table("lessons").changes and not manifest.table("lessons").parts


def test_a_changed_object_of_an_older_run_is_found(lake):
    extract_and_promote(lake)
    write(lake, 6)
    manifest = extract_and_promote(lake)
    zone = StagingZone(lake.settings)
    oldest = zone.manifest(manifest.table("lessons").layers[0])
    part = oldest.table("lessons").parts[0]
    sound = zone.bucket.get(part.key).body
    zone.bucket.put(part.key, sound + b"\n")
    faults = changed_files(zone, zone.keys(manifest.run_id), manifest)["lessons"]
    zone.bucket.put(part.key, sound)
    assert len(faults) == 1 and "bytes, not" in faults[0]


def test_runs_that_others_build_on_are_not_pruned(lake):
    extract_and_promote(lake)
    write(lake, 7)
    manifest = extract_and_promote(lake)
    zone = StagingZone(lake.settings)
    assert not set(zone.prunable(1)) & set(manifest.table("grades").layers)
