"""The ERP's database: one transaction in one schema, with errors a person can act on."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
from psycopg2.extensions import cursor

from infra.erp import connect, reason
from infra.errors import CampuslakeError


@contextmanager
def transaction(dsn: str) -> Iterator[cursor]:
    """Yields a cursor in a transaction that commits when the block ends, else changes nothing.

    Raises `CampuslakeError` for every error of the database, the connection's included.
    """
    with closing(connect(dsn)) as session:
        try:
            with session, session.cursor() as cursor:
                yield cursor
        except psycopg2.Error as error:
            raise CampuslakeError(
                f"the ERP's database refused: {reason(error)}", "nothing was changed"
            ) from error


def enter_schema(cursor: cursor, schema: str) -> None:
    """Makes unqualified names mean those of `schema` until the transaction ends."""
    cursor.execute("select set_config('search_path', quote_ident(%s), true)", (schema,))


def columns_of(cursor: cursor, schema: str, table: str) -> list[str]:
    """Returns the names of a table's columns in order; empty when there is no such table."""
    cursor.execute(
        "select a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " join pg_namespace n on n.oid = c.relnamespace where n.nspname = %s and c.relname = %s"
        " and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped order by a.attnum",
        (schema, table),
    )
    return [name for (name,) in cursor.fetchall()]
