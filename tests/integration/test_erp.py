"""The simulated ERP in a real PostgreSQL: what is in it, and what never breaks it."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql
from rich.progress import Progress

from erp import generate as generation
from erp.effects import Effects
from erp.generate import generate
from erp.load import load_csv
from erp.marker import generated
from erp.schema import TABLES
from erp.tables import TableStream
from infra.errors import CampuslakeError

REPOSITORY = Path(__file__).parents[2]
SAMPLE = REPOSITORY / "erp" / "samples" / "students.csv"

CALLS = sql.SQL("""
    select
        a.status,
        s.*,
        (l.starts_at at time zone 'Europe/Paris')::date
            between s.join_date and coalesce(s.left_date, 'infinity') as was_enrolled,
        l.campus_id as lesson_campus_id,
        j.level
    from attendances a
    join lessons l on l.id = a.lesson_id
    join students s on s.id = a.student_id
    join subjects j on j.id = l.subject_id
""")


def ask(erp, query: str | sql.Composable) -> list[tuple]:
    """Returns the rows of a query (or what was inserted) in the ERP's schema."""
    with closing(psycopg2.connect(erp.dsn)) as session, session, session.cursor() as cursor:
        cursor.execute("select set_config('search_path', quote_ident(%s), true)", (erp.schema,))
        cursor.execute(query)
        return cursor.fetchall() if cursor.description else []


def only(erp, query: str | sql.Composable):
    """Returns the one value of a query."""
    ((value,),) = ask(erp, query)
    return value


def fingerprint(erp, tables: Sequence[str] = TABLES) -> dict[str, str]:
    """Returns a digest of each table's rows, in their stored order."""
    digests = {}
    with closing(psycopg2.connect(erp.dsn)) as session, session.cursor() as cursor:
        for table in tables:
            digest = hashlib.sha256()
            copy = sql.SQL("copy {} to stdout").format(sql.Identifier(erp.schema, table))
            cursor.copy_expert(copy, type("Sink", (), {"write": staticmethod(digest.update)}))
            digests[table] = digest.hexdigest()
    return digests


# What is in it


def test_grades_are_gaussian_around_60_in_the_students_own_subjects_while_enrolled(tiny_erp):
    mean, deviation, skew, wrong_level, wrong_date = ask(
        tiny_erp,
        """
        with moments as (select avg(grade) as mean, stddev(grade) as deviation from grades)
        select
            min(mean), min(deviation), avg(power((g.grade - mean) / deviation, 3)),
            count(*) filter (where j.level <> s.promotion),
            count(*) filter (
                where g.date not between s.join_date and coalesce(s.left_date, 'infinity')
            )
        from grades g
        cross join moments
        join students s on s.id = g.student_id
        join subjects j on j.id = g.subject
        """,
    )[0]
    assert float(mean) == pytest.approx(60, abs=0.6)
    assert float(deviation) == pytest.approx(15, abs=0.6)
    assert float(skew) == pytest.approx(0, abs=0.1)
    assert (wrong_level, wrong_date) == (0, 0)


def test_nine_in_ten_attend_and_dropouts_less(tiny_erp):
    everybody, dropouts = ask(
        tiny_erp,
        sql.SQL("""
        select
            avg((status in ('present', 'late'))::integer),
            avg((status in ('present', 'late'))::integer) filter (
                where left_date is not null and leave_reason is distinct from 'graduated'
            )
        from ({}) as calls where was_enrolled
        """).format(CALLS),
    )[0]
    assert 0.89 <= float(everybody) <= 0.94
    assert float(dropouts) < float(everybody) - 0.02


def test_rolls_are_called_in_the_students_campus_and_level_and_seldom_outside_enrolment(tiny_erp):
    elsewhere, other_level, outside = ask(
        tiny_erp,
        sql.SQL("""
        select
            count(*) filter (where lesson_campus_id <> campus_id),
            count(*) filter (where level <> promotion),
            avg((not was_enrolled)::integer)
        from ({}) as calls
        """).format(CALLS),
    )[0]
    assert (elsewhere, other_level) == (0, 0)
    assert float(outside) == pytest.approx(0.003, abs=0.0015)


def test_lessons_are_held_in_the_schools_own_day_in_winter_and_summer(tiny_erp):
    starts = ask(
        tiny_erp,
        "select distinct (starts_at at time zone 'Europe/Paris')::time::text as start"
        " from lessons order by start",
    )
    assert starts == [("08:30:00",), ("10:45:00",), ("13:30:00",), ("15:45:00",)]


def test_professors_teach_at_their_own_campus(tiny_erp):
    assert (
        only(
            tiny_erp,
            "select count(*) from lessons l join professors p on p.id = l.professor_id"
            " where p.campus_id <> l.campus_id",
        )
        == 0
    )


