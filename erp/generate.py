"""The simulated ERP into PostgreSQL: all of it in one transaction, or nothing."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor
from rich.progress import Progress, TaskID

from erp.database import enter_schema, transaction
from erp.effects import Effects
from erp.marker import existing_tables, read_marker, write_marker
from erp.scales import scale_named
from erp.schema import TABLES, schema_sections
from erp.simulation import simulate
from erp.tables import TableStream, table_streams
from infra.erp import reason
from infra.errors import CampuslakeError

_WAIT_FOR_READERS = "60s"


@dataclass(frozen=True)
class GeneratedErp:
    """What was generated: rows per table, and how long it took in seconds."""

    scale: str
    seed: int
    rows: dict[str, int]
    seconds: float


def generate(
    dsn: str,
    scale: str,
    seed: int,
    effects: Effects | None = None,
    schema: str = "public",
    progress: Progress | None = None,
) -> GeneratedErp:
    """Generates the ERP of a scale and seed into `schema`, which is made when missing.

    The same scale, seed and effects (by default all: `Effects()`) give the same rows. An ERP
    generated before is replaced; readers see it until the new one is complete, and keep it
    when this is interrupted. `progress` gets a task per table, counted in rows.

    Raises `CampuslakeError` for an unknown scale, a negative seed, tables that were not
    generated here, or a database that refuses.
    """
    started = time.monotonic()
    effects = effects or Effects()
    if seed < 0:
        raise CampuslakeError(f"seed {seed} is negative", "choose a whole number from 0 on")
    simulation = simulate(scale_named(scale), seed, effects)
    progress = progress or Progress(disable=True)
    sections = schema_sections()
    with transaction(dsn) as cursor:
        _make_room(cursor, schema)
        for statement in sections["tables"]:
            cursor.execute(statement)
        rows = {
            stream.name: _copy(cursor, stream, progress) for stream in table_streams(simulation)
        }
        write_marker(cursor, {"scale": scale, "seed": seed, "effects": _changed(effects)})
        finish = [*sections["keys"], *sections["foreign keys"], *map("analyze {}".format, TABLES)]
        keys = progress.add_task("keys", total=len(finish))
        for statement in finish:
            cursor.execute(statement)
            progress.advance(keys)
    return GeneratedErp(scale, seed, rows, time.monotonic() - started)


def _make_room(cursor: cursor, schema: str) -> None:
    """Enters an empty `schema`: makes it, or drops the ERP generated there before.

    Two generations into one schema take turns.
    """
    lock = f"campuslake erp generate {schema}"
    cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (lock,))
    cursor.execute("select 1 from pg_namespace where nspname = %s", (schema,))
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
    enter_schema(cursor, schema)
    existing = existing_tables(cursor, schema)
    if read_marker(existing) == {}:
        raise CampuslakeError(
            f"schema {schema!r} holds ERP tables that campuslake did not generate",
            "they may be a real ERP: choose another schema, or drop them yourself",
        )
    if existing:
        cursor.execute("select set_config('lock_timeout', %s, true)", (_WAIT_FOR_READERS,))
        tables = sql.SQL(", ").join(sql.Identifier(schema, table) for table in existing)
        try:
            cursor.execute(sql.SQL("drop table {}").format(tables))
        except psycopg2.Error as error:
            raise CampuslakeError(
                f"the ERP in schema {schema!r} cannot be replaced: {reason(error)}",
                "end what reads it and drop what was built on it, or choose another schema",
            ) from error
        cursor.execute("select set_config('lock_timeout', '0', true)")


def _changed(effects: Effects) -> dict[str, float]:
    usual = asdict(Effects())
    return {name: value for name, value in asdict(effects).items() if value != usual[name]}


class _CopySource:
    """What `copy_expert` reads a table from. Keeps the error that stopped it.

    psycopg2 turns an exception of `read` (Ctrl-C included) into an error of the COPY.
    """

    def __init__(self, stream: TableStream, progress: Progress, task: TaskID) -> None:
        self.chunks: Iterator[bytes] = stream.chunks
        self.progress, self.task = progress, task
        self.rest = memoryview(b"")
        self.rows = 0
        self.error: BaseException | None = None

    def read(self, size: int) -> bytes:
        try:
            if not self.rest:
                chunk = next(self.chunks, b"")
                self.rest = memoryview(chunk)
                # Line breaks within values are escaped: each that is left ends a row.
                self.rows += chunk.count(b"\n")
                self.progress.update(self.task, completed=self.rows)
        except BaseException as error:
            self.error = error
            raise
        part, self.rest = self.rest[:size], self.rest[size:]
        return bytes(part)


def _copy(cursor: cursor, stream: TableStream, progress: Progress) -> int:
    task = progress.add_task(stream.name, total=stream.expected_rows)
    source = _CopySource(stream, progress, task)
    copy = sql.SQL("copy {} from stdin (freeze, encoding 'UTF8')")
    try:
        cursor.copy_expert(copy.format(sql.Identifier(stream.name)), source, size=1 << 20)
    except Exception:
        if source.error is not None:
            raise source.error from None
        raise
    progress.update(task, total=source.rows, completed=source.rows)
    return cursor.rowcount
