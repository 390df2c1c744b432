"""What is asked of a table of the ERP: its rows, or the keys of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg2 import sql

from extract.erased import LeftOut
from extract.left_out import conditions, without_name
from extract.manifest import Column

# What a table of one column is extracted with beside it.
PRESENT = Column(name="_present", type="constant", nullable=False)


@dataclass(frozen=True)
class BlockRange:
    """A range of heap blocks, `start` included, `end` excluded; None leaves that side open."""

    start: int | None = None
    end: int | None = None


def rows(
    source: sql.Composable,
    table: str,
    columns: Sequence[Column],
    blocks: BlockRange,
    changed_since: int | None,
    left_out: LeftOut,
) -> sql.Composed:
    """Returns the query for the rows of a table in a block range.

    `changed_since` leaves out what transactions below that one wrote.
    """
    wanted: list[sql.Composable] = [
        sql.SQL("ctid {} {}::tid").format(sql.SQL(operator), sql.Literal(f"({block},0)"))
        for operator, block in ((">=", blocks.start), ("<", blocks.end))
        if block is not None
    ]
    if changed_since is not None:
        wanted.append(_changed_since(changed_since))
    return sql.SQL("select {} from {}{}").format(
        sql.SQL(", ").join(
            without_name(table, column, left_out) or _as_text(column) for column in columns
        ),
        source,
        _where([*wanted, *conditions(table, columns, left_out)]),
    )


def keys(
    source: sql.Composable,
    table: str,
    columns: Sequence[Column],
    key: str,
    changed_since: int | None,
    left_out: LeftOut,
) -> sql.Composed:
    """Returns the query for each row's key (8 bytes) and whether it changed (4)."""
    changed = sql.SQL("false") if changed_since is None else _changed_since(changed_since)
    return sql.SQL("select {}::bigint, ({})::integer from {}{}").format(
        sql.Identifier(key), changed, source, _where(conditions(table, columns, left_out))
    )


def _where(conditions: Sequence[sql.Composable]) -> sql.Composable:
    if not conditions:
        return sql.SQL("")
    return sql.SQL(" where ") + sql.SQL(" and ").join(conditions)


def _changed_since(xmin: int) -> sql.Composable:
    """Whether a row's transaction is not below `xmin`: numbers of 32 bits, in a circle."""
    return sql.SQL("((xmin::text::bigint - {}) & 4294967295) < 2147483648").format(
        sql.Literal(xmin % 2**32)
    )


def _as_text(column: Column) -> sql.Composable:
    name = sql.Identifier(column.name)
    if column == PRESENT:
        return sql.SQL("true::text as {}").format(name)
    # COPY writes booleans as t and f, which no reader of CSV takes for booleans.
    if column.type == "boolean":
        return sql.SQL("{}::text as {}").format(name, name)
    return name
