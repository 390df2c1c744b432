"""A CSV file into a table of the ERP."""

import csv
from pathlib import Path

import psycopg2
from psycopg2 import sql

from erp.database import columns_of, enter_schema, transaction
from erp.schema import TABLES
from infra.erp import reason
from infra.errors import CampuslakeError


def load_csv(dsn: str, table: str, path: Path, schema: str = "public") -> int:
    """Loads a UTF-8 CSV file with a header into an ERP table and returns the rows added.

    The header names the columns, in any order; other columns of the table stay NULL. An
    unquoted empty value is NULL, a quoted one an empty string. All rows are added, or none.

    Raises `CampuslakeError` when the file cannot be read, the table or a column does not
    exist, or PostgreSQL refuses a row (the message names its line, never its values).
    """
    if table not in TABLES:
        raise CampuslakeError(
            f"the ERP has no table {table!r}", f"choose one of {', '.join(TABLES)}"
        )
    header = _header(path)
    with transaction(dsn) as cursor:
        enter_schema(cursor, schema)
        _check_columns(header, columns_of(cursor, schema, table), table, schema, path)
        copy = sql.SQL("copy {} ({}) from stdin (format csv, header, encoding 'UTF8')").format(
            sql.Identifier(schema, table), sql.SQL(", ").join(map(sql.Identifier, header))
        )
        try:
            with path.open("rb") as file:
                cursor.copy_expert(copy, file)
        except psycopg2.Error as error:
            raise CampuslakeError(
                f"{path.name} does not fit into {table}: {reason(error)}",
                "nothing was loaded; correct the file and load it again",
            ) from error
        except OSError as error:
            raise _unreadable(path, error.strerror) from error
        return cursor.rowcount


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file), [])
    except OSError as error:
        raise _unreadable(path, error.strerror) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, "it is not a CSV file in UTF-8") from error
    if not header:
        raise _unreadable(path, "its first line names no columns")
    return header


def _check_columns(
    header: list[str], columns: list[str], table: str, schema: str, path: Path
) -> None:
    if not columns:
        raise CampuslakeError(
            f"schema {schema!r} has no table {table}", "make the ERP with `campuslake erp generate`"
        )
    wrong = [name for name in header if name not in columns or header.count(name) > 1]
    if wrong:
        raise CampuslakeError(
            f"{path.name} has the column {wrong[0]!r}, which {table} has not, or has it twice",
            f"columns of {table}: {', '.join(columns)}",
        )


def _unreadable(path: Path, why: str | None) -> CampuslakeError:
    return CampuslakeError(f"{path} cannot be read: {why or 'unknown error'}", "check the path")
