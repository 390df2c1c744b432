"""`python -m benchmarks.airflow [SCALE]`: what it costs that Airflow runs the build.

On a stack apart `campus_daily` runs once. Then, in turn: `dbt build` alone, the same by `campuslake
run --only build`, and the task `build` of Airflow, from the click to its end. Prints best times and
their ratios, and what Airflow holds of memory.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.progress import Progress

from infra.local import stack
from infra.local.airflow import Airflow
from infra.local.apart import environment_apart
from infra.settings import REPOSITORY, Settings
from orchestration.records import RunRegister
from tests.airflow.live import LiveAirflow

out = Console(highlight=False, soft_wrap=True)
SILENT = Progress(disable=True)
DAG, RUN, TURNS = "campus_daily", "bench", 3
DBT = ("dbt", "--quiet", "build", "--exclude-resource-type", "unit_test")


def main(
    scale: Annotated[str, typer.Argument(help="tiny, demo, school or network.")] = "demo",
) -> None:
    """Measures the build in three ways."""
    os.environ |= environment_apart("bench") | {"CAMPUSLAKE_ERP_SCALE": scale}
    os.environ |= {"CAMPUSLAKE_AIRFLOW_DAILY": "off", "CAMPUSLAKE_AIRFLOW_MAINTENANCE": "off"}
    settings = Settings()
    try:
        stack.up(settings, SILENT)
        server = stack.up_airflow(settings, SILENT)
        live = LiveAirflow(server.url, server.password)
        _command("campuslake", "erp", "generate")
        live.trigger(DAG, RUN)
        live.wait(DAG, RUN)
        (record,) = RunRegister(settings).all()
        variables = json.dumps({"run_id": record.run_id})
        ways: dict[str, Callable[[], None]] = {
            "`dbt build`": lambda: _command(*DBT, "--vars", variables),
            "`campuslake run --only build`": lambda: _command(
                "campuslake", "run", "--only", "build", "--run", record.run_id
            ),
            "the task `build` of Airflow": lambda: _task(live),
        }
        seconds = {name: [] for name in ways}
        for _ in range(TURNS):
            for name, way in ways.items():
                started = time.monotonic()
                way()
                seconds[name].append(time.monotonic() - started)
        out.print(_table({name: min(measured) for name, measured in seconds.items()}))
        out.print(f"\nAirflow holds {_megabytes(server):,.0f} MB.")
    finally:
        stack.clean(settings, SILENT)


def _command(program: str, *arguments: str) -> None:
    subprocess.run(
        [REPOSITORY / ".venv" / "bin" / program, *arguments],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )


def _task(live: LiveAirflow) -> None:
    chosen = {"dag_run_id": RUN, "task_ids": ["build"], "dry_run": False, "only_failed": False}
    live.ask(f"/api/v2/dags/{DAG}/clearTaskInstances", "POST", chosen | {"reset_dag_runs": True})
    while live.states(DAG, RUN)["build"] != "success":
        time.sleep(0.2)


def _table(seconds: dict[str, float]) -> str:
    first = next(iter(seconds.values()))
    lines = ["| | seconds | of `dbt build` |", "|---|---:|---:|"]
    lines += [f"| {name} | {best:.1f} | {best / first:.2f} |" for name, best in seconds.items()]
    return "\n".join(lines)


def _megabytes(server: Airflow) -> float:
    leader = psutil.Process(server.pid())
    family = [leader, *leader.children(recursive=True)]
    return sum(process.memory_full_info().pss for process in family) / 1e6


if __name__ == "__main__":
    typer.run(main)
