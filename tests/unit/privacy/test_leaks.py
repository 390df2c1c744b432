"""A published column whose values tell who somebody is fails, and the way they take is named."""

import json
import os
import subprocess

import pytest

from infra.settings import REPOSITORY
from privacy.leaks import leaks

NAME = {"category": "user.name", "purpose": "statistics", "identifying": True, "retention": "none"}
YEAR = NAME | {"identifying": False, "coarsens": ["born_on"]}


def project(sql: str, columns: dict, published_as: str = "presentation") -> dict:
    """A project of one source and one mart, compiled."""
    source = {
        "resource_type": "source",
        "schema": "s",
        "name": "people",
        "identifier": "people",
        "config": {},
        "columns": {
            name: {"config": {"meta": {"personal_data": NAME}}} for name in ("name", "born_on")
        }
        | {
            "campus": {},
            "grade": {"config": {"meta": {"personal_data": NAME | {"identifying": False}}}},
        },
    }
    mart = {
        "resource_type": "model",
        "schema": "m_build",
        "name": "mart",
        "compiled_code": sql,
        "config": {"meta": {"published_as": published_as}},
        "columns": {
            name: {"config": {"meta": {"personal_data": declared}} if declared else {}}
            for name, declared in columns.items()
        },
    }
    return {"nodes": {"mart": mart}, "sources": {"people": source}}


@pytest.mark.parametrize(
    "sql",
    [
        "select name as label from s.people",
        "select upper(concat(name, 'x')) as label from s.people",
        "select max(name) as label from s.people group by campus",
        "with a as (select * from s.people), b as (select name n from a) select n as label from b",
        "select campus as label from s.people union all select name from s.people",
        "select coalesce(p.name, q.campus) as label from s.people p join s.people q using (campus)",
        "select first_value(campus) over (order by name) as label from s.people",
        "select case when campus = 'x' then name end as label from s.people",
        "select (select max(name) from s.people) as label from s.people",
        "select part as label from s.people lateral view explode(split(name, ' ')) as part",
        "with a as (select struct(campus, name as n) f from s.people), b as (select f from a)"
        " select b.f.n as label from b",
        "select n as label from (select explode(map(name, campus)) as (n, other) from s.people)",
    ],
)
def test_a_value_that_identifies_is_found_on_every_way(sql: str):
    (told,) = leaks(project(sql, {"label": None}))
    assert told == "identifying: m_build.mart.label <- s.people.name"


@pytest.mark.parametrize(
    "sql",
    [
        "select count(distinct name) as label from s.people",
        "select name is null as label from s.people",
        "select case when name = 'x' then 1 end as label from s.people",
        "select p.campus as label from s.people p join s.people q on p.name = q.name",
        "select sum(1) over (partition by name) as label from s.people",
        "with a as (select struct(campus, name as n) f from s.people), b as (select f from a)"
        " select b.f.campus as label from b",
    ],
)
def test_what_is_said_of_a_value_is_no_value(sql: str):
    assert leaks(project(sql, {"label": None})) == []


def test_a_coarser_form_must_be_declared():
    sql = "select year(born_on) as born from s.people"
    assert leaks(project(sql, {"born": None}))
    assert leaks(project(sql, {"born": YEAR})) == []
    assert leaks(project("select name as born from s.people", {"born": YEAR}))


def test_a_personal_column_of_single_people_must_be_declared():
    sql = "select 'k' as student_key, grade from s.people"
    declared = NAME | {"identifying": False}
    (told,) = leaks(project(sql, {"student_key": None, "grade": None}))
    assert told == "undeclared: m_build.mart.grade <- s.people.grade"
    assert leaks(project(sql, {"student_key": None, "grade": declared})) == []


def test_a_snapshot_passes_on_what_the_model_under_it_has():
    made = project("select name as label from h.people_history", {"label": None})
    made["nodes"]["model"] = made["nodes"]["mart"] | {
        "name": "int_people",
        "config": {},
        "columns": {"name": {"config": {}}},
        "compiled_code": "select name from s.people",
    }
    made["nodes"]["snapshot"] = {
        "resource_type": "snapshot",
        "schema": "h",
        "name": "people_history",
        "config": {},
        "columns": {"dbt_scd_id": {"config": {}}},
        "depends_on": {"nodes": ["model"]},
    }
    (told,) = leaks(made)
    assert told == (
        "identifying: m_build.mart.label <- h.people_history.name <- m_build.int_people.name"
        " <- s.people.name"
    )


def test_what_is_not_published_may_identify():
    assert leaks(project("select name as label from s.people", {"label": None}, "identity")) == []


def test_the_project_publishes_nobody(tmp_path):
    subprocess.run(
        [
            *(REPOSITORY / ".venv" / "bin" / "dbt", "--quiet", "compile", "--target", "lint"),
            *("--target-path", tmp_path, "--log-path", tmp_path),
        ],
        cwd=REPOSITORY,
        env=os.environ | {"DO_NOT_TRACK": "1"},
        check=True,
        timeout=300,
    )
    assert leaks(json.loads((tmp_path / "manifest.json").read_text())) == []
