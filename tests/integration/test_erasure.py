"""Who is erased is gone from everywhere, for good, and nobody else is touched.

One lake with two published runs, the second carrying changes, whose student and contact are marked.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from extract.verify import faults_of
from extract.zone import StagingZone
from infra.errors import CampuslakeError
from infra.local.superset import Superset
from infra.object_store import Bucket
from infra.spark_sql import query
from orchestration.records import RunRegister
from privacy.person import Person
from privacy.scan import scan
from privacy.tables import tables
from tests.conftest import Lake, make_lake

# Marked with what a CSV, a JSON or a SQL text may stumble over.
MARKED = """
update students set first_name = 'Zébulonne', last_name = 'O''Marqueur, dite "Z"',
    email = 'zebulonne.omarqueur@ecole.example', personal_email = ' Zebulonne.O@example.org '
where id = {student};
update audiences set first_name = 'Zébulonne', last_name = 'O''Marqueur',
    phone = '+33 6 99 88 77 66', email = 'ZEBULONNE.O@example.org'
where id = {contact};
"""
WHO = """
select min(s.id), min(c.id)
from students s join audiences c on lower(trim(c.email)) = lower(trim(s.personal_email))
join grades g on g.student_id = s.id
where s.id = (
    select min(s.id) from students s
    join audiences c on lower(trim(c.email)) = lower(trim(s.personal_email))
    join apprenticeships a on a.student_id = s.id
)
"""
MARKS = ("zébulonne", "omarqueur", "zebulonne.o@example.org", "+33 6 99 88 77 66")


@dataclass(frozen=True)
class Marked:
    """The lake, the marked student, the key that marts know him or her by, and the runs."""

    lake: Lake
    student: int
    person: Person
    runs: list[str]

    @property
    def named(self) -> list[str]:
        """What `privacy scan` is told of somebody whom the lake no longer knows."""
        (key,) = self.person.student_keys
        return [
            *("--student", str(self.student), "--key", key, "--phone", "+33 6 99 88 77 66"),
            *("--email", "zebulonne.o@example.org"),
            *("--email", "zebulonne.omarqueur@ecole.example"),
            *("--name", "Zébulonne,O'Marqueur"),
        ]


@pytest.fixture(scope="module")
def marked(stack, postgres: str) -> Marked:
    lake = make_lake(stack, postgres, seed=13)
    ((student, contact),) = lake.erp.query(WHO)
    lake.erp.execute(MARKED.format(student=student, contact=contact))
    changes = Lake(lake.erp, lake.environment | {"CAMPUSLAKE_EXTRACT_CHANGES": "true"})
    changes.run("run")
    lake.erp.execute(f"update grades set grade = 100 - grade where student_id = {student}")
    lake.erp.execute(
        f"update students set personal_email = 'zebulonne.o@example.org' where id = {student}"
    )
    changes.run("run")
    person = found(lake, student)
    runs = [record.run_id for record in RunRegister(lake.settings).all()][::-1]
    return Marked(changes, student, person, runs)


def found(lake: Lake, student: int) -> Person:
    from privacy.person import find

    return find(lake.settings, student)


def rows_with_key(lake: Lake, key: str) -> int:
    """How many published rows have a student key."""
    published = lake.settings.schema_prefix
    rows = 0
    for _, mart, *_ in lake.query(f"show views in {published}"):
        if "student_key" in {row[0] for row in lake.query(f"describe {published}.{mart}")}:
            held = f"select count(*) from {published}.{mart} where student_key = '{key}'"
            rows += lake.query(held)[0][0]
    return rows


def in_files_of_the_store(lake: Lake) -> set[str]:
    """Which marks a plain search of the object store's files on disk finds."""
    data = [path for path in (Path(lake.settings.home) / "s3").rglob("*") if path.is_file()]
    return {mark for mark in MARKS for path in data if mark.encode() in path.read_bytes().lower()}


