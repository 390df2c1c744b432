"""What a run of the staging zone says of itself: its manifest, and the pointer to one."""

import hashlib
import json
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Column(_Frozen):
    """One column as PostgreSQL declares it (`type` as `format_type` prints it)."""

    name: str
    type: str
    nullable: bool


class Part(_Frozen):
    """One CSV object: `rows` without the header, `bytes` and `sha256` of the object as stored.

    `csv_bytes` is its length before compression.
    """

    key: str
    rows: int
    bytes: int
    csv_bytes: int
    sha256: str


class Keys(_Frozen):
    """Every key that a table had: a gzipped roaring bitmap of 64-bit numbers."""

    key: str
    bytes: int
    sha256: str


class Changes(_Frozen):
    """What changed in a table since run `base`: the rows as they are now, the keys that are gone.

    The table's key is the only column of `deleted`.
    """

    base: str
    parts: list[Part]
    deleted: Part


class TableManifest(_Frozen):
    """One extracted table of `rows` rows; `seconds` between its first and its last byte.

    It is there whole, in `parts`, or as `changes` to the last of the runs before this one in
    `layers` (the oldest of them holds it whole). With both, the changes are there to be proved.
    `key` names the column that changes are told by; readers of both need it beside `layers`.
    `bytes` and `csv_bytes` count what this run carries.
    """

    name: str
    columns: list[Column]
    rows: int
    bytes: int
    csv_bytes: int
    seconds: float
    parts: list[Part]
    changes: Changes | None = None
    layers: list[str] = []
    key: str = ""
    keys: Keys | None = None

    @property
    def with_rows(self) -> list[Part]:
        """The objects of this run that hold rows of the table."""
        return [*self.parts, *(self.changes.parts if self.changes else [])]

    @property
    def objects(self) -> list[Part | Keys]:
        """Every object of this run that belongs to the table."""
        deleted = [self.changes.deleted] if self.changes else []
        return [*self.with_rows, *deleted, *([self.keys] if self.keys else [])]


class Snapshot(_Frozen):
    """The instant that every table of a run shows: PostgreSQL's snapshot id, WAL position, time.

    Transactions below `xmin` had ended; `timeline` counts how often the server was restored.
    """

    id: str
    lsn: str
    taken_at: datetime
    xmin: int
    timeline: int


class Owner(_Frozen):
    """Whose a run is: written first, so that nobody else takes a run under way for a dead one."""

    run_id: str
    erp: str


class Manifest(_Frozen):
    """A committed run. It is written last: a run without it does not exist for any reader.

    `erp` tells ERPs apart: the server's system identifier, the database's number, the schema.
    """

    format: Literal[2] = 2
    run_id: str
    started_at: datetime
    committed_at: datetime
    server_version: str
    erp: str
    snapshot: Snapshot
    schema_fingerprint: str
    compression: str
    tables: list[TableManifest]

    def table(self, name: str) -> TableManifest:
        """Returns one table's entry. Raises KeyError when the run does not hold it."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def bytes(self) -> int:
        """Bytes of all parts as stored."""
        return sum(table.bytes for table in self.tables)

    @property
    def csv_bytes(self) -> int:
        """Bytes of all parts before compression."""
        return sum(table.csv_bytes for table in self.tables)

    @property
    def seconds(self) -> float:
        """From the first connection to the commit."""
        return (self.committed_at - self.started_at).total_seconds()

    @property
    def snapshot_seconds(self) -> float:
        """How old the instant was when the run was committed: so long the ERP kept it."""
        return (self.committed_at - self.snapshot.taken_at).total_seconds()


class Pointer(_Frozen):
    """`stage/current.json`: the last run that passed the staging gate."""

    run_id: str
    manifest: str
    promoted_at: datetime


def fingerprint(columns: dict[str, list[Column]]) -> str:
    """Returns the SHA-256 (hex) of every table's columns, names and types in order."""
    plain = {table: [(c.name, c.type) for c in found] for table, found in sorted(columns.items())}
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()
