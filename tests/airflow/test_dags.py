"""What every DAG has: an owner, words, retries, bounds; and the order of its tasks."""

import json
import re
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from extract.contract import read_contract
from infra.emr.sizes import declared
from infra.settings import Settings
from orchestration.steps import STEP_NAMES
from tests.airflow.conftest import DAGS

SCRIPT = Path(__file__).with_name("tell_dags.py")
NAMES = ("campus_daily", "campus_daily_emr", "campus_maintenance")


@pytest.fixture(scope="module")
def told(airflow: Path, airflow_environment: dict[str, str]) -> dict[str, Any]:
    """What Airflow reads in the folder of DAGs."""
    done = subprocess.run(
        [airflow / "python", SCRIPT, DAGS],
        env=airflow_environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _order(dag: dict[str, Any]) -> list[str]:
    """The names of a DAG's tasks, each after those that it waits for."""
    left, order = dict(dag["tasks"]), []
    while left:
        ready = [name for name, task in left.items() if set(task["upstream"]) <= set(order)]
        assert ready, f"a circle among {list(left)}"
        order += sorted(ready)
        for name in ready:
            del left[name]
    return order


def test_every_dag_imports(told):
    assert told["errors"] == {}
    assert sorted(told["dags"]) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_dag_says_what_it_is_and_is_bounded(told, name: str):
    dag = told["dags"][name]
    assert "campuslake" in dag["tags"] and len(dag["doc"]) > 100
    assert dag["max_active_runs"] == 1 and dag["catchup"] is False
    assert dag["deadlines"] == 1 and "schema" in dag["params"]
    for task_id, task in dag["tasks"].items():
        assert task["owner"] == "data-engineering", task_id
        assert task["doc"], task_id
        assert task["retries"] >= 2 and 0 < task["timeout"] <= 4 * 3600, task_id
        assert task["tells_failure"], task_id


def test_the_steps_are_those_of_the_runner_one_after_the_other(told):
    dag = told["dags"]["campus_daily"]
    steps = [name.replace("-", "_") for name in STEP_NAMES]
    assert _order(dag) == [*steps, "report"]
    for before, after in pairwise(steps):
        assert dag["tasks"][after]["upstream"] == [before]
        assert dag["tasks"][after]["command"][:3] == ["campuslake", "run", "--only"]
    assert dag["tasks"]["report"]["teardown"]


def test_every_table_of_the_contract_is_an_asset_of_the_extract(told):
    contract = read_contract(Settings().extract_contract)
    outlets = told["dags"]["campus_daily"]["tasks"]["extract"]["outlets"]
    assert sorted(outlets) == sorted(f"staging/{table}" for table in contract.tables)


def test_a_cluster_is_there_before_the_first_step_and_ended_after_the_last(told):
    dag = told["dags"]["campus_daily_emr"]
    steps = [name.replace("-", "_") for name in STEP_NAMES]
    order = _order(dag)
    assert order[:-2] == ["create_cluster", "wait_for_cluster", "wait_for_thrift", *steps]
    assert sorted(order[-2:]) == ["report", "terminate_cluster"]
    assert dag["tasks"]["terminate_cluster"]["teardown"]
    assert dag["tasks"]["terminate_cluster"]["deferrable"]


GOOD = {
    "schema": ["campus", "campus_dev_alice"],
    "bucket_name": ["", "my-school.lake"],
    "emr_cluster_id": ["", "j-2AXXXXXXGAPLF"],
    "emr_size": ["", "large"],
    "emr_release": ["", "emr-7.13.0"],
    "emr_primary_type": ["", "m5.xlarge"],
    "emr_core_type": ["", "r7g.2xlarge"],
}
BAD = ["evil/x", 'a", "b": "c', "x\n", "$(id)", "--size=large", "A B"]


@pytest.mark.parametrize("param", GOOD)
def test_a_parameter_is_what_it_is_called_and_nothing_more(told, param: str):
    pattern = told["dags"]["campus_daily_emr"]["patterns"][param]
    assert [value for value in GOOD[param] if not re.search(pattern, value)] == []
    assert [value for value in BAD if re.search(pattern, value)] == []
    for good in filter(None, GOOD[param]):
        assert not re.search(pattern, good + "\n")


def test_the_port_of_a_cluster_has_one_source(told):
    assert told["dags"]["campus_daily_emr"]["thrift_port"] == declared().thrift_port


def test_tables_are_looked_after_in_order(told):
    dag = told["dags"]["campus_maintenance"]
    assert {name: task["upstream"] for name, task in dag["tasks"].items()} == {
        "compact": [],
        "expire": ["compact"],
        "remove_orphans": ["expire"],
        "prune_staging": [],  # asks no engine
    }
