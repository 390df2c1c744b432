"""`campuslake docs`, `docs-serve` and `contracts`: what others read about the marts."""

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from infra.command_line import err, out, progress
from infra.errors import CampuslakeError
from infra.settings import settings

if TYPE_CHECKING:
    from catalog.contracts import Contract

contracts = typer.Typer(
    help="The contracts of the published marts, in the Open Data Contract Standard.",
    no_args_is_help=True,
)


def docs(
    static: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write it there, for any web server: a folder that is empty, not there yet, or "
            "holds one made before.",
        ),
    ] = None,
) -> None:
    """Make the catalog: one page of all tables, columns and definitions, and how fresh they are."""
    from infra.local import stack
    from orchestration.catalog import SITE, make_static_site, require_own

    folder = static.absolute() if static else SITE
    require_own(folder)
    with progress() as bars:
        if settings().local_stack:
            stack.up(settings(), bars)
        index = make_static_site(settings(), bars, folder)
    size = index.stat().st_size / 1e6
    out.print(f"{index}: {size:,.1f} MB, complete in itself", soft_wrap=True)


def docs_serve() -> NoReturn:
    """Serve the catalog on this machine until Ctrl-C."""
    from orchestration.catalog import SITE

    if not (SITE / "index.html").exists():
        raise CampuslakeError("there is no catalog yet", "`campuslake run` makes it")
    port = str(settings().docs_port)
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", settings().docs_port)) == 0:
            raise CampuslakeError(
                f"port {port} is taken", "free it, or set CAMPUSLAKE_DOCS_PORT to another one"
            )
    out.print(f"the catalog is at http://127.0.0.1:{port} until Ctrl-C")
    server = ["-m", "http.server", "--bind", "127.0.0.1", "--directory", str(SITE), port]
    os.execv(sys.executable, [sys.executable, *server])


@contracts.command()
def export(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FOLDER", help="Default: contracts/.")
    ] = None,
    retire: Annotated[
        str | None,
        typer.Option(metavar="MART", help="Say by its contract that this mart is gone for good."),
    ] = None,
) -> None:
    """Write the contract of each published mart, a YAML file each, as the project stands."""
    from catalog.contracts import FOLDER, as_yaml, retired

    folder = output or FOLDER
    texts = {mart: as_yaml(contract) for mart, contract in _contracts().items()}
    if retire:
        if retire in texts:
            raise CampuslakeError(f"the mart {retire} is published", "delete its model first")
        texts[retire] = as_yaml(retired(FOLDER / f"{retire}.yaml"))
    folder.mkdir(parents=True, exist_ok=True)
    for mart, text in texts.items():
        (folder / f"{mart}.yaml").write_text(text, encoding="utf-8")
    out.print(f"{len(texts)} contracts in {folder}", soft_wrap=True)


@contracts.command()
def check() -> None:
    """Compare the contracts with the published ones; fail when a change lacks a raised version.

    Published is what git has of contracts/ on the default branch of `origin`, or else here.
    """
    from catalog.check import findings
    from catalog.contracts import FOLDER
    from catalog.history import is_cut_off, published_contracts

    if is_cut_off(FOLDER):
        err.print("git's history is cut off here and may hide a break: `git fetch --unshallow`")
    now = _contracts()
    found = list(findings(now, published_contracts(FOLDER), FOLDER))
    for finding in found:
        (out if finding.is_kept else err).print(str(finding), soft_wrap=True, highlight=False)
    if not all(finding.is_kept for finding in found):
        raise typer.Exit(1)
    out.print(f"{len(now)} contracts keep what is published")


def _contracts() -> "dict[str, Contract]":
    from catalog.contracts import contracts_of
    from orchestration.dbt import Dbt

    with progress() as bars:
        return contracts_of(Dbt(settings(), bars).manifest())
