"""A running Airflow as its users have it: by REST, and by its pages."""

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from infra.local.browser import drive

LOOK = Path(__file__).with_name("look_at_grid.py")
ENDED = ("success", "failed")


@dataclass
class LiveAirflow:
    """Airflow at `url`."""

    url: str
    password: str
    token: str = ""

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """Calls the REST interface."""
        if not self.token:
            login = {"username": "admin", "password": self.password}
            self.token = self._call("/auth/token", "POST", login)["access_token"]
        return self._call(path, method, body)

    def _call(self, path: str, method: str, body: Any) -> Any:
        request = urllib.request.Request(
            self.url + path,
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def trigger(self, dag: str, run: str, **conf: Any) -> None:
        """Starts a run."""
        self.ask(f"/api/v2/dags/{dag}?update_mask=is_paused", "PATCH", {"is_paused": False})
        body = {"logical_date": None, "dag_run_id": run, "conf": conf}
        self.ask(f"/api/v2/dags/{dag}/dagRuns", "POST", body)

    def clear(self, dag: str, run: str, task: str) -> None:
        """Lets a task and all that follow it run again, as the button of the page does."""
        chosen = {"dag_run_id": run, "task_ids": [task], "include_downstream": True}
        every = {"dry_run": False, "only_failed": False, "reset_dag_runs": True}
        self.ask(f"/api/v2/dags/{dag}/clearTaskInstances", "POST", chosen | every)

    def states(self, dag: str, run: str) -> dict[str, str]:
        """Returns the state of each task."""
        found = self.ask(f"/api/v2/dags/{dag}/dagRuns/{quote(run)}/taskInstances")
        return {task["task_id"]: task["state"] for task in found["task_instances"]}

    def wait(self, dag: str, run: str, meanwhile: Callable[[], None] = lambda: None) -> str:
        """Waits until a run has ended; returns how. `meanwhile` is called every other second."""
        deadline = time.monotonic() + 900
        while time.monotonic() < deadline:
            state = self.ask(f"/api/v2/dags/{dag}/dagRuns/{quote(run)}")["state"]
            if state in ENDED:
                return state
            meanwhile()
            time.sleep(2)
        raise TimeoutError(f"{run} of {dag} has not ended: {self.states(dag, run)}")

    def xcom(self, dag: str, run: str, task: str, key: str) -> Any:
        """Returns what a task pushed; None when there is nothing of that key."""
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run)}/taskInstances/{task}/xcomEntries"
        keys = [entry["key"] for entry in self.ask(path)["xcom_entries"]]
        return self.ask(f"{path}/{key}?deserialize=true")["value"] if key in keys else None

    def log(self, dag: str, run: str, task: str) -> str:
        """Returns the log of a task's last try."""
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run)}/taskInstances/{task}"
        attempt = self.ask(path)["try_number"]
        lines = self.ask(f"{path}/logs/{attempt}?full_content=true")["content"]
        return "\n".join(line["event"] if isinstance(line, dict) else line for line in lines)

    def look(self, dag: str, run: str, picture: Path) -> dict[str, str]:
        """Looks at the grid in a browser; returns the colour of each task's cell in a word."""
        page = {"url": self.url, "password": self.password, "picture": str(picture)}
        colours = drive(LOOK, page | {"dag": dag, "run": run}, timeout=120)
        return {task: _word(colour) for task, colour in colours.items()}


def _word(colour: list[int]) -> str:
    red, green, blue = colour
    if green > max(red, blue):
        return "green"
    if red > 150 and green < 70:
        return "red"
    return "orange" if red > green > blue else str(colour)
