"""`campuslake dashboards`: Superset over the published marts."""

from typing import TYPE_CHECKING

import typer

from infra.command_line import out, progress
from infra.errors import CampuslakeError
from infra.settings import REPOSITORY, settings

if TYPE_CHECKING:
    from infra.local.superset import Superset

app = typer.Typer(help="Dashboards and SQL Lab over the published marts.", no_args_is_help=True)


@app.command()
def up() -> None:
    """Start Superset and what it needs, and bring in what `dashboards/` holds."""
    from infra.local import stack
    from infra.local.superset import Superset
    from orchestration.dashboards import import_assets, make_databases
    from orchestration.records import RunRegister
    from orchestration.saved_queries import save_queries

    first = not Superset(settings()).is_made
    with progress() as bars:
        if settings().local_stack:
            stack.up(settings(), bars)
        superset = stack.up_superset(settings(), bars)
    if first:
        for user, password in superset.passwords.items():
            out.print(f"  user {user}, password {password}", markup=False, highlight=False)
    with progress() as bars:
        make_databases(settings())
        import_assets(superset, bars)
        save_queries(superset)
    out.print(f"Dashboards are at {superset.url}", markup=False)
    out.print(f"passwords are kept in {superset.secrets_file}", markup=False)
    if RunRegister(settings()).publication() is None:
        out.print("nothing is published yet, so that they are empty: type `campuslake run`")


@app.command()
def down() -> None:
    """Stop Superset. The rest of the stack goes on."""
    from infra.local.superset import Superset

    stopped = Superset(settings()).stop()
    out.print("stopped superset" if stopped else "superset was not running")


@app.command()
def export() -> None:
    """Write what was changed in the pages back to the files of `dashboards/`."""
    from orchestration.dashboards import export_assets

    changed = export_assets(_running())
    for path in changed:
        out.print(str(path.relative_to(REPOSITORY)), markup=False)
    out.print(f"{len(changed)} files changed")


@app.command()
def warm() -> None:
    """Ask for the answers of all charts, so that pages have them at once."""
    from orchestration.warm_dashboards import warm as warm_all

    superset = _running()
    with progress() as bars:
        out.print(f"{warm_all(superset, bars)} charts and filters are warm")


@app.command()
def screenshots() -> None:
    """Make the pictures of docs/screenshots, in the system's Chromium."""
    from orchestration.screenshots import take

    superset = _running()
    with progress() as bars:
        for path in take(superset, bars):
            out.print(f"{path.relative_to(REPOSITORY)}, {path.stat().st_size // 1024} KB")


def _running() -> "Superset":
    from infra.local.superset import Superset

    superset = Superset(settings())
    if not superset.answers():
        raise CampuslakeError("the dashboards are not running", "start them: `make dashboards`")
    return superset
