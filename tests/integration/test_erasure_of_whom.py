"""Whom an erasure is about, and whom not: shared addresses and phones, people whom only the staging
zone still holds, tables that somebody else made in the warehouse.
"""

import gzip
from dataclasses import dataclass

import pytest
from rich.progress import Progress

from extract.run import extract
from extract.zone import StagingZone
from infra.errors import CampuslakeError
from infra.object_store import Bucket
from infra.spark_sql import run
from privacy import erase as erasure
from privacy.leftovers import clear_objects
from privacy.person import Person, find
from privacy.scan import Finding, scan
from privacy.staged import staged_rows
from tests.conftest import Lake, make_lake

# An address of two students, of whom one left long ago; a contact who is kept no longer, another
# with a trailing tab in the address, and two of one phone.
CHANGED = """
update students set personal_email = 'family@example.org' where id in ({living}, {expired});
update students set join_date = current_date - 2600, left_date = current_date - 2200
where id = {expired};
update audiences set email = 'old@example.org', collected_at = now() - interval '5 years'
where id = {old};
update audiences set email = E'tab@example.org\\t', phone = '0611223344' where id = {tab};
update audiences set phone = '0611223344', last_name = 'Autre',
    collected_at = now() - interval '1 day'
where id = {other};
"""
STUDENTS = """
select s.id from students s
where exists (select from grades g where g.student_id = s.id)
and exists (select from attendances a where a.student_id = s.id) order by s.id limit 4
"""
CONTACTS = """
select c.id from audiences c
where not exists (
    select from students s where lower(trim(c.email)) = lower(trim(s.personal_email))
) and not exists (select from audiences o where o.email = c.email and o.id <> c.id)
order by c.id limit 3
"""


@dataclass(frozen=True)
class School:
    """A lake with two runs, the second one staged only, with changes; `living` and `expired` share
    an address."""

    lake: Lake
    living: int
    expired: int
    interrupted: int
    broken: int
    contacts: list[int]

    def staged(self, table: str, student: int) -> list[int]:
        """How many rows of a student each kept run carries in a table."""
        settings = self.lake.settings
        person = find(settings, student)
        return [len(s.rows) for s in staged_rows(settings, person) if s.table == table]

    def require_sound(self) -> None:
        """Every kept run passes its gate: what is counted is there, and points to what is there."""
        for run_id in StagingZone(self.lake.settings).runs():
            self.lake.run("run", "--only", "staging-gate", "--run", run_id)


@pytest.fixture(scope="module")
def school(stack, postgres: str) -> School:
    made = make_lake(stack, postgres, seed=23)
    lake = Lake(made.erp, made.environment | {"CAMPUSLAKE_EXTRACT_CHANGES": "true"})
    living, expired, interrupted, broken = (number for (number,) in lake.erp.query(STUDENTS))
    contacts = [number for (number,) in lake.erp.query(CONTACTS)]
    old, tab, other = contacts
    lake.erp.execute(CHANGED.format(living=living, expired=expired, old=old, tab=tab, other=other))
    lake.run("run")
    lake.erp.execute(f"update grades set grade = 100 - grade where student_id = {interrupted}")
    lake.run("run", "--only", "extract")
    lake.run("run", "--only", "staging-gate")
    return School(lake, living, expired, interrupted, broken, contacts)


@pytest.mark.thorough
def test_a_student_of_the_same_address_stays(school: School):
    lake, expired = school.lake, school.expired
    before = [school.staged(table, expired) for table in ("students", "grades", "attendances")]
    lake.run("privacy", "erase", "--student", str(school.living), "--yes")
    after = [school.staged(table, expired) for table in ("students", "grades", "attendances")]
    assert after == before and all(before)
    assert lake.figures()[0] == 299
    lake.run("run", "--only", "extract")
    zone = StagingZone(lake.settings)
    assert zone.manifest(zone.runs()[-1]).table("students").rows == 299


@pytest.mark.thorough
def test_whom_only_the_staging_zone_knows_is_found_and_erased(school: School):
    lake, (old, tab, other) = school.lake, school.contacts
    audiences = f"{lake.settings.staging_database}.stg_erp__audiences"
    for address, number in (("old@example.org", old), ("tab@example.org", tab)):
        person = find(lake.settings, email=address)
        assert person.contact_ids == {number}
        lake.run("privacy", "erase", "--email", address, "--yes")
        assert scan(lake.settings, person) == []
        assert lake.query(f"select count(*) from {audiences} where contact_id = {number}") == [(0,)]
    phones = lake.query(f"select phone from {audiences} where contact_id = {other}")
    assert phones == [("0611223344",)]


