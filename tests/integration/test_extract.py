"""The extract: whole, exact, at one instant, and nothing at all when it fails."""

import csv
import gzip
import io
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from rich.progress import Progress

from erp.generate import generate
from extract.manifest import Owner
from extract.metrics import PREFIX, RunMetrics
from extract.plan import PART_BLOCKS, plan_parts
from extract.run import extract
from extract.source import Source, TableSize
from extract.zone import StagingZone
from infra.errors import CampuslakeError
from infra.local.s3 import ObjectStore
from infra.settings import Settings
from infra.settings import settings as stack_settings
from tests.conftest import REPOSITORY, Erp, bucket_of

SILENT = Progress(disable=True)


@pytest.fixture(scope="session")
def object_store(postgres):
    ObjectStore(stack_settings()).start()


@pytest.fixture
def lake(object_store, postgres) -> Iterator[tuple[Settings, Erp, StagingZone]]:
    """A generated ERP and an empty bucket of the test's own."""
    name = f"extract{secrets.token_hex(4)}"
    generate(postgres, "tiny", 3, schema=name)
    settings = Settings(erp_schema=name, bucket=name)
    zone = StagingZone(settings)
    with bucket_of(settings):
        yield settings, Erp(postgres, name), zone


def rows_of(zone: StagingZone, run_id: str, table: str) -> list[list[str]]:
    """The rows of a table as csv reads them, headers left out."""
    rows = []
    for part in zone.manifest(run_id).table(table).parts:
        text = gzip.decompress(zone.bucket.get(part.key).body).decode()
        rows += list(csv.reader(io.StringIO(text)))[1:]
    return rows


def start_extract(settings: Settings) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "extract"],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "CAMPUSLAKE_ERP_SCHEMA": settings.erp_schema,
            "CAMPUSLAKE_BUCKET": settings.bucket,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_every_table_is_extracted_with_as_many_rows_as_the_erp_has(lake):
    settings, erp, zone = lake
    manifest = extract(settings, SILENT)
    assert zone.runs() == [manifest.run_id]
    for table in manifest.tables:
        ((count,),) = erp.query(f"select count(*) from {table.name}")
        assert table.rows == count == len(rows_of(zone, manifest.run_id, table.name))


def test_null_and_empty_string_and_hostile_text_come_through(lake):
    settings, erp, zone = lake
    hostile = 'a "quote", a comma,\na line\r\nand Ünï\\N'
    erp.execute("update companies set name = %s, city = '' where id = 1", hostile)
    erp.execute("update audiences set phone = null where id = 1")
    erp.execute("update audiences set phone = '' where id = 2")
    manifest = extract(settings, SILENT)
    company = next(row for row in rows_of(zone, manifest.run_id, "companies") if row[0] == "1")
    assert company[1] == hostile
    key = manifest.table("audiences").parts[0].key
    text = gzip.decompress(zone.bucket.get(key).body).decode()
    lines = {line.split(",", 1)[0]: line for line in text.splitlines()}
    assert lines["1"].split(",")[-2] == ""
    assert lines["2"].split(",")[-2] == '""'


def test_all_tables_show_the_instant_of_the_snapshot(lake):
    settings, erp, _ = lake
    source = Source(erp.dsn, erp.schema)
    try:
        erp.execute("delete from grades")
        session = source.session()
        assert session.copy(f"select from {erp.schema}.grades", "csv", bytes) > 0
        session.close()
    finally:
        source.close()


def test_a_big_table_is_cut_into_ranges_that_hold_each_row_once(lake, monkeypatch):
    settings, erp, zone = lake
    monkeypatch.setattr("extract.plan.PART_BLOCKS", 100)
    manifest = extract(settings, SILENT)
    table = manifest.table("attendances")
    assert len(table.parts) > 3
    ids = sorted(int(row[0]) for row in rows_of(zone, manifest.run_id, "attendances"))
    assert ids == [row[0] for row in erp.query("select id from attendances order by id")]


def test_a_table_of_one_part_is_not_cut():
    (part,) = plan_parts({"grades": TableSize(blocks=PART_BLOCKS, estimated_rows=1)})
    assert part.range.start is None and part.range.end is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("alter table grades drop column grade", "grades.grade was removed"),
        ("alter table grades rename column grade to mark", "grades.grade was removed or renamed"),
        ("alter table grades alter column grade type numeric(6, 3)", "grades.grade is numeric"),
        ("drop table audiences", "table audiences is missing"),
    ],
)
def test_a_broken_promise_of_the_erp_is_named_before_anything_is_written(lake, change, named):
    settings, erp, zone = lake
    erp.execute(change)
    with pytest.raises(CampuslakeError, match=named):
        extract(settings, SILENT)
    assert zone.run_ids() == []


