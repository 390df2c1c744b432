"""Takes people's rows out of Iceberg tables, out of every snapshot that a tag keeps, and out of the
files behind them.

A published view reads a tag. The tag moves to a snapshot without the person, so readers go on.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.settings import Settings
from infra.spark_sql import query, run
from privacy.person import Person
from privacy.staged import without_lessons
from privacy.tables import LakeTable, condition

BRANCH = "erasing"
A_MINUTE = timedelta(minutes=1)
NAMES = ("first_name", "last_name", "email")  # of professors, who stay without: lessons point there


def erase_from_table(settings: Settings, table: LakeTable, person: Person) -> int:
    """Takes a person's rows out of a table and all of its tags; returns how many it had.

    Snapshots that nothing needs go with them. Raises `CampuslakeError` when the engine refuses;
    repeating goes on where it was.
    """
    statement, parameters = _erasing(table, person)
    if not statement:
        return 0
    snapshots = f"select cast(null as string), null, snapshot_id from {table.name}.snapshots"  # noqa: S608
    refs = query(
        f"select name, type, snapshot_id from {table.name}.refs union all {snapshots}",  # noqa: S608
        settings,
    )
    if any(name == BRANCH for name, *_ in refs):  # of an erasure that died
        _drop_branch(settings, table)
    main = next((snapshot for name, _, snapshot in refs if name == "main"), None)
    tags: dict[int, list[str]] = {}
    for name, kind, snapshot in refs:
        if kind == "TAG":
            tags.setdefault(snapshot, []).append(name)
    wanted = statement.partition(" where ")[2]
    versions = {snapshot: f"version as of {snapshot}" for snapshot in tags}
    if main:
        versions[main] = ""
    held = _rows(settings, table, wanted, parameters, versions)
    if held.get(main):
        run(statement.format(table=table.name), settings, parameters=parameters)
    for snapshot, names in tags.items():
        if not held[snapshot]:
            continue
        if snapshot == main:
            _move(settings, table, names, _snapshot(settings, table, "main"))
            continue
        run(
            f"alter table {table.name} create or replace branch {BRANCH} as of version {snapshot}",
            settings,
        )
        branch = f"{table.name}.branch_{BRANCH}"
        run(statement.format(table=branch), settings, parameters=parameters)
        _move(settings, table, names, _snapshot(settings, table, BRANCH))
        _drop_branch(settings, table)
    is_needed = held.keys()
    if any(held.values()) or any(snapshot not in is_needed for *_, snapshot in refs):
        forget_snapshots(settings, table.name)
    return held.get(main, 0) + sum(held[snapshot] for snapshot in tags)


def _rows(
    settings: Settings,
    table: LakeTable,
    wanted: str,
    parameters: dict[str, Any],
    versions: Mapping[int, str],
) -> dict[int, int]:
    """Returns how many of the wanted rows each snapshot of a table holds."""
    counted = [
        f"select {snapshot}L, count(*) from {table.name} {version} where {wanted}"  # noqa: S608
        for snapshot, version in versions.items()
    ]
    return dict(
        query(" union all ".join(counted), settings, parameters=parameters) if counted else []
    )


def drop_tag(settings: Settings, table: str, tag: str) -> None:
    """Drops a tag of a table."""
    run(f"alter table {table} drop tag `{tag}`", settings)


def forget_snapshots(settings: Settings, table: str, age: timedelta = -A_MINUTE) -> None:
    """Deletes the snapshots that neither the table nor a tag needs, with their files.

    Those that are older than `age`: all of them, when nothing is said.
    """
    before = datetime.now(UTC) - age
    run(
        "call spark_catalog.system.expire_snapshots("
        f"table => '{table}', older_than => timestamp '{before:%Y-%m-%d %H:%M:%S}',"
        " retain_last => 1)",
        settings,
    )


def files_of(settings: Settings, name: str) -> set[str]:
    """Returns every file that a table needs, as Iceberg names them: `s3a://…`."""
    found = query(
        f"select file_path from {name}.all_files"  # noqa: S608
        f" union select path from {name}.all_manifests"
        f" union select manifest_list from {name}.snapshots"
        f" union select file from {name}.metadata_log_entries",
        settings,
    )
    return {path for (path,) in found}


def _erasing(table: LakeTable, person: Person) -> tuple[str, dict[str, Any]]:
    """Returns the statement, for a `{table}`, and its parameters; '' for nothing to do."""
    if "professor_id" in table.columns and set(NAMES) <= set(table.columns):
        wanted, parameters = condition(table, person)
        emptied = ", ".join(f"{name} = ''" for name in NAMES)
        named = " or ".join(f"{name} <> ''" for name in NAMES)
        statement = f"update {{table}} set {emptied} where ({wanted}) and ({named})"  # noqa: S608
        return statement if wanted else "", parameters
    wanted, parameters = condition(table, without_lessons(person))
    return (f"delete from {{table}} where {wanted}" if wanted else ""), parameters  # noqa: S608


def _move(settings: Settings, table: LakeTable, tags: list[str], snapshot: int) -> None:
    for tag in tags:
        run(
            f"alter table {table.name} create or replace tag `{tag}` as of version {snapshot}",
            settings,
        )


def _snapshot(settings: Settings, table: LakeTable, ref: str) -> int:
    of_ref = f"select snapshot_id from {table.name}.refs where name = '{ref}'"  # noqa: S608
    return query(of_ref, settings)[0][0]


def _drop_branch(settings: Settings, table: LakeTable) -> None:
    run(f"alter table {table.name} drop branch {BRANCH}", settings)
