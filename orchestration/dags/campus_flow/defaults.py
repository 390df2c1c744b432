"""What all DAGs have in common: owner, retries, when they run, whom to tell."""

import os
from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference, Param

from campus_flow.notify import task_failed

START = pendulum.datetime(2026, 1, 1, tz="Europe/Paris")
ARGUMENTS: dict[str, Any] = {
    "owner": "data-engineering",
    "retries": 2,
    "retry_delay": timedelta(minutes=2),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=15),
    "execution_timeout": timedelta(hours=1),
    "on_failure_callback": task_failed,
}
RUN_PARAMS = {
    "schema": Param(
        os.environ.get("CAMPUSLAKE_SCHEMA") or "campus",
        type="string",
        pattern=r"^[a-z][a-z0-9_]*(?!\n)$",  # to Python, `$` is also before a line's end
        maxLength=60,
        description="Prefix of the databases. Another one shares nothing but the extracts.",
    ),
    "accept_fewer_rows": Param(
        False, type="boolean", description="Let tables pass that lost more than a fifth."
    ),
    "accept_drift": Param(
        False, type="boolean", description="Let marts pass that moved far from what is published."
    ),
    "accept_another_erp": Param(
        False, type="boolean", description="Let the run follow one of another ERP."
    ),
}


def bounds() -> dict[str, Any]:
    """Returns what keeps a DAG to one run at a time, none of the past, and in time."""
    return {
        "start_date": START,
        "catchup": False,
        "max_active_runs": 1,
        "deadline": _deadline(),
    }


def schedule(dag: str) -> str | None:
    """Returns the cron line of a DAG: the setting CAMPUSLAKE_AIRFLOW_<DAG>; `off` is none."""
    chosen = os.environ.get(f"CAMPUSLAKE_AIRFLOW_{dag}", "off")
    return None if chosen == "off" else chosen


def _deadline() -> DeadlineAlert:
    """Returns the alert on a run that has not ended in time, counted from when it was queued."""
    minutes = float(os.environ.get("CAMPUSLAKE_AIRFLOW_DEADLINE_MINUTES", "240"))
    allowed = timedelta(minutes=minutes)
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=allowed,
        # By its path: the triggerer imports it.
        callback=AsyncCallback(
            "campus_flow.notify.deadline_missed", kwargs={"allowed": str(allowed)}
        ),
    )
