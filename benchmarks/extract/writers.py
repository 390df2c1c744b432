"""What the ERP's own writers notice of an extract: how long their transactions take."""

import subprocess
import sys
import threading
import time

import numpy as np

from infra.erp import connect, erp_dsn
from infra.settings import REPOSITORY, Settings

ALONE_SECONDS = 8.0
PAUSE_SECONDS = 0.005
WRITE = "update grades set grade = grade where id = (select min(id) + %s from grades)"


def latencies(settings: Settings) -> str:
    """Returns percentiles of a writer's transactions, alone and during extracts, as Markdown."""
    lines = [
        "| a writer's transaction, ms | p50 | p95 | p99 | slowest |",
        "|---|---:|---:|---:|---:|",
    ]
    lines.append(_line("alone", _written(settings, None)))
    for connections in ("1", "2"):
        command = [sys.executable, "-m", "extract", "--connections", connections]
        found = _written(settings, command)
        lines.append(_line(f"during an extract on {connections} connections", found))
    return "\n" + "\n".join(lines)


def _written(settings: Settings, command: list[str] | None) -> list[float]:
    found: list[float] = []
    ended = threading.Event()

    def write() -> None:
        session = connect(erp_dsn(settings))
        number = 0
        while not ended.is_set():
            began = time.monotonic()
            with session, session.cursor() as cursor:
                cursor.execute(WRITE, (number % 1000,))
            found.append((time.monotonic() - began) * 1000)
            number += 1
            time.sleep(PAUSE_SECONDS)
        session.close()

    writer = threading.Thread(target=write)
    writer.start()
    if command is None:
        time.sleep(ALONE_SECONDS)
    else:
        subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    ended.set()
    writer.join()
    return found


def _line(name: str, found: list[float]) -> str:
    shown = " | ".join(f"{value:.1f}" for value in np.percentile(found, [50, 95, 99, 100]))
    return f"| {name} | {shown} |"
