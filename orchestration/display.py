"""What the command line shows: answers to queries, runs, servers, the summary of a run."""

import csv
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from infra.command_line import out
from infra.local.stack import ServerStatus
from infra.settings import Settings
from infra.spark_sql import QueryResult
from orchestration.records import Publication, RunRecord, State

STEPS_WIDTH = 130  # columns of a terminal that show each step's seconds in the list of runs
COLOURS = {
    State.DONE: "green",
    State.RUNNING: "yellow",
    State.FAILED: "red",
    State.INTERRUPTED: "red",
}


def answer(result: QueryResult) -> None:
    """Prints an answer: a table on a terminal, CSV on a pipe (NULL is an empty field)."""
    if not result.columns:
        return
    if not sys.stdout.isatty():
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(result.columns)
        writer.writerows(result.rows)
        return
    table = Table()
    for number, column in enumerate(result.columns):
        is_number = all(isinstance(row[number], int | float | None) for row in result.rows)
        table.add_column(Text(column), justify="right" if is_number else "left", overflow="fold")
    for row in result.rows:
        table.add_row(*(_cell(value) for value in row))
    count = len(result.rows)
    table.caption = f"{count:,} row{'' if count == 1 else 's'}"
    out.print(table)


def _cell(value: Any) -> Text:
    return Text("NULL", style="dim") if value is None else Text(str(value))


def servers(found: Sequence[ServerStatus]) -> RenderableType:
    """Returns the table of `campuslake status`."""
    table = Table("server", "state", "address", "pid", "log")
    for server in found:
        colour = "green" if server.state == "running" else "red"
        table.add_row(
            server.name,
            Text(server.state, style=colour),
            server.address,
            str(server.pid or ""),
            Text(server.log, overflow="fold"),
        )
    return table


def runs(
    records: Sequence[RunRecord], publication: Publication | None, under_way: str | None
) -> RenderableType:
    """Returns the table of `campuslake runs`, newest first."""
    table = Table()
    table.add_column("run", no_wrap=True)  # names its start in UTC; meant to be copied
    table.add_column("state")
    for heading in ("rows", "MB", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    with_steps = out.width >= STEPS_WIDTH
    if with_steps:
        table.add_column("seconds of each step")
    for record in records:
        shown = _state(record, under_way)
        if publication and publication.run_id == record.run_id:
            shown.append(", published", style="bold green")
        figures = (f"{record.rows:,}", f"{record.bytes / 1e6:,.1f}", f"{record.seconds:,.1f}")
        steps = [", ".join(f"{step.name} {step.seconds:.1f}" for step in record.steps)]
        table.add_row(record.run_id, shown, *figures, *steps[:with_steps])
    table.caption = "`campuslake runs RUN` tells one whole"
    return table


def _state(record: RunRecord, under_way: str | None) -> Text:
    state = record.state
    if state is State.RUNNING and under_way != record.run_id:
        state = State.INTERRUPTED  # its process died without a word
    at = f" at {record.steps[-1].name}" if record.steps and state is not State.DONE else ""
    return Text(f"{state}{at}", style=COLOURS[state])


def one_run(record: RunRecord, under_way: str | None) -> RenderableType:
    """Returns what a run did, how it stands, and why it failed."""
    told = [steps(record), _state(record, under_way)]
    if record.error:
        told.append(Text(record.error, style="red", overflow="fold"))
    return Group(*told)


def summary(record: RunRecord, settings: Settings) -> RenderableType:
    """Returns what a run just did and, when it is done, what to type next."""
    if record.state is State.DONE and any(step.name == "publish" for step in record.steps):
        return Group(steps(record), Text.from_markup(_next_steps(settings)))
    return steps(record)


def steps(record: RunRecord) -> Table:
    """Returns the table of a run's steps."""
    table = Table(
        "step",
        "what it did",
        title=f"run {record.run_id}",
        title_justify="left",
        title_style="bold",
    )
    table.add_column("seconds", justify="right")
    for step in record.steps:
        table.add_row(step.name, Text(step.detail, overflow="fold"), f"{step.seconds:,.1f}")
    table.add_section()
    table.add_row("all", "", f"{record.seconds:,.1f}")
    return table


def _next_steps(settings: Settings) -> str:
    example = f"select status, count(*) from {settings.schema_prefix}.students group by status"  # noqa: S608
    return (
        "\n[bold]Next[/]\n"
        f'  campuslake query "{example}"\n'
        f"  make docs-serve          the catalog, http://127.0.0.1:{settings.docs_port}\n"
        f"  make dashboards          what people look at, http://127.0.0.1:{settings.superset_port}\n"
        "  campuslake runs          every run; `campuslake publish --run RUN` goes back to one\n"
        "  campuslake --help        all commands; `make down` stops the servers\n"
        "[dim]campuslake and dbt are in .venv/bin: `source .venv/bin/activate` once.[/]"
    )
