"""The command line `campuslake`. Imports are lazy: no command waits for what it does not use."""

import sys
from typing import Annotated, NoReturn

import typer

from infra import command_line
from infra.command_line import err, out, progress
from infra.errors import CampuslakeError
from infra.settings import settings
from orchestration import (
    airflow_cli,
    catalog_cli,
    dashboards_cli,
    emr_cli,
    erp_cli,
    maintenance_cli,
    notebooks_cli,
    privacy_cli,
)

app = typer.Typer(
    name="campuslake",
    help="The data platform of a school over its ERP. `campuslake run` does it all.\n\n"
    "Settings are environment variables CAMPUSLAKE_…, the defaults describe the local stack "
    "(README lists them). -v shows tracebacks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.add_typer(erp_cli.app, name="erp")
app.add_typer(privacy_cli.app, name="privacy")
app.add_typer(maintenance_cli.app, name="maintain")
app.add_typer(airflow_cli.app, name="airflow")
app.add_typer(dashboards_cli.app, name="dashboards")
app.add_typer(emr_cli.app, name="emr")
app.add_typer(catalog_cli.contracts, name="contracts")
app.command("docs")(catalog_cli.docs)
app.command("docs-serve")(catalog_cli.docs_serve)
app.add_typer(notebooks_cli.app, name="notebooks")

Run = Annotated[str | None, typer.Option("--run", help="The run, as `campuslake runs` names it.")]


@app.command()
def run(
    first: Annotated[
        str | None, typer.Option("--from", metavar="STEP", help="Start at this step.")
    ] = None,
    only: Annotated[str | None, typer.Option(metavar="STEP", help="Do this step alone.")] = None,
    run: Run = None,
    accept_fewer_rows: Annotated[
        bool,
        typer.Option(
            "--accept-fewer-rows",
            help="Let tables pass that hold far fewer rows than in the run before.",
        ),
    ] = False,
    accept_drift: Annotated[
        bool,
        typer.Option(
            "--accept-drift",
            help="Let marts pass whose rows or means moved far from what is published.",
        ),
    ] = False,
    accept_another_erp: Annotated[
        bool,
        typer.Option(
            "--accept-another-erp", help="Let a run follow one of another ERP: the ERP moved."
        ),
    ] = False,
) -> None:
    """Run the pipeline: extract, staging-gate, build, score, marts-gate, publish, docs.

    Brings the local stack up first and, when the local ERP is empty, generates one. A failed step
    stops the run; what analysts read is then what it was. Repeating is always safe.
    """
    from gates.verdicts import GateFailed, failure_table
    from orchestration import display, pipeline

    steps = pipeline.chosen_steps(first, only)
    with progress() as bars:
        _bring_up(bars)
        if steps[0].name == "extract":
            erp_cli.generate_when_empty(settings(), bars)
        try:
            record = pipeline.run(
                settings(), steps, bars, run, accept_fewer_rows, accept_drift, accept_another_erp
            )
        except GateFailed as failed:
            err.print(failure_table(failed.verdict))
            raise
    out.print(display.summary(record, settings()))


@app.command()
def up() -> None:
    """Start what does not run of the local stack."""
    with progress() as bars:
        started = _bring_up(bars)
    if not settings().local_stack:
        out.print("nothing to start: CAMPUSLAKE_LOCAL_STACK says that the servers are elsewhere")
        return
    status()
    out.print(f"started {', '.join(started)}" if started else "everything ran already")


@app.command()
def down() -> None:
    """Stop the local stack. Its data stays."""
    from infra.local import stack

    with progress() as bars:
        stopped = stack.down(settings(), bars)
    out.print(f"stopped {', '.join(stopped)}" if stopped else "nothing was running")


@app.command()
def status() -> None:
    """Show how each server of the local stack stands, and what is published."""
    from infra.local import stack
    from orchestration import display
    from orchestration.records import RunRegister

    found = stack.status(settings())
    out.print(display.servers(found))
    if all(server.state == "running" for server in found):
        published = RunRegister(settings()).publication()
        out.print(f"published: run {published.run_id}" if published else "nothing is published yet")


@app.command()
def clean(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop the local stack and delete all of its data."""
    from infra.local import stack

    if not yes:
        typer.confirm(f"Delete {settings().home} with the ERP and the lake in it?", abort=True)
    with progress() as bars:
        stack.clean(settings(), bars)
    out.print(f"deleted {settings().home}")


@app.command()
def query(sql: Annotated[str, typer.Argument(metavar="SQL")]) -> None:
    """Ask the lake. Prints a table on a terminal, CSV on a pipe."""
    from infra import spark_sql
    from orchestration import display

    display.answer(spark_sql.run(sql, settings()))


@app.command()
def runs(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="Tell this run whole.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Tell the run as JSON: steps, tables, gates, views.")
    ] = False,
) -> None:
    """List the runs with state, rows and durations, the newest first; or tell one whole."""
    from orchestration import display
    from orchestration.lock import run_under_way
    from orchestration.records import RunRegister
    from orchestration.report import report

    register, under_way = RunRegister(settings()), run_under_way(settings())
    if run:
        record = register.get(run)
        if record is None:
            raise CampuslakeError(f"there is no run {run}", "`campuslake runs` lists them")
        if as_json:
            typer.echo(report(settings(), record).model_dump_json(indent=1))
        else:
            out.print(display.one_run(record, under_way))
        return
    if as_json:
        raise CampuslakeError("--json tells one run", "name it: `campuslake runs RUN --json`")
    records = register.all()
    if not records:
        out.print("no run yet: type `campuslake run`")
        return
    out.print(display.runs(records, register.publication(), under_way))


@app.command()
def roles(
    role: Annotated[
        str | None, typer.Argument(metavar="[ROLE]", help="Print the keys of this role.")
    ] = None,
) -> None:
    """List who may read what of the bucket; or print a role's keys, as a shell takes them.

    `eval "$(campuslake roles analyst)"`: what is started from that shell, such as a notebook, reads
    as an analyst does. The keys are those of the local store; on AWS it is IAM that gives them.
    """
    from infra.local.identities import keys_of
    from infra.roles import role_named
    from infra.roles import roles as all_roles
    from infra.spark_sql import QueryResult
    from orchestration import display

    if role is None:
        rows = [
            (name, found.who, prefix or "everything")
            for name, found in all_roles(settings()).items()
            for prefix in found.reads
        ]
        display.answer(QueryResult(["role", "who", "reads_below"], rows))
        return
    found = role_named(settings(), role)
    if not settings().local_stack:
        raise CampuslakeError(
            "the keys of roles are the local store's, and S3 is elsewhere", "ask IAM for keys"
        )
    keys = keys_of(settings(), role, found)
    typer.echo(f"export AWS_ACCESS_KEY_ID={keys.access_key}")
    typer.echo(f"export AWS_SECRET_ACCESS_KEY={keys.secret_key}")


@app.command()
def publish(run: Annotated[str, typer.Option("--run", help="The run to publish.")]) -> None:
    """Publish a run that passed its gates, a new one or an older one again."""
    from orchestration.dbt import Dbt
    from orchestration.lock import run_lock
    from orchestration.publication import publish as publish_run
    from orchestration.warm_dashboards import after_publishing

    with progress() as bars, run_lock(settings()):
        publication = publish_run(settings(), run, Dbt(settings(), bars))
        after_publishing(settings(), bars)
    for name, rows in publication.rows.items():
        out.print(f"{name}: {rows:,} rows of run {publication.run_id}")


@app.command()
def notify() -> None:
    """Tell people a message: a JSON object with a `text` on standard input.

    It is posted to CAMPUSLAKE_NOTIFY_WEBHOOK and mailed to CAMPUSLAKE_NOTIFY_EMAIL.
    """
    from orchestration.notification import Message, send

    told = send(settings(), Message.read(sys.stdin.read()))
    out.print(f"told {' and '.join(told)}" if told else "nobody is to be told")


def _bring_up(bars: "command_line.Progress") -> list[str]:
    if not settings().local_stack:
        return []
    from infra.local import stack

    return stack.up(settings(), bars)


def main() -> NoReturn:
    """The console script."""
    command_line.main(app)
