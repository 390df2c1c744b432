"""What tables need once in a while: small files put together, files of nobody deleted."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from rich.progress import Progress

from gates.builds import forget_changed_build, renew_snapshots
from infra.settings import Settings
from infra.spark_sql import query
from orchestration.dbt import Dbt
from privacy.tables import stored_tables

SIDE_BY_SIDE = 2
GROWING = ("incremental", "snapshot")  # every run adds files to them; all others are written whole


def compact(settings: Settings, dbt: Dbt, progress: Progress) -> dict[str, int]:
    """Puts small files of the tables that grow together; returns how many files each had too many.

    The others are written whole by every build, in an order that hides who is who. Raises
    `CampuslakeError` when the engine does not answer.
    """
    forget_changed_build(settings)
    growing = {
        f"{node['schema']}.{node['alias']}"
        for node in dbt.manifest()["nodes"].values()
        if node.get("config", {}).get("materialized") in GROWING
    }
    tables = [table for table in stored_tables(settings) if table in growing]
    task = progress.add_task("small files", total=len(tables))

    def rewrite(table: str) -> int:
        ((rewritten, written, *_),) = query(
            f"call spark_catalog.system.rewrite_data_files(table => '{table}')", settings
        )
        query(f"call spark_catalog.system.rewrite_manifests(table => '{table}')", settings)
        progress.advance(task)
        return rewritten - written

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        saved = dict(zip(tables, pool.map(rewrite, tables), strict=True))
    progress.remove_task(task)
    renew_snapshots(settings)
    return saved


def remove_orphans(
    settings: Settings, days: int, dry_run: bool, progress: Progress
) -> dict[str, int]:
    """Deletes files in tables' folders that no snapshot names, of builds that died.

    Only those that are `days` old, for a commit under way names its files last. Returns how many
    each table had. Raises `CampuslakeError` when the engine does not answer.
    """
    before = f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d %H:%M:%S}"
    tables = stored_tables(settings)
    task = progress.add_task("files of nobody", total=len(tables))

    def remove(table: str) -> int:
        found = query(
            f"call spark_catalog.system.remove_orphan_files(table => '{table}',"
            f" older_than => timestamp '{before}', dry_run => {str(dry_run).lower()})",
            settings,
        )
        progress.advance(task)
        return len(found)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return dict(zip(tables, pool.map(remove, tables), strict=True))
