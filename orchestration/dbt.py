"""dbt, run inside this process: the same commands as typed, with progress and one-line errors."""

import itertools
import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import structlog
from rich.progress import Progress

from infra.errors import CampuslakeError
from infra.settings import REPOSITORY, Settings
from infra.spark_sql import sentence

log = structlog.get_logger("dbt")
FAILED = ("error", "fail")


class Dbt:
    """Runs dbt commands on the project of this repository.

    The project is parsed once: later commands of the same object use what the first one read.
    """

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self._settings = settings
        self._progress = progress
        self._manifest: Any = None

    def build(self, run_id: str, history: bool) -> dict[str, int]:
        """Builds and tests all data of a run; returns how many nodes of each kind were done.

        Unit tests are left out: they ask whether the code is right, of data that never changes.
        Without `history` the snapshots stay as they are, and what is made of them.
        Raises `CampuslakeError` naming the first node that failed and why.
        """
        task = self._progress.add_task("dbt build", total=None)
        command = ["build", "--exclude-resource-type", "unit_test"]
        if not history:
            command += ["--exclude", "resource_type:snapshot+"]
        done = self._invoke([*command, "--vars", json.dumps({"run_id": run_id})], task)
        counts: dict[str, int] = {}
        for result in done.results:
            kind = str(result.node.resource_type)
            counts[kind] = counts.get(kind, 0) + 1
        self._progress.remove_task(task)
        return counts

    def docs(self) -> None:
        """Generates the catalog of the project into target/."""
        task = self._progress.add_task("dbt docs generate", total=None)
        self._invoke(["docs", "generate", "--no-compile"], task)
        self._progress.remove_task(task)

    def manifest(self) -> dict[str, Any]:
        """Returns dbt's manifest of the project as it stands, not compiled."""
        if self._manifest is None:
            self._manifest = self._run(["parse"], None)
        return self._manifest.writable_manifest().to_dict()

    def compiled(self, sql: str) -> str:
        """Returns SQL with its macros and references replaced."""
        return self._invoke(["compile", "--inline", sql], None).results[0].node.compiled_code

    def operation(self, macro: str, arguments: dict[str, Any]) -> None:
        """Runs a macro as an operation."""
        self._invoke(["run-operation", macro, "--args", json.dumps(arguments)], None)

    def _invoke(self, command: list[str], task: Any) -> Any:
        if self._manifest is None:
            self._manifest = self._run(["parse"], None)
        return self._run(command, task)

    def _run(self, command: list[str], task: Any) -> Any:
        from dbt.cli.main import dbtRunner

        with _interruptible():
            done = dbtRunner(manifest=self._manifest, callbacks=[self._follow(task)]).invoke(
                [
                    *command,
                    *("--project-dir", str(REPOSITORY), "--profiles-dir", str(REPOSITORY)),
                    *("--log-path", str(self._settings.home / "logs" / "dbt")),
                    *("--log-level", "none", "--log-level-file", "info"),
                ]
            )
        if done.exception is not None:
            raise CampuslakeError(
                f"dbt {command[0]} failed: {sentence(str(done.exception))}",
                f"read {self._settings.home / 'logs' / 'dbt' / 'dbt.log'}",
            ) from done.exception
        if not done.success:
            raise _failure(command[0], done.result)
        return done.result

    def _follow(self, task: Any) -> Any:
        total, ended = 0, itertools.count(1)

        def follow(event: Any) -> None:
            nonlocal total
            if task is None:
                return
            match event.info.name:
                case "ConcurrencyLine":
                    total = event.data.node_count
                    self._progress.update(task, total=total)
                case "NodeStart":
                    log.info("node started", **_node(event))
                case "NodeFinished":
                    self._progress.advance(task)
                    log.info("node ended", number=next(ended), of=total, **_node(event, "ended"))

        return follow


def _node(event: Any, what: str = "started") -> dict[str, Any]:
    """Returns what an event tells of its node; of a failure the sentence without values."""
    node = event.data.node_info
    told = {"node": node.unique_id.split(".")[2], "kind": str(node.resource_type)}
    if what == "started":
        return told
    result = event.data.run_result
    told |= {"state": result.status, "seconds": round(result.execution_time, 3)}
    return told | ({"reason": sentence(result.message)} if result.status in FAILED else {})


@contextmanager
def _interruptible() -> Iterator[None]:
    """Passes interruptions on at the end: dbt takes them, stops, and says that it failed."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals never come here
        return
    interrupted = False

    def remember(then: Any) -> Any:
        def handle(number: int, frame: FrameType | None) -> None:
            nonlocal interrupted
            interrupted = True
            then(number, frame)

        return handle

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, remember(handler))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if interrupted:
        raise KeyboardInterrupt


def _failure(command: str, result: Any) -> CampuslakeError:
    failed = [r for r in getattr(result, "results", []) if r.status in FAILED]
    if not failed:
        return CampuslakeError(f"dbt {command} failed", "type the same dbt command to see why")
    first = failed[0]
    # Of a build that went to its end dbt tells nodes by their ids, of one cut short the nodes.
    unique_id = first.unique_id if hasattr(first, "unique_id") else first.node.unique_id
    name = unique_id.split(".")[2]
    reason = sentence(first.message or "no reason given")
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return CampuslakeError(
        f"dbt {command} failed at {name}: {reason}{more}",
        f"`dbt {command} --select {name}` repeats it alone",
    )
