"""What each model of a dbt build cost: seconds, bytes read, bytes written."""

import json
from collections.abc import Mapping
from pathlib import Path

from infra.settings import Settings
from infra.spark_sql import query


def models(settings: Settings, target: Path, read: Mapping[str, int]) -> str:
    """Returns the models of the last build as Markdown, the slowest first."""
    nodes = json.loads((target / "manifest.json").read_text())["nodes"]
    results = json.loads((target / "run_results.json").read_text())["results"]
    lines = ["| model | seconds | MB read | MB written |", "|---|---:|---:|---:|"]
    tests = [result for result in results if result["unique_id"].startswith("test.")]
    for result in sorted(results, key=lambda result: -result["execution_time"]):
        node = nodes.get(result["unique_id"], {})  # an exposure is none
        if node.get("resource_type") == "model" and node["config"]["materialized"] != "view":
            megabytes = (read.get(node["unique_id"], 0) / 1e6, written(settings, node) / 1e6)
            sizes = " | ".join(f"{size:,.1f}" for size in megabytes)
            lines.append(f"| {node['name']} | {result['execution_time']:.1f} | {sizes} |")
    seconds = sum(test["execution_time"] for test in tests)
    tested = sum(read.get(test["unique_id"], 0) for test in tests) / 1e6
    lines.append(f"| {len(tests)} tests | {seconds:.1f} | {tested:,.1f} | 0.0 |")
    return "\n".join(lines)


def written(settings: Settings, node: dict) -> int:
    """Returns the bytes that the last commit to a model's table added."""
    snapshots = f"{node['schema']}.{node['name']}.snapshots"
    added = "summary['added-files-size']"
    found = query(f"select {added} from {snapshots} order by committed_at desc limit 1", settings)  # noqa: S608
    return int(found[0][0] or 0) if found else 0
