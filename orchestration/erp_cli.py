"""`campuslake erp …`: the simulated ERP, and questions to whichever ERP the settings name."""

import os
from pathlib import Path
from typing import Annotated

import typer
from psycopg2.extensions import parse_dsn
from rich.progress import Progress

from infra.command_line import out, progress
from infra.erp import erp_dsn
from infra.settings import Settings, settings

app = typer.Typer(
    help="The ERP: generate a simulated one, ask it, load files into it.", no_args_is_help=True
)


@app.command()
def up() -> None:
    """Start the local ERP alone, without S3 and Spark, and generate a school when it is empty."""
    from infra.local.postgres import Postgres

    with progress() as bars:
        Postgres(settings()).start()
        generate_when_empty(settings(), bars)
    dsn()


@app.command()
def down() -> None:
    """Stop the local ERP. Its data stays."""
    from infra.local.postgres import Postgres

    out.print("stopped" if Postgres(settings()).stop() else "it did not run")


@app.command()
def generate(
    scale: Annotated[
        str | None, typer.Option(help="tiny, demo, school or network.", metavar="SCALE")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same rows.")] = None,
    no_effects: Annotated[
        bool,
        typer.Option("--no-effects", help="Plant no cause: whoever finds one in it is wrong."),
    ] = False,
) -> None:
    """Generate a simulated ERP, replacing the one generated before.

    Tables that campuslake did not generate are never touched: they may be a real ERP. Without
    options, the settings CAMPUSLAKE_ERP_SCALE and CAMPUSLAKE_ERP_SEED are used.
    """
    with progress() as bars:
        told = _generate(settings(), bars, scale, seed, no_effects)
    out.print(told)


@app.command()
def query(sql: Annotated[str, typer.Argument(metavar="SQL")]) -> None:
    """Ask the ERP, read-only. Prints a table on a terminal, CSV on a pipe."""
    from erp.query import query as ask
    from infra.spark_sql import QueryResult
    from orchestration import display

    columns, rows = ask(erp_dsn(settings()), sql, settings().erp_schema)
    display.answer(QueryResult(columns, rows))


@app.command()
def dsn() -> None:
    """Print where the ERP is, for psql and others; a password in it is left out."""
    from erp.query import shown_dsn

    out.print(shown_dsn(erp_dsn(settings())), soft_wrap=True)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open psql on the ERP, or run it with what is given: `campuslake erp psql -c "…"`.

    An ERP that CAMPUSLAKE_ERP_DSN names is opened read-only.
    """
    from erp.query import shown_dsn
    from infra.local.postgres import POSTGRES_BIN_PATH

    given = erp_dsn(settings())
    secret = parse_dsn(given).get("password")
    options = f"-c search_path={settings().erp_schema}"
    if settings().erp_dsn is not None:
        options += " -c default_transaction_read_only=on"
    environment = {**os.environ, "PGOPTIONS": options}
    if secret:
        environment["PGPASSWORD"] = secret
    program = str(POSTGRES_BIN_PATH / "psql")
    os.execve(program, [program, shown_dsn(given), *context.args], environment)


@app.command()
def load(
    table: Annotated[str, typer.Argument(help="A table of the ERP.")],
    file: Annotated[Path, typer.Argument(help="CSV whose header names columns of the table.")],
) -> None:
    """Add the rows of a CSV file to a table of the ERP; all of them or none."""
    from erp.load import load_csv

    rows = load_csv(erp_dsn(settings()), table, file, settings().erp_schema)
    out.print(f"{table}: {rows:,} rows added")


def generate_when_empty(settings: Settings, bars: Progress) -> None:
    """Generates the local ERP when it has no table; leaves a real or filled one alone."""
    from erp.marker import generated

    if settings.erp_dsn is None and generated(erp_dsn(settings), settings.erp_schema) is None:
        bars.console.print(_generate(settings, bars))


def _generate(
    settings: Settings,
    bars: Progress,
    scale: str | None = None,
    seed: int | None = None,
    no_effects: bool = False,
) -> str:
    from erp.effects import Effects
    from erp.generate import generate

    made = generate(
        erp_dsn(settings),
        scale or settings.erp_scale,
        settings.erp_seed if seed is None else seed,
        Effects.none() if no_effects else None,
        schema=settings.erp_schema,
        progress=bars,
    )
    return (
        f"ERP generated: scale {made.scale}, seed {made.seed}, {made.rows['students']:,} students, "
        f"{sum(made.rows.values()):,} rows in {made.seconds:.1f} s"
    )
