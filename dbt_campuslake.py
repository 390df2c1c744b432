"""dbt's plugin of this project: what the engine refuses is told in one line, without values.

dbt loads it by its name. Upstream puts the engine's whole answer on the terminal, in the log and in
target/run_results.json, and the answer may quote rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dbt.adapters.spark.connections import SparkConnectionManager
from dbt.plugins.manager import dbtPlugin
from dbt_common.exceptions import DbtRuntimeError

from infra.spark_sql import first_line


class EnginesSentence(dbtPlugin):
    """Puts the engine's sentence, as `campuslake query` tells it, in the place of its answer."""

    def initialize(self) -> None:
        """Called by dbt once for each command."""
        SparkConnectionManager.exception_handler = _told_without_values


@contextmanager
def _told_without_values(_manager: SparkConnectionManager, _sql: str) -> Iterator[Any]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - all that the driver may raise
        raise DbtRuntimeError(first_line(error)) from None


plugins = [EnginesSentence]
