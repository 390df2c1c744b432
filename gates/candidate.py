"""A run of the staging zone as typed views that expectations can be asked about.

Each view holds the rows of one table with the ERP's types, and columns that are NULL for every
sound row: `COLUMN_malformed` for a value that its type cannot hold, `COLUMN_not_in_PARENT` for a
foreign key that points to nothing. The views are global temporary ones: every session of the
engine sees them, no metastore keeps them. Each is read once from S3 and then cached.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import structlog

from extract.manifest import Column, Manifest, TableManifest
from gates.layers import DATABASE, quoted, register_rows, row_views
from infra.errors import CampuslakeError
from infra.settings import Settings
from infra.spark_sql import execute

log = structlog.get_logger("gates")

SIDE_BY_SIDE = 3
SPARK_TYPES = {
    "smallint": "smallint",
    "integer": "int",
    "bigint": "bigint",
    "boolean": "boolean",
    "date": "date",
    "real": "float",
    "double precision": "double",
    "timestamp with time zone": "timestamp",
}
REFERENCES = {
    "students": {"campus_id": "campuses"},
    "professors": {"campus_id": "campuses"},
    "lessons": {"subject_id": "subjects", "campus_id": "campuses", "professor_id": "professors"},
    "attendances": {"lesson_id": "lessons", "student_id": "students"},
    "grades": {"student_id": "students", "subject": "subjects"},
    "apprenticeships": {"student_id": "students", "company_id": "companies"},
    "events": {"campus_id": "campuses"},
    "audiences": {"event_id": "events"},
}


@contextmanager
def candidate(
    settings: Settings, manifest: Manifest, absent: Collection[str] = ()
) -> Iterator[Callable[[str], str | None]]:
    """Registers a run in the background, and drops everything at the end.

    Yields a function that waits for a table and returns why it is unreadable, or None when it can
    be judged. `absent` tables have no file to read: they are left out, and what points to them
    stays open.
    """
    tables = {table.name: table for table in manifest.tables if table.name not in absent}
    registered: dict[str, Future[str | None]] = {}

    def register(table: TableManifest) -> str | None:
        parents = set(REFERENCES.get(table.name, {}).values()) & set(tables)
        readable = {parent for parent in parents if registered[parent].result() is None}
        return _register(settings, manifest, table, readable)

    pool = ThreadPoolExecutor(SIDE_BY_SIDE)
    try:
        # Whoever waits for a parent was submitted after it, so some task can always go on.
        for generation in generations(tables):
            for name in generation:
                registered[name] = pool.submit(register, tables[name])
        yield lambda name: registered[name].result()
    finally:
        pool.shutdown(cancel_futures=True)
        _drop(settings, manifest.run_id, tables.values())


def _drop(settings: Settings, run_id: str, tables: Iterable[TableManifest]) -> None:
    """Drops what it can of a run's views. When the engine is gone, so are they."""

    def drop(table: TableManifest) -> None:
        view = f"{DATABASE}.{view_name(settings, run_id, table.name)}"
        for name in (view, *row_views(f"{view}_text", table)):
            try:
                execute(f"drop view if exists {name}", settings)
            except CampuslakeError as error:
                log.warning("a candidate view was not dropped", view=name, reason=str(error))

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(drop, tables))


def view_name(settings: Settings, run_id: str, table: str) -> str:
    """Returns the name of a table's view in `DATABASE`; every run has its own."""
    return f"{settings.candidate_prefix}_{run_id.lower()}_{table}"


def generations(tables: Collection[str]) -> Iterator[list[str]]:
    """Yields tables so that those pointed to come before: they are cached when they are asked.

    Judged in this order, a cause is told before its consequences.
    """
    left = sorted(tables)
    while left:
        free = [t for t in left if not set(left) & set(REFERENCES.get(t, {}).values()) - {t}]
        yield free
        left = [table for table in left if table not in free]


def _register(
    settings: Settings, manifest: Manifest, table: TableManifest, readable: set[str]
) -> str | None:
    view = f"{DATABASE}.{view_name(settings, manifest.run_id, table.name)}"
    parents = {
        parent: f"{DATABASE}.{view_name(settings, manifest.run_id, parent)}"
        for parent in REFERENCES.get(table.name, {}).values()
        if parent in readable
    }
    text = view.removeprefix(f"{DATABASE}.") + "_text"
    try:
        register_rows(settings, manifest.run_id, table, text)
        execute(
            f"create or replace global temporary view {view.removeprefix(f'{DATABASE}.')} as "
            + typed_rows(f"{view}_text", table, parents),
            settings,
        )
        execute(f"cache table {view}", settings)
    except CampuslakeError as error:
        if "refused" not in error.message:
            raise
        return error.message
    return None


def typed_rows(source: str, table: TableManifest, parents: dict[str, str]) -> str:
    """Returns the query of a table's typed rows with the columns that tell unsound ones.

    `source` holds the rows as text, `parents` names the typed view of each table pointed to. A
    parent that is not among them fails by itself; whether it is pointed to rightly stays open.
    """
    references = REFERENCES.get(table.name, {})
    types = {column.name: spark_type(column.type) for column in table.columns}
    columns = []
    for column in table.columns:
        columns.append(f"{_typed(column)} as {quoted(column.name)}")
        if types[column.name] != "string":
            columns.append(f"{_malformed(column)} as {quoted(f'{column.name}_malformed')}")
    joins = []
    for number, (name, parent) in enumerate(references.items()):
        column = next((column for column in table.columns if column.name == name), None)
        if column is None or parent not in parents:
            columns.append(f"cast(null as boolean) as `{name}_not_in_{parent}`")
            continue
        joins.append(
            f"left join (select distinct id as parent_{number} from {parents[parent]}) "  # noqa: S608
            f"as parents_{number} on {_typed(column)} = parents_{number}.parent_{number}"
        )
        columns.append(
            f"case when source.`{name}` is not null and parents_{number}.parent_{number} is null "
            f"then true end as `{name}_not_in_{parent}`"
        )
    return (
        f"select {', '.join(columns)} from {source} as source "  # noqa: S608
        + " ".join(joins)
    )


def spark_type(postgres_type: str) -> str:
    """Returns the Spark type that holds a PostgreSQL type's values; string for what has none."""
    if decimal := re.fullmatch(r"numeric\((\d+),(\d+)\)", postgres_type):
        return f"decimal({decimal[1]}, {decimal[2]})"
    return SPARK_TYPES.get(postgres_type, "string")


def _typed(column: Column) -> str:
    kind = spark_type(column.type)
    text = f"source.{quoted(column.name)}"
    return text if kind == "string" else f"try_cast({text} as {kind})"


def _malformed(column: Column) -> str:
    """A value is malformed when its type cannot hold it, or not all of it."""
    text, kind, typed = f"source.{quoted(column.name)}", spark_type(column.type), _typed(column)
    lossy = "false"
    if kind == "date":
        lossy = f"cast({typed} as string) <> {text}"
    elif kind.startswith("decimal"):
        lossy = f"{typed} <> try_cast({text} as decimal(38, 18))"
    return f"case when {text} is not null and ({typed} is null or {lossy}) then true end"
