"""The ERP as the extract sees it: one exported snapshot, the schema in it, ranges of tables."""

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from extract import queries
from extract.erased import LeftOut, Registry
from extract.left_out import people
from extract.manifest import Column, Snapshot
from extract.queries import BlockRange
from extract.session import CopySession, require_honourable
from infra.erp import connect, erp_failed, reason
from infra.errors import CampuslakeError

OLDEST_VERSION = 120000
RANGE_SCANS_SINCE = 140000  # before, a range of blocks is found by reading the whole table

# What the text of a value looks like must not depend on the server's settings. And whatever becomes
# of us, the server must not keep a transaction open for a client that is gone.
SESSION = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "lc_monetary": "C",
    "xmlbinary": "base64",
    "client_encoding": "UTF8",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
# A session that copies may wait for S3 between two copies: four tries of a minute, and some more.
COPYING = {"idle_in_transaction_session_timeout": "10min"}
HEARTBEAT_SECONDS = 15
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
# A table's blocks are those of its longest member: a range of ctid is looked for in each.
SIZES = """
    with recursive members as (
        select c.relname as name, c.oid
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = %s and c.relname = any(%s)
        union all
        select members.name, i.inhrelid
        from members
        join pg_inherits as i on i.inhparent = members.oid
    )
    select
        members.name,
        case
            when bool_and(c.relkind in ('r', 'p', 'm'))
            then max(pg_relation_size(c.oid)) / current_setting('block_size')::bigint
            else 0
        end,
        greatest(sum(c.reltuples) filter (where c.relkind <> 'p'), 0)::bigint,
        sum(pg_table_size(c.oid))::bigint,
        coalesce(bool_or(pg_relation_size(nullif(c.reltoastrelid, 0)) > 0), false)
            or bool_or(c.relkind not in ('r', 'p', 'm')),
        bool_and(c.relkind in ('r', 'p'))
    from members
    join pg_class as c on c.oid = members.oid
    group by members.name
"""


@dataclass(frozen=True)
class TableSize:
    """How big a table is.

    `blocks` of heap (0: cannot be read in ranges), the planner's estimate of its rows, bytes on
    the ERP's disk, whether single rows may be of many megabytes, and whether each row tells by
    which transaction it was written.
    """

    blocks: int
    estimated_rows: int
    bytes: int = 0
    has_long_rows: bool = False
    has_row_versions: bool = False


@dataclass(frozen=True)
class Gentleness:
    """What the extract may ask of the ERP: waits and statements in PostgreSQL's units."""

    lock_timeout: str = "10s"
    statement_timeout: str = "1h"


