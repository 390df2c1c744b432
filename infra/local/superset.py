"""Superset over the published marts, in an environment of its own."""

import hashlib
import json
import os
import secrets
import sqlite3
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from infra.errors import CampuslakeError
from infra.local.credentials import make_private
from infra.local.environments import programs, set_up
from infra.local.server import Server
from infra.settings import REPOSITORY

DASHBOARDS = REPOSITORY / "dashboards"
PROGRAMS = programs("superset")
USERS = ("admin", "analyst", "staff", "scientist")
WORKERS, THREADS = 2, 8
# What people typed or looked at, in the order of foreign keys: table, rows of it, and the column
# that says when. The rest of `key_value` is salts.
TYPED = (
    ("table_schema", "true", "changed_on"),
    ("tab_state", "true", "changed_on"),
    ("query", "true", "changed_on"),
    ("logs", "true", "dttm"),
    ("key_value", "resource like '%permalink'", "created_on"),
)
# Of these what is older than a day, which the statement is given.
OLD = [f"{table} where {rows} and coalesce({moment}, '') < ?" for table, rows, moment in TYPED]


class Superset(Server):
    """Superset's web server; its metadata is in a SQLite file of its folder."""

    name = "superset"
    start_seconds = 120

    @property
    def ports(self) -> Mapping[str, int]:
        return {"CAMPUSLAKE_SUPERSET_PORT": self.settings.superset_port}

    @property
    def url(self) -> str:
        """Where its web page is."""
        return f"http://127.0.0.1:{self.settings.superset_port}"

    @property
    def secrets_file(self) -> Path:
        """The file with the passwords, readable by its owner only."""
        return self.folder / "secrets.json"

    @property
    def is_made(self) -> bool:
        """Whether it was started once, to the end."""
        return self._origin.exists()

    @property
    def passwords(self) -> dict[str, str]:
        """The password of each user of `USERS`, made on first use."""
        made = self._secrets()["passwords"]
        if self.settings.admin_password is not None:
            return made | {"admin": self.settings.admin_password.get_secret_value()}
        return made

    def start(self) -> None:
        """Starts it, anew where it was started from other files than there are now.

        Raises `CampuslakeError` as every server, and when its dashboards are of another prefix.
        """
        noted = json.loads(self._origin.read_text()) if self._origin.exists() else {}
        prefix = noted.get("prefix", self.settings.schema_prefix)
        if prefix != self.settings.schema_prefix:
            raise CampuslakeError(
                f"the dashboards of {self.settings.home} show {prefix}",
                "give each prefix a stack of its own: CAMPUSLAKE_HOME and its ports",
            )
        if noted and noted != self._made_of():
            self.stop()
        super().start()

    def prepare(self) -> None:
        self.folder.chmod(0o700)  # what people type may name somebody
        set_up("superset")
        done = subprocess.run(
            [PROGRAMS / "python", DASHBOARDS / "set_up.py"],
            env=self.environment(),
            cwd=self.folder,
            input=json.dumps(self.passwords),
            text=True,
            capture_output=True,
            check=False,
        )
        with self.log.open("a") as log:
            log.write(done.stdout + done.stderr)
        if done.returncode != 0:
            raise CampuslakeError("Superset's metadata cannot be made", f"read {self.log}")

    def finish_start(self) -> None:
        self._origin.write_text(json.dumps(self._made_of()))

    def command(self) -> Sequence[str | Path]:
        return [
            PROGRAMS / "gunicorn",
            *("--workers", str(WORKERS), "--worker-class", "gthread", "--threads", str(THREADS)),
            *("--timeout", "120", "--bind", f"127.0.0.1:{self.settings.superset_port}"),
            "superset.app:create_app()",
        ]

    def environment(self) -> dict[str, str]:
        """The environment of every program of Superset."""
        return {
            **os.environ,
            "CAMPUSLAKE_SCHEMA": self.settings.schema_prefix,
            "CAMPUSLAKE_SUPERSET_CACHE": str(self.cache),
            "FLASK_APP": "superset.app:create_app()",
            "PYTHONPATH": str(DASHBOARDS),
            "SUPERSET_CONFIG_PATH": str(DASHBOARDS / "superset_config.py"),
            "SUPERSET_HOME": str(self.folder),
            "SUPERSET_SECRET_KEY": self._secrets()["key"],
        }

    @property
    def cache(self) -> Path:
        """The folder in which answers are kept until the next publication."""
        return self.folder / "cache"

    def forget_answers(self) -> None:
        """Empties the cache: what is published has changed, or somebody was erased."""
        _empty(self.cache)

    def forget_typed(self, names: Callable[[str], bool]) -> None:
        """Forgets what users typed into SQL Lab and filters, and what was logged of it.

        Queries that somebody saved stay, but for those of which `names` says that they name whom
        nobody is to find. Raises `CampuslakeError` when Superset keeps its database to itself.
        """
        for folder in ("filters", "explore"):
            _empty(self.folder / folder)
        if not self._database.exists():
            return
        with self._metadata() as connection:
            connection.create_function("names", 1, lambda text: names(text or ""))
            connection.execute("delete from saved_query where names(sql) or names(label)")
            for table, rows, _ in TYPED:
                connection.execute(f"delete from {table} where {rows}")  # noqa: S608 - names of ours
            connection.execute("vacuum")

    def typed_before(self, day: date) -> int:
        """Returns how many entries are of before a day. Raises like `forget_typed`."""
        return sum(self._old(f"select count(*) from {old}", day) for old in OLD)  # noqa: S608

    def forget_typed_before(self, day: date) -> None:
        """Forgets the entries that `typed_before` counts. Raises likewise."""
        for old in OLD:
            self._old(f"delete from {old}", day)  # noqa: S608

    def _old(self, statement: str, day: date) -> int:
        if not (self.is_made and self._database.exists()):
            return 0
        with self._metadata() as connection:
            found = connection.execute(statement, (day.isoformat(),)).fetchone()
        return found[0] if found else 0

    @contextmanager
    def _metadata(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(
                sqlite3.connect(self._database, timeout=30, isolation_level=None)
            ) as connection:
                connection.execute("pragma secure_delete = on")
                yield connection
        except sqlite3.DatabaseError as error:
            raise CampuslakeError(
                "Superset's database does not give what was typed there:"
                f" {getattr(error, 'sqlite_errorname', type(error).__name__)}",
                "repeat the command when Superset is less busy; `campuslake status` tells of it",
            ) from error

    def ask(self) -> None:
        """Asks for its health."""
        with urllib.request.urlopen(f"{self.url}/health", timeout=10) as answered:  # noqa: S310
            if answered.read() != b"OK":
                raise CampuslakeError("Superset is not healthy")

    @property
    def _database(self) -> Path:
        return self.folder / "superset.db"

    @property
    def _origin(self) -> Path:
        return self.folder / "origin.json"

    def _made_of(self) -> dict[str, str]:
        """What a running Superset was made of: another one needs another start."""
        sources = [*sorted(DASHBOARDS.glob("*.py")), REPOSITORY / "requirements" / "superset.txt"]
        content = b"".join(path.read_bytes() for path in sources)
        return {
            "prefix": self.settings.schema_prefix,
            "sources": hashlib.sha256(content).hexdigest(),
        }

    def _secrets(self) -> dict:
        if not self.secrets_file.exists():
            made = {
                "key": secrets.token_urlsafe(48),
                "passwords": {user: secrets.token_urlsafe(12) for user in USERS},
            }
            make_private(self.secrets_file, json.dumps(made, indent=1))
        return json.loads(self.secrets_file.read_text())


def _empty(folder: Path) -> None:
    for kept in folder.glob("*"):
        kept.unlink(missing_ok=True)
