"""Each dashboard in a real browser: whole, without an error, and telling what the marts say."""

import re
import shutil
import sqlite3
from contextlib import closing
from typing import Any

import pytest
import yaml
from rich.progress import Progress

from infra.errors import CampuslakeError
from infra.spark_sql import execute
from orchestration import dashboard_files
from orchestration.dashboards import export_assets, exported, import_assets
from orchestration.records import RunRegister
from tests.browser.dashboards.conftest import LAKE, SLUGS, file_of, look, sql_lab

# The key number of each dashboard: its chart, and what the lake says.
KEY_NUMBERS = {
    "vue-densemble": (
        "Inscrits",
        "select count(*) from {schema}.students where status = 'enrolled'",
    ),
    "reussite": ("Étudiants notés", "select count(average_grade) from {schema}.students"),
    "decrochage": ("Abandons", "select count(*) from {schema}.dropouts"),
    "regions": (
        "Étudiants",
        "select sum(students) from {schema}.regions where school_year ="
        " (select max(school_year) from {schema}.regions where is_complete_year)",
    ),
    "insertion": ("Diplômés", "select count(*) from {schema}.graduate_hiring"),
    "previsions": (
        "Partis à la concurrence",
        "select sum(students_lost) from {schema}.competitor_schools where scope = 'year'",
    ),
    "campus": (
        "Étudiants",
        "select sum(students) from {schema}.campus_scorecard where school_year ="
        " (select max(school_year) from {schema}.campus_scorecard where is_complete_year)",
    ),
    "exploitation": (
        "Lignes extraites",
        "select rows from {schema}_ops.extract_runs order by started_at desc limit 1",
    ),
}

# By dashboard and filter: a value of the filter, and what the key number then is.
LABEL = "concat(school_year, '-', substr(school_year + 1, 3))"
CHOSEN = {
    ("vue-densemble", "campus_name"): "select campus_name, count(*) from {schema}.students"
    " where status = 'enrolled' group by campus_name order by count(*) desc limit 1",
    ("vue-densemble", "promotion"): "select promotion, count(*) from {schema}.students"
    " where status = 'enrolled' group by promotion order by count(*) desc limit 1",
    (
        "campus",
        "school_year_label",
    ): f"select {LABEL}, sum(students) from {{schema}}.campus_scorecard"
    " where is_complete_year group by school_year order by school_year desc limit 1 offset 1",
    ("regions", "school_year_label"): f"select {LABEL}, sum(students) from {{schema}}.regions"
    " where is_complete_year group by school_year order by school_year desc limit 1 offset 1",
    ("regions", "region"): "select region, students from {schema}.regions where is_complete_year"
    " order by school_year desc, students desc limit 1",
    ("insertion", "campus_name"): "select campus_name, graduates from {schema}.time_to_hire"
    " where scope = 'campus_all_years' order by graduates desc limit 1",
    ("insertion", "school_year_label"): "select concat(graduation_year - 1, '-',"
    " substr(graduation_year, 3)), graduates from {schema}.time_to_hire where scope = 'school'"
    " order by graduates desc limit 1",
    ("reussite", "campus_name"): "select campus_name, count(average_grade)"
    " from {schema}.students group by campus_name order by 2 desc limit 1",
    ("previsions", "school_year_label"): f"select {LABEL}, sum(students_lost)"
    " from {schema}.competitor_schools where scope = 'year'"
    " group by school_year order by 2 desc limit 1",
    ("decrochage", "school_year_label"): f"select {LABEL}, count(*) from {{schema}}.dropouts"
    " group by school_year order by count(*) desc limit 1",
}


def number_of(page: dict[str, Any], title: str) -> int:
    """The number that a chart shows, written as in French: with narrow spaces."""
    return int(re.sub(r"\s", "", page["numbers"][title]))


def charts_of(slug: str) -> set[str]:
    """The titles of the charts of a dashboard's file."""
    placed = file_of("dashboards", slug)["position"].values()
    return {p["meta"]["sliceName"] for p in placed if isinstance(p, dict) and p["type"] == "CHART"}


@pytest.mark.parametrize("slug", SLUGS)
def test_a_dashboard_shows_every_chart_with_data_and_no_error(seen, slug):
    page = seen[slug]
    assert page["errors"] == []
    assert page["charts"].keys() == charts_of(slug)
    assert page["empty"] == []
    assert file_of("dashboards", slug)["dashboard_title"] in page["title"]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_key_number_is_that_of_the_mart(seen, ran, slug):
    title, asked = KEY_NUMBERS[slug]
    ((expected,),) = ran.query(asked.format(schema=ran.settings.schema_prefix))
    assert number_of(seen[slug], title) == expected


def test_a_dashboard_fits_a_narrow_page_and_a_wide_one(superset):
    for width in (1024, 1680):
        page = look(superset, "analyst", ["vue-densemble"], width=width)["vue-densemble"]
        assert page["errors"] == [] and page["empty"] == [] and page["fits"]


@pytest.mark.parametrize(("slug", "column"), CHOSEN)
def test_a_filter_changes_what_is_shown(superset, ran, slug, column):
    asked = CHOSEN[slug, column]
    ((value, expected),) = ran.query(asked.format(schema=ran.settings.schema_prefix))
    page = look(superset, "analyst", [slug], choose={column: value})[slug]
    title, _ = KEY_NUMBERS[slug]
    assert page["errors"] == [] and number_of(page, title) == expected
    if slug in ("campus", "regions"):  # of others a filter may leave fewer than 10 people
        assert page["empty"] == []


