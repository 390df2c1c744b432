"""`campuslake maintain`: what tables need once in a while."""

from collections.abc import Mapping
from typing import Annotated

import typer

from infra.command_line import out, progress
from infra.settings import settings

app = typer.Typer(
    help="Look after the tables. What is overdue is `campuslake privacy retain`, old extracts are "
    "`python -m extract prune`.",
    no_args_is_help=True,
)


@app.command()
def compact() -> None:
    """Put the small files together of tables that grow by every run."""
    from orchestration.dbt import Dbt
    from orchestration.lock import run_lock
    from orchestration.maintenance import compact as put_together

    with progress() as bars, run_lock(settings()):
        saved = put_together(settings(), Dbt(settings(), bars), bars)
    _tell(saved, "files fewer")


@app.command()
def orphans(
    days: Annotated[int, typer.Option(min=1, help="Files younger than so many days stay.")] = 3,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete; without it, show what would go.")
    ] = False,
) -> None:
    """Delete files that no table needs: of builds that died."""
    from orchestration.lock import run_lock
    from orchestration.maintenance import remove_orphans

    with progress() as bars, run_lock(settings()):
        found = remove_orphans(settings(), days, not yes, bars)
    _tell(found, "files deleted" if yes else "files would be deleted; repeat it with --yes")


def _tell(counts: Mapping[str, int], what: str) -> None:
    for table, count in counts.items():
        if count:
            out.print(f"{table}: {count:,}")
    out.print(f"{sum(counts.values()):,} {what}, of {len(counts)} tables")
