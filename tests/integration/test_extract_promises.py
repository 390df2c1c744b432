"""What an extract promises beside exactness: one instant, bounded memory, gentleness."""

import os
import secrets
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg2
import pytest
import yaml
from psycopg2 import sql
from psycopg2.extensions import make_dsn
from pydantic import SecretStr
from rich.progress import Progress

from extract.run import extract
from infra.errors import CampuslakeError
from infra.local.postgres import POSTGRES_BIN_PATH
from infra.settings import Settings
from tests.conftest import REPOSITORY, Erp
from tests.integration.test_extract import rows_of

SILENT = Progress(disable=True)


WRITE = """
with student as (
    insert into students (id, first_name, last_name, email, personal_email, gender,
        date_of_birth, join_date, campus_id, promotion)
    select max(id) + 1, 'New', 'Student', 'new' || max(id) + 1 || '@example.org',
        'new' || max(id) + 1 || '@example.com', 'Mme',
        '2005-01-01', '2025-09-01', 1, 'BSC' from students
    returning id
), lesson as (
    insert into lessons (id, subject_id, campus_id, professor_id, starts_at, ends_at)
    select (select max(id) + 1 from lessons), subject_id, campus_id, professor_id, starts_at,
        ends_at from lessons order by id limit 1
    returning id, subject_id
), attendance as (
    insert into attendances (id, lesson_id, student_id, status)
    select (select max(id) + 1 from attendances), lesson.id, student.id, 'present'
    from lesson, student
), grade as (
    insert into grades (id, student_id, subject, date, grade)
    select (select max(id) + 1 from grades), student.id, lesson.subject_id, '2025-10-01', 60
    from lesson, student
), moved as (
    delete from jar where id in (select id from jar order by random() limit 7) returning id
)
insert into box select id from moved
"""
BACK = "with moved as (delete from box returning id) insert into jar select id from moved"


def test_all_tables_are_of_one_instant_while_writers_work(landing):
    settings, erp, zone = landing
    erp.execute("create table jar (id integer primary key, kind text)")
    erp.execute("create table box (id integer primary key, kind text)")
    erp.execute("insert into jar select generate_series(1, 500)")
    contract = yaml.safe_load(settings.extract_contract.read_text())
    contract["tables"] |= {"jar": {"id": "integer"}, "box": {"id": "integer"}}
    settings.extract_contract.write_text(yaml.safe_dump(contract, sort_keys=False))
    ended = threading.Event()
    writes = 0

    def write() -> None:
        nonlocal writes
        while not ended.is_set():
            erp.execute(WRITE)
            if writes % 5 == 4:
                erp.execute(BACK)
            writes += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = set()
        for _ in range(8):
            run_id = extract(settings, SILENT).run_id
            held = {
                table: rows_of(zone, run_id, table)
                for table in ("students", "lessons", "attendances", "grades", "jar", "box")
            }
            ids = {table: {row[0] for row in rows} for table, rows in held.items()}
            assert {row[1] for row in held["attendances"]} <= ids["lessons"]
            assert {row[2] for row in held["attendances"]} <= ids["students"]
            assert {row[1] for row in held["grades"]} <= ids["students"]
            assert len(held["jar"]) + len(held["box"]) == len(ids["jar"] | ids["box"]) == 500
            seen.add((len(held["students"]), len(held["box"])))
    finally:
        ended.set()
        writer.join()
    assert writes > 20 and len(seen) > 4, "the writer was too slow to show anything"


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ("id::integer, md5(id::text) as data", 10),
        ("id::integer, md5(id::text) as data", 1_500_000),
        # Three rows of 50 MB each, of text that compresses by half.
        (
            "id::integer, (select string_agg(md5((id * n)::text), '')"
            " from generate_series(1, 1562500) as n) as data",
            3,
        ),
    ],
    ids=["ten rows", "a million rows", "rows of 50 MB"],
)
def test_memory_is_bounded_whatever_the_table_holds(landing, columns, rows):
    settings, erp, _ = landing
    erp.execute(f"create table wide as select {columns} from generate_series(1, {rows}) as id")
    erp.execute("analyze wide")
    settings.extract_contract.write_text("tables: {wide: {id: integer, data: text}}")
    measured = subprocess.run(
        [
            sys.executable,
            "-c",
            "import resource, subprocess, sys;"
            "code = subprocess.run([sys.executable, '-m', 'extract']).returncode;"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss);"
            "sys.exit(code)",
        ],
        cwd=REPOSITORY,
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert measured.returncode == 0, measured.stderr
    kibibytes = int(measured.stdout.splitlines()[-1])
    assert kibibytes / 1024 <= 256


def environment(settings: Settings, **changes: str) -> dict[str, str]:
    return {
        **os.environ,
        "CAMPUSLAKE_ERP_SCHEMA": settings.erp_schema,
        "CAMPUSLAKE_BUCKET": settings.bucket,
        "CAMPUSLAKE_EXTRACT_CONTRACT": str(settings.extract_contract),
        **changes,
    }


