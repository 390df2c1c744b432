"""The ERP as the extract sees it: one exported snapshot, the schema in it, ranges of tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from extract.manifest import Column, Snapshot
from infra.errors import CampuslakeError

# What the text of a value looks like must not depend on the server's settings.
SESSION = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "client_encoding": "UTF8",
    "lock_timeout": "10s",
    # The snapshot's transaction waits while others copy; the server must not end it for that.
    "idle_in_transaction_session_timeout": "0",
}
LOCK_KEY = 0x63616D7075736C6B  # "campuslk": one extract at a time per database

COLUMNS = """
    select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), not a.attnotnull
    from pg_attribute as a
    join pg_class as c on c.oid = a.attrelid
    join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = %s and c.relname = any(%s) and a.attnum > 0 and not a.attisdropped
        and c.relkind in ('r', 'p', 'v', 'm', 'f')
    order by c.relname, a.attnum
"""
SIZES = """
    select
        c.relname,
        case when c.relkind = 'r' then pg_relation_size(c.oid) else 0 end
            / current_setting('block_size')::bigint,
        greatest(c.reltuples, 0)::bigint
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = %s and c.relname = any(%s)
"""


@dataclass(frozen=True)
class TableSize:
    """How big a table is: heap blocks (0 for what has none) and the planner's row estimate."""

    blocks: int
    estimated_rows: int


@dataclass(frozen=True)
class BlockRange:
    """A range of heap blocks, `start` included, `end` excluded; None leaves that side open."""

    start: int | None = None
    end: int | None = None


class Source:
    """An open REPEATABLE READ READ ONLY transaction on the ERP whose snapshot others take."""

    def __init__(self, dsn: str, schema: str) -> None:
        self.dsn = dsn
        self.schema = schema
        self._connection = connect(dsn)
        with self._cursor() as cursor:
            cursor.execute("select pg_try_advisory_lock(%s)", (LOCK_KEY,))
            if not cursor.fetchone()[0]:
                raise CampuslakeError(
                    "another extract of this ERP is running", "wait for it to end, then repeat"
                )
            cursor.execute(
                "select pg_export_snapshot(), now(), current_setting('server_version'),"
                " case when pg_is_in_recovery() then pg_last_wal_replay_lsn()"
                " else pg_current_wal_lsn() end::text"
            )
            snapshot_id, taken_at, self.server_version, lsn = cursor.fetchone()
        self.snapshot = Snapshot(id=snapshot_id, lsn=lsn or "", taken_at=taken_at)

    def close(self) -> None:
        """Ends the transaction and with it the snapshot and the lock."""
        self._connection.close()

    def columns(self, tables: list[str]) -> dict[str, list[Column]]:
        """Returns the columns of those of `tables` that exist, in their order."""
        found: dict[str, list[Column]] = {}
        with self._cursor() as cursor:
            cursor.execute(COLUMNS, (self.schema, tables))
            for table, name, kind, nullable in cursor.fetchall():
                found.setdefault(table, []).append(Column(name=name, type=kind, nullable=nullable))
        return found

    def sizes(self, tables: list[str]) -> dict[str, TableSize]:
        """Returns the sizes of those of `tables` that exist."""
        with self._cursor() as cursor:
            cursor.execute(SIZES, (self.schema, tables))
            return {name: TableSize(blocks, rows) for name, blocks, rows in cursor.fetchall()}

    def session(self) -> Any:
        """Returns a new connection whose transaction sees this source's snapshot."""
        connection = connect(self.dsn)
        with connection.cursor() as cursor:
            cursor.execute("set transaction snapshot %s", (self.snapshot.id,))
        return connection

    def copy_statement(
        self, session: Any, table: str, columns: list[Column], blocks: BlockRange
    ) -> str:
        """Returns the COPY of a table's rows in a block range, as CSV with its header."""
        selected = sql.SQL(", ").join(_as_text(column) for column in columns)
        conditions = [
            sql.SQL("ctid {} {}::tid").format(sql.SQL(operator), sql.Literal(f"({block},0)"))
            for operator, block in ((">=", blocks.start), ("<", blocks.end))
            if block is not None
        ]
        where = (
            sql.SQL(" where ") + sql.SQL(" and ").join(conditions) if conditions else sql.SQL("")
        )
        return (
            sql.SQL("copy (select {} from {}{}) to stdout (format csv, header)")
            .format(selected, sql.Identifier(self.schema, table), where)
            .as_string(session)
        )

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        try:
            with self._connection.cursor() as cursor:
                yield cursor
        except psycopg2.Error as error:
            raise erp_error(error) from error


def connect(dsn: str) -> Any:
    """Returns a psycopg2 connection that is REPEATABLE READ READ ONLY with fixed formats.

    Raises `CampuslakeError` when the ERP does not let us in; the message holds no password.
    """
    options = " ".join(f"-c {k}={v.replace(' ', chr(92) + ' ')}" for k, v in SESSION.items())
    try:
        connection = psycopg2.connect(
            dsn,
            options=options,
            application_name="campuslake extract",
            connect_timeout=10,
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
        )
    except psycopg2.Error as error:
        raise erp_error(error) from error
    connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
    return connection


def erp_error(error: psycopg2.Error) -> CampuslakeError:
    """Translates a PostgreSQL error to one line; its first line holds no row's values."""
    lines = str(error).strip().splitlines()
    return CampuslakeError(
        f"the ERP failed: {lines[0] if lines else type(error).__name__}",
        "check that it runs and what CAMPUSLAKE_ERP_DSN says",
    )


def _as_text(column: Column) -> sql.Composable:
    name = sql.Identifier(column.name)
    # COPY writes booleans as t and f, which no reader of CSV takes for booleans.
    if column.type == "boolean":
        return sql.SQL("{}::text as {}").format(name, name)
    return name
