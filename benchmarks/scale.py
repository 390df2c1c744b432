"""`python -m benchmarks.scale SCALE`: what one first run of a school of that size costs.

On a stack apart: generates the ERP of the scale and does the steps of one run on a cold engine.
Prints the seconds of each step, what lies in the zones, peak memory, and what each model cost, as
Markdown. Scale network wants CAMPUSLAKE_SPARK_MEMORY=6g and most of an hour.
"""

import os
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.marts.costs import models
from benchmarks.marts.engine import Engine
from benchmarks.pipeline import SILENT, measured, memory
from infra.local import stack
from infra.local.apart import environment_apart
from infra.object_store import Bucket
from infra.settings import REPOSITORY, Settings
from orchestration.records import RunRecord, RunRegister

out = Console(highlight=False, soft_wrap=True)
FIRST_STEPS = ("extract", "staging-gate", "build")


def main(
    scale: Annotated[str, typer.Argument(help="tiny, demo, school or network.")] = "network",
) -> None:
    """Measures one first run."""
    engine = Engine()
    os.environ |= environment_apart("bench") | {
        "CAMPUSLAKE_ERP_SCALE": scale,
        "CAMPUSLAKE_SPARK_CONF": engine.conf,
    }
    settings = Settings()
    try:
        stack.up(settings, SILENT)
        generation, peaks = measured(settings, "campuslake", "erp", "generate")
        out.print(f"scale {scale}: generated in {generation:.1f} s, {peaks['client']:,.0f} MB\n")
        peaks.clear()
        for chosen in (*(("--only", step) for step in FIRST_STEPS), ("--from", "marts-gate")):
            seconds, found = measured(settings, "campuslake", "run", *chosen)
            out.print(f"{' '.join(chosen)}: {seconds:.1f} s", style="dim")
            peaks |= {name: max(peak, peaks.get(name, 0)) for name, peak in found.items()}
            if chosen[1] == "build":
                costs = models(settings, REPOSITORY / "target", engine.bytes_read())
        (record,) = RunRegister(settings).all()
        out.print(steps(record))
        out.print(zones(settings))
        out.print(memory(peaks) + "\n")
        out.print(costs)
    finally:
        stack.clean(settings, SILENT)


def steps(record: RunRecord) -> str:
    """Returns the seconds of each step as Markdown."""
    lines = ["| step | s | |", "|---|---:|---|"]
    lines += [f"| {step.name} | {step.seconds:.1f} | {step.detail} |" for step in record.steps]
    return "\n".join([*lines, f"| **all** | **{record.seconds:.1f}** | |"])


def zones(settings: Settings) -> str:
    """Returns what lies below each first folder of the bucket, as one line."""
    bucket = Bucket(settings)
    folders: dict[str, list[int]] = {}
    for page in bucket.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name):
        for entry in page.get("Contents", []):
            folders.setdefault(entry["Key"].partition("/")[0], []).append(entry["Size"])
    told = (
        f"{name} {sum(sizes) / 1e6:,.1f} MB in {len(sizes):,} objects"
        for name, sizes in sorted(folders.items())
    )
    return f"\nIn the bucket: {', '.join(told)}."


if __name__ == "__main__":
    typer.run(main)
