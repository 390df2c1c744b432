"""What a command of campuslake says while it works: JSON events, a line each."""

import json
from dataclasses import dataclass, field
from typing import Any

SILENT = {"event", "level", "logger", "timestamp", "run_id"}
ENDED_WELL = {"success", "pass"}


@dataclass
class Told:
    """What was heard so far of one command."""

    run_id: str = ""
    tables: list[dict[str, Any]] = field(default_factory=list)
    nodes: list[dict[str, Any]] = field(default_factory=list)
    published: dict[str, int] = field(default_factory=dict)
    detail: str = ""
    refused: bool = False
    errors: list[str] = field(default_factory=list)

    def hear(self, line: str) -> tuple[str, str]:
        """Takes a line in; returns the log level and the sentence that a person reads."""
        try:
            event = json.loads(line)
            name = event["event"]
        except (ValueError, TypeError, KeyError):
            if line.startswith("error: "):
                self.errors.append(line.removeprefix("error: "))
            return ("error" if line.startswith("error: ") else "info"), line
        self.run_id = event.get("run_id", self.run_id)
        values = {key: value for key, value in event.items() if key not in SILENT}
        match name:
            case "table extracted":
                self.tables.append(values)
                return "info", _table(values)
            case "node ended":
                self.nodes.append(values)
                return ("info" if values["state"] in ENDED_WELL else "error"), _node(values)
            case "node started":
                return "info", f"    {values['kind']} {values['node']} …"
            case "view published":
                self.published[values["view"]] = values["rows"]
            case "step ended":
                self.detail = values.get("detail", "")
            case "gate refused":
                self.refused = True
        told = " ".join(f"{key}={value}" for key, value in values.items())
        return event.get("level", "info"), f"{name} {told}"

    def slowest(self, count: int = 10) -> list[str]:
        """Returns the nodes that took longest, a line each."""
        by_time = sorted(self.nodes, key=lambda node: -node["seconds"])
        return [f"{node['seconds']:8.2f} s  {node['node']}" for node in by_time[:count]]


def _table(values: dict[str, Any]) -> str:
    return (
        f"{values['table']}: {values['rows']:,} rows, {values['bytes']:,} bytes,"
        f" {values['seconds']:.2f} s"
    )


def _node(values: dict[str, Any]) -> str:
    reason = f": {values['reason']}" if values.get("reason") else ""
    return (
        f"{values['number']}/{values['of']} {values['kind']} {values['node']}"
        f" {values['state']} {values['seconds']:.2f} s{reason}"
    )
