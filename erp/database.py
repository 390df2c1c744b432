"""The ERP's database: one transaction in one schema, with errors a person can act on."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
from psycopg2.extensions import connection, cursor

from infra.errors import CampuslakeError


@contextmanager
def transaction(dsn: str) -> Iterator[cursor]:
    """Yields a cursor in a transaction that commits when the block ends, else changes nothing.

    Raises `CampuslakeError` for every error of the database, the connection's included.
    """
    with closing(_connect(dsn)) as session:
        try:
            with session, session.cursor() as cursor:
                yield cursor
        except psycopg2.Error as error:
            raise CampuslakeError(
                f"the ERP's database refused: {reason(error)}", "nothing was changed"
            ) from error


def _connect(dsn: str) -> connection:
    try:
        session = psycopg2.connect(dsn)
        session.set_client_encoding("UTF8")
        return session
    except psycopg2.OperationalError as error:
        # Whatever comes before may quote the DSN, and with a mistyped one its password.
        _, _, why = str(error).partition("failed: ")
        why = why.split("\n", 1)[0].removeprefix("FATAL:").strip() or "its server does not answer"
        raise CampuslakeError(
            f"the ERP's database cannot be reached: {why}",
            "start it with `make up`, or correct CAMPUSLAKE_ERP_DSN",
        ) from None
    except psycopg2.Error:
        raise CampuslakeError(
            "the DSN of the ERP cannot be read",
            "CAMPUSLAKE_ERP_DSN looks like postgresql://user@host:5432/database",
        ) from None


def reason(error: psycopg2.Error) -> str:
    """Returns in one line why PostgreSQL refused, with the line of a COPY but no row's values.

    DETAIL and CONTEXT quote rows. So does the message of a data exception (class 22), which
    is replaced by its name; that of a badly formed file (22P04) quotes nothing.
    """
    state, diagnosis = error.pgcode or "", error.diag
    message = diagnosis.message_primary or "the connection was lost"
    if state.startswith("22") and state != "22P04":
        message = re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__).lower()
    line = re.match(r"COPY \S+, line (\d+)", diagnosis.context or "")
    message = message.splitlines()[0]
    return f"line {line[1]}: {message}" if line else message


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
