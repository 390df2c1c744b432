"""`python -m benchmarks.extract`: campuslake's extract beside its ceilings and its peers.

On a stack apart: an ERP of scale school whose attendances are grown to ten million rows. All
contenders run in turn, round by round, on the same data; the best round of each counts. Prints a
Markdown table: seconds, what that is of `psql | uploader`, CPU seconds of client, PostgreSQL and
S3, peak memory of the client.
"""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.extract.contenders import Contender, contenders, make_environments
from benchmarks.extract.writers import latencies
from benchmarks.memory import peak_megabytes
from erp.generate import generate
from extract.contract import read_contract
from extract.zone import StagingZone
from infra.erp import connect, erp_dsn
from infra.local import stack
from infra.local.apart import environment_apart
from infra.local.server import Server
from infra.settings import REPOSITORY, Settings

out = Console(highlight=False, soft_wrap=True)
SILENT = Progress(disable=True)
CEILING = "psql, uploader, none"
GROW = """
insert into attendances (id, lesson_id, student_id, status)
select (select max(id) from attendances) + row_number() over (), lesson_id, student_id, status
from attendances, generate_series(1, %s) as copy
limit %s - (select count(*) from attendances)
"""


@dataclass(frozen=True)
class Measured:
    """Seconds of wall clock, CPU seconds of client and servers, client's peak in MB."""

    seconds: float
    client_cpu: float
    postgres_cpu: float
    s3_cpu: float
    megabytes: float


def main(
    rounds: Annotated[int, typer.Option(help="How often all run in turn.")] = 2,
    rows: Annotated[int, typer.Option(help="Rows of attendances.")] = 10_000_000,
    scale: Annotated[str, typer.Option(help="Scale of the other tables.")] = "school",
    only: Annotated[str, typer.Option(help="Contenders whose names match this pattern.")] = "",
) -> None:
    """Measures every contender."""
    os.environ |= environment_apart("bench")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as Python is by itself, for all of them
    os.environ["CAMPUSLAKE_JARS"] = str(REPOSITORY / ".campuslake" / "jars")
    environments = REPOSITORY / ".campuslake" / "peers"
    make_environments(environments)
    settings = Settings()
    servers = {s.name: s for s in stack.servers(settings) if s.name in ("postgres", "s3")}
    try:
        for server in servers.values():
            server.start()
        fill(settings, scale, rows)
        tables = list(read_contract(settings.extract_contract).tables)
        chosen = [c for c in contenders(settings, tables, environments) if re.search(only, c.name)]
        results: dict[str, list[Measured]] = {contender.name: [] for contender in chosen}
        for _ in range(rounds):
            for contender in chosen:
                found = measured(contender, servers)
                out.print(f"{contender.name}: {found.seconds:.1f} s", style="dim")
                results[contender.name].append(found)
                empty(settings)
        out.print(table({name: min(r, key=lambda m: m.seconds) for name, r in results.items()}))
        out.print(latencies(settings))
    finally:
        stack.clean(settings, SILENT)


def fill(settings: Settings, scale: str, rows: int) -> None:
    """Generates the ERP and grows its attendances."""
    generate(erp_dsn(settings), scale, 42)
    with connect(erp_dsn(settings)) as session, session.cursor() as cursor:
        cursor.execute("alter table attendances drop constraint attendances_called_once")
        cursor.execute("set session_replication_role = replica")  # copies of sound rows
        cursor.execute(GROW, (rows, rows))
    session = connect(erp_dsn(settings))
    session.autocommit = True
    with session.cursor() as cursor:
        cursor.execute("vacuum analyze")
    session.close()


def empty(settings: Settings) -> None:
    """Deletes what a contender wrote, so that the next one finds as much room."""
    zone = StagingZone(settings)
    for key in zone.bucket.keys(""):
        zone.bucket.delete(key)


def measured(contender: Contender, servers: dict[str, Server]) -> Measured:
    """Runs a contender once."""
    before = {name: cpu_seconds(server.pid()) for name, server in servers.items()}
    children = os.times()
    started = time.monotonic()
    peaks = [run(command, contender) for command in contender.commands]
    seconds = time.monotonic() - started
    ended = os.times()
    used = {name: cpu_seconds(server.pid()) - before[name] for name, server in servers.items()}
    client = ended.children_user + ended.children_system
    client -= children.children_user + children.children_system
    return Measured(seconds, client, used["postgres"], used["s3"], max(peaks))


def run(command: list[str | Path], contender: Contender) -> float:
    """Runs one command and returns its peak in MB."""
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **contender.environment, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with peak_megabytes({"client": process.pid}) as peaks:
        told, _ = process.communicate()
    if process.returncode != 0:
        sys.exit(f"{contender.name} failed:\n{told}")
    return peaks["client"]


def cpu_seconds(pid: int) -> float:
    """CPU of a server and all of its processes, those that ended included."""
    total = 0.0
    server = psutil.Process(pid)
    for process in [server, *server.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue  # its parent has counted it
        total += times.user + times.system + times.children_user + times.children_system
    return total


def table(best: dict[str, Measured]) -> str:
    """Returns the results as Markdown."""
    ceiling = best.get(CEILING)
    lines = [
        "| | seconds | of `psql \\| uploader` | CPU s: client | PostgreSQL | S3 | peak MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, found in best.items():
        ratio = f"{found.seconds / ceiling.seconds:.2f}" if ceiling else ""
        lines.append(
            f"| {name} | {found.seconds:.1f} | {ratio} | {found.client_cpu:.1f} |"
            f" {found.postgres_cpu:.1f} | {found.s3_cpu:.1f} | {found.megabytes:,.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