@pytest.mark.thorough
def test_killed_early_or_late_an_erasure_is_finished_and_leaves_runs_that_count_right(
    school: School, monkeypatch: pytest.MonkeyPatch
):
    """Between two runs, and when nothing names the person any more but bytes of the store."""
    settings, student = school.lake.settings, school.interrupted
    erase_from_run, done = erasure.erase_from_run, []

    def dying(*arguments: object) -> None:
        if done:
            raise KeyboardInterrupt
        erase_from_run(*arguments)
        done.append(arguments)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    for place, name, killed in (
        (erasure, "erase_from_run", dying),
        (erasure.ObjectStore, "give_up_deleted", die),
    ):
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(place, name, killed)
            erasure.erase(settings, erasure.begin(settings, student), Progress(disable=True))
    assert len(done) == 1
    (left,) = erasure.unfinished(settings)
    assert left.person == Person()
    told = school.lake.run("privacy", "erase", "--unfinished", "--yes").stdout
    assert "nothing of the person" in told
    assert erasure.unfinished(settings) == []
    school.require_sound()


@pytest.mark.thorough
def test_a_run_whose_files_somebody_changed_goes_as_a_whole(school: School):
    """Broken rows, and a quote that swallows the rest: no column says what a value means."""
    lake, number = school.lake, school.broken
    ((first, last, address),) = lake.erp.query(
        "select first_name, last_name, personal_email from students where id = %s", number
    )
    whole = Lake(lake.erp, lake.environment | {"CAMPUSLAKE_EXTRACT_CHANGES": "false"})
    broken = extract(whole.settings, Progress(disable=True)).run_id
    zone = StagingZone(lake.settings)
    row = f'1,{first},{last}\nx,{first},{last},{address}\n2,{last},{address},"open\n,,,\n'
    key, cut = (
        zone.manifest(broken).table(name).parts[0].key for name in ("audiences", "students")
    )
    zone.bucket.put(key, gzip.compress(gzip.decompress(zone.bucket.get(key).body) + row.encode()))
    zone.bucket.put(cut, zone.bucket.get(cut).body[:-200])
    person = find(lake.settings, number)
    assert {"e-mail address", "name"} <= {
        finding.kind for finding in scan(lake.settings, person) if finding.place.endswith(key)
    }
    note = lake.settings.home / "somebodys-note.txt"
    note.write_text(f"write to {address}")
    command = ("privacy", "erase", "--student", str(number), "--yes")
    assert note.name in lake.run(*command, code=1).stderr
    assert broken not in zone.runs()
    note.unlink()
    assert "nothing of the person" in lake.run(*command).stdout
    assert scan(lake.settings, person) == []
    school.require_sound()


@pytest.mark.thorough
def test_the_current_run_and_what_it_builds_on_are_not_deleted(school: School):
    lake, zone = school.lake, StagingZone(school.lake.settings)
    current, runs = zone.current(), zone.runs()
    assert current
    layers = zone.manifest(current.run_id).table("grades").layers
    assert len(layers) > 1
    command = ("privacy", "erase", "--student", str(school.expired), "--yes")
    for run_id in (layers[0], current.run_id):
        key = zone.manifest(run_id).table("students").objects[0].key
        sound = zone.bucket.get(key).body
        zone.bucket.put(key, sound + b"changed")
        told = lake.run(*command, code=1).stderr
        assert "of the current run" in told and "extract --full" in told
        assert zone.runs() == runs
        zone.bucket.put(key, sound)
    lake.run(*command)


def test_tables_that_somebody_made_keep_their_files(whole: Lake):
    settings, name = whole.settings, whole.settings.schema_prefix
    identities = f"select * from {name}_identity.student_identities"
    # In a database of its own; in ours, named like those over staged files; not Iceberg's.
    mine, ours, hives = f"{name}_sandbox.mine", f"{name}_build.extract_of_mine", f"{name}_build.own"
    run(f"create database {name}_sandbox", settings)
    run(f"create table {mine} using iceberg as {identities}", settings)
    run(f"create table {ours} using iceberg as {identities}", settings)
    run(f"create table {hives} using parquet as {identities}", settings)
    bucket = Bucket(settings)
    loose = f"warehouse/{name}_marts.db/students/data/of-a-build-that-died.parquet"
    bucket.put(loose, "somebody")
    everything = [
        Finding(f"s3://{bucket.name}/{key}", "name") for key in bucket.keys(f"warehouse/{name}")
    ]
    try:
        clear_objects(settings, everything, Progress(disable=True))
        for table in (mine, ours, hives, f"{name}.students", f"{name}_build.int_students"):
            assert len(whole.query(f"select * from {table}")) == 300
        assert not bucket.exists(loose)
    finally:
        for table in (mine, ours, hives):
            run(f"drop table {table} purge", settings)
        run(f"drop database {name}_sandbox", settings)


def test_an_empty_address_is_nobodys(whole: Lake):
    for address in ("", " "):
        done = whole.run("privacy", "erase", "--email", address, "--yes", code=1)
        assert "the address is empty" in done.stderr
    with pytest.raises(CampuslakeError, match="knows nobody"):
        find(whole.settings, email="nobody@example.org")
