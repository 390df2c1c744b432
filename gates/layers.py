"""The rows of a table in a run of the staging zone, which may carry only what changed.

The views are global temporary ones: every session of the engine sees them, no metastore keeps them.
"""

from extract.manifest import Manifest, TableManifest
from infra.settings import Settings
from infra.spark_sql import execute, query

# The same options as macros/staging/register_staging.sql, which says why.
CSV_OPTIONS = (
    "header 'true', enforceSchema 'false', mode 'FAILFAST', encoding 'UTF-8', "
    "quote '\"', escape '\"', multiLine 'true', nullValue '\\u0000', emptyValue ''"
)
DATABASE = "global_temp"  # Spark's own name


def register_rows(settings: Settings, run_id: str, table: TableManifest, text: str) -> None:
    """Registers a table's rows, all columns text, as the global temporary view `text`.

    They are those of its objects, or what the runs that it builds on say together.
    """
    columns = ", ".join(f"{quoted(column.name)} string" for column in table.columns)
    zone = f"s3a://{settings.bucket}/stage/run_id="
    if not table.layers:
        _register_csv(settings, text, columns, f"{zone}{run_id}/{table.name}/")
        return
    key = f"{quoted(table.key)} string"
    first, *others = table.layers
    _register_csv(settings, f"{text}_0", columns, f"{zone}{first}/{table.name}/")
    for number, layer in enumerate(others, 1):
        changes = f"{zone}{layer}/changes/{table.name}/"
        _register_csv(settings, f"{text}_{number}", columns, f"{changes}rows/")
        _register_csv(settings, f"{text}_{number}_deleted", key, f"{changes}deleted/")
    query = rebuilt_rows(f"{DATABASE}.{text}", table.key, len(others))
    execute(f"create or replace global temporary view {text} as {query}", settings)


def _register_csv(settings: Settings, view: str, columns: str, location: str) -> None:
    execute(
        f"create or replace global temporary view {view} ({columns}) using csv "
        f"options ({CSV_OPTIONS}, path '{location}')",
        settings,
    )


def rebuilt_rows(layers: str, key: str, changes: int) -> str:
    """Returns the query of a table's rows from a whole layer and `changes` later ones.

    `LAYERS_0`, `LAYERS_1` … hold their rows, `LAYERS_1_deleted` … the keys that are gone. A row
    stands if no later layer has its key. As macros/staging/rebuilt_rows.sql does it.
    """
    name = quoted(key)
    numbers = range(1, changes + 1)
    touched = " union all ".join(
        f"select {name}, {n} as layer from {layers}_{n}{of}"  # noqa: S608
        for n in numbers
        for of in ("", "_deleted")
    )
    rows = " union all ".join(
        f"select *, {n} as _layer from {layers}_{n}"  # noqa: S608
        for n in [0, *numbers]
    )
    return (
        f"with touched as ({touched}), "  # noqa: S608
        f"latest as (select {name}, max(layer) as layer from touched group by {name}), "
        f"all_rows as ({rows}) "
        f"select all_rows.* from all_rows left join latest on all_rows.{name} = latest.{name} "
        f"where latest.layer is null or latest.layer = all_rows._layer"
    )


def row_views(text: str, table: TableManifest) -> list[str]:
    """Returns the names of the views that `register_rows` makes for `text`, the last first."""
    names = [text]
    for number in range(len(table.layers)):
        names += [f"{text}_{number}"] + [f"{text}_{number}_deleted"] * (number > 0)
    return names


def unproved_rows(
    settings: Settings, manifest: Manifest, table: TableManifest, base: Manifest
) -> int:
    """Returns how many rows differ between a table as it is and as its changes say it is.

    The run `manifest` carries both; `base` is the run that the changes are told against.
    """
    below = base.table(table.name).layers or [base.run_id]
    told = table.model_copy(update={"layers": [*below, manifest.run_id]})
    views = {
        f"{settings.candidate_prefix}_{manifest.run_id.lower()}_{table.name}_{name}": entry
        for name, entry in (("is", table), ("told", told))
    }
    columns = ", ".join(quoted(column.name) for column in table.columns)
    one, other = (f"select {columns} from {DATABASE}.{view}" for view in views)  # noqa: S608
    try:
        for view, entry in views.items():
            register_rows(settings, manifest.run_id, entry, view)
        ((count,),) = query(
            f"select count(*) from ({one} except all {other}"  # noqa: S608
            f" union all ({other} except all {one}))",
            settings,
        )
        return count
    finally:
        for view, entry in views.items():
            for name in row_views(view, entry):
                execute(f"drop view if exists {DATABASE}.{name}", settings)


def quoted(name: str) -> str:
    """Returns a name as Spark takes it whatever it holds."""
    return "`" + name.replace("`", "``") + "`"
