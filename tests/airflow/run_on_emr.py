"""Run by Airflow's Python against a double of AWS: `campus_daily_emr` once for each way to fail.

A case that ends with `-daily` is one of `campus_daily`.

`run_on_emr.py FOLDER CASE…`: a case is the task that fails, or a word that `planted` knows. The
commands are those of FOLDER. FOLDER/told.json tells of each run the states of its tasks and every
call to EMR.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import botocore.client
from airflow.api.common.mark_tasks import set_dag_run_state_to_failed
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.amazon.aws.operators.emr import EmrClusterLink
from airflow.sdk.exceptions import AirflowFailException
from airflow.serialization.serialized_objects import DagSerialization

import campus_flow.command
from campus_flow.cluster import WaitForCluster, name_of_cluster, require_cluster

DAGS = Path(__file__).parents[2] / "orchestration" / "dags"
KEPT = {"Name": "kept", "Instances": {"KeepJobFlowAliveWhenNoSteps": True, "InstanceCount": 1}}
STARTED = datetime(2026, 1, 1, tzinfo=UTC)


def fail(_context: Any) -> None:
    """Fails for good before a task does anything."""
    raise AirflowFailException("planted")


def stop_run(context: Any) -> None:
    """Marks the run as failed while a task works, as the button of the page does."""
    dag = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(context["dag"]))
    set_dag_run_state_to_failed(dag=dag, run_id=context["ti"].run_id, commit=True)
    raise AirflowFailException("stopped by hand")


def make_namesake(context: Any) -> None:
    """Makes a cluster of the run's name in somebody else's project."""
    tags = [{"Key": "project", "Value": "of somebody else"}]
    boto3.client("emr").run_job_flow(**KEPT | {"Name": name_of_cluster(context), "Tags": tags})


def die_at_creation(operator: Any, **_: Any) -> None:
    """Fails when EMR has made the cluster and nobody was told its id yet."""
    if operator.task_id == "create_cluster":
        raise AirflowFailException("planted after RunJobFlow")


def end_cluster(context: Any) -> None:
    """Ends the cluster that is waited for, as a bootstrap action does that fails."""
    cluster = context["ti"].xcom_pull(task_ids="create_cluster")
    boto3.client("emr").terminate_job_flows(JobFlowIds=[cluster])


def look_after_its_end(context: Any) -> None:
    """Does what a step does first, when its cluster has ended."""
    end_cluster(context)
    require_cluster(context)


@contextmanager
def planted(dag: Any, case: str) -> Iterator[None]:
    """Plants the fault of a case."""
    match case:
        case "ended-meanwhile":
            dag.get_task("build")._pre_execute_hook = look_after_its_end
            yield
        case "namesake":
            dag.get_task("create_cluster")._pre_execute_hook = make_namesake
            yield
        case "stopped" | "stopped-daily":
            dag.get_task("build")._pre_execute_hook = stop_run
            yield
        case "nothing" | "nothing-daily" | "kept":
            yield
        case "dying-after-the-request":
            with patch.object(EmrClusterLink, "persist", die_at_creation):
                yield
        case "slow-start":
            state = WaitForCluster._state
            answers = chain([{"Status": {"State": "STARTING"}}], repeat(None))
            with patch.object(WaitForCluster, "_state", lambda task: next(answers) or state(task)):
                yield
        case "ending-by-itself":
            dag.get_task("wait_for_cluster")._pre_execute_hook = end_cluster
            yield
        case task_id:
            dag.get_task(task_id)._pre_execute_hook = fail
            yield


@contextmanager
def calls_to_emr() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Yields a list to which every call to EMR is added."""
    calls: list[tuple[str, dict[str, Any]]] = []
    call = botocore.client.BaseClient._make_api_call

    def noted(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        if client.meta.service_model.service_name == "emr":
            calls.append((operation, arguments))
        return call(client, operation, arguments)

    with patch.object(botocore.client.BaseClient, "_make_api_call", noted):
        yield calls


def run(case: str, number: int) -> dict[str, Any]:
    """Runs the DAG once; returns how it and its tasks ended, and the calls."""
    name = "campus_daily" if case.endswith("-daily") else "campus_daily_emr"
    dag = DagBag(DAGS).dags[name]  # anew: `dag.test` renders templates in place
    dag.deadline = None  # `dag.test` of 3.3 looks for its alert under no id, and dies
    for task in dag.tasks:
        task.retries = 0
    conf = {}
    if case == "kept":
        conf["emr_cluster_id"] = boto3.client("emr").run_job_flow(**KEPT)["JobFlowId"]
    with calls_to_emr() as calls, planted(dag, case):
        ended = dag.test(logical_date=STARTED + timedelta(days=number), run_conf=conf)
    states = {ti.task_id: str(ti.state) for ti in ended.get_task_instances()}
    return {"state": str(ended.state), "tasks": states, "calls": calls, "conf": conf}


if __name__ == "__main__":
    campus_flow.command.BIN = Path(sys.argv[1])
    told = {case: run(case, number) for number, case in enumerate(sys.argv[2:])}
    (Path(sys.argv[1]) / "told.json").write_text(json.dumps(told, default=str))
