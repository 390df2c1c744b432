"""The local stack as a whole: up, down, status."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass

from rich.progress import Progress

from infra.errors import CampuslakeError
from infra.local.airflow import Airflow
from infra.local.jars import ensure_jars
from infra.local.lab import Lab
from infra.local.metastore import Metastore
from infra.local.postgres import Postgres
from infra.local.s3 import ObjectStore
from infra.local.server import Server
from infra.local.spark import SparkThrift
from infra.local.superset import Superset
from infra.lock import file_lock
from infra.settings import Settings


@dataclass(frozen=True)
class ServerStatus:
    """How one server stands: `state` is running, silent (runs, does not answer) or stopped."""

    name: str
    state: str
    pid: int | None
    address: str
    log: str


def up(settings: Settings, progress: Progress) -> list[str]:
    """Starts what does not run and returns the names of what was started.

    Raises `CampuslakeError` for the first server that cannot be started; the others stay up.
    """
    with _alone(settings, progress):
        task = progress.add_task("jars", total=None)
        ensure_jars(settings.jars)
        progress.remove_task(task)
        postgres, object_store, *engine = servers(settings)
        with ThreadPoolExecutor(3) as pool:
            branches = [
                pool.submit(_start_in_turn, chain, progress)
                for chain in ([postgres], [object_store], engine)
            ]
            return [name for branch in as_completed(branches) for name in branch.result()]


def up_airflow(settings: Settings, progress: Progress) -> Airflow:
    """Starts Airflow, unless it runs. Raises `CampuslakeError` when it cannot be started."""
    airflow = Airflow(settings)
    with _alone(settings, progress):
        _start_in_turn([airflow], progress)
    return airflow


def up_lab(settings: Settings, progress: Progress) -> Lab:
    """Starts JupyterLab, unless it runs. Raises `CampuslakeError` when it cannot be started."""
    lab = Lab(settings)
    with _alone(settings, progress):
        _start_in_turn([lab], progress)
    return lab


def up_superset(settings: Settings, progress: Progress) -> Superset:
    """Starts Superset, unless it runs. Raises `CampuslakeError` when it cannot be started."""
    superset = Superset(settings)
    with _alone(settings, progress):
        _start_in_turn([superset], progress)
    return superset


def down(settings: Settings, progress: Progress) -> list[str]:
    """Stops every server, clients before what they need; returns the names of what ran."""
    if not settings.home.exists():
        return []
    with _alone(settings, progress):
        return _stop(settings, progress)


def status(settings: Settings) -> list[ServerStatus]:
    """Asks every server, and of those that show pages the ones that run: how each stands."""

    def one(server: Server) -> ServerStatus:
        pid = server.pid()
        state = "stopped" if pid is None else "running" if server.answers() else "silent"
        port = next(iter(server.ports.values()))
        return ServerStatus(server.name, state, pid, f"127.0.0.1:{port}", str(server.log))

    asked = servers(settings) + [page for page in _pages(settings) if page.pid()]
    with ThreadPoolExecutor(len(asked)) as pool:
        return list(pool.map(one, asked))


def clean(settings: Settings, progress: Progress) -> None:
    """Stops the stack and deletes its state. Refuses a folder that is not a stack's home."""
    if not settings.home.exists():
        return
    known = {
        "airflow",
        "lab",
        "postgres",
        "s3",
        "metastore",
        "spark",
        "superset",
        "credentials.json",
        "jars",
        "artifacts",
    }
    known |= {"run", "logs"}
    found = {path.name for path in settings.home.iterdir()}
    if found and not known & found:
        raise CampuslakeError(
            f"{settings.home} does not look like a local stack's folder",
            "check CAMPUSLAKE_HOME; nothing was deleted",
        )
    with _alone(settings, progress):
        _stop(settings, progress)
        shutil.rmtree(settings.home)


def servers(settings: Settings) -> list[Server]:
    """Returns the servers of the stack in the order in which they need each other."""
    return [
        Postgres(settings),
        ObjectStore(settings),
        Metastore(settings),
        SparkThrift(settings),
    ]


def _pages(settings: Settings) -> list[Server]:
    """Returns what is started on its own account, over the stack."""
    return [Airflow(settings), Lab(settings), Superset(settings)]


@contextmanager
def _alone(settings: Settings, progress: Progress) -> Iterator[None]:
    """Waits until no other command starts or stops this stack's servers."""
    task = progress.add_task("another command starts or stops servers", total=None)
    with file_lock(settings.home / "run" / "stack.lock", wait=True):
        progress.remove_task(task)
        yield


def _stop(settings: Settings, progress: Progress) -> list[str]:
    stopped = []
    for server in reversed([*servers(settings), *_pages(settings)]):
        task = progress.add_task(f"stop {server.name}", total=None)
        if server.stop():
            stopped.append(server.name)
        progress.remove_task(task)
    return stopped


def _start_in_turn(chain: list[Server], progress: Progress) -> list[str]:
    started = []
    for server in chain:
        if server.answers():
            continue
        task = progress.add_task(f"start {server.name}", total=None)
        server.start()
        progress.remove_task(task)
        started.append(server.name)
    return started
