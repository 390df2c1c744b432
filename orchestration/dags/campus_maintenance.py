"""What tables need once a week."""

from datetime import timedelta

from airflow.sdk import DAG, chain

from campus_flow.defaults import ARGUMENTS, RUN_PARAMS, bounds, schedule
from campus_flow.operator import CampuslakeOperator

DOC = """
Once a week: small files are put together, what is overdue ends, files of nobody and old extracts
are deleted. Every task is a command that can be typed as well, and repeated.

All but `prune_staging` ask Spark. Where clusters are made for each run there is none for this DAG:
it is off there.

A run that is under way makes a task wait for its next try: both want the same lock.
"""
TASKS = {
    "compact": (
        ["campuslake", "maintain", "compact"],
        "Puts small files of the tables together that grow by every run.",
    ),
    "expire": (
        ["campuslake", "privacy", "retain", "--yes"],
        "Ends published runs, snapshots and identities that were kept long enough.",
    ),
    "remove_orphans": (
        ["campuslake", "maintain", "orphans", "--yes"],
        "Deletes files that no table needs, of builds that died.",
    ),
    "prune_staging": (
        ["python", "-m", "extract", "prune", "--yes"],
        "Deletes old extracts, and what killed ones left.",
    ),
}

with DAG(
    "campus_maintenance",
    description="Compaction, expiry, orphan files, old extracts",
    doc_md=DOC,
    schedule=schedule("MAINTENANCE"),
    **bounds(),
    default_args={**ARGUMENTS, "retries": 4, "retry_delay": timedelta(minutes=15)},
    params={"schema": RUN_PARAMS["schema"]},
    tags=["campuslake", "maintenance"],
):
    *in_order, _prune = (
        CampuslakeOperator(
            task_id=name,
            command=command,
            environment={"CAMPUSLAKE_SCHEMA": "{{ params.schema }}"},
            execution_timeout=timedelta(hours=2),
            doc_md=told,
        )
        for name, (command, told) in TASKS.items()
    )
    chain(*in_order)  # pruning asks neither the engine nor for the lock
