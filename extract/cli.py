"""The command line of the extract."""

from typing import Annotated, Literal

import typer

from extract import display
from extract.run import extract, planned
from extract.verify import faults_of
from extract.zone import StagingZone
from infra.command_line import out, progress
from infra.errors import CampuslakeError
from infra.settings import Settings, settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown")


@app.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    tables: Annotated[
        str | None, typer.Option(metavar="A,B", help="These tables of the contract only.")
    ] = None,
    connections: Annotated[
        int | None, typer.Option(min=1, max=16, help="Connections that copy side by side.")
    ] = None,
    compression: Annotated[
        Literal["gzip", "none"] | None, typer.Option(help="Of the CSV objects.")
    ] = None,
    changes: Annotated[
        bool | None,
        typer.Option(
            "--changes/--full",
            help="Of tables whose changes can be told, only those since the current run.",
        ),
    ] = None,
    rate_mb: Annotated[
        float | None, typer.Option(min=0.01, help="Most MB of CSV a second, of all connections.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show tables, estimated rows and size; copy nothing.")
    ] = False,
) -> None:
    """Extract every table of the ERP to a new run of the staging zone on S3.

    All tables show the same instant: every connection takes one exported snapshot. Each table
    becomes CSV parts with a header below stage/run_id=RUN/TABLE/; the run exists once its
    manifest.json is written, last. Nothing is published: `python -m gates staging` judges the
    run next, and one of some tables only does not pass.

    With --changes a run carries, of the tables that extract/contract.yml names, only the rows that
    changed since the run that stage/current.json names, and the keys of those that are gone. It
    carries all of a table when that cannot be told, and every seventh time, to prove it.

    Tables, columns and types are those of extract/contract.yml. A column that the ERP removed,
    renamed or retyped fails before anything is written; one that it added is extracted.

    **Exit codes** 0: committed. 1: failed; nothing is left that a reader could take for a run, and
    the same command can be repeated. 2: wrongly called. 130: interrupted, else like 1.

    **Settings** CAMPUSLAKE_ERP_DSN, CAMPUSLAKE_ERP_SCHEMA, CAMPUSLAKE_BUCKET,
    CAMPUSLAKE_S3_ENDPOINT, CAMPUSLAKE_S3_KMS_KEY, the usual AWS ones, and
    CAMPUSLAKE_EXTRACT_CONNECTIONS, _COMPRESSION, _RATE_MB, _STATEMENT_TIMEOUT, _LOCK_TIMEOUT,
    _CHANGES, _FULL_EVERY, _KEEP_RUNS, _CONTRACT; without them the local stack. -v shows tracebacks.
    """
    if context.invoked_subcommand:
        return
    chosen = _with(
        settings(),
        extract_connections=connections,
        extract_compression=compression,
        extract_rate_mb=rate_mb,
        extract_changes=changes,
    )
    names = [name.strip() for name in tables.split(",")] if tables is not None else None
    if dry_run:
        columns, sizes, parts = planned(chosen, names)
        out.print(display.plan(columns, sizes, parts))
        return
    with progress() as bars:
        manifest = extract(chosen, bars, tables=names)
    out.print(display.summary(manifest))
    out.print(display.sentence(manifest), soft_wrap=True)


@app.command("list")
def list_runs() -> None:
    """List the runs of the staging zone, newest first."""
    zone = StagingZone(settings())
    out.print(display.runs(zone))


@app.command()
def verify(
    run_id: Annotated[
        str, typer.Argument(metavar="RUN", help="The run, as `list` names it, or `current`.")
    ],
) -> None:
    """Read a run's objects again and compare them with its manifest: size, SHA-256, no other."""
    zone = StagingZone(settings())
    if run_id == "current":
        current = zone.current()
        if current is None:
            raise CampuslakeError("no run passed the staging gate yet", "`campuslake run` does it")
        run_id = current.run_id
    manifest = zone.manifest(run_id)
    if faults := faults_of(zone, manifest):
        for fault in faults:
            out.print(fault, markup=False, soft_wrap=True)
        raise CampuslakeError(
            f"run {run_id} is not as it was extracted: {len(faults)} faults",
            "make a new extract: `campuslake run`",
        )
    objects = sum(len(table.objects) for table in manifest.tables)
    out.print(f"run {run_id}: {objects} objects, {manifest.bytes / 1e6:,.1f} MB, as extracted")


@app.command()
def prune(
    keep: Annotated[
        int | None, typer.Option(min=1, help="How many committed runs stay, the newest.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete; without it, show what would go.")
    ] = False,
) -> None:
    """Delete old runs, but never the one that stage/current.json names.

    Also what killed extracts left more than a day ago; the next extract of the same ERP clears
    that away by itself, this is for an ERP that is gone.
    """
    zone = StagingZone(settings())
    prunable = zone.prunable(keep or settings().extract_keep_runs)
    for run_id in prunable:
        if yes:
            zone.delete_run(run_id)
        out.print(f"{'deleted' if yes else 'would delete'} {run_id}")
    if not prunable:
        out.print("nothing to delete")
    elif not yes:
        out.print("repeat it with --yes to delete")


def _with(base: Settings, **options: object) -> Settings:
    given = {name: value for name, value in options.items() if value is not None}
    return base.model_copy(update=given)
