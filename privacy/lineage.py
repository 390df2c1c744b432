"""Which column's values come from which, over the whole project: from the SQL that dbt compiled.

A value flows through expressions, joins, unions and aggregates. It does not flow through a count,
through a comparison or the condition of a case, or through the groups of a window: what comes out
there says something of a value, and is not one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

TELLS_NO_VALUE = (exp.Count, exp.CountIf, exp.Predicate)


@dataclass(frozen=True, order=True)
class ColumnRef:
    """A column of a table, as the engine names it."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


class Lineage:
    """Where every column of a compiled dbt project gets its values from.

    `manifest` is dbt's manifest.json of a `dbt compile`, read.
    """

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        nodes = [
            n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "snapshot")
        ]
        self._models = [node for node in nodes if node["resource_type"] == "model"]
        self._columns: dict[str, dict[str, dict[str, str]]] = {}
        for node in [*nodes, *manifest["sources"].values()]:
            self._know(node, node["columns"])
        self._snapshots = []
        for node in (node for node in nodes if node["resource_type"] == "snapshot"):
            model = manifest["nodes"][node["depends_on"]["nodes"][0]]
            columns = model["columns"] | node["columns"]  # it has those of the model as they are
            self._know(node, columns)
            self._snapshots.append((_full_name(node), _full_name(model), columns))

    def _know(self, node: Mapping[str, Any], columns: Mapping[str, Any]) -> None:
        self._columns.setdefault(node["schema"], {})[_table(node)] = {
            name: column.get("data_type") or "string" for name, column in columns.items()
        }

    @cached_property
    def parents(self) -> dict[ColumnRef, set[ColumnRef]]:
        """The columns from which each model column has its values, one step back."""
        found = {}
        for snapshot, model, columns in self._snapshots:
            found |= {ColumnRef(snapshot, name): {ColumnRef(model, name)} for name in columns}
        for model in self._models:
            table = f"{model['schema']}.{model['name']}"
            query = parse_one(model["compiled_code"], dialect="spark")
            qualified = qualify(
                query,
                schema=self._columns,
                dialect="spark",
                validate_qualify_columns=False,  # _source resolves what it leaves
            )
            scope = build_scope(qualified)
            if scope is None:
                raise ValueError(f"{table} is no query that can be read")
            for name in _names(qualified):
                found[ColumnRef(table, name)] = set(_origins(scope, name))
        return found

    def paths(self, column: ColumnRef, ends: set[ColumnRef]) -> Iterator[tuple[ColumnRef, ...]]:
        """Yields each way back from a column to one of `ends`, which it is not itself."""
        for parent in sorted(self.parents.get(column, ())):
            if parent in ends:
                yield (column, parent)
            else:
                for path in self.paths(parent, ends):
                    yield (column, *path)


def _full_name(node: Mapping[str, Any]) -> str:
    return f"{node['schema']}.{_table(node)}"


def _table(node: Mapping[str, Any]) -> str:
    return node.get("identifier") or node.get("alias") or node["name"]


def _origins(scope: Scope, name: str, member: str = "") -> Iterator[ColumnRef]:
    """Yields the columns of tables from which a query's column has its values.

    With `member`, those of that field of a struct.
    """
    if branches := scope.set_operation_scopes:
        position = _names(branches[0].expression).index(name)
        for branch in branches:
            yield from _origins(branch, _names(branch.expression)[position], member)
        return
    (selected,) = [s for s in scope.expression.selects if name in _item_names(s)]
    made_of = _member(selected.unalias(), member)
    passed_on = member if isinstance(made_of, exp.Column) and made_of is selected.unalias() else ""
    for column, field in _values(made_of):
        yield from _origins_in(_source(scope, column), column.name, field or passed_on)


def _origins_in(source: Scope | exp.Table, name: str, member: str) -> Iterator[ColumnRef]:
    if isinstance(source, exp.Table):
        yield ColumnRef(f"{source.db}.{source.name}", name)
    elif isinstance(source.expression, exp.Query):
        yield from _origins(source, name, member)
    else:  # a lateral view: what it opens has the values of what it was given
        for given, field in _values(source.expression):
            yield from _origins_in(_source(source, given), given.name, field)


def _member(expression: exp.Expression, name: str) -> exp.Expression:
    """Returns what a struct's field is made of, or all when that cannot be told."""
    if isinstance(expression, exp.Struct):
        for entry in expression.expressions:
            if isinstance(entry, exp.PropertyEQ) and entry.name == name:
                return entry.expression
    return expression


def _source(scope: Scope, column: exp.Column) -> Scope | exp.Table:
    if column.table:
        return scope.sources[column.table]
    # sqlglot cannot tell of whom a column is that a generator named together with others.
    for source in scope.sources.values():
        query = source.expression
        if isinstance(query, exp.Query) and column.name in _names(query):
            return source
    raise ValueError(f"nobody knows of which table the column {column.name} is")


def _names(query: exp.Expression) -> list[str]:
    return [name for selected in query.selects for name in _item_names(selected)]


def _item_names(selected: exp.Expression) -> list[str]:
    """Returns what a select's item is called: a generator has several, explode(…) as (a, b)."""
    if isinstance(selected, exp.Aliases):
        return [alias.name for alias in selected.aliases]
    return [selected.alias_or_name]


def _values(expression: exp.Expression) -> Iterator[tuple[exp.Column, str]]:
    """Yields the columns whose values an expression's own can be, and which field of a struct."""
    if isinstance(expression, exp.Column):
        yield expression, ""
        return
    if isinstance(expression, exp.Dot) and isinstance(expression.this, exp.Column):
        yield expression.this, expression.name
        return
    if isinstance(expression, TELLS_NO_VALUE):
        return
    for name, argument in expression.args.items():
        is_condition = isinstance(expression, exp.If) and name == "this"
        is_group = isinstance(expression, exp.Window) and name == "partition_by"
        if is_condition or is_group:
            continue
        for part in argument if isinstance(argument, list) else [argument]:
            if isinstance(part, exp.Expression):
                yield from _values(part)
