"""dbt's plugin of this project: what the engine refuses is told in one line, without values, and a
thread keeps its session of the engine from node to node.

dbt loads it by its name. Upstream puts the engine's whole answer on the terminal, in the log and in
target/run_results.json, and the answer may quote rows; and it opens a session for each node, which
takes longer than most tests.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dbt.adapters.contracts.connection import ConnectionState
from dbt.adapters.spark.connections import PyhiveConnectionWrapper, SparkConnectionManager
from dbt.plugins.manager import dbtPlugin
from dbt_common.exceptions import DbtRuntimeError

from infra.spark_sql import first_line


class CampuslakePlugin(dbtPlugin):
    """Changes what dbt-spark does with errors and with sessions."""

    def initialize(self) -> None:
        """Called by dbt once for each command."""
        SparkConnectionManager.exception_handler = _told_without_values
        SparkConnectionManager.release = _kept_open
        PyhiveConnectionWrapper.cursor = _only_cursor


@contextmanager
def _told_without_values(_manager: SparkConnectionManager, _sql: str) -> Iterator[Any]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - all that the driver may raise
        raise DbtRuntimeError(first_line(error)) from None


def _kept_open(manager: SparkConnectionManager) -> None:
    """In the place of closing it when a node ended; dbt closes what is open when it ends."""
    connection = manager.get_if_exists()
    if connection is None or connection.state != ConnectionState.OPEN:
        return
    try:
        _close_cursor(connection.handle)
    except Exception:  # noqa: BLE001 - the server went away; the next node opens another one
        manager.clear_thread_connection()


def _only_cursor(handle: PyhiveConnectionWrapper) -> PyhiveConnectionWrapper:
    """Closes the statement before, whose rows the server would keep until the session ends."""
    _close_cursor(handle)
    handle._cursor = handle.handle.cursor()
    return handle


def _close_cursor(handle: PyhiveConnectionWrapper) -> None:
    cursor, handle._cursor = handle._cursor, None
    if cursor:
        cursor.close()


plugins = [CampuslakePlugin]
