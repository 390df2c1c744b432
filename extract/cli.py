"""The command line of the extract."""

from typing import Annotated

import typer
from rich.table import Table

from extract.manifest import Manifest
from extract.run import extract
from infra.command_line import out, progress
from infra.settings import settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def run(
    workers: Annotated[
        int, typer.Option(min=1, max=16, help="Connections that copy at the same time.")
    ] = 2,
) -> None:
    """Extract every table of the ERP to a new run of the staging zone on S3.

    All tables show the same instant: every connection takes one exported snapshot. Each table
    becomes CSV parts with a header below stage/run_id=RUN/TABLE/; the run exists once its
    manifest.json is written, last. Nothing is published: `python -m gates staging` judges the
    run next.

    Exit code 0: committed. 1: failed; nothing is left that a reader could take for a run, and the
    same command can be repeated. A changed ERP schema (a column of extract/contract.yml removed,
    renamed or retyped) fails before anything is written.

    Settings: CAMPUSLAKE_ERP_DSN, CAMPUSLAKE_ERP_SCHEMA, CAMPUSLAKE_BUCKET,
    CAMPUSLAKE_S3_ENDPOINT; without them the local stack. -v shows tracebacks.
    """
    with progress() as display:
        manifest = extract(settings(), display, workers=workers)
    out.print(summary(manifest))


def summary(manifest: Manifest) -> Table:
    """Returns what an extract holds, as a table for a terminal."""
    seconds = (manifest.committed_at - manifest.started_at).total_seconds()
    table = Table("table", title=f"run {manifest.run_id}", title_justify="left")
    for heading in ("rows", "MB", "parts"):
        table.add_column(heading, justify="right")
    for entry in manifest.tables:
        table.add_row(
            entry.name, f"{entry.rows:,}", f"{entry.bytes / 1e6:,.1f}", str(len(entry.parts))
        )
    table.add_section()
    parts = sum(len(entry.parts) for entry in manifest.tables)
    table.add_row("all", f"{manifest.rows:,}", f"{manifest.bytes / 1e6:,.1f}", str(parts))
    table.caption = (
        f"{seconds:.1f} s, {manifest.rows / seconds:,.0f} rows/s, "
        f"{manifest.bytes / 1e6 / seconds:,.1f} MB/s"
    )
    return table
