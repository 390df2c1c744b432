"""What is compared: commands that bring the same tables of the same ERP to the same S3."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.erp import erp_dsn
from infra.local.credentials import local_credentials
from infra.local.dsn import SUPERUSER
from infra.local.postgres import POSTGRES_BIN_PATH
from infra.object_store import s3_endpoint
from infra.settings import REPOSITORY, Settings

PEERS = Path(__file__).with_name("peers")
PINS = {
    "connectorx": ["connectorx==0.4.5", "pyarrow", "boto3"],
    "sling": ["sling==1.4.9"],
    "fetchall": ["psycopg2-binary", "boto3"],
    "dlt": ["dlt[s3]>=1,<2", "sqlalchemy<2.1", "psycopg2-binary", "connectorx", "pyarrow"],
}


@dataclass(frozen=True)
class Contender:
    """A name and the commands that do the work, one after the other."""

    name: str
    commands: Sequence[Sequence[str | Path]]
    environment: Mapping[str, str] = field(default_factory=dict)


def contenders(settings: Settings, tables: Sequence[str], environments: Path) -> list[Contender]:
    """Returns them all; `environments` is the folder of the peers' own environments."""
    psql = [POSTGRES_BIN_PATH / "psql", erp_dsn(settings), "-q"]
    peer = peer_environment(settings, environments)
    file = environments / "table.csv"

    def copies(target: object) -> list[list[str | Path]]:
        return [[*psql, "-c", f"\\copy {table} to '{target}' csv header"] for table in tables]

    def ours(name: str, *options: str) -> Contender:
        return Contender(name, [[sys.executable, "-m", "extract", *options]])

    def uploader(compression: str) -> Contender:
        script = PEERS / "psql_uploader.py"
        command = [sys.executable, script, compression, f"uploader-{compression}", *tables]
        return Contender(f"psql, uploader, {compression}", [command])

    def python(name: str, script: str, *arguments: str) -> Contender:
        interpreter: str | Path = sys.executable
        if (peer_name := re.split(r"\W", name)[0]) in PINS:
            interpreter = environments / peer_name / "bin" / "python"
        return Contender(name, [[interpreter, PEERS / script, *arguments, *tables]], peer)

    sling = environments / "sling" / "bin" / "sling"
    return [
        Contender("psql to /dev/null", copies("/dev/null")),
        Contender("psql to a file", copies(file)),
        uploader("none"),
        uploader("gzip"),
        ours("campuslake", "--connections", "2"),
        ours("campuslake, 1 connection", "--connections", "1"),
        ours("campuslake, 4 connections", "--connections", "4"),
        ours("campuslake, not compressed", "--compression", "none"),
        python("connectorx + pyarrow", "connectorx_pyarrow.py", "connectorx"),
        Contender(
            "sling 1.4.9",
            [
                [
                    *(sling, "run", "--mode", "full-refresh"),
                    *("--src-conn", "ERP", "--src-stream", f"public.{table}"),
                    *("--tgt-conn", "LAKE", "--tgt-object", f"sling/{table}.csv"),
                ]
                for table in tables
            ],
            peer,
        ),
        python("dlt, connectorx", "dlt_filesystem.py", "connectorx", "dlt_connectorx"),
        python("dlt, pyarrow", "dlt_filesystem.py", "pyarrow", "dlt_pyarrow"),
        python("fetchall loop", "fetchall.py", "fetchall"),
    ]


def peer_environment(settings: Settings, environments: Path) -> dict[str, str]:
    """Returns what the peers' scripts read: never shown, nor on a command line."""
    keys = local_credentials(settings.home)
    dsn = (
        f"postgresql://{SUPERUSER}:{keys.postgres_password}@127.0.0.1:{settings.postgres_port}/erp"
    )
    endpoint = s3_endpoint(settings)
    return {
        "PEER_DSN": dsn,
        "PEER_S3": endpoint,
        "PEER_BUCKET": settings.bucket,
        "PEER_TMP": str(environments / "tmp"),
        "AWS_ACCESS_KEY_ID": keys.s3_access_key,
        "AWS_SECRET_ACCESS_KEY": keys.s3_secret_key,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "SLING_DISABLE_TELEMETRY": "TRUE",
        "ERP": f"{dsn}?sslmode=disable",
        "LAKE": (
            f"{{type: s3, bucket: {settings.bucket}, access_key_id: {keys.s3_access_key},"
            f" secret_access_key: {keys.s3_secret_key}, endpoint: '{endpoint}'}}"
        ),
    }


def make_environments(environments: Path) -> None:
    """Installs each peer into an environment of its own, once."""
    uv = REPOSITORY / ".venv" / "bin" / "uv"
    for name, packages in PINS.items():
        folder = environments / name
        if (folder / "ready").exists():
            continue
        subprocess.run([uv, "venv", "--quiet", "--clear", folder], check=True, env=os.environ)
        interpreter = folder / "bin" / "python"
        subprocess.run(
            [
                *(uv, "pip", "install", "--quiet", "--compile-bytecode"),
                *("--python", interpreter, *packages),
            ],
            check=True,
        )
        (folder / "ready").touch()
