"""How an asset of Superset is written as a file: without what differs from place to place.

The files name databases as the default prefix does (`campus`, `campus_ops`), no address of a
server, and things by their uuids: numbers are Superset's own and change with each import.
"""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from infra.local.superset import DASHBOARDS
from infra.settings import Settings
from infra.spark_sql import engine_url

KINDS = ("databases", "datasets", "charts", "dashboards")
PREFIX = "campus"
ADDRESS = f"hive://superset@127.0.0.1:10000/{PREFIX}"
# Numbers of this one Superset, and what it works out anew.
OF_PARAMS = ("datasource", "slice_id", "dashboards", "url_params")
OF_METADATA = ("chart_configuration", "global_chart_configuration", "map_label_colors")


def files() -> list[Path]:
    """Returns the files of all assets."""
    return sorted(path for kind in KINDS for path in (DASHBOARDS / kind).rglob("*.yaml"))


def files_by_uuid() -> dict[str, Path]:
    """Returns the file of each asset that has one, by its uuid."""
    return {yaml.safe_load(path.read_text())["uuid"]: path for path in files()}


def with_settings(content: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Returns a file's content with the engine and the databases of the settings."""
    if "sqlalchemy_uri" in content:
        address = engine_url(settings, settings.schema_prefix)
        return content | {"sqlalchemy_uri": re.sub("//[^@]*@", "//superset@", address)}
    if "table_name" in content:
        suffix = content["schema"].removeprefix(PREFIX)
        return content | {"schema": settings.schema_prefix + suffix}
    if content.get("query_context"):
        return content | {"query_context": json.dumps(content["query_context"])}
    if "position" in content:
        return content | {"position": _with_numbers(content["position"])}
    return content


def without_settings(content: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Returns what Superset exported as it is kept in a file."""
    if "sqlalchemy_uri" in content:
        return content | {"sqlalchemy_uri": ADDRESS}
    if "table_name" in content:
        suffix = content["schema"].removeprefix(settings.schema_prefix)
        return content | {"schema": PREFIX + suffix}
    if "slice_name" in content:
        params = {k: v for k, v in content["params"].items() if k not in OF_PARAMS}
        context = json.loads(content.get("query_context") or "null")
        return content | {"params": params, "query_context": _without_numbers(context)}
    metadata = {k: v for k, v in content.get("metadata", {}).items() if k not in OF_METADATA}
    for chosen in metadata.get("native_filter_configuration", []):
        chosen.pop("chartsInScope", None)
        chosen.pop("tabsInScope", None)
    for placed in content.get("position", {}).values():
        if isinstance(placed, dict):
            placed.get("meta", {}).pop("chartId", None)
    return content | {"metadata": metadata}


def _with_numbers(position: dict[str, Any]) -> dict[str, Any]:
    """Returns the places of charts with any numbers: the import puts Superset's own there."""
    charts = [key for key in position if key.startswith("CHART-")]
    numbered = {
        key: position[key] | {"meta": position[key]["meta"] | {"chartId": number}}
        for number, key in enumerate(charts, 1)
    }
    return position | numbered


def _without_numbers(context: dict[str, Any] | None) -> dict[str, Any] | None:
    """Returns what a chart asks, without the numbers of its dataset and of itself."""
    if context:
        context["datasource"] = {"id": 0, "type": "table"}  # the import fills it in
        context["form_data"] = {}
    return context


def new_file_of(content: dict[str, Any], exported: Path) -> Path:
    """Returns the file of an asset that has none, named after it."""
    name = content.get("slug") or re.sub(r"_\d+$", "", exported.stem)
    return DASHBOARDS / exported.parent / f"{name.lower()}.yaml"


def written(content: dict[str, Any]) -> str:
    """Returns the text of a file."""
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
