"""Environments beside the project's own, for what cannot or need not live beside its packages."""

import subprocess
from pathlib import Path

from infra.errors import CampuslakeError
from infra.settings import REPOSITORY


def programs(name: str) -> Path:
    """Returns the folder of the programs of an environment, whether it stands or not."""
    return REPOSITORY / f".venv-{name}" / "bin"


def set_up(name: str) -> Path:
    """Makes the environment of requirements/NAME.txt, unless it stands.

    Returns the folder of its programs. Raises `CampuslakeError` when it cannot be made.
    """
    done = subprocess.run([REPOSITORY / "infra" / "set_up_apart", name], check=False)
    if done.returncode != 0:
        raise CampuslakeError(
            f"the environment of requirements/{name}.txt cannot be made",
            "the package index must answer; repeat the command",
        )
    return programs(name)
