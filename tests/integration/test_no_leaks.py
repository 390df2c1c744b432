"""No person and no credential is named where a run leaves something behind, whatever fails.

A school with marked persons runs through everything, sound and broken; then their names, addresses,
numbers and dates of birth are looked for in what was shown, written and running.
"""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from extract.zone import StagingZone
from infra.errors import CampuslakeError, trace
from infra.local.credentials import local_credentials
from tests.conftest import Lake, make_lake
from tests.integration.leak_search import Evidence

STUDENT = {
    "first_name": "Zéphyrienne \"Brixtel\", l'O'\nVombatelle",
    "last_name": "D'Ostrogothique",
    "email": "zv@School-Marker.example",
    "personal_email": "zv+ostro@perso-marker.example",
    "date_of_birth": "1931-02-03",
}
CONTACT = {
    "first_name": "Xérodine",
    "last_name": "Quillembois, d'Arc",
    "email": "xq@contact-marker.example",
    "phone": "+33 6 39 98 71 23",
}
PROFESSOR = {
    "first_name": "Hyppolyta-Ursule",
    "last_name": "Grandgousier",
    "email": "hg@prof-marker.example",
}
MALFORMED = "Farfeluche\n' of the type 'Turlupin"  # where a date should be
UNREADABLE = "Bizarroïde"  # in a row that is none
WORDS = (
    *("Zéphyrienne", "Brixtel", "Vombatelle", "Ostrogothique", "1931-02-03"),
    *("school-marker.example", "perso-marker.example"),
    *("Xérodine", "Quillembois", "contact-marker.example", "39 98 71 23"),
    *("Hyppolyta", "Grandgousier", "prof-marker.example"),
    *("Farfeluche", "Turlupin", "Bizarroïde"),
)
RECRUITED = """
select s.id, c.id
from students s
join audiences c on lower(trim(c.email)) = lower(trim(s.personal_email))
where s.left_date is null
and s.id in (select student_id from grades) and s.id in (select student_id from apprenticeships)
order by s.id limit 1
"""
DROP_CONSTRAINTS = """
do $$
declare name text; tab regclass;
begin
    for name, tab in
        select conname, conrelid::regclass from pg_constraint
        where connamespace = current_schema()::regnamespace and contype in ('c', 'f', 'p', 'u')
        order by contype = 'p', contype = 'u'
    loop
        execute format('alter table %%s drop constraint %%I cascade', tab, name);
    end loop;
end $$
"""
# What the engine says when it cannot do it quotes the value.
ENGINE_ERRORS = (
    "cast(first_name as int)",
    "cast(email as date)",
    "cast(last_name as decimal(5, 2))",
    "cast(first_name as boolean)",
    "cast(first_name as timestamp)",
    "to_date(first_name, 'yyyy-MM-dd')",
    "to_number(email, '999')",
    "date_format(date_of_birth, first_name)",
    "cast(email as interval day)",
    "map(last_name, 1, last_name, 2)",
    "from_json(first_name, 'a int', map('mode', 'FAILFAST'))",
    "from_csv(first_name, 'a int', map('mode', 'FAILFAST'))",
    "regexp_replace('a', concat('(', last_name), '')",
    "url_decode(concat('%', email))",
    "assert_true(first_name is null)",
)


@dataclass(frozen=True)
class Marked:
    """The lake of the marked persons, the numbers of the student and of a contact of his."""

    lake: Lake
    student: int
    contact: int
    evidence: Evidence

    def mark(self, table: str, number: int, values: dict[str, str]) -> None:
        """Gives a row of the ERP the values of a marked person."""
        assignments = ", ".join(f"{name} = %s" for name in values)
        statement = f"update {table} set {assignments} where id = %s"
        self.lake.erp.execute(statement, *values.values(), number)

    def edit(self, run_id: str, table: str, change: Callable[[str], str]) -> None:
        """Changes the text of a staged table."""
        zone = StagingZone(self.lake.settings)
        key = f"{zone.prefix(run_id)}{table}/part-00000.csv.gz"
        text = gzip.decompress(zone.bucket.get(key).body).decode()
        assert change(text) != text
        zone.bucket.put(key, gzip.compress(change(text).encode()))


@pytest.fixture(scope="module")
def marked(stack, postgres, tmp_path_factory) -> Marked:
    """A school with marked persons, after everything was run on it and broken in it."""
    lake = make_lake(stack, postgres, seed=31)
    evidence = Evidence(lake, [*WORDS, *secrets_of(lake)])
    marked = Marked(lake, *lake.erp.query(RECRUITED)[0], evidence)
    marked.mark("students", marked.student, STUDENT)
    as_contact = {name: STUDENT[name] for name in ("first_name", "last_name")}
    marked.mark("audiences", marked.contact, as_contact | {"email": STUDENT["personal_email"]})
    ((alone,),) = lake.erp.query("select max(id) from audiences where id <> %s", marked.contact)
    marked.mark("audiences", alone, CONTACT)
    marked.mark("professors", 1, PROFESSOR)
    folder = tmp_path_factory.mktemp("answers")
    with evidence.watching():
        run_all_that_works(marked, folder)
        ask_wrongly(marked, folder)
        break_the_files_that_passed(marked)
        break_the_erp(marked, folder)
    return marked


