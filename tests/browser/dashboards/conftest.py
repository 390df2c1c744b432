"""Superset over the shared lake, and what a browser sees of every dashboard."""

import json
from typing import Any

import pytest
import yaml

from infra.local.browser import drive
from infra.local.superset import DASHBOARDS, Superset
from infra.local.superset_api import SupersetApi
from tests.chromium import require_chromium
from tests.conftest import Lake

LOOK = DASHBOARDS / "look.py"
LAKE = 1  # the number of the only database
SLUGS = sorted(path.stem for path in (DASHBOARDS / "dashboards").glob("*.yaml"))


@pytest.fixture(scope="session")
def superset(ran: Lake) -> Superset:
    """Superset over the lake `ran`, its dashboards imported."""
    ran.run("dashboards", "up")
    return Superset(ran.settings)


@pytest.fixture(scope="session")
def admin(superset: Superset) -> SupersetApi:
    """The user admin's session."""
    return SupersetApi(superset.url, "admin", superset.passwords["admin"])


@pytest.fixture(scope="session")
def sessions(superset: Superset) -> dict[str, SupersetApi]:
    """A session of each user."""
    return {
        user: SupersetApi(superset.url, user, password)
        for user, password in superset.passwords.items()
    }


@pytest.fixture(scope="session")
def seen(superset: Superset) -> dict[str, Any]:
    """What an analyst sees of each dashboard, by slug."""
    return look(superset, "analyst", SLUGS)


def look(superset: Superset, user: str, slugs: list[str], **more: Any) -> dict[str, Any]:
    """Opens dashboards in a browser as a user; returns what dashboards/look.py tells of each."""
    require_chromium()
    login = {"url": superset.url, "user": user, "password": superset.passwords[user]}
    return drive(LOOK, login | {"slugs": slugs, "height": 3200} | more)


def file_of(kind: str, name: str) -> dict[str, Any]:
    """The file of an asset."""
    return yaml.safe_load((DASHBOARDS / kind / f"{name}.yaml").read_text())


def sql_lab(api: SupersetApi, sql: str, schema: str | None = None) -> tuple[int, Any]:
    """Runs a statement in SQL Lab, with a database chosen or none; returns status and answer."""
    body = {"database_id": LAKE, "sql": sql, "runAsync": False, "schema": schema}
    answer = api.answer("POST", "sqllab/execute/", json=body)
    return answer.status_code, json.loads(answer.text)


def refusal(api: SupersetApi, sql: str, schema: str | None = None) -> str:
    """The kind of error with which SQL Lab refuses a statement."""
    status, answer = sql_lab(api, sql, schema)
    assert status >= 400, answer
    return answer["errors"][0]["error_type"]


def dataset_body(superset: Superset, name: str, sql: str) -> dict[str, Any]:
    """What asks for a dataset of one's own query."""
    schema = superset.settings.schema_prefix
    return {"database": LAKE, "schema": schema, "table_name": name, "sql": sql}
