"""Where the ERP is, and how its errors are told without a password or a row's value."""

import re
from typing import Any

import psycopg2
from psycopg2.extensions import connection

from infra.errors import CampuslakeError
from infra.local.dsn import local_dsn
from infra.settings import Settings


def erp_dsn(settings: Settings) -> str:
    """Returns the libpq DSN of the ERP. It may hold a password: never show or log it."""
    if settings.erp_dsn is not None:
        return settings.erp_dsn.get_secret_value()
    return local_dsn(settings)


def connect(dsn: str, **options: Any) -> connection:
    """Opens a connection that speaks UTF-8; `options` are libpq's.

    Raises `CampuslakeError`, which holds no password, when the database does not let us in.
    """
    try:
        session = psycopg2.connect(dsn, **options)
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
    """Returns in one line why PostgreSQL refused, with the line of a COPY but no row's values."""
    diagnosis = error.diag
    message = one_line(error.pgcode, diagnosis.message_primary, type(error).__name__)
    line = re.match(r"COPY \S+, line (\d+)", diagnosis.context or "")
    return f"line {line[1]}: {message}" if line else message


def one_line(sqlstate: str | None, message: str | None, error_class: str) -> str:
    """Returns the message of a PostgreSQL error if it cannot quote a row.

    DETAIL and CONTEXT quote rows. So does the message of a data exception (class 22), which
    is replaced by the name of its class; that of a badly formed file (22P04) quotes nothing.
    """
    if sqlstate and sqlstate.startswith("22") and sqlstate != "22P04":
        return re.sub(r"(?<!^)(?=[A-Z])", " ", error_class.removesuffix("Error")).lower()
    return (message or "the connection was lost").splitlines()[0]


def erp_failed(why: str) -> CampuslakeError:
    """Returns the error that tells what became of a connection to the ERP."""
    return CampuslakeError(
        f"the ERP failed: {why}", "check that it runs and what CAMPUSLAKE_ERP_DSN says"
    )
