"""Each user of Superset tries what is not theirs: SQL Lab, datasets, dashboards, administration."""

import pytest

from tests.browser.dashboards.conftest import dataset_body, refusal, sql_lab
from tests.conftest import Lake

READERS = ("analyst", "scientist", "staff")
CLOSED = {
    "staging": "select * from {schema}_staging.stg_erp__students",
    "key map": "select * from {schema}_build.student_keys",
    "history": "select * from {schema}_history.students_history",
    "marts not audited": "select * from {schema}_marts.students",
    "objects of the store": "select * from json.`s3a://{bucket}/stage/current.json`",
    "hidden in a subquery": "select * from {schema}.students where student_key in"
    " (select student_key from {schema}_build.student_keys)",
    "a query of the same name": "with student_keys as"
    " (select * from {schema}_build.student_keys) select * from student_keys",
    "with its catalog": "select * from spark_catalog.{schema}_build.student_keys",
}
# Read as Spark does, each goes on with the key map; Superset's parser takes that for a comment.
COMMENTS = {
    "ended by Spark alone": "select 1 as one /* /*+ */, * from {schema}_build.student_keys -- */",
    "continued by Spark alone": "select 1 as one\n-- \\\n, '\n"
    ", student_key from {schema}_build.student_keys\n-- '",
}
NOT_QUERIES = {
    "drop": "drop view {schema}.students",
    "create": "create table {schema}.own as select 1 as a",
    "insert": "insert into {schema}.students select * from {schema}.students",
    "jar": "add jar '/tmp/own.jar'",
    "setting": "set spark.sql.ansi.enabled=true",
    "another database": "use {schema}_identity",
    "a copy": "cache table own as select * from {schema}_identity.student_identities",
    "what there is": "show tables in {schema}_identity",
    "a plan": "explain select * from {schema}_identity.student_identities",
    "Java": "select java_method('java.lang.System', 'getenv', 'PATH')",
    "a program": "select transform(student_key) using 'cat' as (a string) from {schema}.students",
    "behind a query": "select 1; drop view {schema}.students",
}
NOT_YOURS, NOT_A_QUERY = "TABLE_SECURITY_ACCESS_ERROR", "DML_NOT_ALLOWED_ERROR"
IDENTITIES = "select count(*) as n from {schema}_identity.student_identities"


@pytest.fixture(scope="session")
def fill(ran):
    """Puts the lake's names into a statement."""
    names = {"schema": ran.settings.schema_prefix, "bucket": ran.settings.bucket}
    return lambda statement: statement.format(**names)


def counted(ran: Lake, asked: str) -> list[dict[str, int]]:
    """What the lake itself counts, as SQL Lab answers it."""
    ((n,),) = ran.query(asked)
    assert n > 100
    return [{"n": n}]


@pytest.mark.parametrize("user", READERS)
def test_a_reader_asks_the_published_marts(sessions, fill, ran, user):
    asked = fill("select count(*) as n from {schema}.students")
    status, answer = sql_lab(sessions[user], asked)
    assert (status, answer["data"]) == (200, counted(ran, asked))


@pytest.mark.parametrize("what", CLOSED)
@pytest.mark.parametrize("user", READERS)
def test_a_reader_is_refused_what_is_not_published(sessions, fill, user, what):
    assert refusal(sessions[user], fill(CLOSED[what])) == NOT_YOURS


@pytest.mark.parametrize("user", READERS)
def test_a_reader_chooses_no_database_of_others(sessions, fill, user):
    of_build = "select * from student_keys"
    behind = f"with a as ({of_build}), student_keys as (select 1 as x) select * from a"
    for statement in (of_build, behind, "select 1 as one"):
        status, answer = sql_lab(sessions[user], statement, fill("{schema}_build"))
        assert status >= 400 and "data" not in answer, statement


@pytest.mark.parametrize("user", READERS)
def test_a_reader_names_no_table_by_a_text(sessions, fill, user):
    for asked in ("select * from", "describe"):
        statement = fill(f"{asked} identifier('{{schema}}_build.student_keys')")
        assert refusal(sessions[user], statement, fill("{schema}")) == NOT_A_QUERY


