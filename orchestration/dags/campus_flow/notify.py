"""Telling people: every message goes through `campuslake notify`, which knows whom and how."""

import asyncio
import json
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from campus_flow.command import answer

NOTIFY = ("campuslake", "notify")


class RunNotDone(AirflowFailException):
    """A run that did not end well, which people were told when this is raised."""


def tell(event: str, text: str, **figures: Any) -> None:
    """Sends a message. Raises `AirflowException` when it cannot be delivered."""
    answer(NOTIFY, told=json.dumps({"event": event, "text": text, **figures}, default=str))


def task_failed(context: Any) -> None:
    """Callback of a task that failed for good."""
    if isinstance(context.get("exception"), RunNotDone):
        return
    ti = context["ti"]
    tell(
        "task_failed",
        f"{ti.dag_id}: {ti.task_id} failed: {context.get('exception') or 'no reason given'}",
        dag=ti.dag_id,
        task=ti.task_id,
        run=ti.run_id,
        attempt=ti.try_number,
    )


async def deadline_missed(allowed: str, context: Any = None) -> None:
    """Callback of a run that has not ended in time."""
    run = (context or {}).get("dag_run") or {}
    dag, name = run.get("dag_id", ""), run.get("dag_run_id", "")
    text = f"{dag}: {name} has not ended within {allowed}"
    await asyncio.to_thread(tell, "deadline_missed", text, dag=dag, run=name, allowed=allowed)