def run_all_that_works(marked: Marked, answers: Path) -> None:
    run = marked.evidence.run
    run("campuslake", "run")
    run("campuslake", "runs")
    run("campuslake", "runs", StagingZone(marked.lake.settings).current().run_id)
    run("python", "-m", "extract", "list")
    run("dbt", "build", "--select", "stg_erp__students+1", "stg_erp__audiences+1")
    run("campuslake", "privacy", "inventory")
    export = ("campuslake", "privacy", "export", "--email", "-", "-o")
    for number, person in enumerate((STUDENT, CONTACT, PROFESSOR)):
        run(*export, str(answers / str(number)), given=f"{person['email']}\n")
        answer = (answers / str(number) / "data.json").read_text()
        assert json.dumps(person["last_name"], ensure_ascii=False) in answer
    scan = ("campuslake", "privacy", "scan", "--email", "-", "--name", "-", "--phone", "-")
    everything = f"{CONTACT['email']}\n{CONTACT['first_name']},x\n{CONTACT['phone']}\n"
    assert "audiences" in run(*scan, given=everything, code=1)
    run("campuslake", "privacy", "log")


def ask_wrongly(marked: Marked, answers: Path) -> None:
    run, first_name = marked.evidence.run, STUDENT["first_name"]
    nobody = ("campuslake", "privacy", "export", "-o", str(answers / "no"))
    run(*nobody, "--email", "-", given="nobody@school-marker.example\n", code=1)
    staging = marked.lake.settings.staging_database
    run(
        *("campuslake", "query", "-v"),
        f"select cast(first_name as int) from {staging}.stg_erp__students"
        f" where student_id = {marked.student}",
        code=1,
    )
    rows = answers / "rows.csv"
    for broken in (f'1,"{first_name.replace(chr(34), chr(34) * 2)}"', f"{first_name},1"):
        rows.write_text(f"id,first_name\n{broken}\n")
        run("campuslake", "erp", "load", "students", str(rows), code=1)


def break_the_files_that_passed(marked: Marked) -> None:
    """What the build finds when somebody changed files that had passed the gate."""
    run, zone = marked.evidence.run, StagingZone(marked.lake.settings)
    run_id = zone.current().run_id
    marked.edit(run_id, "students", lambda text: text.replace(",M.,1931", ",Vombatelle,1931"))
    told = run("dbt", "build", "--select", "stg_erp__students", code=1)
    assert "accepted_values_stg_erp__students_gender" in told
    marked.edit(run_id, "students", lambda text: text.replace("1931-02-03", f'"{MALFORMED}"'))
    marked.edit(run_id, "audiences", lambda text: text + f'"1,2,{UNREADABLE}\n')
    told = run("dbt", "build", "--select", "stg_erp__students", "stg_erp__audiences", code=1)
    assert "CAST_INVALID_INPUT" in told
    run("campuslake", "run", "-v", "--from", "build", code=1)


def break_the_erp(marked: Marked, answers: Path) -> None:
    """What the gate finds, and the extract."""
    run, erp = marked.evidence.run, marked.lake.erp
    student = f"where id = {marked.student}"
    erp.execute(DROP_CONSTRAINTS)
    erp.execute(f"update grades set grade = 150 where student_id = {marked.student}")
    erp.execute(
        "update students set email = %s where id = (select max(id) from students)", STUDENT["email"]
    )
    erp.execute(f"update students set left_date = join_date - 1, gender = 'Vombatelle' {student}")
    erp.execute(f"insert into students select * from students {student}")
    erp.execute("update audiences set event_id = 999999 where email = %s", CONTACT["email"])
    run("campuslake", "run", "--only", "extract")
    run_id = StagingZone(marked.lake.settings).runs()[-1]
    marked.edit(run_id, "students", lambda text: text.replace("1931-02-03", f'"{MALFORMED}"', 1))
    marked.edit(run_id, "audiences", lambda text: text + f'"1,2,{UNREADABLE}\n')
    told = run("campuslake", "run", "-v", "--from", "staging-gate", code=1)
    for failure in (
        *("expect_column_max_to_be_between", "expect_column_values_to_be_unique"),
        *("date_of_birth_malformed", "expect_table_to_be_readable"),
        *("expect_column_pair_values_a_to_be_greater_than_b", "expect_column_values_to_be_in_set"),
    ):
        assert failure in told
    erp.execute("alter table students rename column personal_email to private_email")
    assert "students.personal_email was removed" in run("campuslake", "run", code=1)


def test_no_person_is_named_outside_the_data(marked: Marked):
    found = sorted(f"{word}: {place}" for word, place in marked.evidence.found(WORDS))
    assert not found, "\n".join(found)


def secrets_of(lake: Lake) -> list[str]:
    keys = local_credentials(lake.settings.home)
    return [keys.postgres_password, keys.s3_secret_key]


def test_no_credential_is_shown_or_written(marked: Marked):
    home = marked.lake.settings.home
    secrets = [*secrets_of(marked.lake), (home / "privacy.key").read_text()]
    kept = {str(home / name) for name in ("credentials.json", "pgpass", "privacy.key")}
    kept |= {str(home / "s3" / "identities.json")}
    found = marked.evidence.found(secrets)
    assert {place for _, place in found} == kept
    assert {Path(place).stat().st_mode & 0o077 for place in kept} == {0}


@pytest.mark.parametrize("expression", ENGINE_ERRORS)
def test_the_engine_quotes_nobody(marked: Marked, expression: str):
    statement = (
        f"select {expression} from {marked.lake.settings.history_database}.students_history"
        f" where student_id = {marked.student}"
    )
    with pytest.raises(CampuslakeError) as raised:
        marked.lake.query(statement)
    told = f"{raised.value}\n{trace(raised.value)}"
    assert not [word for word in WORDS if word in told], told
