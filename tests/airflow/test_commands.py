"""A command ends with its task, whatever ends that: else it keeps the lock that a retry needs."""

import subprocess
import time
from pathlib import Path

import psutil
import pytest

SCRIPT = Path(__file__).with_name("leave_commands.py")
# Notes its pid and works on, deaf to being told to stop where it is asked to be.
RUNNER = """#!/usr/bin/env bash
{deaf}
echo $$ > "{folder}/pid"
echo '{{"event": "run started", "run_id": "run_1"}}'
for _ in {{1..600}}; do sleep 0.1; done
"""


@pytest.mark.parametrize("way", ["push", "answer", "stop", "killed"])
def test_a_command_ends_with_its_task(airflow, airflow_environment, tmp_path, way: str):
    runner = tmp_path / "campuslake"
    deaf = "trap '' TERM" if way == "stop" else ""
    runner.write_text(RUNNER.format(folder=tmp_path, deaf=deaf))
    runner.chmod(0o755)
    task = subprocess.Popen(
        [airflow / "python", SCRIPT, tmp_path, way],
        env=airflow_environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    noted = tmp_path / "pid"
    _wait(lambda: noted.exists() and noted.read_text())
    command = int(noted.read_text())
    if way == "killed":
        task.kill()
    assert task.wait(30) != 0
    _wait(lambda: not _lives(command))


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait(happened) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)
