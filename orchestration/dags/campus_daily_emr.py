"""The same run on a cluster of EMR that is made for it and ended with it."""

from datetime import timedelta

from airflow.sdk import DAG, Param, chain

from campus_flow.cluster import (
    THRIFT_PORT,
    CreateCluster,
    TerminateClusters,
    ThriftAnswers,
    WaitForCluster,
    require_cluster,
)
from campus_flow.defaults import ARGUMENTS, RUN_PARAMS, bounds, schedule
from campus_flow.steps import pipeline

DOC = """
Creates an EMR cluster, waits until its Thrift server answers, does the steps of `campus_daily`
there, and ends the cluster: also after a failure, also when the run is stopped by hand.

Give `emr_cluster_id` to work on a cluster that stays. What is left empty comes from the Airflow
Variable of the same name (`bucket_name`, `emr_cluster_id`, `emr_size`, `emr_release`,
`emr_primary_type`, `emr_core_type`), else from `infra/emr/cluster.json` and from the file that
`CAMPUSLAKE_EMR_PLACE` names.

A cluster bears the name of its run. The task `terminate_cluster` finds it by that name, so that
none is forgotten when `create_cluster` dies before it can tell an id. Beyond that the Thrift server
ends after six hours and EMR ends a cluster that has been idle for one.
"""
TYPE = r"[a-z0-9-]+\.[a-z0-9-]+"
# What each one is, and what it looks like.
OPTIONS = {
    "bucket_name": (
        "Bucket of staging zone and warehouse.",
        r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    ),
    "emr_cluster_id": ("A cluster that is there and stays.", r"j-[A-Z0-9]+"),
    "emr_size": ("A size of infra/emr/cluster.json.", r"[a-z]+"),
    "emr_release": ("Release of EMR.", r"emr-[0-9]+\.[0-9]+\.[0-9]+"),
    "emr_primary_type": ("Instance type of the primary node.", TYPE),
    "emr_core_type": ("Instance type of core and task nodes.", TYPE),
}


def chosen(option: str) -> str:
    """Returns the template of an option: the parameter, else the Variable."""
    return f"{{{{ params.{option} or var.value.get('{option}', '') }}}}"


ON_CLUSTER = {
    "CAMPUSLAKE_LOCAL_STACK": "false",
    "CAMPUSLAKE_BUCKET": chosen("bucket_name"),
    "CAMPUSLAKE_THRIFT_HOST": "{{ ti.xcom_pull(task_ids='wait_for_cluster') }}",
    "CAMPUSLAKE_THRIFT_PORT": "{{ params.thrift_port }}",
}

with DAG(
    "campus_daily_emr",
    description="ERP to published marts on a cluster that is made for the run",
    doc_md=DOC,
    schedule=schedule("DAILY_EMR"),  # one of the two DAGs is switched on, not both
    **bounds(),
    default_args=ARGUMENTS,
    params={
        **RUN_PARAMS,
        **{
            name: Param("", type="string", description=told, pattern=rf"^({form})?(?!\n)$")
            for name, (told, form) in OPTIONS.items()
        },
        "thrift_port": Param(THRIFT_PORT, type="integer", minimum=1024, maximum=65535),
    },
    tags=["campuslake", "pipeline", "emr"],
):
    create = CreateCluster(
        task_id="create_cluster",
        cluster_id=chosen("emr_cluster_id"),
        options={
            "bucket": chosen("bucket_name"),
            "size": chosen("emr_size"),
            "release": chosen("emr_release"),
            "primary-type": chosen("emr_primary_type"),
            "core-type": chosen("emr_core_type"),
        },
        doc_md="Asks EMR for a cluster, unless one is given.",
    )
    ready = WaitForCluster(
        task_id="wait_for_cluster",
        cluster_id="{{ ti.xcom_pull(task_ids='create_cluster') }}",
        doc_md="Waits until the cluster runs; hands on the address of its primary node.",
    )
    answers = ThriftAnswers(
        task_id="wait_for_thrift",
        environment=ON_CLUSTER,
        poke_interval=30,
        timeout=timedelta(minutes=30).total_seconds(),
        doc_md="Waits until Spark answers a query.",
    )
    steps = pipeline(ON_CLUSTER, require_cluster)
    terminate = TerminateClusters(
        task_id="terminate_cluster",
        waiter_delay=30,
        waiter_max_attempts=40,
        retries=5,
        doc_md="Ends the cluster of this run, whatever became of the run.",
    ).as_teardown(on_failure_fail_dagrun=True)
    chain(create, ready, answers, steps[0])
    chain(steps[-2], terminate)