@pytest.fixture
def reader(landing, postgres) -> str:
    """The DSN of a role that has what extract/grants.sql grants."""
    settings, _, _ = landing
    role = f"reader_{secrets.token_hex(4)}"
    with psycopg2.connect(postgres) as session, session.cursor() as cursor:
        cursor.execute(
            sql.SQL("create role {} login password 'geheim'").format(sql.Identifier(role))
        )
    subprocess.run(
        [
            Path(POSTGRES_BIN_PATH) / "psql",
            *(postgres, "-v", f"role={role}", "-v", f"schema={settings.erp_schema}"),
            *("-v", "ON_ERROR_STOP=1", "-q", "-f", REPOSITORY / "extract" / "grants.sql"),
        ],
        check=True,
    )
    return make_dsn(postgres, user=role, password="geheim")  # noqa: S106


def test_a_role_that_may_only_read_suffices(landing, reader):
    settings, erp, _ = landing
    as_reader = settings.model_copy(update={"erp_dsn": SecretStr(reader)})
    manifest = extract(as_reader, SILENT)
    assert manifest.table("students").rows == erp.query("select count(*) from students")[0][0]
    with psycopg2.connect(reader) as session, session.cursor() as cursor:
        with pytest.raises(psycopg2.Error):
            cursor.execute(f"delete from {settings.erp_schema}.grades")


def test_a_demand_that_copies_cannot_keep_is_refused(landing):
    settings, erp, zone = landing
    strict = make_dsn(erp.dsn, require_auth="scram-sha-256")
    with pytest.raises(CampuslakeError, match="asks for require_auth=scram-sha-256"):
        extract(settings.model_copy(update={"erp_dsn": SecretStr(strict)}), SILENT)
    assert zone.run_ids() == []
    assert sessions_of_extracts(erp) == 0


def test_an_extract_waits_for_a_lock_no_longer_than_it_may(landing):
    settings, erp, zone = landing
    with psycopg2.connect(erp.dsn) as session, session.cursor() as cursor:
        cursor.execute(f"lock table {erp.schema}.grades in access exclusive mode")
        with pytest.raises(CampuslakeError, match="lock timeout"):
            extract(settings.model_copy(update={"extract_lock_timeout": "200ms"}), SILENT)
    assert zone.run_ids() == []
    assert sessions_of_extracts(erp) == 0


def test_a_copy_takes_no_longer_than_it_may(landing):
    settings, erp, zone = landing
    erp.execute("create view slow as select id, pg_sleep(5)::text as data from students")
    settings.extract_contract.write_text("tables: {slow: {id: integer, data: text}}")
    with pytest.raises(CampuslakeError, match="statement timeout"):
        extract(settings.model_copy(update={"extract_statement_timeout": "300ms"}), SILENT)
    assert zone.run_ids() == []
    assert sessions_of_extracts(erp) == 0


def sessions_of_extracts(erp: Erp) -> int:
    """How many sessions of extracts there are, once those that just ended are gone."""
    deadline = time.monotonic() + 5
    while True:
        ((count,),) = erp.query(
            "select count(*) from pg_stat_activity where application_name = 'campuslake extract'"
        )
        if count == 0 or time.monotonic() > deadline:
            return count
        time.sleep(0.05)


def test_the_rate_limit_holds(landing):
    settings, erp, _ = landing
    manifest = extract(settings, SILENT)
    slow = settings.model_copy(update={"extract_rate_mb": manifest.csv_bytes / 1e6 / 2})
    assert extract(slow, SILENT).seconds > 1.5  # two seconds' worth, the first bytes are free


def test_some_tables_are_extracted_by_name_and_unknown_ones_refused(landing):
    settings, _, zone = landing
    manifest = extract(settings, SILENT, tables=["campuses", "subjects"])
    assert [table.name for table in manifest.tables] == ["campuses", "subjects"]
    with pytest.raises(CampuslakeError, match="no table nonsense"):
        extract(settings, SILENT, tables=["nonsense"])
    assert zone.runs() == [manifest.run_id]


def command(settings: Settings, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "extract", *arguments],
        cwd=REPOSITORY,
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_runs_are_listed_verified_and_pruned(landing):
    settings, _, zone = landing
    assert "would copy" in command(settings, "--dry-run") and zone.run_ids() == []
    names = [f"2026010{day}T000000Z_aaaa" for day in (1, 2, 3)]
    first, second, third = (extract(settings, SILENT, run_id=name).run_id for name in names)
    zone.promote(first)
    listed = command(settings, "list")
    assert "current" in listed and all(run_id in listed for run_id in (first, second, third))
    assert "as extracted" in command(settings, "verify", "current")
    (part,) = zone.manifest(second).table("grades").parts
    zone.bucket.put(part.key, zone.bucket.get(part.key).body[:-1])
    assert "grades/part-00000.csv.gz has" in command(settings, "verify", second, code=1)
    assert "no committed run" in command(settings, "verify", "../x", code=1)
    command(settings, "prune", "--keep", "1")
    assert zone.runs() == [first, second, third]
    command(settings, "prune", "--keep", "1", "--yes")
    assert zone.runs() == [first, third]
