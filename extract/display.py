"""What the extract shows people: its plan, its summary, the list of runs."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.table import Table

from extract.manifest import Column, Manifest
from extract.plan import PlannedPart
from extract.source import TableSize
from extract.zone import StagingZone


def plan(
    columns: Mapping[str, Sequence[Column]],
    sizes: Mapping[str, TableSize],
    parts: Sequence[PlannedPart],
) -> Table:
    """Returns what an extract would copy: PostgreSQL's estimates of rows, its bytes on disk."""
    table = _table("table", "columns", "rows, about", "MB in the ERP", "parts")
    table.title = "what an extract would copy"
    for name, size in sizes.items():
        count = sum(part.table == name for part in parts)
        figures = _figures(size.estimated_rows, size.bytes)
        table.add_row(name, str(len(columns[name])), *figures, str(count))
    table.add_section()
    rows = sum(size.estimated_rows for size in sizes.values())
    table.add_row(
        "all", "", *_figures(rows, sum(size.bytes for size in sizes.values())), str(len(parts))
    )
    return table


def summary(manifest: Manifest) -> Table:
    """Returns what an extract holds, as a table for a terminal."""
    table = _table("table", "rows", "MB of CSV", "MB stored", "seconds", "parts")
    table.title = f"run {manifest.run_id}"
    for entry in manifest.tables:
        table.add_row(
            entry.name,
            *_figures(entry.rows, entry.csv_bytes, entry.bytes),
            f"{entry.seconds:,.1f}",
            str(len(entry.parts)),
        )
    table.add_section()
    parts = sum(len(entry.parts) for entry in manifest.tables)
    table.add_row(
        "all",
        *_figures(manifest.rows, manifest.csv_bytes, manifest.bytes),
        f"{manifest.seconds:,.1f}",
        str(parts),
    )
    return table


def sentence(manifest: Manifest) -> str:
    """Returns the same in words that can be read aloud."""
    seconds = max(manifest.seconds, 1e-3)
    rate = f"{manifest.rows / seconds:,.0f} rows/s, {manifest.csv_bytes / 1e6 / seconds:,.1f} MB/s"
    instant = f"{manifest.snapshot.taken_at:%d %B %Y at %H:%M:%S} UTC"
    return (
        f"{len(manifest.tables)} tables as they were on {instant}: {manifest.rows:,} rows"
        f" in {seconds:,.1f} s ({rate} of CSV),"
        f" stored in {manifest.bytes / 1e6:,.1f} MB; the ERP kept the snapshot for"
        f" {manifest.snapshot_seconds:,.1f} s."
    )


def runs(zone: StagingZone) -> Table:
    """Returns the runs of the staging zone, newest first."""
    table = _table("run", "state", "rows", "MB stored", "seconds", "age")
    current = zone.current()
    committed = set(zone.runs())
    for run_id in reversed(zone.run_ids()):
        if run_id not in committed:
            table.add_row(run_id, "not committed", "", "", "", "")
            continue
        manifest = zone.readable_manifest(run_id)
        if manifest is None:
            table.add_row(run_id, "of another version", "", "", "", "")
            continue
        state = "current" if current and current.run_id == run_id else "committed"
        age = datetime.now(UTC) - manifest.committed_at
        table.add_row(
            run_id,
            state,
            *_figures(manifest.rows, manifest.bytes),
            f"{manifest.seconds:,.1f}",
            str(age).split(".")[0],
        )
    return table


def _table(first: str, *numbers: str) -> Table:
    table = Table(first, title_justify="left")
    for heading in numbers:
        table.add_column(heading, justify="left" if heading == "state" else "right")
    return table


def _figures(rows: int, *sizes: int) -> list[str]:
    return [f"{rows:,}", *(f"{size / 1e6:,.1f}" for size in sizes)]
