"""Questions to the ERP, read-only."""

from typing import Any

from psycopg2.extensions import make_dsn, parse_dsn

from erp.database import enter_schema, transaction


def query(dsn: str, sql: str, schema: str = "public") -> tuple[list[str], list[tuple[Any, ...]]]:
    """Runs a statement in a read-only transaction and returns its columns and rows.

    Unqualified tables are those of `schema`. Raises `CampuslakeError` when the ERP does not
    answer or refuses; a statement that would change anything is refused.
    """
    with transaction(dsn) as cursor:
        # Of the session, not the transaction: the statement may end that.
        cursor.execute("set session characteristics as transaction read only")
        cursor.execute("set transaction read only")
        enter_schema(cursor, schema)
        cursor.execute(sql)
        if cursor.description is None:
            return [], []
        return [column.name for column in cursor.description], cursor.fetchall()


def shown_dsn(dsn: str) -> str:
    """Returns a DSN as keywords that can be shown: without its password."""
    parts = parse_dsn(dsn)
    parts.pop("password", None)
    return make_dsn(**parts)
