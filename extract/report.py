"""How far an extract is: bars on a terminal, JSON lines where nobody watches."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from rich.progress import Progress

from extract.source import TableSize

SECONDS_BETWEEN_LINES = 5.0

log = structlog.get_logger("extract")


@dataclass
class TableProgress:
    """What of a table was copied so far, and between which moments (monotonic seconds)."""

    estimated_rows: int
    rows: int = 0
    csv_bytes: int = 0
    began: float | None = None
    ended: float = 0.0

    @property
    def seconds(self) -> float:
        """From its first byte to its last."""
        return 0.0 if self.began is None else self.ended - self.began


class Report:
    """Counts what is copied, table by table. Every method may be called by any thread."""

    def __init__(self, progress: Progress, sizes: Mapping[str, TableSize]) -> None:
        self.tables = {name: TableProgress(size.estimated_rows) for name, size in sizes.items()}
        self._progress = progress
        self._tasks = {
            name: progress.add_task(name, total=table.estimated_rows or None, start=False)
            for name, table in self.tables.items()
        }
        self._lock = threading.Lock()
        self._last_line = time.monotonic()

    def add(self, table: str, data: memoryview) -> int:
        """Counts bytes of CSV; returns their line breaks, which stand for rows until `correct`."""
        rows = bytes(data).count(b"\n")
        with self._lock:
            self._count(table, rows, len(data))
            if self._progress.disable and self._due():
                found = self.tables[table]
                seconds = max(found.seconds, 1e-3)
                left = max(found.estimated_rows - found.rows, 0)
                log.info(
                    "progress",
                    table=table,
                    rows=found.rows,
                    megabytes=round(found.csv_bytes / 1e6, 1),
                    rows_per_second=round(found.rows / seconds),
                    seconds_left=round(left * seconds / found.rows) if found.rows else None,
                )
        return rows

    def correct(self, table: str, rows: int) -> None:
        """Adds rows that line breaks miscounted; may be negative."""
        with self._lock:
            self._count(table, rows, 0)

    def end(self) -> None:
        """Takes the bars away."""
        for task in self._tasks.values():
            self._progress.remove_task(task)

    def _count(self, table: str, rows: int, size: int) -> None:
        found = self.tables[table]
        if found.began is None:
            found.began = time.monotonic()
            self._progress.start_task(self._tasks[table])
        found.rows += rows
        found.csv_bytes += size
        found.ended = time.monotonic()
        self._progress.update(self._tasks[table], completed=found.rows)

    def _due(self) -> bool:
        now = time.monotonic()
        if now - self._last_line < SECONDS_BETWEEN_LINES:
            return False
        self._last_line = now
        return True
