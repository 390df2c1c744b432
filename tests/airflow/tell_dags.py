"""Run by Airflow's Python: tells every DAG of the repository as JSON."""

import json
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag


def told(dag: Any) -> dict[str, Any]:
    """Returns what tests ask of a DAG."""
    return {
        "tags": sorted(dag.tags),
        "doc": dag.doc_md or "",
        "max_active_runs": dag.max_active_runs,
        "catchup": dag.catchup,
        "deadlines": len(dag.deadline or []),
        "params": list(dag.params),
        "thrift_port": dag.params.get("thrift_port"),
        "patterns": {
            name: param.schema["pattern"]
            for name, param in dag.params.items()
            if "pattern" in param.schema
        },
        "tasks": {
            task.task_id: {
                "owner": task.owner,
                "doc": task.doc_md or "",
                "retries": task.retries,
                "timeout": task.execution_timeout.total_seconds() if task.execution_timeout else 0,
                "upstream": sorted(task.upstream_task_ids),
                "teardown": task.is_teardown,
                "deferrable": getattr(task, "deferrable", None),
                "command": getattr(task, "command", []),
                "outlets": [asset.name for asset in task.outlets],
                "tells_failure": bool(task.on_failure_callback),
            }
            for task in dag.tasks
        },
    }


if __name__ == "__main__":
    bag = DagBag(sys.argv[1])
    dags = {name: told(dag) for name, dag in bag.dags.items()}
    json.dump({"errors": bag.import_errors, "dags": dags}, sys.stdout)