def test_some_students_have_no_grade_some_no_called_lesson_some_no_contact(tiny_erp):
    for table, match in (
        ("grades", "t.student_id = s.id"),
        ("attendances", "t.student_id = s.id"),
        ("audiences", "lower(trim(t.email)) = lower(s.personal_email)"),
    ):
        query = sql.SQL(
            "select count(*) from students s where not exists (select from {} t where {})"
        )
        without = only(tiny_erp, query.format(sql.Identifier(table), sql.SQL(match)))
        assert 0 < without < 300, table


def test_contacts_match_students_by_trimmed_lower_case_email_before_and_after_joining(tiny_erp):
    exact, before, after = ask(
        tiny_erp,
        """
        select
            count(*) filter (where a.email = s.personal_email),
            count(*) filter (where a.collected_at::date <= s.join_date),
            count(*) filter (where a.collected_at::date > s.join_date)
        from audiences a join students s on lower(trim(a.email)) = lower(trim(s.personal_email))
        """,
    )[0]
    assert before > 60
    assert after > 0
    assert exact < before + after


def test_contracts_during_studies_and_jobs_after_graduating(tiny_erp):
    studies, jobs, misplaced = ask(
        tiny_erp,
        """
        select
            count(*) filter (where not is_job),
            count(*) filter (where is_job),
            count(*) filter (
                where case
                    when is_job then leave_reason is distinct from 'graduated'
                        or start_date < left_date
                    else start_date not between join_date and coalesce(left_date, 'infinity')
                end
            )
        from (
            select a.*, s.*, a.contract_type in ('permanent', 'fixed_term') as is_job
            from apprenticeships a join students s on s.id = a.student_id
        ) as contracts
        """,
    )[0]
    assert studies > 100
    assert jobs > 50
    assert misplaced == 0


def test_leavers_graduated_or_dropped_out_with_or_without_a_reason(tiny_erp):
    graduates, explained, unexplained, enrolled = ask(
        tiny_erp,
        """
        select
            count(*) filter (where leave_reason = 'graduated'),
            count(*) filter (where leave_reason <> 'graduated'),
            count(*) filter (where left_date is not null and leave_reason is null),
            count(*) filter (where left_date is null)
        from students
        """,
    )[0]
    assert graduates > explained > unexplained > 0
    assert enrolled > 50
    assert only(tiny_erp, "select count(*) from students where left_date > '2026-09-30'") == 0


def test_every_key_is_declared_and_every_table_analysed(tiny_erp):
    kinds = dict(
        ask(
            tiny_erp,
            "select contype::text, count(*) from pg_constraint"
            " where connamespace = current_schema()::regnamespace and contype in ('p', 'f')"
            " group by 1",
        )
    )
    assert kinds == {"p": 11, "f": 13}
    assert (
        only(
            tiny_erp,
            "select count(*) from pg_class where relnamespace = current_schema()::regnamespace"
            " and relkind = 'r' and reltuples < 1",
        )
        == 0
    )


# One seed, one ERP


def test_the_marker_tells_scale_and_seed_and_nothing_is_there_in_an_empty_schema(
    tiny_erp, empty_erp
):
    marker = generated(tiny_erp.dsn, tiny_erp.schema)
    assert (marker["scale"], marker["seed"]) == ("tiny", 7)
    assert generated(empty_erp.dsn, empty_erp.schema) is None
    assert generated(empty_erp.dsn, "no_such_schema") is None


def test_the_same_seed_gives_the_same_rows_and_replaces_another_seeds(tiny_erp, empty_erp):
    generate(empty_erp.dsn, "tiny", 8, schema=empty_erp.schema)
    other = fingerprint(empty_erp)
    result = generate(empty_erp.dsn, "tiny", 7, schema=empty_erp.schema)
    same = fingerprint(empty_erp)
    assert same == fingerprint(tiny_erp)
    assert {table for table in TABLES if same[table] == other[table]} == {"subjects"}
    count = sql.SQL("select count(*) from {}")
    assert result.rows == {
        table: only(empty_erp, count.format(sql.Identifier(table))) for table in TABLES
    }


@pytest.mark.parametrize("seed", [1, 42, 2026])
def test_other_seeds_keep_every_constraint(empty_erp, seed):
    assert generate(empty_erp.dsn, "tiny", seed, schema=empty_erp.schema).rows["students"] == 300


def test_a_school_without_effects_says_so(empty_erp):
    command = [REPOSITORY / ".venv" / "bin" / "campuslake", "erp", "generate", "--no-effects"]
    subprocess.run(
        command, env={**os.environ, "CAMPUSLAKE_ERP_SCHEMA": empty_erp.schema}, check=True
    )
    changed = generated(empty_erp.dsn, empty_erp.schema)["effects"]
    assert set(changed.values()) == {0.0} and len(changed) == len(fields(Effects))


def test_a_missing_schema_is_made_whatever_its_name(empty_erp):
    schema = f'{empty_erp.schema} "x"; --'
    try:
        generate(empty_erp.dsn, "tiny", 7, schema=schema)
        assert generated(empty_erp.dsn, schema)["seed"] == 7
    finally:
        ask(empty_erp, 'drop schema "{}" cascade'.format(schema.replace('"', '""')))


