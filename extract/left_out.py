"""How an extract leaves the erased out of what it asks the ERP."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from typing import Any

from psycopg2 import sql

from extract.erased import Kind, LeftOut, Registered
from extract.manifest import Column

# Whom the ERP knows: table, addresses, and the day since when.
PEOPLE = (
    ("students", ("email", "personal_email"), "join_date"),
    ("audiences", ("email",), "collected_at"),
    ("professors", ("email",), "hired_on"),
)
KINDS: dict[str, Kind] = {
    "students": "students",
    "audiences": "contacts",
    "professors": "professors",
}
NAMES = ("first_name", "last_name", "email")  # of professors, who stay without them


def people(
    ask: Callable[[sql.Composable], list[tuple[Any, ...]]], schema: str, tables: Collection[str]
) -> Iterator[Registered]:
    """Yields everybody whom the ERP's `tables` hold. `ask` answers a query."""
    for table, addresses, since in PEOPLE:
        if table not in tables:
            continue
        query = sql.SQL("select id, {}::date::text, {} from {}").format(
            sql.Identifier(since),
            sql.SQL(", ").join(map(sql.Identifier, addresses)),
            sql.Identifier(schema, table),
        )
        for number, day, *held in ask(query):
            yield Registered(KINDS[table], number, tuple(held), day_of(day))


def day_of(text: str | None) -> date:
    """Returns the day of a date or an instant as PostgreSQL writes it; long ago if it is none."""
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return date.min


def conditions(table: str, columns: Sequence[Column], left_out: LeftOut) -> list[sql.Composable]:
    """Returns what rows of a table must fulfil to be carried."""
    about = {"student_id": left_out.students}
    if table == "students":
        about["id"] = left_out.students
    if table == "audiences":
        about["id"] = left_out.contacts
    return [
        sql.SQL("({} = any({}::bigint[])) is not true").format(
            sql.Identifier(column.name), sql.Literal(sorted(about[column.name]))
        )
        for column in columns
        if about.get(column.name)
    ]


def without_name(table: str, column: Column, left_out: LeftOut) -> sql.Composable | None:
    """Returns a column that is empty for erased professors; None when it is carried as it is."""
    if table != "professors" or column.name not in NAMES or not left_out.professors:
        return None
    return sql.SQL("case when id = any({}::bigint[]) then '' else {} end as {}").format(
        sql.Literal(sorted(left_out.professors)),
        sql.Identifier(column.name),
        sql.Identifier(column.name),
    )