@pytest.mark.parametrize("what", COMMENTS)
def test_nothing_hides_in_a_comment(sessions, fill, what):
    status, answer = sql_lab(sessions["analyst"], fill(COMMENTS[what]))
    (row,) = answer["data"]
    assert status == 200 and row["one"] == 1 and "student_key" not in row


@pytest.mark.parametrize("what", COMMENTS)
def test_nothing_hides_in_a_comment_of_a_dataset(sessions, superset, fill, what):
    scientist = sessions["scientist"]
    own = dataset_body(superset, "own_comment", fill(COMMENTS[what]))
    number = scientist.ask("POST", "dataset/", json=own)["id"]
    columns = scientist.ask("GET", f"dataset/{number}")["result"]["columns"]
    scientist.ask("DELETE", f"dataset/{number}")
    names = {column["column_name"] for column in columns}
    assert "one" in names and "student_key" not in names


def test_what_the_engine_was_started_with_is_not_told(sessions):
    told = "${env:PATH}"
    status, answer = sql_lab(sessions["analyst"], f"select '{told}' as told")
    assert (status, answer["data"]) == (200, [{"told": told}])


@pytest.mark.parametrize("what", NOT_QUERIES)
@pytest.mark.parametrize("user", READERS)
def test_a_reader_does_nothing_but_ask(sessions, fill, user, what):
    assert refusal(sessions[user], fill(NOT_QUERIES[what])) == NOT_A_QUERY


def test_identities_are_for_staff_alone(sessions, fill, ran):
    for user in ("analyst", "scientist"):
        assert refusal(sessions[user], fill(IDENTITIES)) == NOT_YOURS
    status, answer = sql_lab(sessions["staff"], fill(IDENTITIES))
    assert (status, answer["data"]) == (200, counted(ran, fill(IDENTITIES)))


def test_a_scientist_makes_datasets_of_what_is_published_and_of_nothing_else(
    sessions, superset, fill
):
    scientist = sessions["scientist"]
    own = dataset_body(superset, "own_students", fill("select gender from {schema}.students"))
    made = scientist.answer("POST", "dataset/", json=own)
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    stored = {"metric_name": "n", "expression": fill(f"({IDENTITIES})")}
    scientist.ask("PUT", f"dataset/{number}", json={"metrics": [stored]})
    asked = {
        "datasource": {"id": number, "type": "table"},
        "queries": [{"metrics": ["n"], "columns": [], "row_limit": 1}],
    }
    answer = scientist.answer("POST", "chart/data", json=asked)
    assert answer.json()["errors"][0]["error_type"] == NOT_YOURS
    scientist.ask("DELETE", f"dataset/{number}")
    stolen = dataset_body(superset, "own_names", fill(IDENTITIES))
    assert scientist.answer("POST", "dataset/", json=stolen).status_code in (403, 422)
    assert sessions["analyst"].answer("POST", "dataset/", json=own).status_code == 403


@pytest.mark.parametrize("user", READERS)
def test_a_reader_administers_nothing(sessions, user):
    api = sessions[user]
    assert api.answer("GET", "security/users/").status_code in (403, 404)
    assert api.answer("GET", "assets/export/").status_code == 403
    assert api.answer("POST", "database/", json={"database_name": "own"}).status_code == 403
    (first, *_) = api.pages("dashboard/")
    changed = api.answer("PUT", f"dashboard/{first['id']}", json={"dashboard_title": "mine"})
    assert changed.status_code == 403


def test_the_guides_queries_are_saved_for_everybody(sessions):
    for api in sessions.values():
        labels = {query["label"].split(":")[0] for query in api.pages("saved_query/")}
        assert labels >= {f"Q{number}" for number in range(1, 11)}


def test_sql_lab_lists_the_tables_that_a_reader_may_see(sessions, superset, fill):
    schema = fill("{schema}")
    (lake,) = sessions["admin"].pages("database/")
    path = f"database/{lake['id']}/tables/?q=(force:!t,schema_name:{schema})"
    found = {table["value"] for table in sessions["analyst"].ask("GET", path)["result"]}
    assert {"students", "dropouts", "regions"} <= found and schema not in found
