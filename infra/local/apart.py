"""A stack apart from the user's own, for tests and benchmarks: its own folder and free ports."""

import secrets
import socket
import tempfile

from infra.settings import REPOSITORY

BELOW_EPHEMERAL = range(12_000, 30_000)  # the kernel gives out ports above these to clients
S3_PORTS = 8  # infra/local/s3.py


def environment_apart(purpose: str) -> dict[str, str]:
    """Returns settings, as environment variables, of a stack that shares only the jars.

    Its folder is temporary; whoever asked for it cleans the stack and with it the folder.
    """
    return {
        "CAMPUSLAKE_HOME": tempfile.mkdtemp(prefix=f"campuslake-{purpose}-"),
        "CAMPUSLAKE_JARS": str(REPOSITORY / ".campuslake" / "jars"),
        "CAMPUSLAKE_S3_PORT": str(free_ports(S3_PORTS)),
        "CAMPUSLAKE_POSTGRES_PORT": str(free_ports(1)),
        "CAMPUSLAKE_METASTORE_PORT": str(free_ports(1)),
        "CAMPUSLAKE_THRIFT_PORT": str(free_ports(1)),
        "CAMPUSLAKE_AIRFLOW_PORT": str(free_ports(1)),
        "CAMPUSLAKE_NOTEBOOKS_PORT": str(free_ports(1)),
        "CAMPUSLAKE_SUPERSET_PORT": str(free_ports(1)),
    }


def free_ports(count: int) -> int:
    """Returns the first of `count` neighbouring free ports."""
    while True:
        first = secrets.choice(BELOW_EPHEMERAL)
        probes = [socket.socket() for _ in range(count)]
        try:
            for offset, probe in enumerate(probes):
                probe.bind(("127.0.0.1", first + offset))
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
        return first
