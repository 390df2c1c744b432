"""`campuslake airflow`: the scheduler and its web page on this machine."""

import typer

from infra.command_line import out, progress
from infra.settings import settings

app = typer.Typer(help="Airflow over the local stack.", no_args_is_help=True)


@app.command()
def up() -> None:
    """Start Airflow and what it needs, and print where it is and how to log in."""
    from infra.local import stack

    with progress() as bars:
        if settings().local_stack:
            stack.up(settings(), bars)
        airflow = stack.up_airflow(settings(), bars)
    out.print(f"Airflow is at {airflow.url}, user admin, password {airflow.password}", markup=False)
    out.print("DAGs are paused until they are switched on there; `campuslake down` stops it all")


@app.command()
def down() -> None:
    """Stop Airflow with everything that it started. The rest of the stack goes on."""
    from infra.local.airflow import Airflow

    stopped = Airflow(settings()).stop()
    out.print("stopped airflow" if stopped else "airflow was not running")
