"""The sizes of a cluster (cluster.json): machines, and what Spark takes of their memory."""

import json
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parent


class Declared(BaseModel):
    """Something of cluster.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Primary(Declared):
    """The node of the Thrift server; alone, the node of everything."""

    type: str


class Core(Declared):
    """The nodes that are always there beside the primary one."""

    type: str
    count: int


class Task(Declared):
    """The most spot nodes that managed scaling adds while there is work."""

    type: str
    most: int


class Executor(Declared):
    """One Spark executor."""

    cores: int
    memory_gb: int


class Size(Declared):
    """One size. `cores` are those of all working nodes at most, `node_memory_mb` is YARN's."""

    primary: Primary
    core: Core | None = None
    task: Task | None = None
    cores: int
    node_memory_mb: int
    driver_memory_gb: int
    executor: Executor


class Cluster(Declared):
    """What all clusters have in common, and the sizes."""

    release: str
    applications: tuple[str, ...]
    thrift_port: int
    idle_seconds: int
    root_volume_gb: int
    volume_gb: int
    sizes: dict[str, Size]


@cache
def declared() -> Cluster:
    """Returns cluster.json."""
    return Cluster.model_validate(json.loads((FOLDER / "cluster.json").read_text()))
