"""`campuslake notebooks`: JupyterLab on this machine, and the notebooks as pages."""

from pathlib import Path
from typing import Annotated

import typer

from infra.command_line import out, progress
from infra.settings import REPOSITORY, settings

app = typer.Typer(help="The data scientists' notebooks.", no_args_is_help=True)
PAGES = REPOSITORY / "target" / "notebooks"


@app.command()
def lab() -> None:
    """Start JupyterLab and what it needs, and print where it is. Its kernels read as an analyst."""
    from infra.local import stack

    with progress() as bars:
        if settings().local_stack:
            stack.up(settings(), bars)
        started = stack.up_lab(settings(), bars)
    out.print(f"JupyterLab is at {started.url}?token={started.token}", markup=False, soft_wrap=True)
    out.print("outputs are not saved; `campuslake down` stops it with everything else")


@app.command()
def down() -> None:
    """Stop JupyterLab with its kernels. The rest of the stack goes on."""
    from infra.local.lab import Lab

    stopped = Lab(settings()).stop()
    out.print("stopped lab" if stopped else "JupyterLab was not running")


@app.command()
def render(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]…", help="Such as 01_explore; else all.")
    ] = None,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where they go.")] = PAGES,
) -> None:
    """Run notebooks, each from its beginning in a kernel of its own, and make pages of them."""
    from infra.local import stack
    from orchestration.rendering import render as render_all

    with progress() as bars:
        if settings().local_stack:
            stack.up(settings(), bars)
        pages = render_all(settings(), names or [], to, bars)
    for page in pages:
        out.print(str(page), markup=False, soft_wrap=True)
