"""The command line of the gates."""

from collections import Counter
from typing import Annotated

import typer
from rich.table import Table

from extract.zone import StagingZone
from gates import marts as marts_gate
from gates import staging as staging_gate
from gates.verdicts import Verdict, failure_table
from infra.command_line import err, out, progress
from infra.errors import CampuslakeError
from infra.settings import settings

app = typer.Typer(
    help="Judge a layer with Great Expectations. Exit code 0: passed; 1: it did not, and nothing "
    "that anyone reads has changed. Data Docs go to .campuslake/artifacts/data_docs/RUN/LAYER.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
FewerRows = Annotated[
    bool,
    typer.Option(
        "--accept-fewer-rows", help="Accept tables that hold far fewer rows than in the run before."
    ),
]
AnotherErp = Annotated[
    bool,
    typer.Option("--accept-another-erp", help="Let the run follow one of another ERP."),
]
Drift = Annotated[
    bool,
    typer.Option("--accept-drift", help="Accept marts that moved far from what is published."),
]
Run = Annotated[str | None, typer.Option("--run", help="The run; see the default above.")]


@app.command()
def staging(
    run: Run = None,
    accept_fewer_rows: FewerRows = False,
    accept_another_erp: AnotherErp = False,
) -> None:
    """Judge an extract (by default the newest one) and make it the current run if it passes."""
    zone = StagingZone(settings())
    if run is None and not (runs := zone.runs()):
        raise CampuslakeError("there is no extract to judge", "make one: `python -m extract`")
    with progress() as bars:
        verdict = staging_gate.judge(settings(), run or runs[-1], bars, accept_fewer_rows)
    _tell(verdict)
    zone.promote(verdict.run_id, accept_another_erp)
    out.print(f"run {verdict.run_id} is the current run of the staging zone")


@app.command()
def marts(run: Run = None, accept_drift: Drift = False) -> None:
    """Judge the marts of a run (by default the current one), which must be what was built last."""
    if run is None:
        current = StagingZone(settings()).current()
        if current is None:
            raise CampuslakeError("no extract passed the staging gate yet", "run `campuslake run`")
        run = current.run_id
    with progress() as bars:
        verdict = marts_gate.judge(settings(), run, bars, accept_drift)
    _tell(verdict)


def _tell(verdict: Verdict) -> None:
    table = Table("table", title=f"{verdict.layer} gate, run {verdict.run_id}")
    table.title_justify = "left"
    table.add_column("checks", justify="right")
    table.add_column("failed", justify="right")
    checked = Counter(check.table for check in verdict.checks)
    failed = Counter(check.table for check in verdict.failures)
    for name, count in checked.items():
        table.add_row(name, str(count), str(failed[name] or ""))
    table.caption = f"{len(verdict.checks)} checks in {verdict.seconds:.1f} s"
    out.print(table)
    if not verdict.passed:
        err.print(failure_table(verdict))
    verdict.raise_if_failed()
