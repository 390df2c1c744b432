"""The statements of a `dbt build`, sent to the same Thrift server without dbt."""

import json
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path

from infra.settings import Settings
from infra.spark_sql import execute

THREADS = 2  # as profiles.yml says


def send(settings: Settings, target: Path) -> None:
    """Sends what the last `dbt build` into `target` sent, in dependency order, two at a time.

    A test waits for the models that it reads, and what reads a model for its tests, as in dbt.
    Raises `CampuslakeError` when the engine refuses a statement.
    """
    manifest = json.loads((target / "manifest.json").read_text())
    done = json.loads((target / "run_results.json").read_text())["results"]
    # Neither exposures nor what begins a run.
    names = {r["unique_id"] for r in done if r["unique_id"].startswith(("model.", "test."))}
    statements = {name: _statement(manifest, target, name) for name in names}
    graph = TopologicalSorter(_needs(manifest, names))
    graph.prepare()
    running: dict[Future[None], str] = {}
    with ThreadPoolExecutor(THREADS) as senders:
        while graph.is_active():
            for name in graph.get_ready():
                running[senders.submit(execute, statements[name], settings)] = name
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                future.result()
                graph.done(running.pop(future))


def _needs(manifest: dict, names: set[str]) -> dict[str, set[str]]:
    parents = manifest["parent_map"]
    tests = {name for name in names if name.startswith("test.")}
    tests_of: dict[str, set[str]] = {}
    for test in tests:
        # A test of two models asks after the later one; dbt holds back only what follows both.
        for model in parents[test]:
            tests_of.setdefault(model, set()).add(test)
    needs = {}
    for name in names:
        before = {parent for parent in parents[name] if parent in names}
        if name not in tests:
            for model in list(before):
                before |= {t for t in tests_of.get(model, ()) if set(parents[t]) <= before}
        needs[name] = before
    return needs


def _statement(manifest: dict, target: Path, name: str) -> str:
    node = manifest["nodes"][name]
    folder = target / "run" / node["package_name"]
    if name.startswith("test."):
        path = folder / node["path"]
        for candidate in (folder / node["original_file_path"] / node["path"], path):
            if candidate.exists():
                return candidate.read_text()
    return (folder / node["original_file_path"]).read_text()
