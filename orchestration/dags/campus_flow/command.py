"""Commands of the project's own environment, without anything of Airflow's around them."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from airflow.sdk.exceptions import AirflowException

REPOSITORY = Path(__file__).parents[3]
BIN = REPOSITORY / ".venv" / "bin"
ANSWER_SECONDS = 300
# Linux ends a command whose worker was killed and could not end it.
WITH_PARENT = ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()
AIRFLOWS_OWN = ("AIRFLOW", "_AIRFLOW", "PYTHON", "VIRTUAL_ENV")


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Returns the environment of a command: this one less Airflow's part, with its secrets.

    `changes` are settings; an empty one leaves what was there.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(AIRFLOWS_OWN)}
    return kept | {name: value for name, value in (changes or {}).items() if value}


def start(command: Sequence[str], changes: Mapping[str, str] | None = None) -> subprocess.Popen:
    """Starts a command, whose first word is a program of the project's environment."""
    return subprocess.Popen(
        [*WITH_PARENT, BIN / command[0], *command[1:]],
        cwd=REPOSITORY,
        env=environment(changes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )


def answer(
    command: Sequence[str], changes: Mapping[str, str] | None = None, told: str | None = None
) -> str:
    """Runs a short command with `told` on its standard input and returns its standard output.

    Raises `AirflowException` with what the command says of its failure, or when it takes more than
    `ANSWER_SECONDS`.
    """
    try:
        done = subprocess.run(
            [*WITH_PARENT, BIN / command[0], *command[1:]],
            cwd=REPOSITORY,
            env=environment(changes),
            input=told or "",
            capture_output=True,
            text=True,
            check=False,
            timeout=ANSWER_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise AirflowException(
            f"{' '.join(command[:2])} did not end within {ANSWER_SECONDS} s"
        ) from None
    if done.returncode != 0:
        raise AirflowException(f"{' '.join(command[:2])} failed: {done.stderr.strip()}")
    return done.stdout
