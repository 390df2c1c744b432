"""Looks for words wherever a run leaves something behind, and while it runs, where it passes."""

import gzip
import html
import json
import os
import subprocess
import tempfile
import threading
import time
import zlib
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from infra.object_store import Bucket
from infra.settings import REPOSITORY
from tests.conftest import Lake

SAMPLE_SECONDS = 0.2
CLOCK_SLACK_SECONDS = 1  # files are dated a little earlier than the clock says
LARGEST_SAMPLE = 8 * 2**20  # bytes of a temporary file that are read while it is there
DATA = ("postgres/data", "s3/data")  # in the home: the ERP and the lake themselves
DATA_PREFIXES = ("stage/", "warehouse/")  # in the bucket
NOT_TEMPORARY = ("campuslake-", "pytest-of-")  # homes of stacks, what tests write for themselves
BIN = REPOSITORY / ".venv" / "bin"


def words_in(content: bytes, words: Collection[str]) -> set[str]:
    """Returns those of `words` that a text holds: in any case, as JSON or HTML writes them too."""
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            pass  # it begins like a packed one
    text = content.decode("utf-8", "replace").lower()
    return {
        word
        for word in words
        if any(form.lower() in text for form in (word, json.dumps(word)[1:-1], html.escape(word)))
    }


@dataclass
class Evidence:
    """What commands showed and left behind since it was made.

    `words` are looked for in temporary files while these are there: most are gone soon.
    """

    lake: Lake
    words: Collection[str]
    shown: dict[str, bytes] = field(default_factory=dict)
    processes: set[bytes] = field(default_factory=set)
    passing: set[tuple[str, str]] = field(default_factory=set)
    since: float = field(default_factory=lambda: time.time() - CLOCK_SLACK_SECONDS)
    logged: dict[Path, int] = field(default_factory=lambda: _sizes(REPOSITORY / "logs"))
    rounds: int = 0  # how often all temporary files were looked at

    def run(self, *command: str, code: int = 0, given: str = "") -> str:
        """Runs a program of the project's environment and keeps what it shows and what dbt left."""
        begun = time.time() - CLOCK_SLACK_SECONDS
        done = subprocess.run(
            [BIN / command[0] if (BIN / command[0]).exists() else command[0], *command[1:]],
            cwd=REPOSITORY,
            env=self.lake.environment,
            input=given.encode(),
            capture_output=True,
            check=False,
            timeout=900,
        )
        told = done.stdout + done.stderr
        name = f"{len(self.shown)} {' '.join(command)}"
        self.shown[name] = told
        # The next dbt command writes over it.
        for path in _files(REPOSITORY / "target", begun):
            self.passing |= {(word, f"{path} after {name}") for word in self._in_file(path)}
        assert done.returncode == code, told.decode()
        return told.decode()

    def found(self, words: Collection[str]) -> set[tuple[str, str]]:
        """Returns each of `words` that was found, and where."""
        found = {(word, place) for word, place in self.passing if word in words}
        for place, content in self._places():
            found |= {(word, place) for word in words_in(content, words)}
        return found

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Looks at the process list and at temporary files, again and again, until the end."""
        ended = threading.Event()
        with ThreadPoolExecutor(2) as pool:
            # A round through many files takes longer than many a process lives.
            watchers = [
                pool.submit(watch, ended) for watch in (self._watch_processes, self._watch_files)
            ]
            try:
                yield
            finally:
                ended.set()
            for watcher in watchers:
                watcher.result()  # raises what stopped it early

    def _places(self) -> Iterator[tuple[str, bytes]]:
        yield from self.shown.items()
        yield "process list", b"\n".join(self.processes)
        home = self.lake.settings.home
        data = [home / folder for folder in DATA]
        for path in _files(home, since=0):
            if not any(path.is_relative_to(place) for place in data):
                yield str(path), _content(path)
        for folder in [REPOSITORY / "target", *_temporary_folders()]:
            for path in _files(folder, self.since):
                yield str(path), _content(path)
        for path, size in _sizes(REPOSITORY / "logs").items():
            before = self.logged.get(path, 0)  # an earlier run's; it grows until it is rolled over
            yield str(path), _content(path)[before if before <= size else 0 :]
        bucket = Bucket(self.lake.settings)
        for key in bucket.keys(""):
            if not key.startswith(DATA_PREFIXES) and (stored := bucket.get(key)):
                yield f"the name of s3://{bucket.name}/{key}", key.encode()
                yield f"s3://{bucket.name}/{key}", stored.body

    def _watch_processes(self, ended: threading.Event) -> None:
        while not ended.wait(SAMPLE_SECONDS):
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                self.processes.add(_content(process))

    def _watch_files(self, ended: threading.Event) -> None:
        seen: set[tuple[str, int]] = set()
        home = self.lake.settings.home
        folders = [*_temporary_folders(), home / "spark" / "tmp"]
        while not ended.wait(SAMPLE_SECONDS):
            for path in (path for folder in folders for path in _files(folder, self.since)):
                try:
                    status = path.stat()
                except OSError:
                    continue
                known = (str(path), status.st_mtime_ns)
                if known not in seen and status.st_size <= LARGEST_SAMPLE:
                    seen.add(known)
                    self.passing |= {(word, f"{path} meanwhile") for word in self._in_file(path)}
            self.rounds += 1

    def _in_file(self, path: Path) -> set[str]:
        return words_in(_content(path), self.words)


def _temporary_folders() -> set[Path]:
    return {Path(tempfile.gettempdir()), Path("/tmp")}  # noqa: S108 - what some programs insist on


def _files(folder: Path, since: float) -> Iterator[Path]:
    """Yields the files below a folder that were written since then."""
    for parent, folders, files in os.walk(folder):
        if Path(parent) in _temporary_folders():
            folders[:] = [name for name in folders if not name.startswith(NOT_TEMPORARY)]
        for name in files:
            path = Path(parent, name)
            try:
                if path.is_file() and path.stat().st_mtime >= since:
                    yield path
            except OSError:
                continue  # it is gone already


def _sizes(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_size for path in _files(folder, since=0)}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it is gone already, or another user's
