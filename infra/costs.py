"""What the platform costs on AWS: `python -m infra.costs` prints the table of docs/operations.md.

Prices and assumptions are data (infra/prices.json), machines those of infra/emr/cluster.json.

    cluster hour = sum over nodes of (EC2 + EMR + volumes); a spot node pays `spot_share` of EC2
    always there = scheduler + metastore's database + addresses + bucket + key + secrets + logs
    persistent   = always there + cluster hour x hours of the month
    transient    = always there + cluster hour x hours of a run x runs of the month
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.emr.sizes import Size, declared

PRICES = Path(__file__).with_name("prices.json")
SCHEDULER = "t3.medium"
SCHEDULER_GB = 60
METASTORE = "db.t4g.micro"
METASTORE_GB = 20
SECRETS = 3


@dataclass(frozen=True)
class Cost:
    """US dollars of one size: an hour of its cluster, a run, a month of either way."""

    size: str
    hour: float
    run: float
    persistent: float
    transient: float


def prices() -> dict[str, Any]:
    """Returns infra/prices.json."""
    return json.loads(PRICES.read_text())


def always_there(listed: dict[str, Any]) -> float:
    """Returns a month of everything but clusters."""
    hours = listed["hours_per_month"]
    assumed = listed["assumed"]
    machine = listed["ec2_hour"][SCHEDULER] + listed["public_ip_hour"]
    return (
        hours * (machine + listed["rds_hour"][METASTORE])
        + SCHEDULER_GB * listed["gp3_gb_month"]
        + METASTORE_GB * listed["rds_gb_month"]
        + assumed["lake_gb"] * listed["s3_gb_month"]
        + assumed["logs_gb"] * listed["logs_gb"]
        + listed["kms_key_month"]
        + SECRETS * listed["secret_month"]
    )


def cluster_hour(size: Size, listed: dict[str, Any]) -> float:
    """Returns an hour of a cluster; of its spot nodes half are taken to be there."""
    cluster = declared()
    volumes = (cluster.root_volume_gb + cluster.volume_gb) * listed["gp3_gb_month"]
    each = listed["public_ip_hour"] + volumes / listed["hours_per_month"]

    def node(kind: str, share: float = 1) -> float:
        return listed["ec2_hour"][kind] * share + listed["emr_hour"][kind] + each

    total = node(size.primary.type)
    if size.core:
        total += size.core.count * node(size.core.type)
    if size.task:
        total += size.task.most / 2 * node(size.task.type, listed["spot_share"])
    return total


def costs() -> list[Cost]:
    """Returns what each size costs."""
    listed = prices()
    assumed = listed["assumed"]
    fixed = always_there(listed)
    found = []
    for name, size in declared().sizes.items():
        hour = cluster_hour(size, listed)
        run = hour * assumed["hours_per_run"]
        found.append(
            Cost(
                size=name,
                hour=hour,
                run=run,
                persistent=fixed + hour * listed["hours_per_month"],
                transient=fixed + run * assumed["runs_per_month"],
            )
        )
    return found


def table() -> str:
    """Returns the table in Markdown."""
    lines = [
        "| size | cluster, an hour | a run | a month, persistent | a month, transient |",
        "|---|---:|---:|---:|---:|",
        *(
            f"| {c.size} | {c.hour:.2f} | {c.run:.2f} | {c.persistent:,.0f} | {c.transient:,.0f} |"
            for c in costs()
        ),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201 - it is its purpose