def test_a_dry_run_shows_what_would_go_and_changes_nothing(marked: Marked):
    told = marked.lake.run("privacy", "erase", "--student", str(marked.student)).stdout
    rows = dict(line.split(",") for line in told.splitlines() if line.count(",") == 1)
    staging = marked.lake.settings.staging_database
    grades = marked.lake.erp.query(
        "select count(*) from grades where student_id = %s", marked.student
    )
    assert int(rows[f"{staging}.stg_erp__grades"]) == grades[0][0] > 0
    assert "--yes" in told
    places = {finding.place for finding in scan(marked.lake.settings, marked.person)}
    assert len([place for place in places if place.startswith("s3://")]) > 10
    assert len([place for place in places if place.startswith("table ")]) > 20


@pytest.fixture(scope="module")
def erased(marked: Marked) -> Iterator[Marked]:
    """The lake after the erasure, during which somebody read all the time."""
    lake, stop, failures = marked.lake, threading.Event(), []
    students = f"select count(*) from {lake.settings.schema_prefix}.students"
    counts = set()
    answer = Superset(lake.settings).cache / "answer"
    answer.parent.mkdir(parents=True, exist_ok=True)
    answer.write_text("what a dashboard was answered")

    def read() -> None:
        while not stop.is_set():
            try:
                counts.add(query(students, lake.settings)[0][0])
            except CampuslakeError as error:
                failures.append(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        done = lake.run("privacy", "erase", "--student", str(marked.student), "--yes")
    finally:
        stop.set()
        reader.join()
    assert "nothing of the person is there" in done.stdout
    assert failures == []
    assert counts == {300, 299}
    assert not answer.exists()
    yield marked


def test_no_trace_is_left(erased: Marked):
    done = erased.lake.run("privacy", "scan", *erased.named)
    assert "nothing of the person is there" in done.stdout
    assert in_files_of_the_store(erased.lake) == set()


def test_the_kept_runs_still_verify(erased: Marked):
    zone = StagingZone(erased.lake.settings)
    assert zone.runs() == erased.runs
    for run_id in erased.runs:
        assert faults_of(zone, zone.manifest(run_id)) == []


def test_nobody_else_is_touched(erased: Marked):
    lake, others = erased.lake, f"where student_id <> {erased.student}"
    for table in ("attendances", "grades", "apprenticeships"):
        expected = lake.erp.query(f"select count(*), sum(id) from {table} {others}")
        for key in ("grade_id", "attendance_id", "apprenticeship_id"):
            if key.startswith(table[:-1]):
                staged = f"{lake.settings.staging_database}.stg_erp__{table}"
                assert lake.query(f"select count(*), sum({key}) from {staged}") == expected
    (expected,) = lake.erp.query(f"select count(*), avg(grade)::float8 from grades {others}")
    ((count, mean),) = lake.query(
        f"select count(*), avg(cast(grade as double)) from {lake.settings.schema_prefix}.grades"
    )
    assert count == expected[0]
    assert float(mean) == pytest.approx(expected[1], abs=1e-9)


def test_the_registry_and_the_audit_log_name_nobody(erased: Marked):
    bucket = Bucket(erased.lake.settings)
    keys = [*bucket.keys("erased/"), *bucket.keys("audit/")]
    assert len(keys) >= 2
    text = "".join(bucket.get(key).body.decode().lower() for key in keys)
    for mark in (*MARKS, str(erased.student), *erased.person.student_keys):
        assert mark not in text.replace(f'"{erased.student}', "")
    assert ",erase,request of the person," in erased.lake.run("privacy", "log").stdout


def test_an_earlier_run_can_still_be_published_and_does_not_bring_anybody_back(erased: Marked):
    lake = erased.lake
    for run_id in (erased.runs[0], erased.runs[-1]):
        lake.run("publish", "--run", run_id)
        assert lake.figures()[0] == 299
        (key,) = erased.person.student_keys
        assert rows_with_key(lake, key) == 0


@pytest.fixture(scope="module")
def sharing(erased: Marked) -> tuple[int, int]:
    """Two other students who get one personal address before the next run."""
    ((one, other),) = erased.lake.erp.query(
        "select min(id), max(id) from students where id <> %s", erased.student
    )
    erased.lake.erp.execute(
        f"update students set personal_email = 'shared@example.org' where id in ({one}, {other})"
    )
    return one, other


def test_the_erp_still_holds_the_person_and_no_later_run_does(erased: Marked, sharing):
    lake = erased.lake
    ((email,),) = lake.erp.query(f"select email from students where id = {erased.student}")
    assert email == "zebulonne.omarqueur@ecole.example"
    lake.run("run")
    assert lake.figures()[0] == 299
    lake.run("privacy", "scan", *erased.named)


def test_erasing_again_changes_nothing(erased: Marked):
    again = erased.lake.run("privacy", "erase", "--student", str(erased.student), "--yes")
    assert "nothing of the person is there" in again.stdout
    nobody = erased.lake.run("privacy", "erase", "--student", "999999", "--yes", code=1)
    assert "knows nobody" in nobody.stderr


def test_a_run_that_still_holds_the_person_is_loaded_without(erased: Marked):
    """As one that was committed during the erasure, or came back from a backup."""
    lake, bucket = erased.lake, Bucket(erased.lake.settings)
    entries = {key: bucket.get(key).body for key in bucket.keys("erased/")}
    for key in entries:
        bucket.delete(key)
    # Whole: rows that come back without having been written tell no changes.
    whole = Lake(lake.erp, lake.environment | {"CAMPUSLAKE_EXTRACT_CHANGES": "false"})
    try:
        whole.run("run", "--only", "extract")
    finally:
        for key, body in entries.items():
            bucket.put(key, body)
    zone = StagingZone(lake.settings)
    newest = zone.runs()[-1]
    assert zone.manifest(newest).table("students").rows == 300
    lake.run("run", "--only", "staging-gate")
    assert zone.manifest(newest).table("students").rows == 299
    lake.dbt("run", "--select", "stg_erp__students")
    staged = f"select count(*) from {lake.settings.staging_database}.stg_erp__students"
    assert lake.query(staged) == [(299,)]
    lake.run("privacy", "scan", *erased.named)


def test_an_address_that_two_students_share_erases_only_the_one_named(erased: Marked, sharing):
    lake, (one, other) = erased.lake, sharing
    refused = lake.run("privacy", "erase", "--email", "shared@example.org", "--yes", code=1)
    assert "several students" in refused.stderr and str(one) in refused.stderr
    lake.run("privacy", "erase", "--student", str(one), "--yes")
    assert lake.figures()[0] == 298
    assert lake.query(
        f"select personal_email from {lake.settings.identity_database}.student_identities"
        f" where student_id in ({one}, {other})"
    ) == [("shared@example.org",)]


def test_killed_wherever_it_is_an_erasure_is_finished_by_repeating(erased: Marked):
    lake = erased.lake
    ((student,),) = lake.erp.query(
        "select max(student_id) from grades where student_id < (select max(id) from students)"
    )
    person = found(lake, student)
    command = ("privacy", "erase", "--student", str(student), "--yes")
    for seconds in (1.2, 2.0, 3.0, 4.5, 6.0, 8.0, 10.0, 13.0):
        running = lake.start(*command)
        time.sleep(seconds)
        running.kill()
        running.wait()
    assert "1 not erased to the end" in lake.run("run", "--only", "retain").stdout
    lake.run("privacy", "erase", "--unfinished", "--yes")
    assert "no erasure is unfinished" in lake.run("privacy", "erase", "--unfinished").stdout
    settings = lake.settings
    assert scan(settings, person) == []
    zone, bucket = StagingZone(settings), Bucket(settings)
    for run_id in zone.runs():
        assert faults_of(zone, zone.manifest(run_id)) == []
    left = [key for key in bucket.keys("") if "erasing/" in key]
    assert left == []
    branches = [
        ref
        for table in tables(settings)
        if table.is_iceberg
        for ref in lake.query(f"select name from {table.name}.refs where type = 'BRANCH'")
    ]
    assert set(branches) == {("main",)}
    assert lake.figures()[0] == 297