def test_a_chart_over_what_is_not_published_says_what_to_run(superset, admin, ran):
    view = f"{ran.settings.schema_prefix}.soon_gone"
    execute(f"create view {view} as select 1 as one", ran.settings)
    body = {"database": LAKE, "schema": ran.settings.schema_prefix, "table_name": "soon_gone"}
    dataset = admin.ask("POST", "dataset/", json=body)["id"]
    execute(f"drop view {view}", ran.settings)
    query = {"columns": ["one"], "metrics": [], "row_limit": 1}
    asked = {"datasource": {"id": dataset, "type": "table"}, "queries": [query]}
    try:
        told = admin.answer("POST", "chart/data", json=asked).text
    finally:
        admin.ask("DELETE", f"dataset/{dataset}")
    assert "make run" in told and "Exception" not in told


def test_an_empty_dashboard_keeps_nothing_from_being_warmed(superset, admin, ran):
    made = admin.ask("POST", "dashboard/", json={"dashboard_title": "neu"})
    try:
        assert "filters are warm" in ran.run("dashboards", "warm").stdout
    finally:
        admin.ask("DELETE", f"dashboard/{made['id']}")


def test_imported_again_nothing_is_double_and_the_files_say_the_same(superset, admin):
    kinds = ("dashboard/", "chart/", "dataset/", "database/")
    before = [len(admin.pages(kind)) for kind in kinds]
    import_assets(superset, Progress(disable=True))
    assert [len(admin.pages(kind)) for kind in kinds] == before
    for path, text in exported(superset).items():
        assert yaml.safe_load(text) == yaml.safe_load(path.read_text()), path.name


def test_what_was_changed_in_a_page_is_written_to_its_file(superset, admin, tmp_path, monkeypatch):
    copy = tmp_path / "dashboards"
    shutil.copytree(dashboard_files.DASHBOARDS, copy)
    monkeypatch.setattr(dashboard_files, "DASHBOARDS", copy)
    assert export_assets(superset) == []
    chart = next(one for one in admin.pages("chart/") if one["slice_name"] == "Diplômés")
    admin.ask("PUT", f"chart/{chart['id']}", json={"slice_name": "Diplômées et diplômés"})
    try:
        (changed,) = export_assets(superset)
    finally:
        admin.ask("PUT", f"chart/{chart['id']}", json={"slice_name": "Diplômés"})
    assert yaml.safe_load(changed.read_text())["slice_name"] == "Diplômées et diplômés"
    assert changed.is_relative_to(copy) and export_assets(superset) == [changed]
    assert export_assets(superset) == []


def test_two_new_charts_of_one_title_are_not_written_over_each_other(superset, admin):
    dataset = admin.pages("dataset/")[0]["id"]
    body = {"slice_name": "neu", "viz_type": "table", "datasource_id": dataset}
    body |= {"datasource_type": "table", "params": "{}"}
    made = [admin.ask("POST", "chart/", json=body)["id"] for _ in range(2)]
    try:
        with pytest.raises(CampuslakeError, match="two charts would be written to"):
            exported(superset)
    finally:
        for number in made:
            admin.ask("DELETE", f"chart/{number}")


def test_what_is_published_is_asked_for_at_once_and_then_never_again(superset, admin, ran):
    chart = next(one for one in admin.pages("chart/") if one["slice_name"] == "Diplômés")
    before = admin.ask("GET", f"chart/{chart['id']}/data/")["result"][0]["cached_dttm"]
    ran.run("publish", "--run", RunRegister(ran.settings).publication().run_id)
    renewed = admin.ask("GET", f"chart/{chart['id']}/data/")["result"][0]
    assert renewed["is_cached"] and renewed["cached_dttm"] != before
    page = look(superset, "analyst", ["regions"])["regions"]
    assert page["cached"] and all(page["cached"])
    superset.forget_answers()
    page = look(superset, "analyst", ["regions"])["regions"]
    assert page["cached"] and not any(page["cached"])


def test_what_was_typed_long_ago_is_forgotten_by_itself(superset, sessions, ran):
    staff, admin = sessions["staff"], sessions["admin"]
    for moment in ("long ago", "just now"):
        assert sql_lab(staff, f"select 'typed {moment}' as line")[0] == 200
    with closing(sqlite3.connect(superset.folder / "superset.db")) as metadata:
        metadata.execute(
            "update query set changed_on = '2020-01-01 00:00:00.000000'"
            " where sql like '%typed long ago%'"
        )
        metadata.commit()
    ended = "entries of what was typed into dashboards"
    assert f"{ended},1" in ran.run("privacy", "retain").stdout
    assert len(admin.pages("query/")) >= 2
    ran.run("privacy", "retain", "--yes")
    left = [query["sql"] for query in admin.pages("query/")]
    assert any("typed just now" in sql for sql in left)
    assert not any("typed long ago" in sql for sql in left)
    assert f"{ended},0" in ran.run("privacy", "retain").stdout


def test_what_was_typed_is_forgotten_when_somebody_is_erased(superset, sessions, ran):
    """The last test of them all: of the shared lake a student goes."""
    number, email = ran.query(
        f"select student_id, email from {ran.settings.schema_prefix}_identity.student_identities"
        " order by student_id limit 1"
    )[0]
    staff, sql = sessions["staff"], f"select '{email}' as who"
    assert sql_lab(staff, sql)[0] == 200
    for label, text in (("of somebody", sql), ("of nobody", "select 1 as one")):
        staff.ask("POST", "saved_query/", json={"db_id": LAKE, "label": label, "sql": text})
    ran.run("privacy", "erase", "--student", str(number), "--yes")
    admin = sessions["admin"]
    kept = {query["label"] for query in staff.pages("saved_query/")}
    assert "of nobody" in kept and "of somebody" not in kept
    assert admin.pages("query/") == []
    assert email.encode() not in (superset.folder / "superset.db").read_bytes()