def test_an_added_column_is_extracted_and_recorded(lake):
    settings, erp, zone = lake
    erp.execute("alter table campuses add column nickname text default 'le campus'")
    manifest = extract(settings, SILENT)
    assert manifest.table("campuses").columns[-1].name == "nickname"
    assert rows_of(zone, manifest.run_id, "campuses")[0][-1] == "le campus"


def start_extract_that_waits(lake) -> subprocess.Popen:
    """Starts an extract that wrote something and now waits for the ERP."""
    settings, erp, zone = lake
    erp.execute("alter table grades rename to grades_kept")
    erp.execute(
        "create view grades as"
        " select grades_kept.* from (select pg_sleep(120)) as wait, grades_kept"
    )
    process = start_extract(settings)
    deadline = time.monotonic() + 30
    while not zone.run_ids() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert zone.run_ids(), "the extract wrote nothing within 30 s"
    return process


def test_a_killed_extract_is_no_run_and_the_next_one_clears_it_away(lake):
    settings, erp, zone = lake
    process = start_extract_that_waits(lake)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert zone.runs() == []
    end_sessions(erp)
    erp.execute("drop view grades")
    erp.execute("alter table grades_kept rename to grades")
    manifest = extract(settings, SILENT)
    assert zone.run_ids() == zone.runs() == [manifest.run_id]


def test_an_interrupted_extract_leaves_nothing(lake):
    _, _, zone = lake
    process = start_extract_that_waits(lake)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130 and "interrupted" in told
    assert zone.run_ids() == []


def end_sessions(erp: Erp) -> None:
    """Ends every session of an extract, as the ERP's administrator may, and waits for it."""
    ours = "from pg_stat_activity where application_name = 'campuslake extract'"
    erp.query(f"select pg_terminate_backend(pid) {ours}")
    while erp.query(f"select 1 {ours}"):
        time.sleep(0.05)


def test_a_second_extract_at_the_same_time_is_refused(lake):
    settings, erp, _ = lake
    source = Source(erp.dsn, erp.schema)
    try:
        with pytest.raises(CampuslakeError, match="another extract"):
            extract(settings, SILENT)
    finally:
        source.close()


def test_a_lost_erp_connection_fails_in_one_line_and_leaves_nothing(lake):
    _, erp, zone = lake
    process = start_extract_that_waits(lake)
    end_sessions(erp)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 1
    assert [line for line in told.splitlines() if line.startswith("error: the ERP failed")]
    assert "Traceback" not in told
    assert zone.run_ids() == []
    (kept,) = zone.bucket.keys(PREFIX)
    metrics = RunMetrics.model_validate_json(zone.bucket.get(kept).body)
    assert metrics.state == "failed" and "the ERP failed" in metrics.error


def test_an_unreachable_erp_is_told_without_its_password(object_store):
    settings = Settings(
        erp_dsn="postgresql://reader:geheim@127.0.0.1:1/erp", bucket=stack_settings().bucket
    )
    with pytest.raises(CampuslakeError) as raised:
        extract(settings, SILENT)
    assert "geheim" not in str(raised.value)


def test_a_missing_bucket_is_told(postgres, object_store, tiny_erp):
    settings = Settings(erp_schema=tiny_erp.schema, bucket="nosuchbucket")
    with pytest.raises(CampuslakeError, match="nosuchbucket"):
        extract(settings, SILENT)


def test_a_bucket_is_of_one_erp(lake, postgres):
    settings, _, zone = lake
    zone.promote(extract(settings, SILENT).run_id)
    other = f"other{secrets.token_hex(4)}"
    generate(postgres, "tiny", 5, schema=other)
    guest = extract(settings.model_copy(update={"erp_schema": other}), SILENT)
    before = zone.current()
    with pytest.raises(CampuslakeError, match="of another ERP"):
        zone.promote(guest.run_id)
    assert zone.current() == before
    zone.promote(guest.run_id, accept_another_erp=True)
    assert zone.current().run_id == guest.run_id


def test_a_run_of_another_version_does_not_stop_the_next_one(lake):
    settings, _, zone = lake
    old = extract(settings, SILENT).run_id
    zone.promote(old)
    zone.bucket.put(zone.manifest_key(old), '{"format": 1}')
    with pytest.raises(CampuslakeError, match="another version wrote it"):
        zone.manifest(old)
    zone.promote(extract(settings, SILENT).run_id)
    assert zone.current().run_id != old


def test_an_extract_leaves_alone_what_one_of_another_erp_is_writing(lake, postgres):
    settings, _, zone = lake
    zone.begin(Owner(run_id="20000101T000000Z_aaaa", erp="another"))
    extract(settings, SILENT)
    assert "20000101T000000Z_aaaa" in zone.run_ids()
