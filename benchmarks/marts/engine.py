"""What the engine says of its work: bytes read and CPU of each dbt node, from Spark's own REST API.

Written against https://spark.apache.org/docs/3.5.6/monitoring.html#rest-api.
"""

import json
import re
import socket
import urllib.request
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NODE = re.compile(r'"node_id": "([^"]+)"')  # in the comment that dbt puts before a statement


@dataclass(frozen=True)
class Engine:
    """A Spark whose web page is open on `port`."""

    port: int = field(default_factory=lambda: _free_port())

    @property
    def conf(self) -> str:
        """Returns the setting CAMPUSLAKE_SPARK_CONF that opens the page."""
        kept = dict.fromkeys(("Jobs", "Stages"), 100_000)
        return json.dumps(
            {"spark.ui.enabled": "true", "spark.ui.port": str(self.port)}
            | {f"spark.ui.retained{kind}": str(number) for kind, number in kept.items()}
        )

    def bytes_read(self) -> Counter[str]:
        """Returns the bytes that each dbt node's statements have read so far."""
        stages = {stage["stageId"]: stage for stage in self._ask("stages")}
        read: Counter[str] = Counter()
        for job in self._ask("jobs"):
            if node := NODE.search(job.get("description", "")):
                known = [stages[number] for number in job["stageIds"] if number in stages]
                read[node[1]] += sum(stage["inputBytes"] for stage in known)
        return read

    def _ask(self, what: str) -> list[Mapping[str, Any]]:
        base = f"http://127.0.0.1:{self.port}/api/v1/applications"
        (application, *_) = _json(base)
        return _json(f"{base}/{application['id']}/{what}")


def _json(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:  # noqa: S310
        return json.load(answer)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
