"""`python -m benchmarks.pipeline [SCALE]`: what the whole pipeline costs, step by step.

On a stack apart: generates the ERP of the scale, runs the pipeline twice (a cold engine, then a
warm one, as every later run of a day finds it), extracts once more alone, and erases somebody.
Prints the figures as the tables that README quotes.
"""

import os
import subprocess
import sys
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.memory import peak_megabytes
from infra.local import stack
from infra.local.apart import environment_apart
from infra.settings import REPOSITORY, Settings
from infra.spark_sql import query
from orchestration.records import RunRecord, RunRegister

out = Console(highlight=False, soft_wrap=True)
MEDIAN = "percentile_disc(0.5) within group (order by student_id)"
SOMEBODY = f"select {MEDIAN} from {{}}.stg_erp__students"  # noqa: S608
SILENT = Progress(disable=True)


def main(scale: Annotated[str, typer.Argument(help="tiny, demo, school or network.")] = "demo"):
    """Measures the pipeline at one scale."""
    os.environ |= environment_apart("bench") | {"CAMPUSLAKE_ERP_SCALE": scale}
    settings = Settings()
    try:
        stack.up(settings, SILENT)
        generation, peaks = measured(settings, "campuslake", "erp", "generate")
        out.print(f"scale {scale}: generated in {generation:.1f} s, {peaks['client']:,.0f} MB\n")
        runs = [measured(settings, "campuslake", "run") for _ in range(2)]
        out.print(steps([RunRegister(settings).all()[1], RunRegister(settings).all()[0]]))
        out.print(memory(runs[1][1]))
        seconds, peaks = measured(settings, "python", "-m", "extract")
        out.print(f"\n`python -m extract` alone: {seconds:.1f} s, {peaks['client']:,.0f} MB")
        student = str(query(SOMEBODY.format(settings.staging_database), settings)[0][0])
        erasure = ("campuslake", "privacy", "erase", "--student", student, "--yes")
        seconds, peaks = measured(settings, *erasure)
        out.print(
            f"\nA student erased from two published runs and one more extract, with the proof:"
            f" {seconds:.1f} s, {peaks['client']:,.0f} MB"
        )
    finally:
        stack.clean(settings, SILENT)


def measured(settings: Settings, *command: str) -> tuple[float, dict[str, float]]:
    """Runs a command of the environment; returns its seconds and each process's peak in MB."""
    started = time.monotonic()
    process = subprocess.Popen(
        [REPOSITORY / ".venv" / "bin" / command[0], *command[1:]],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    pids = {server.name: server.pid() or 0 for server in stack.servers(settings)}
    with peak_megabytes({"client": process.pid, **pids}) as peaks:
        _, told = process.communicate()
    if process.returncode != 0:
        sys.exit(told)
    return time.monotonic() - started, peaks


def steps(records: list[RunRecord]) -> str:
    """Returns the seconds of each step of a first and a second run, as Markdown."""
    lines = ["| step | first run, s | second run, s | |", "|---|---:|---:|---|"]
    for first, second in zip(records[0].steps, records[1].steps, strict=True):
        told = second.detail if second.name != "publish" else ""
        lines.append(f"| {first.name} | {first.seconds:.1f} | {second.seconds:.1f} | {told} |")
    lines.append(f"| **all** | **{records[0].seconds:.1f}** | **{records[1].seconds:.1f}** | |")
    return "\n".join(lines)


def memory(peaks: dict[str, float]) -> str:
    """Returns the peaks of a run as one line."""
    told = ", ".join(f"{name} {peak:,.0f}" for name, peak in peaks.items())
    return f"\nPeak memory, MB: {told}"


if __name__ == "__main__":
    typer.run(main)
