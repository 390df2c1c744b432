"""What the presentation layer must not show: values of columns that tell who somebody is."""

from collections.abc import Iterator, Mapping
from typing import Any

from privacy.inventory import PersonalColumn, inventory
from privacy.lineage import ColumnRef, Lineage

KEY = "student_key"  # a mart with it has rows about single people


def leaks(manifest: Mapping[str, Any]) -> list[str]:
    """Returns in a line each what is wrong with a published column, and the way its values take.

    Identifying: its values come from a column that tells who somebody is, and it does not declare
    to be a coarser form of it. Undeclared: it stands in a mart about single people, its values come
    from a personal column, and it does not say that it is one itself. `manifest` is that of a
    `dbt compile`, read.
    """
    personal = {ColumnRef(f"{c.database}.{c.table}", c.column): c for c in inventory(manifest)}
    lineage = Lineage(manifest)
    return sorted(_leaks(manifest, personal, lineage))


def _leaks(
    manifest: Mapping[str, Any], personal: Mapping[ColumnRef, PersonalColumn], lineage: Lineage
) -> Iterator[str]:
    identifying = {ref for ref, column in personal.items() if column.declaration.identifying}
    for node in manifest["nodes"].values():
        if node["config"].get("meta", {}).get("published_as") != "presentation":
            continue
        for name in node["columns"]:
            column = ColumnRef(f"{node['schema']}.{node['name']}", name)
            declared = personal.get(column)
            coarsens = declared.declaration.coarsens if declared else ()
            if column in identifying:
                yield f"identifying: {column}"
            for path in lineage.paths(column, identifying):
                if path[-1].column not in coarsens:
                    yield f"identifying: {' <- '.join(map(str, path))}"
            if declared is None and KEY in node["columns"]:
                for path in lineage.paths(column, set(personal)):
                    yield f"undeclared: {' <- '.join(map(str, path))}"
