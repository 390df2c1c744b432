"""Airflow over the DAGs of this repository, in an environment of its own."""

import base64
import json
import os
import secrets
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.errors import CampuslakeError
from infra.local.credentials import make_private, write_private
from infra.local.environments import programs, set_up
from infra.local.server import Server
from infra.settings import REPOSITORY

DAGS = REPOSITORY / "orchestration" / "dags"
PROGRAMS = programs("airflow")
SERVICE = Path(__file__).with_name("airflow_service.py")
USER = "admin"
HEALTH = "/api/v2/monitor/health"


class Airflow(Server):
    """Airflow's web page, scheduler, DAG processor and triggerer."""

    name = "airflow"
    start_seconds = 180
    stop_seconds = 30

    @property
    def ports(self) -> Mapping[str, int]:
        return {"CAMPUSLAKE_AIRFLOW_PORT": self.settings.airflow_port}

    @property
    def url(self) -> str:
        """Where its web page is."""
        return f"http://127.0.0.1:{self.settings.airflow_port}"

    @property
    def password(self) -> str:
        """The password of the user `admin`."""
        if self.settings.admin_password is not None:
            return self.settings.admin_password.get_secret_value()
        return self._secrets()["password"]

    def prepare(self) -> None:
        set_up("airflow")
        write_private(self._passwords, json.dumps({USER: self.password}))

    def command(self) -> Sequence[str | Path]:
        return [PROGRAMS / "python", SERVICE]

    def environment(self) -> dict[str, str]:
        """Settings of Airflow and its DAGs; a variable AIRFLOW__… that is set already wins."""
        known = self._secrets()
        own = {
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.settings.airflow_port),
            "AIRFLOW__API__SECRET_KEY": known["session"],
            "AIRFLOW__API_AUTH__JWT_SECRET": known["tokens"],
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__FERNET_KEY": known["stored"],
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": str(self.settings.airflow_parallelism),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self._passwords),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.folder / "logs"),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        }
        of_dags = {
            f"CAMPUSLAKE_{name.upper()}": str(value)
            for name, value in self.settings
            if name.startswith("airflow_")
        }
        # The triggerer imports callbacks by their paths.
        modules = os.pathsep.join(filter(None, [str(DAGS), os.environ.get("PYTHONPATH")]))
        chosen = {name: os.environ.get(name) or value for name, value in own.items()}
        return {**os.environ, **of_dags, **chosen, "PYTHONPATH": modules}

    def ask(self) -> None:
        """Asks for its health: every part must be well."""
        with urllib.request.urlopen(f"{self.url}{HEALTH}", timeout=5) as answered:  # noqa: S310
            health = json.load(answered)
        sick = [part for part, told in health.items() if told["status"] != "healthy"]
        if sick:
            raise CampuslakeError(f"{', '.join(sick)} of Airflow not healthy")

    @property
    def _passwords(self) -> Path:
        return self.folder / "passwords.json"

    def _secrets(self) -> dict[str, str]:
        path = self.folder / "secrets.json"
        if not path.exists():
            made = {
                "password": secrets.token_urlsafe(12),
                "session": secrets.token_urlsafe(32),
                "tokens": secrets.token_urlsafe(64),
                "stored": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            }
            make_private(path, json.dumps(made))
        return json.loads(path.read_text())
