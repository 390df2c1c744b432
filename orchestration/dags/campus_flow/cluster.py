"""A cluster that lives as long as its run: asked for, awaited, and always ended again."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.amazon.aws.hooks.emr import EmrHook
from airflow.providers.amazon.aws.operators.emr import (
    EmrCreateJobFlowOperator,
    EmrTerminateJobFlowOperator,
)
from airflow.providers.amazon.aws.triggers.emr import EmrCreateJobFlowTrigger
from airflow.sdk import BaseOperator, BaseSensorOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from botocore.exceptions import ClientError

from campus_flow.command import REPOSITORY, answer

DECLARED = json.loads((REPOSITORY / "infra" / "emr" / "cluster.json").read_text())
THRIFT_PORT: int = DECLARED["thrift_port"]

STARTING = ["STARTING", "BOOTSTRAPPING"]
READY = ["RUNNING", "WAITING"]
# Credentials are the environment's or the machine's role, not an Airflow connection.
OF_THE_MACHINE: dict[str, Any] = {"aws_conn_id": None}


def deployment() -> str:
    """Returns the name of the place where clusters run, which is their tag `project` too."""
    path = os.environ.get("CAMPUSLAKE_EMR_PLACE") or REPOSITORY / ".campuslake" / "emr_place.json"
    return json.loads(Path(path).read_text())["name"] if Path(path).exists() else "campuslake"


def name_of_cluster(context: Any) -> str:
    """Returns the name of a run's cluster: no other run has it, whatever the run is called."""
    dag, run = context["dag"].dag_id, context["run_id"]
    digest = hashlib.sha256(run.encode()).hexdigest()[:8]
    return f"{deployment()}-{dag}-{re.sub('[^A-Za-z0-9_.]', '-', run)[:100]}-{digest}"


def living_clusters(emr: Any, name: str) -> list[str]:
    """Returns the ids of the deployment's clusters of a name that have not ended."""
    pages = emr.get_paginator("list_clusters").paginate(ClusterStates=STARTING + READY)
    named = [found["Id"] for page in pages for found in page["Clusters"] if found["Name"] == name]
    return [cluster for cluster in named if _is_ours(emr, cluster)]


def _is_ours(emr: Any, cluster: str) -> bool:
    try:
        tags = emr.describe_cluster(ClusterId=cluster)["Cluster"].get("Tags", [])
    except ClientError as error:
        if error.response["Error"]["Code"] == "AccessDeniedException":
            return False  # the scheduler's role may only look at what bears the tag
        raise
    return {"Key": "project", "Value": deployment()} in tags


def require_cluster(context: Any) -> None:
    """Fails a step at once when its cluster has ended: no retry would find it again."""
    cluster = context["ti"].xcom_pull(task_ids="create_cluster")
    found = EmrHook(**OF_THE_MACHINE).conn.describe_cluster(ClusterId=cluster)["Cluster"]
    if found["Status"]["State"] not in READY:
        raise AirflowFailException(
            f"cluster {cluster} is {found['Status']['State']}: clear create_cluster,"
            " wait_for_cluster and wait_for_thrift without what follows, then this task with it"
        )


class CreateCluster(EmrCreateJobFlowOperator):
    """Asks for a cluster and returns its id at once; a given id is returned as it is.

    A cluster is found again by its name, which is that of the run: neither a second try nor the end
    of the run depends on what this task lived to say.
    """

    template_fields = ("cluster_id", "options")

    def __init__(self, *, cluster_id: str, options: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(emr_conn_id=None, deferrable=False, **OF_THE_MACHINE, **kwargs)
        self.cluster_id = cluster_id
        self.options = dict(options)
        self._job_flow_id = None

    def execute(self, context: Any) -> str | None:
        """Asks campuslake what to ask for, and EMR for it."""
        if self.cluster_id:
            self.log.info("cluster %s is kept: it was given", self.cluster_id)
            return self.cluster_id
        name = name_of_cluster(context)
        if found := living_clusters(self.hook.conn, name):
            self.log.info("cluster %s is there already, from an earlier try", found[0])
            return found[0]
        words = [f"--{name}={value}" for name, value in self.options.items() if value]
        asked = answer(("campuslake", "emr", "request", f"--name={name}", *words))
        self.job_flow_overrides = json.loads(asked)
        return super().execute(context)


class WaitForCluster(BaseOperator):
    """Waits, deferred, until a cluster runs its steps; returns the address of its primary node."""

    template_fields = ("cluster_id",)

    def __init__(self, *, cluster_id: str, seconds: int = 30, tries: int = 80, **kwargs: Any):
        super().__init__(**kwargs)
        self.cluster_id = cluster_id
        self.seconds = seconds
        self.tries = tries

    def execute(self, context: Any) -> str:
        """Waits for nothing when the cluster is ready."""
        if self._state()["Status"]["State"] in STARTING:
            self.defer(
                trigger=EmrCreateJobFlowTrigger(
                    job_flow_id=self.cluster_id,
                    waiter_delay=self.seconds,
                    waiter_max_attempts=self.tries,
                    **OF_THE_MACHINE,
                ),
                method_name="execute_complete",
                timeout=timedelta(seconds=self.seconds * self.tries + 60),
            )
        return self._address()

    def execute_complete(self, context: Any, event: Mapping[str, Any]) -> str:
        """Called when the waiting has ended, well or not."""
        if event.get("status") != "success":
            raise AirflowException(f"cluster {self.cluster_id} did not start: {event}")
        return self._address()

    def _address(self) -> str:
        cluster = self._state()
        state = cluster["Status"]["State"]
        if state not in READY:  # the waiter takes an end for a success
            reason = (
                cluster["Status"].get("StateChangeReason", {}).get("Message", "no reason given")
            )
            raise AirflowFailException(f"cluster {self.cluster_id} is {state}: {reason}")
        return cluster["MasterPublicDnsName"]  # within the network it resolves to a private address

    def _state(self) -> dict[str, Any]:
        emr = EmrHook(**OF_THE_MACHINE).conn
        return emr.describe_cluster(ClusterId=self.cluster_id)["Cluster"]


class ThriftAnswers(BaseSensorOperator):
    """Waits until the Thrift server of the settings answers a query."""

    template_fields = ("environment",)

    def __init__(self, *, environment: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(mode="reschedule", **kwargs)
        self.environment = dict(environment)

    def poke(self, context: Any) -> bool:
        """Asks it once."""
        try:
            answer(("campuslake", "query", "select 1"), self.environment)
        except AirflowException as error:
            self.log.info("%s", error)
            return False
        return True


class TerminateClusters(EmrTerminateJobFlowOperator):
    """Ends every cluster of a run's name, and waits, deferred, until the first of them is gone.

    A cluster that was given has another name and is left alone.
    """

    template_fields = ()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(job_flow_id="", deferrable=True, **OF_THE_MACHINE, **kwargs)

    def execute(self, context: Any) -> None:
        """Ends what lives."""
        emr = self.hook.conn
        name = name_of_cluster(context)
        found = living_clusters(emr, name)
        if not found:
            self.log.info("no cluster of the name %s lives", name)
            return
        self.job_flow_id, *others = found
        if others:
            emr.terminate_job_flows(JobFlowIds=others)
        super().execute(context)
