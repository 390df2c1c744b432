"""Ends what has been kept long enough: runs of the staging zone, published runs, snapshots.

Identities are another matter: what is loaded has lost those that are no longer kept
(macros/definitions/retention.sql), and then the history (macros/publication/forget_identities.sql).
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rich.progress import Progress

from extract.zone import StagingZone
from gates.builds import renew_snapshots
from infra.object_store import Bucket
from infra.settings import Settings
from infra.spark_sql import query
from privacy.table_erasure import drop_tag, forget_snapshots
from privacy.tables import stored_tables

SIDE_BY_SIDE = 3  # tables at a time
READING = timedelta(days=1)  # nobody reads a snapshot for longer
TAG = "run_"


@dataclass
class Overdue:
    """What has been kept long enough.

    Runs of the staging zone; published runs; and the tables with their tags that go, of which
    those with none have old snapshots only.
    """

    staged: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    tables: dict[str, list[str]] = field(default_factory=dict)


def overdue(settings: Settings, published: str | None, progress: Progress) -> Overdue:
    """Returns what the settings no longer want kept; `published` names the run that people read.

    Raises `CampuslakeError` when the object store or the engine does not answer.
    """
    task = progress.add_task("snapshots of every table", total=None)
    tags, old = _tags_and_old_snapshots(settings, stored_tables(settings))
    progress.remove_task(task)
    runs = sorted({tag for of_one in tags.values() for tag in of_one if tag.startswith(TAG)})
    kept = {*runs[-settings.publish_keep_runs :], f"{TAG}{published}"}
    gone = set(runs) - kept
    return Overdue(
        staged=StagingZone(settings).prunable(settings.extract_keep_runs),
        published=sorted(tag.removeprefix(TAG) for tag in gone),
        tables={
            name: sorted(gone & of_one)
            for name, of_one in tags.items()
            if gone & of_one or name in old
        },
    )


def _tags_and_old_snapshots(
    settings: Settings, stored: list[str]
) -> tuple[dict[str, set[str]], set[str]]:
    """Returns each table's tags, and which tables have old snapshots that nothing needs.

    One statement for all of them: one for each takes twice as long.
    """
    asked = [
        f"select '{table}' as name, snapshot_id, committed_at, null as ref, null as type"  # noqa: S608
        f" from {table}.snapshots"
        f" union all select '{table}', snapshot_id, null, name, type from {table}.refs"
        for table in stored
    ]
    rows = query(" union all ".join(asked), settings) if asked else []
    tags: dict[str, set[str]] = {table: set() for table in stored}
    needed = {(table, snapshot) for table, snapshot, _, ref, _ in rows if ref}
    for table, _, _, ref, kind in rows:
        if kind == "TAG":
            tags[table].add(ref)
    before = f"{datetime.now(UTC) - READING:%Y-%m-%d %H:%M:%S}"
    return tags, {
        table
        for table, snapshot, committed_at, ref, _ in rows
        if not ref and (table, snapshot) not in needed and str(committed_at) < before
    }


def end(settings: Settings, found: Overdue, progress: Progress) -> None:
    """Deletes what is overdue. Interrupted, it is repeated.

    Readers of what is published go on; a snapshot that a tag left goes when it is a day old. Raises
    `CampuslakeError` when the object store or the engine does not answer.
    """
    zone = StagingZone(settings)
    for run_id in reversed(found.staged):  # what builds on others goes before them
        zone.delete_run(run_id)
        Bucket(settings).purge_old_versions(zone.prefix(run_id))
    task = progress.add_task("expiring snapshots", total=len(found.tables))

    def expire(name: str) -> None:
        for tag in found.tables[name]:
            drop_tag(settings, name, tag)
        forget_snapshots(settings, name, READING)
        progress.advance(task)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(expire, found.tables))
    progress.remove_task(task)
    if found.published:
        renew_snapshots(settings)
