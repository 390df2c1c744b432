"""The operator behind every step: one command, its events live in the task's log and in XCom."""

import contextlib
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from campus_flow.command import start
from campus_flow.events import Told

PUSH_SECONDS = 5  # between two looks at a running task's XCom
STOP_SECONDS = 4  # a command that is told to stop cleans up; Airflow kills a task after 5


class CampuslakeOperator(BaseOperator):
    """Runs a command of the project's environment and follows what it says.

    While it works, XCom `run_id`, `tables` and `nodes` hold what is known; the return value tells
    what the step did. What a gate refused is not tried again: the same data gives the same verdict.
    Assets among the outlets get the figures of the table that they are named after.
    """

    template_fields: Sequence[str] = ("command", "environment")
    ui_color = "#dfeaf4"

    def __init__(
        self, *, command: Sequence[str], environment: Mapping[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.command = list(command)
        self.environment = dict(environment or {})
        self._process: subprocess.Popen | None = None

    def execute(self, context: Any) -> dict[str, Any]:
        """Runs the command to its end."""
        command = [word for word in self.command if word]  # options that were not chosen
        self.log.info("$ %s", " ".join(command))
        told, pushed, ti = Told(), {}, context["ti"]
        self._process = start(command, self.environment)
        last = 0.0
        try:
            for line in self._process.stdout:
                level, sentence = told.hear(line.rstrip("\n"))
                getattr(self.log, level, self.log.info)("%s", sentence)
                if time.monotonic() - last > PUSH_SECONDS:
                    last = time.monotonic()
                    _push(ti, told, pushed)
            code = self._process.wait()
        finally:
            self.on_kill()  # one that outlives its task would keep the lock that the next try needs
        _push(ti, told, pushed)
        if told.nodes:
            self.log.info("the slowest:\n%s", "\n".join(told.slowest()))
        if code != 0:
            failure = AirflowFailException if told.refused else AirflowException
            raise failure("; ".join(told.errors) or f"exit code {code}")
        self._describe_assets(context, told)
        return {"run_id": told.run_id, "detail": told.detail, "published": told.published}

    def on_kill(self) -> None:
        """Interrupts the command, as Ctrl-C would."""
        process = self._process
        if process and process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            process.kill()
            process.wait()

    def _describe_assets(self, context: Any, told: Told) -> None:
        tables = {table["table"]: table for table in told.tables}
        for asset in self.outlets:
            figures = tables.get(asset.name.rpartition("/")[2], told.published)
            extra = {"run_id": told.run_id, **self.environment, **figures}
            context["outlet_events"][asset].extra = extra


def _push(ti: Any, told: Told, pushed: dict[str, int]) -> None:
    """Pushes what is new: XCom keeps the last value of each key."""
    if told.run_id and "run_id" not in pushed:
        ti.xcom_push(key="run_id", value=told.run_id)
        pushed["run_id"] = 1
    for key, values in (("tables", told.tables), ("nodes", told.nodes)):
        if len(values) > pushed.get(key, 0):
            ti.xcom_push(key=key, value=values)
            pushed[key] = len(values)
