"""What changed in a table since an earlier run: which rows to carry, which keys are gone.

PostgreSQL keeps in each row version the number of the transaction that wrote it (xmin). A version
that an earlier snapshot saw was written by a transaction below that snapshot's own xmin, or by one
at or above it; so whatever is at or above it is carried: every changed row, and perhaps a few that
did not change. Numbers of 32 bits are compared in their circle, which holds for 2^31 transactions.
What was deleted leaves no trace in the table: the keys of both instants tell. They are kept with
the run as a roaring bitmap (https://roaringbitmap.org).
"""

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from pyroaring import BitMap64

from extract.contract import Contract
from extract.manifest import Column, Keys, Manifest, TableManifest
from extract.source import Source, TableSize
from infra.errors import CampuslakeError
from infra.object_store import Bucket

MOST_TRANSACTIONS = 2**31 - 2**24
# Of COPY's binary format: signature, flags and length of an extension; what follows the last row.
HEADER_BYTES = 19
TRAILER = b"\xff\xff"
ROW = np.dtype(
    [("fields", ">i2"), ("key_size", ">i4"), ("key", ">i8"), ("flag_size", ">i4"), ("flag", ">i4")]
)


@dataclass(frozen=True)
class Base:
    """An earlier run that a table's changes are told against.

    `xmin` is its snapshot's, `keys` those that the table had, `layers` the runs that hold the
    table as it was then, the oldest whole, the others what had changed since the one before.
    """

    run_id: str
    xmin: int
    layers: list[str]
    keys: BitMap64


@dataclass
class KeyScan:
    """Takes COPY's binary rows of (key, whether changed). `now` and `changed` hold keys."""

    now: BitMap64 = field(default_factory=BitMap64)
    changed: BitMap64 = field(default_factory=BitMap64)
    rows: int = 0
    _held: bytearray = field(default_factory=bytearray)
    _began: bool = False

    def write(self, data: bytes) -> None:
        """Takes bytes of COPY. Raises ValueError for a row without a key."""
        self._held += data
        if not self._began and len(self._held) >= HEADER_BYTES:
            del self._held[:HEADER_BYTES]
            self._began = True
        whole = len(self._held) // ROW.itemsize * ROW.itemsize if self._began else 0
        if whole:
            rows = np.frombuffer(bytes(self._held[:whole]), ROW)
            del self._held[:whole]
            if (rows["fields"] != 2).any() or (rows["key_size"] != 8).any():
                raise ValueError("a row has no key")
            keys = rows["key"].astype(np.int64).view(np.uint64)
            self.now |= BitMap64(keys)
            self.changed |= BitMap64(keys[rows["flag"] != 0])
            self.rows += len(rows)

    def require_end(self) -> None:
        """Raises ValueError unless everything was read: a row without a key is a shorter one."""
        if bytes(self._held) != TRAILER:
            raise ValueError("a row has no key")

    def gone(self, base: Base) -> list[int]:
        """Returns the keys that `base` had and the table has no more, in order of the bitmap."""
        return np.array(base.keys - self.now, np.uint64).view(np.int64).tolist()


def tables_with_keys(
    contract: Contract, columns: Mapping[str, Sequence[Column]], sizes: Mapping[str, TableSize]
) -> dict[str, str]:
    """Returns the tables, with their keys, whose changes can be told: those that the contract
    declares and that are tables, not views."""
    return {
        table: key
        for table, key in contract.changes.items()
        if table in columns and sizes[table].has_row_versions
    }


def base_of(
    bucket: Bucket, current: Manifest, source: Source, table: str, columns: Sequence[Column]
) -> Base | None:
    """Returns what a table's changes can be told against, or None: it must be carried whole.

    Not when the current run is of another ERP, or of another timeline of it (a restored one may
    have taken changes back), has other columns or no keys, or when so much was written since that
    transaction numbers are ambiguous.
    """
    if (current.erp, current.snapshot.timeline) != (source.erp, source.snapshot.timeline):
        return None
    try:
        before = current.table(table)
    except KeyError:
        return None
    if before.keys is None or before.columns != list(columns):
        return None
    if not 0 <= source.snapshot.xmin - current.snapshot.xmin < MOST_TRANSACTIONS:
        return None
    return Base(
        run_id=current.run_id,
        xmin=current.snapshot.xmin,
        layers=before.layers or [current.run_id],
        keys=read_keys(bucket, before),
    )


def read_keys(bucket: Bucket, table: TableManifest) -> BitMap64:
    """Returns the keys that a run keeps of a table."""
    stored = bucket.get(table.keys.key)
    if stored is None:
        raise CampuslakeError(
            f"{table.keys.key} is missing", "make a full extract: `python -m extract`"
        )
    return BitMap64.deserialize(gzip.decompress(stored.body))


def write_keys(bucket: Bucket, key: str, keys: BitMap64) -> Keys:
    """Keeps a table's keys with its run."""
    body = gzip.compress(keys.serialize(), 1)
    bucket.put(key, body)
    return Keys(key=key, bytes=len(body), sha256=hashlib.sha256(body).hexdigest())


def scan_keys(
    source: Source, table: str, columns: Sequence[Column], key: str, base: Base | None
) -> KeyScan:
    """Reads the keys of a table at the source's instant, and which rows changed since `base`.

    Raises `CampuslakeError` when a row has no key, when two have the same, or when rows are new to
    the base that no transaction since then wrote.
    """
    scan = KeyScan()
    query = source.keys_query(table, columns, key, base.xmin if base else None)
    session = source.session()
    try:
        session.copy(query, "binary", scan.write)
        scan.require_end()
    except ValueError as error:
        raise CampuslakeError(
            f"column {table}.{key} is no key: {error}", "correct `changes` in the contract"
        ) from error
    finally:
        session.close()
    if scan.rows != len(scan.now):
        raise CampuslakeError(
            f"column {table}.{key} is no key: {scan.rows - len(scan.now):,} values are there twice",
            "correct `changes` in the contract",
        )
    if base and not (scan.now - base.keys) <= scan.changed:
        raise CampuslakeError(
            f"the changes of {table} since run {base.run_id} cannot be told",
            "make a full extract: `python -m extract --full`",
        )
    return scan
