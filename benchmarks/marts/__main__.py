"""`python -m benchmarks.marts [SCALE]`: what building the marts costs, and what dbt adds to it.

On a stack apart, with one extract of an ERP of the scale, in turn, round by round, on the same
Thrift server:

- `dbt build`, models and tests, as typed;
- the very statements that it sent, in dependency order, with the same parallelism, without dbt;
- the first proof of concept's way: a PySpark job per table that reads the CSV, for three tables.

Prints Markdown: the best round of each with the engine's peak memory, then what each model costs.
Snapshots and incremental models are left out of both: dbt keeps one of their several statements.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.marts.costs import models
from benchmarks.marts.direct import send
from benchmarks.marts.engine import Engine
from benchmarks.memory import peak_megabytes
from extract.zone import StagingZone
from infra.local import stack
from infra.local.apart import environment_apart
from infra.local.java import java_home
from infra.local.s3a import s3a_conf, s3a_environment
from infra.settings import REPOSITORY, Settings

out = Console(highlight=False, soft_wrap=True)
SILENT = Progress(disable=True)
BIN = REPOSITORY / ".venv" / "bin"
FIRST_WAY = Path(__file__).with_name("peers") / "first_way.py"
FIRST_WAY_TABLES = ("students", "student_subject_results", "campuses")


def main(
    scale: Annotated[str, typer.Argument(help="tiny, demo or school.")] = "school",
    rounds: Annotated[int, typer.Option(help="How often all run in turn.")] = 2,
) -> None:
    """Measures the marts at one scale."""
    engine = Engine()
    os.environ |= environment_apart("bench") | {
        "CAMPUSLAKE_ERP_SCALE": scale,
        "CAMPUSLAKE_SPARK_CONF": engine.conf,
    }
    settings = Settings()
    target = settings.home / "target"
    contenders: dict[str, Callable[[], None]] = {
        "`dbt build`": lambda: dbt_build(target),
        "the same statements, direct": lambda: send(settings, target),
        f"the first way, {len(FIRST_WAY_TABLES)} tables": lambda: first_way(settings),
    }
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    try:
        prepare(target)
        for _ in range(rounds):
            for name, action in contenders.items():
                before = engine.bytes_read()
                found = measured(settings, action)
                out.print(f"{name}: {found[0]:.1f} s", style="dim")
                results[name].append(found)
                if action is contenders["`dbt build`"] and found == min(results[name]):
                    costs = models(settings, target, engine.bytes_read() - before)
        out.print(summary({name: min(found) for name, found in results.items()}))
        out.print(costs)
    finally:
        stack.clean(settings, SILENT)


def prepare(target: Path) -> None:
    """Brings a run to where a build begins, and builds once: everything is measured warm."""
    call(BIN / "campuslake", "up")  # not from here, or the servers were this process's children
    call(BIN / "campuslake", "erp", "generate")
    for step in ("extract", "staging-gate"):
        call(BIN / "campuslake", "run", "--only", step)
    command = ("build", "--exclude-resource-type", "unit_test", "--target-path", target)
    call(BIN / "dbt", *command)


def dbt_build(target: Path) -> None:
    """Builds anew, whole, and tests all that one statement makes."""
    left_out = ("--exclude-resource-type", "unit_test", "snapshot")
    incremental = ("--exclude", "config.materialized:incremental")
    command = ("build", *left_out, *incremental, "--full-refresh", "--target-path", target)
    call(BIN / "dbt", *command)


def first_way(settings: Settings) -> None:
    """Runs one PySpark job per table."""
    run_id = StagingZone(settings).runs()[-1]
    bucket = f"s3a://{settings.bucket}"
    conf = {f"spark.hadoop.{name}": value for name, value in s3a_conf(settings).items()}
    conf |= {
        "spark.driver.memory": settings.spark_memory,
        "spark.driver.extraClassPath": f"{settings.jars}/*",
        "spark.ui.enabled": "false",
    }
    environment = s3a_environment(settings) | {
        "FIRST_WAY_CONF": json.dumps(conf),
        "JAVA_HOME": str(java_home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    for table in FIRST_WAY_TABLES:
        stage, output = f"{bucket}/stage/run_id={run_id}", f"{bucket}/first_way"
        call(sys.executable, FIRST_WAY, table, stage, output, environment=environment)


def call(*command: str | Path, environment: dict[str, str] | None = None) -> None:
    """Runs a command from the repository's root; ends with what it told when it fails."""
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=os.environ | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        sys.exit(f"{Path(command[0]).name} failed:\n{done.stdout}")


def measured(settings: Settings, action: Callable[[], None]) -> tuple[float, float]:
    """Returns the seconds of an action and the peak MB of engine and client together."""
    (spark,) = [server for server in stack.servers(settings) if server.name == "spark"]
    started = time.monotonic()
    with peak_megabytes({"engine": spark.pid() or 0, "client": os.getpid()}) as peaks:
        action()
    return time.monotonic() - started, sum(peaks.values())


def summary(best: dict[str, tuple[float, float]]) -> str:
    """Returns the contenders as Markdown."""
    lines = ["| | seconds | of direct | peak MB |", "|---|---:|---:|---:|"]
    direct = best.get("the same statements, direct")
    for name, (seconds, megabytes) in best.items():
        ratio = f"{seconds / direct[0]:.2f}" if direct else ""
        lines.append(f"| {name} | {seconds:.1f} | {ratio} | {megabytes:,.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
