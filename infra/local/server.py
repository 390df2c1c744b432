"""A server of the local stack: started detached, found again, stopped, checked by asking it."""

import json
import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from infra.errors import CampuslakeError
from infra.settings import Settings

RELEASE_SECONDS = 3
POLL_SECONDS = 0.1
CLOCK_SLACK_SECONDS = 2  # start times shift a little when the clock is set


class Server(ABC):
    """One server process (with its children) of the local stack.

    Its pid is kept with the process's start time, so that a stale file never stands for a
    stranger who was given the same pid.
    """

    name: str
    stop_signal = signal.SIGTERM
    start_seconds = 90
    stop_seconds = 20  # then it is killed

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.home / self.name
        self.log = settings.home / "logs" / f"{self.name}.log"
        self._record = settings.home / "run" / f"{self.name}.json"

    @property
    @abstractmethod
    def ports(self) -> Mapping[str, int]:
        """Every port that it listens on, by the setting that moves it or the part it serves."""

    @abstractmethod
    def prepare(self) -> None:
        """Writes configuration and data folders; safe to repeat; called before each start."""

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """The command line. It must hold no credential."""

    @abstractmethod
    def ask(self) -> None:
        """Asks the server something only a working one answers; raises when it does not."""

    def environment(self) -> dict[str, str]:
        """Environment of the process."""
        return dict(os.environ)

    def finish_start(self) -> None:
        """What is made once inside the running server, such as a database; safe to repeat."""

    def pid(self) -> int | None:
        """Returns the pid of the running process that `start` made, else None."""
        process = self._process()
        return process.pid if process else None

    def answers(self) -> bool:
        """Whether the process runs and answers."""
        if self.pid() is None:
            return False
        try:
            self._ask()
        except Exception:  # noqa: BLE001 - any failure to answer means the same here
            return False
        return True

    def start(self) -> None:
        """Starts it, unless it runs, and returns when it answers.

        Raises `CampuslakeError` when a port is taken, when it dies, or when it does not answer
        within `start_seconds`.
        """
        if self.pid() is not None and not self.answers():
            self.stop()
        if self.pid() is None:
            self._require_free_ports()
            self.folder.mkdir(parents=True, exist_ok=True)
            self.log.parent.mkdir(parents=True, exist_ok=True)
            self.prepare()
            self._launch()
        self._wait_until_it_answers()
        self.finish_start()

    def stop(self) -> bool:
        """Stops it with its children; True when it ran. Data stays."""
        process = self._process()
        if process:
            family = _family(process)
            process.send_signal(self.stop_signal)
            for survivor in _wait_until_ended(family, self.stop_seconds):
                survivor.kill()
            _wait_until_ended(family, self.stop_seconds)
        self._record.unlink(missing_ok=True)
        return process is not None

    def _launch(self) -> None:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [str(part) for part in self.command()],
                env=self.environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._record.parent.mkdir(parents=True, exist_ok=True)
        started = psutil.Process(process.pid).create_time()
        self._record.write_text(json.dumps({"pid": process.pid, "started": started}))

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + self.start_seconds
        while True:
            process = self._process()
            if process is None:
                self._record.unlink(missing_ok=True)
                raise CampuslakeError(f"{self.name} died while starting", f"read {self.log}")
            try:
                self._ask()
                return
            except Exception as error:
                if time.monotonic() > deadline:
                    raise CampuslakeError(
                        f"{self.name} does not answer after {self.start_seconds} s "
                        f"({type(error).__name__})",
                        f"read {self.log}",
                    ) from error
            time.sleep(POLL_SECONDS)

    def _ask(self) -> None:
        port = next(iter(self.ports.values()))
        socket.create_connection(("127.0.0.1", port), timeout=POLL_SECONDS * 10).close()
        self.ask()

    def _require_free_ports(self) -> None:
        """Returns when the ports are free: a server that was stopped holds them for a moment."""
        deadline = time.monotonic() + RELEASE_SECONDS
        for what, port in self.ports.items():
            while not _is_free(port):
                if time.monotonic() > deadline:
                    raise CampuslakeError(
                        f"{self.name} cannot start: port {port} is taken{_holder(port)}",
                        f"stop what holds it, or set {what} to a free port",
                    )
                time.sleep(POLL_SECONDS)

    def _process(self) -> psutil.Process | None:
        try:
            record = json.loads(self._record.read_text())
            process = psutil.Process(record["pid"])
            same = abs(process.create_time() - record["started"]) < CLOCK_SLACK_SECONDS
            return process if _is_alive(process) and same else None
        except (FileNotFoundError, ValueError, KeyError, TypeError, psutil.NoSuchProcess):
            return None


def _family(process: psutil.Process) -> list[psutil.Process]:
    """Returns a process, its children, and whom the dead among them left behind in its session."""
    found = {process, *process.children(recursive=True)}
    for other in psutil.process_iter():
        try:
            if os.getsid(other.pid) == process.pid:
                found.add(other)
        except (ProcessLookupError, PermissionError):
            continue
    return list(found)


def _wait_until_ended(family: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Waits until all have ended, or for so long; returns who has not.

    Unlike `psutil.wait_procs` it does not wait until init has buried the dead.
    """
    deadline = time.monotonic() + seconds
    while True:
        alive = [process for process in family if _is_alive(process)]
        if not alive or time.monotonic() > deadline:
            return alive
        time.sleep(POLL_SECONDS)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        pass
    return ""
