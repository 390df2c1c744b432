"""Cuts tables into parts: block ranges that are copied side by side and read side by side."""

from collections.abc import Mapping
from dataclasses import dataclass

from extract.queries import BlockRange
from extract.source import TableSize

BLOCK_BYTES = 8192
PART_BLOCKS = 16 * 1024 * 1024 // BLOCK_BYTES
MOST_PARTS = 64


@dataclass(frozen=True)
class PlannedPart:
    """One CSV object to be: part `number` of `table`, about `blocks` heap blocks long.

    One that `has_long_rows` is copied while no other such part is: each row is held in memory.
    """

    table: str
    number: int
    range: BlockRange
    blocks: int
    has_long_rows: bool = False


def plan_parts(sizes: Mapping[str, TableSize]) -> list[PlannedPart]:
    """Returns the parts of every table, the longest first.

    A table of up to 16 MiB is one part; a longer one is cut into ranges of that length, but 64 at
    most. CSV with line breaks in its values cannot be split by its reader, so parts are also what
    Spark reads in parallel. The last range is open: rows added meanwhile are invisible in the
    snapshot, whatever block they are in.
    """
    parts = []
    for table, size in sizes.items():
        step = max(PART_BLOCKS, -(-size.blocks // MOST_PARTS))
        starts = list(range(0, size.blocks, step)) or [0]
        for number, start in enumerate(starts):
            is_last = number == len(starts) - 1
            blocks = BlockRange(
                start=start if number else None, end=None if is_last else start + step
            )
            length = min(step, size.blocks - start)
            parts.append(PlannedPart(table, number, blocks, length, size.has_long_rows))
    return sorted(parts, key=lambda part: (-part.blocks, part.table, part.number))
