"""The files of dashboards: whole, over published tables alone, each with its exposure."""

import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
import sqlglot
import yaml
from sqlglot import exp

from infra.settings import REPOSITORY, Settings
from orchestration.dashboard_files import files, with_settings, without_settings
from orchestration.saved_queries import guide_queries

FOLDER = REPOSITORY / "dashboards"
OPERATIONS = re.findall(
    r"view \{\{ database \}\}\.(\w+)",
    "".join(path.read_text() for path in (REPOSITORY / "macros" / "publication").glob("*.sql")),
)


def assets(kind: str) -> dict[str, dict[str, Any]]:
    """Every asset of a kind by its uuid."""
    found = [yaml.safe_load(path.read_text()) for path in (FOLDER / kind).rglob("*.yaml")]
    return {asset["uuid"]: asset for asset in found}


DATASETS, CHARTS, DASHBOARDS = assets("datasets"), assets("charts"), assets("dashboards")


def marts_of(model: Path) -> dict[str, Any]:
    """The models of a YAML by name."""
    models = yaml.safe_load(model.read_text()).get("models", [])
    return {one["name"]: one for one in models}


MARTS = {
    name
    for path in (REPOSITORY / "models" / "marts").rglob("*.yml")
    if path.parent.name != "identity"
    for name in marts_of(path)
}


def tables(dataset: dict[str, Any]) -> set[str]:
    """The tables that a dataset reads."""
    if not dataset["sql"]:
        return {dataset["table_name"]}
    chosen = jinja2.Template(dataset["sql"]).render(filter_values=lambda _: [])
    read = sqlglot.parse_one(chosen, read="spark")
    steps = {step.alias for step in read.find_all(exp.CTE)}
    return {table.name for table in read.find_all(exp.Table)} - steps


def charts_of(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """The charts that are placed on a dashboard."""
    placed = [p for p in dashboard["position"].values() if isinstance(p, dict)]
    return [CHARTS[p["meta"]["uuid"]] for p in placed if p.get("type") == "CHART"]


def listed(params: dict[str, Any], *names: str) -> list[Any]:
    """What the parameters of these names hold, be it one thing or several."""
    held = [params[name] for name in names if params.get(name)]
    return [one for some in held for one in (some if isinstance(some, list) else [some])]


def exposures() -> dict[str, dict[str, Any]]:
    """The exposures of dashboards by the slug in their URL."""
    declared = yaml.safe_load((REPOSITORY / "models" / "dashboards.yml").read_text())["exposures"]
    return {one["url"].rstrip("/").rsplit("/", 1)[1]: one for one in declared}


def test_no_two_files_are_the_same_thing():

    uuids = [yaml.safe_load(path.read_text())["uuid"] for path in files()]
    assert len(uuids) == len(set(uuids)) > 60


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=lambda d: d["table_name"])
def test_a_dataset_is_over_published_marts_or_the_tables_of_operations(dataset):
    known = {"campus": MARTS, "campus_ops": set(OPERATIONS)}[dataset["schema"]]
    assert tables(dataset) and tables(dataset) <= known


@pytest.mark.parametrize("chart", CHARTS.values(), ids=lambda c: c["slice_name"])
def test_a_chart_names_its_mart_and_definition_and_its_title_in_english(chart):
    read = tables(DATASETS[chart["dataset_uuid"]])
    named = re.findall(r"`campus(?:_ops)?\.(\w+)`", chart["description"])
    assert named and set(named) <= read, f"{named} of {read}"
    assert re.search(r" : .{10,} — English: [A-Z].+\.$", chart["description"])


@pytest.mark.parametrize("chart", CHARTS.values(), ids=lambda c: c["slice_name"])
def test_a_chart_uses_columns_and_metrics_that_its_dataset_has(chart):
    dataset = DATASETS[chart["dataset_uuid"]]
    columns = {column["column_name"] for column in dataset["columns"]}
    metrics = {metric["metric_name"] for metric in dataset["metrics"]}
    params = chart["params"]
    asked = listed(params, "metrics", "metric", "timeseries_limit_metric")
    assert {metric for metric in asked if isinstance(metric, str)} <= metrics
    assert set(listed(params, "groupby", "all_columns", "x_axis", "entity")) <= columns


def test_every_dashboard_has_its_exposure_over_the_marts_that_it_shows():
    declared = exposures()
    assert declared.keys() == {dashboard["slug"] for dashboard in DASHBOARDS.values()}
    for dashboard in DASHBOARDS.values():
        exposure = declared[dashboard["slug"]]
        shown = {
            t for chart in charts_of(dashboard) for t in tables(DATASETS[chart["dataset_uuid"]])
        }
        named = {reference.split("'")[1] for reference in exposure.get("depends_on", [])}
        assert named == shown & MARTS, dashboard["slug"]
        assert exposure["label"] == dashboard["dashboard_title"]
        assert exposure["url"].startswith("http://127.0.0.1:8088/superset/dashboard/")
        assert exposure["owner"]["name"] and exposure["owner"]["email"]


def test_every_chart_is_on_a_dashboard_and_every_dataset_in_a_chart():
    placed = {chart["uuid"] for d in DASHBOARDS.values() for chart in charts_of(d)}
    assert placed == CHARTS.keys()
    assert {chart["dataset_uuid"] for chart in CHARTS.values()} == DATASETS.keys()


def test_each_of_the_ten_questions_has_a_saved_query_over_the_prefix():
    queries = guide_queries("lake_7")
    questions = {query.label.split(":")[0] for query in queries}
    assert questions >= {f"Q{number}" for number in range(1, 11)}
    assert len({query.label for query in queries}) == len(queries)
    for query in queries:
        read = sqlglot.parse_one(query.sql, read="spark").find_all(exp.Table)
        assert {table.db for table in read if table.db} == {"lake_7"}, query.label


def test_files_name_no_place_and_are_filled_in_for_the_place():
    settings = Settings(schema_prefix="lake_7", thrift_host="10.0.0.7", thrift_port=10007)
    for path in files():
        content = yaml.safe_load(path.read_text())
        assert "chartId" not in path.read_text() and "datasetId" not in path.read_text(), path
        placed = with_settings(content, settings)
        if "table_name" in content:
            assert placed["schema"] == content["schema"].replace("campus", "lake_7")
        if "sqlalchemy_uri" in content:
            assert placed["sqlalchemy_uri"] == "hive://superset@10.0.0.7:10007/lake_7"
            assert without_settings(placed, settings) == content


def test_every_chart_says_what_it_asks_so_that_it_can_be_warmed():
    unsaid = [chart["slice_name"] for chart in CHARTS.values() if not chart["query_context"]]
    assert unsaid == [], "open each in the page (Modifier le graphique), then export"
