"""SQL over the Spark Thrift server."""

import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from infra.errors import CampuslakeError
from infra.settings import Settings
from infra.settings import settings as current_settings

USER = "campuslake"
KEEPALIVE_SECONDS = 60
# What drivers put around the engine's own sentence.
WRAPPER = re.compile(r"^(Runtime|Database|Compilation) Error\b.*$")
PREFIX = re.compile(
    r"^.*?\(localhost executor driver\): |\bError running query: "
    r"|(\[[A-Z_.]+\] )?\b[a-z]+(\.[a-zA-Z]+)+(Exception|Error): ?"
)
ADVICE = re.compile(r" Correct the value as per the syntax.*$")
# Of these the class is told alone: they tell a value without quotes.
BARE = re.compile(
    r"(\[(?:DUPLICATED_MAP_KEY|CANNOT_DECODE_URL|FAILED_PARSE_STRUCT_TYPE"
    r"|INVALID_PARAMETER_VALUE[.A-Z_]*)\]) .*"
)
ROW = re.compile(r"(record parsing): .*$")
# The engine quotes values like 'this', names in `…`, types in "…". All from the first quote to the
# last one goes, or to the end: a value may hold quotes and line breaks itself.
VALUE = re.compile(r"(?<!\w)'(?:.*'|.*\Z)|(?<=: )\"(?:.*\"|.*\Z)", re.DOTALL)
STACK = re.compile(r"\n\s+at .*", re.DOTALL)
LITERAL = re.compile(r"'(['\"]).*\1'", re.DOTALL)
ERROR_CLASS = re.compile(r"\[[A-Z][A-Z_.0-9]*\]|Exception")
SYNTAX = "[PARSE_SYNTAX_ERROR]"  # quotes the word of the statement that it stumbled over
_sessions = threading.local()  # of each thread: transport and session by address and database


@dataclass(frozen=True)
class QueryResult:
    """The answer to one statement: column names and rows in their order."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


def engine_url(settings: Settings, database: str = "default") -> str:
    """Returns the SQLAlchemy URL of the Thrift server."""
    return f"hive://{USER}@{settings.thrift_host}:{settings.thrift_port}/{database}"


def run(
    sql: str,
    settings: Settings | None = None,
    database: str = "default",
    parameters: Mapping[str, Any] | None = None,
) -> QueryResult:
    """Runs one statement and returns its answer; statements without one give no columns.

    `parameters` are quoted by the driver where the statement says `%(name)s`. Statements of one
    thread share a session of the engine. Raises `CampuslakeError` when nothing answers at the
    Thrift server's address, or with the engine's first line when it refuses the statement.
    """
    from pyhive.exc import Error
    from thrift.transport.TTransport import TTransportException

    try:
        with _session(settings or current_settings(), database) as session:
            return _answer(session, sql, parameters)
    except Error as error:
        raise CampuslakeError(f"Spark refused the statement: {first_line(error)}") from error
    except (TTransportException, OSError) as error:
        raise CampuslakeError(
            "the Spark Thrift server went away during a statement",
            "see `campuslake status`, start it again with `campuslake up`",
        ) from error


def _answer(session: Any, sql: str, parameters: Mapping[str, Any] | None) -> QueryResult:
    with closing(session.cursor()) as cursor:
        cursor.execute(sql, parameters)
        if cursor.description is None:
            return QueryResult([], [])
        columns = [column[0] for column in cursor.description]
        try:
            return QueryResult(columns, cursor.fetchall())
        except TypeError:  # PyHive's way to say that a statement has no answer
            return QueryResult([], [])


@contextmanager
def _session(settings: Settings, database: str) -> Iterator[Any]:
    """Lends this thread's session; to open one takes longer than most statements.

    One that was interrupted is not lent again: its answer would be taken for the next one's.
    """
    from pyhive.exc import Error

    address = (settings.thrift_host, settings.thrift_port, database)
    kept = _sessions.__dict__
    transport, session = kept.pop(address, (None, None))
    if transport is None or not transport.isOpen():  # the server ended meanwhile
        transport, session = _open(settings, database)
    is_sound = False
    try:
        yield session
        is_sound = True
    except Error:
        is_sound = True
        raise
    finally:
        if is_sound:
            kept[address] = transport, session
        else:
            transport.close()


def _open(settings: Settings, database: str) -> tuple[Any, Any]:
    """Returns the transport to the engine and a new session over it, as PyHive makes them, but kept
    alive: a statement may take longer than what lies in between remembers a silent connection.
    """
    from pyhive import hive
    from thrift.transport.TSocket import TSocket
    from thrift.transport.TTransport import TTransportException
    from thrift_sasl import TSaslClientTransport

    host, port = settings.thrift_host, settings.thrift_port
    any_password = "x"  # noqa: S105 - SASL's PLAIN wants one, the server none

    def client() -> Any:
        return hive.get_installed_sasl(host, "PLAIN", username=USER, password=any_password)

    tcp = TSocket(host, port, socket_keepalive=True)
    transport = TSaslClientTransport(client, "PLAIN", tcp)
    try:
        session = hive.connect(thrift_transport=transport, username=USER, database=database)
        tcp.handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_SECONDS)
        return transport, session
    except (TTransportException, OSError) as error:
        raise CampuslakeError(
            f"the Spark Thrift server at {host}:{port} does not answer",
            "start it with `campuslake up`, or set CAMPUSLAKE_THRIFT_HOST and _PORT",
        ) from error


def query(
    sql: str,
    settings: Settings | None = None,
    database: str = "default",
    parameters: Mapping[str, Any] | None = None,
) -> list[tuple[Any, ...]]:
    """Runs one statement and returns its rows. Raises like `run`."""
    return run(sql, settings, database, parameters).rows


def execute(sql: str, settings: Settings | None = None, database: str = "default") -> None:
    """Runs one statement for its effect. Raises like `run`."""
    run(sql, settings, database)


def first_line(error: Exception) -> str:
    """Returns the sentence of a Thrift error that a person needs, without stack and values."""
    status = getattr(error.args[0], "status", None) if error.args else None
    return sentence((status.errorMessage if status else None) or str(error))


def sentence(text: str) -> str:
    """Returns the first telling line of an engine's message.

    Values are taken out: Spark quotes the one it could not cast, and it may be personal.
    """
    if known := ERROR_CLASS.search(text):
        text = (LITERAL if known[0] == SYNTAX else VALUE).sub("…", STACK.sub("", text))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if not WRAPPER.match(line) and PREFIX.sub("", line)]
    line = ADVICE.sub("", PREFIX.sub("", told[0] if told else ""))
    return ROW.sub(r"\1", BARE.sub(r"\1 …", line)) or "no reason given"
