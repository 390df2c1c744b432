"""Airflow's own environment, and what its tests begin with."""

import os
import subprocess
from pathlib import Path

import pytest

from infra.local.environments import set_up
from infra.settings import REPOSITORY

DAGS = REPOSITORY / "orchestration" / "dags"


@pytest.fixture(scope="session")
def airflow() -> Path:
    """The folder of Airflow's programs."""
    return set_up("airflow")


@pytest.fixture(scope="session")
def airflow_environment(airflow: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an Airflow without servers: a home of its own and an empty database."""
    home = tmp_path_factory.mktemp("airflow")
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "PYTHONPATH": str(DAGS),
    }
    subprocess.run(
        [airflow / "airflow", "db", "migrate"], env=environment, check=True, capture_output=True
    )
    return environment
