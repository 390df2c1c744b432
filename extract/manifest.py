"""What a run of the staging zone says of itself: its manifest, and the pointer to one."""

import hashlib
import json
from datetime import datetime

from pydantic import BaseModel, ConfigDict

FORMAT = 1


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Column(_Frozen):
    """One column as PostgreSQL declares it (`type` as `format_type` prints it)."""

    name: str
    type: str
    nullable: bool


class Part(_Frozen):
    """One CSV object: `rows` without the header, `bytes` and `sha256` of the whole object."""

    key: str
    rows: int
    bytes: int
    sha256: str


class TableManifest(_Frozen):
    """One extracted table."""

    name: str
    columns: list[Column]
    rows: int
    bytes: int
    parts: list[Part]


class Snapshot(_Frozen):
    """The instant that every table of a run shows: PostgreSQL's snapshot id, WAL position, time."""

    id: str
    lsn: str
    taken_at: datetime


class Manifest(_Frozen):
    """A committed run. It is written last: a run without it does not exist for any reader."""

    format: int = FORMAT
    run_id: str
    started_at: datetime
    committed_at: datetime
    server_version: str
    snapshot: Snapshot
    schema_fingerprint: str
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
        """Bytes of all parts."""
        return sum(table.bytes for table in self.tables)


class Pointer(_Frozen):
    """`stage/current.json`: the last run that passed the staging gate."""

    run_id: str
    manifest: str
    promoted_at: datetime


def fingerprint(columns: dict[str, list[Column]]) -> str:
    """Returns the SHA-256 (hex) of every table's columns, names and types in order."""
    plain = {table: [(c.name, c.type) for c in found] for table, found in sorted(columns.items())}
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()