class Source:
    """An open REPEATABLE READ READ ONLY transaction on the ERP whose snapshot others take.

    It asks the server for something every few seconds, so that the server can end transactions
    of a client that is gone without ending ours. Close it.
    """

    def __init__(self, dsn: str, schema: str, gentleness: Gentleness | None = None) -> None:
        self.dsn = dsn
        self.schema = schema
        gentleness = gentleness or Gentleness()
        self._settings = {
            **SESSION,
            "lock_timeout": gentleness.lock_timeout,
            "statement_timeout": gentleness.statement_timeout,
        }
        self._connection = self._connect()
        self._left_out = LeftOut()
        self._closed = threading.Event()
        self._talk = threading.Lock()
        try:
            require_honourable(self._connection.info.dsn_parameters)
            self._take_snapshot()
        except BaseException:
            self._connection.close()
            raise
        threading.Thread(target=self._stay_alive, name="snapshot", daemon=True).start()

    def close(self) -> None:
        """Ends the transaction and with it the snapshot and the lock."""
        self._closed.set()
        with self._talk:
            self._connection.close()

    def columns(self, tables: Sequence[str]) -> dict[str, list[Column]]:
        """Returns the columns of those of `tables` that exist, in their order."""
        found: dict[str, list[Column]] = {}
        for table, name, kind, nullable in self._query(COLUMNS, (self.schema, list(tables))):
            found.setdefault(table, []).append(Column(name=name, type=kind, nullable=nullable))
        return found

    def sizes(self, tables: Sequence[str]) -> dict[str, TableSize]:
        """Returns the sizes of those of `tables` that exist."""
        rows = self._query(SIZES, (self.schema, list(tables)))
        if self.version < RANGE_SCANS_SINCE:
            return {name: TableSize(0, *rest) for name, _, *rest in rows}
        return {name: TableSize(*size) for name, *size in rows}

    def leave_out(self, registry: Registry, tables: Collection[str]) -> None:
        """Leaves out of all that is asked from now on whoever is in the registry.

        `tables` are those of the contract.
        """
        if registry.people:
            found = people(lambda query: self._query(query), self.schema, tables)
            self._left_out = registry.left_out(found)

    def session(self) -> CopySession:
        """Returns a new connection whose transaction sees this source's snapshot."""
        begin = sql.SQL(
            "begin isolation level repeatable read, read only; set transaction snapshot {}"
        ).format(sql.Literal(self.snapshot.id))
        settings = self._settings | COPYING
        return CopySession(self._connection.info, settings, self._text(begin))

    def end(self, session: CopySession) -> None:
        """Ends what the server does for a session of ours, from another thread."""
        try:
            self._query("select pg_cancel_backend(%s)", (session.pid,))
        except CampuslakeError:  # the server does not hear us
            session.hang_up()

    def rows_query(
        self,
        table: str,
        columns: Sequence[Column],
        blocks: BlockRange,
        changed_since: int | None = None,
    ) -> str:
        """Returns the query for a table's rows in a block range, without the erased.

        `changed_since` leaves out what transactions below that one wrote.
        """
        source = sql.Identifier(self.schema, table)
        left_out = self._left_out
        return self._text(queries.rows(source, table, columns, blocks, changed_since, left_out))

    def keys_query(
        self, table: str, columns: Sequence[Column], key: str, changed_since: int | None
    ) -> str:
        """Returns the query for each row's key (8 bytes) and whether it changed (4)."""
        source = sql.Identifier(self.schema, table)
        left_out = self._left_out
        return self._text(queries.keys(source, table, columns, key, changed_since, left_out))

    def _take_snapshot(self) -> None:
        if self.version < OLDEST_VERSION:
            raise CampuslakeError(
                f"the ERP is PostgreSQL {self.server_version}, campuslake needs 12 or later",
                "upgrade it",
            )
        ((free, encoding),) = self._query(
            "select pg_try_advisory_lock(%s), current_setting('server_encoding')", (LOCK_KEY,)
        )
        if not free:
            raise CampuslakeError(
                "another extract of this ERP is running", "wait for it to end, then repeat"
            )
        if encoding == "SQL_ASCII":
            raise CampuslakeError(
                "the ERP's database has the encoding SQL_ASCII: what its text means is unknown",
                "convert it to UTF8; nothing was extracted",
            )
        ((snapshot_id, taken_at, lsn, system, database, xmin, timeline),) = self._query(
            "select pg_export_snapshot(), now(), case when pg_is_in_recovery()"
            " then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end::text,"
            " (select system_identifier from pg_control_system()),"
            " (select oid from pg_database where datname = current_database()),"
            " txid_snapshot_xmin(txid_current_snapshot()),"
            " (select timeline_id from pg_control_checkpoint())"
        )
        self.snapshot = Snapshot(
            id=snapshot_id, lsn=lsn or "", taken_at=taken_at, xmin=xmin, timeline=timeline
        )
        self.erp = f"{system}/{database}/{self.schema}"

    @property
    def version(self) -> int:
        """The server's version as a number, 140003 for 14.3."""
        return self._connection.server_version

    @property
    def server_version(self) -> str:
        """The server's version as people write it."""
        return self._connection.get_parameter_status("server_version")

    def _stay_alive(self) -> None:
        while not self._closed.wait(HEARTBEAT_SECONDS):
            try:
                self._query("select 1")
            except CampuslakeError:
                return  # the copies fail too, and say why

    def _query(
        self, statement: str | sql.Composable, values: tuple[Any, ...] = ()
    ) -> list[tuple[Any, ...]]:
        with self._talk, _translated(), self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    def _text(self, statement: sql.Composed) -> str:
        with self._talk:
            return statement.as_string(self._connection)

    def _connect(self) -> Any:
        connection = connect(
            self.dsn,
            application_name="campuslake extract",
            connect_timeout=10,
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
            tcp_user_timeout=60_000,
        )
        with _translated():
            connection.autocommit = True
            with connection.cursor() as cursor:
                for name, value in self._settings.items():
                    cursor.execute("select set_config(%s, %s, false)", (name, value))
            connection.set_session(
                isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True, autocommit=False
            )
        return connection


@contextmanager
def _translated() -> Iterator[None]:
    """Translates psycopg2's errors to one line without a row's values."""
    try:
        yield
    except psycopg2.Error as error:
        raise erp_failed(reason(error)) from None