def test_progress_has_a_finished_task_per_table_and_one_for_the_keys(empty_erp):
    progress = Progress(disable=True)
    result = generate(empty_erp.dsn, "tiny", 7, schema=empty_erp.schema, progress=progress)
    finished = {task.description: task.completed for task in progress.tasks if task.finished}
    assert {table: finished[table] for table in TABLES} == result.rows
    assert "keys" in finished


# What never breaks it


def test_tables_that_were_not_generated_are_never_replaced(empty_erp):
    ask(empty_erp, "create table grades (note text)")
    assert generated(empty_erp.dsn, empty_erp.schema) == {}
    with pytest.raises(CampuslakeError, match="did not generate"):
        generate(empty_erp.dsn, "tiny", 7, schema=empty_erp.schema)
    assert ask(empty_erp, "select * from grades") == []


def test_tables_without_the_marker_are_never_replaced(empty_erp):
    generate(empty_erp.dsn, "tiny", 7, schema=empty_erp.schema)
    ask(empty_erp, "comment on table students is 'Our students.'")
    before = fingerprint(empty_erp)
    with pytest.raises(CampuslakeError, match="did not generate"):
        generate(empty_erp.dsn, "tiny", 8, schema=empty_erp.schema)
    assert fingerprint(empty_erp) == before


def test_tables_that_others_depend_on_are_not_replaced(empty_erp):
    generate(empty_erp.dsn, "tiny", 7, schema=empty_erp.schema)
    ask(empty_erp, "create view somebodys_view as select id from students")
    with pytest.raises(CampuslakeError, match="cannot be replaced") as caught:
        generate(empty_erp.dsn, "tiny", 8, schema=empty_erp.schema)
    assert "\n" not in str(caught.value)
    assert generated(empty_erp.dsn, empty_erp.schema)["seed"] == 7


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
def test_an_interruption_in_mid_load_changes_nothing(empty_erp, monkeypatch, interruption):
    generate(empty_erp.dsn, "tiny", 7, schema=empty_erp.schema)
    before = fingerprint(empty_erp)

    def broken(stream: TableStream):
        yield next(iter(stream.chunks))
        raise interruption

    def streams(simulation):
        for stream in real_streams(simulation):
            is_last = stream.name == "grades"
            chunks = broken(stream) if is_last else stream.chunks
            yield TableStream(stream.name, stream.expected_rows, chunks)

    real_streams = generation.table_streams
    monkeypatch.setattr(generation, "table_streams", streams)
    with pytest.raises(interruption):
        generate(empty_erp.dsn, "tiny", 8, schema=empty_erp.schema)
    assert fingerprint(empty_erp) == before
    assert generated(empty_erp.dsn, empty_erp.schema)["seed"] == 7


STUCK_IN_GRADES = """
import sys, time
from erp import generate as generation
from erp.tables import TableStream

def stuck(chunks):
    yield next(iter(chunks))
    print("loading", flush=True)
    time.sleep(60)

def streams(simulation, real=generation.table_streams):
    for stream in real(simulation):
        chunks = stuck(stream.chunks) if stream.name == "grades" else stream.chunks
        yield TableStream(stream.name, stream.expected_rows, chunks)

generation.table_streams = streams
generation.generate(sys.argv[1], "tiny", 8, schema=sys.argv[2])
"""


def test_a_kill_in_mid_load_changes_nothing(empty_erp):
    generate(empty_erp.dsn, "tiny", 7, schema=empty_erp.schema)
    before = fingerprint(empty_erp)
    loader = subprocess.Popen(
        [sys.executable, "-c", STUCK_IN_GRADES, empty_erp.dsn, empty_erp.schema],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    with loader:
        assert loader.stdout.readline() == "loading\n"
        loader.kill()
    assert fingerprint(empty_erp) == before
    assert generate(empty_erp.dsn, "tiny", 8, schema=empty_erp.schema).seed == 8


def test_an_unknown_scale_a_negative_seed_and_an_absent_server_are_told_in_one_line(empty_erp):
    for arguments, complaint in (
        ((empty_erp.dsn, "huge", 7), "no scale 'huge'"),
        ((empty_erp.dsn, "tiny", -1), "seed -1"),
        (("postgresql://someone:secret@127.0.0.1:1/erp", "tiny", 7), "cannot be reached"),
        (("postgresql://someone:se@cret@nowhere.invalid/erp", "tiny", 7), "cannot be reached"),
        (("secret", "tiny", 7), "cannot be read"),
    ):
        with pytest.raises(CampuslakeError, match=complaint) as caught:
            generate(*arguments, schema=empty_erp.schema)
        assert "\n" not in str(caught.value)
        assert "cret" not in str(caught.value)


@pytest.mark.parametrize("seed", [1, 7, 42, 2026])
def test_no_generated_id_is_one_of_the_sample(empty_erp, seed):
    generate(empty_erp.dsn, "tiny", seed, schema=empty_erp.schema)
    assert load_csv(empty_erp.dsn, "students", SAMPLE, empty_erp.schema) == 3
