"""`campuslake emr`: what schedulers ask EMR for."""

import json
from typing import Annotated

import typer

from infra.emr.cluster import HOURS, Place, run_job_flow
from infra.settings import settings

app = typer.Typer(help="EMR clusters.", no_args_is_help=True)
Type = Annotated[str, typer.Option(help="Instance type in the place of the size's.")]


@app.command()
def request(
    size: Annotated[str, typer.Option(help="A size of infra/emr/cluster.json.")] = "single",
    release: Annotated[str, typer.Option(help="Release in the place of the declared one.")] = "",
    primary_type: Type = "",
    core_type: Type = "",
    bucket: Annotated[str, typer.Option(help="Bucket in the place of the place's.")] = "",
    name: Annotated[str, typer.Option(help="Name of the cluster, else the place's.")] = "",
    hours: Annotated[
        int, typer.Option(min=0, help="Hours until it becomes idle by itself; 0: never.")
    ] = HOURS,
) -> None:
    """Print the arguments of EMR's RunJobFlow as JSON.

    CAMPUSLAKE_EMR_PLACE says where clusters run; it is the output `emr_place` of Terraform.
    """
    place = Place.read(settings().emr_place)
    arguments = run_job_flow(
        place.altered(bucket=bucket) if bucket else place,
        size,
        name=name or None,
        release=release or None,
        primary_type=primary_type or None,
        core_type=core_type or None,
        hours=hours,
    )
    typer.echo(json.dumps(arguments))
