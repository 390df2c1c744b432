"""A connection that copies: asyncpg's, whose COPY hands rows on by the buffer, not one by one."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal
from urllib.parse import urlencode

import asyncpg
from psycopg2.extensions import ConnectionInfo

from infra.erp import erp_failed, one_line
from infra.errors import CampuslakeError

CONNECT_SECONDS = 10
# A small read: the server is slower than we are, so let it fill the socket's buffer meanwhile.
SMALL_READ = 64 * 1024
NAP_SECONDS = 0.002
# What of libpq's parameters a copying connection takes over, and what it cannot honour.
CARRIED = (
    *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "gsslib"),
)
REFUSED_VALUES = {
    "channel_binding": "require",
    "gssencmode": "require",
    "sslcertmode": "require",
    "sslrootcert": "system",
}
REFUSED = ("require_auth", "requirepeer", "sslcrldir")
KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 60_000}


class CopySession:
    """A transaction on the server that `like` is connected to, begun by the statement `begin`.

    For one thread at a time, except `hang_up`. `settings` are PostgreSQL's, for this session.
    Raises `CampuslakeError` when it cannot be opened. Close it.
    """

    def __init__(self, like: ConnectionInfo, settings: Mapping[str, str], begin: str) -> None:
        self._runner = asyncio.Runner()
        try:
            with _translated():
                self._connection = self._runner.run(_open(like, settings, begin))
        except BaseException:
            self._runner.close()
            raise
        self.pid: int = self._connection.get_server_pid()

    def copy(
        self, query: str, layout: Literal["csv", "binary"], write: Callable[[bytes], object]
    ) -> int:
        """Hands the rows of `query` to `write` in that layout of COPY, and returns their number.

        While `write` works the server waits. CSV comes with its header. Raises `CampuslakeError`,
        and whatever `write` raises.
        """

        async def take(data: bytes) -> None:
            write(data)
            if len(data) < SMALL_READ:
                await asyncio.sleep(NAP_SECONDS)

        options: dict[str, Any] = {"header": True} if layout == "csv" else {}
        with _translated():
            if self._connection.is_closed():
                raise erp_failed("the connection was closed")
            status = self._runner.run(
                self._connection.copy_from_query(query, output=take, format=layout, **options)
            )
        return int(status.removeprefix("COPY "))

    def hang_up(self) -> None:
        """Ends the connection without a word, from any thread."""
        with contextlib.suppress(RuntimeError):  # it is closed already
            self._runner.get_loop().call_soon_threadsafe(self._connection.terminate)

    def close(self) -> None:
        """Ends the transaction and the connection; a copy that another thread is at ends too."""
        self.hang_up()
        with contextlib.suppress(RuntimeError):  # that thread's copy is at it, or it is closed
            self._runner.close()


def require_honourable(parameters: Mapping[str, str]) -> None:
    """Raises `CampuslakeError` for a demand of a DSN that a `CopySession` could not keep."""
    for name, value in parameters.items():
        refused = name in REFUSED or REFUSED_VALUES.get(name) == value
        if refused or (name == "hostaddr" and "host" in parameters):
            raise CampuslakeError(
                f"the ERP's DSN asks for {name}={value}, which the copying connections cannot keep",
                "leave it out; sslmode=verify-full with the file of a CA (sslrootcert) is kept",
            )


class _KeptAlive(asyncpg.Connection):
    """A connection that notices when the server's machine is gone."""

    def __init__(self, protocol: Any, transport: asyncio.Transport, *rest: Any) -> None:
        super().__init__(protocol, transport, *rest)
        line = transport.get_extra_info("socket")
        if line.family != socket.AF_UNIX:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in KEEPALIVE.items():
                if hasattr(socket, option):  # not every system has them all
                    line.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


async def _open(
    like: ConnectionInfo, settings: Mapping[str, str], begin: str
) -> asyncpg.Connection:
    connection = await asyncpg.connect(
        host=like.host,
        port=like.port,
        user=like.user,
        password=like.password or None,
        database=like.dbname,
        timeout=CONNECT_SECONDS,
        connection_class=_KeptAlive,
        server_settings={
            "application_name": "campuslake extract",
            **({"options": like.options} if like.options else {}),
        },
        **_security(like.host, like.dsn_parameters),
    )
    try:
        await connection.execute(
            "select set_config(name, value, false)"
            " from unnest($1::text[], $2::text[]) as setting (name, value)",
            list(settings),
            list(settings.values()),
        )
        await connection.execute(begin)
    except BaseException:
        connection.terminate()
        await asyncio.sleep(0)  # the loop must turn once to close it
        raise
    return connection


def _security(host: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Returns the arguments by which asyncpg connects as securely as libpq did."""
    if host.startswith("/"):
        return {"ssl": False}  # a socket is not encrypted, whatever the DSN says
    carried = {name: parameters[name] for name in CARRIED if parameters.get(name)}
    return {"dsn": f"postgresql://?{urlencode(carried)}"}


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Translates asyncpg's errors to one line without a row's values."""
    try:
        yield
    # Not with the error as its cause: that one's DETAIL may quote a row.
    except asyncpg.PostgresError as error:
        why = one_line(error.sqlstate, str(error.args[0]), type(error).__name__)
        raise erp_failed(why) from None
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
        why = str(error).split("\n", 1)[0] or "its server does not answer"
        raise erp_failed(why) from None
