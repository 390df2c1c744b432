"""Cuts tables into parts: block ranges that are copied side by side and read side by side."""

from dataclasses import dataclass

from extract.source import BlockRange, TableSize

BLOCK_BYTES = 8192
PART_BLOCKS = 16 * 1024 * 1024 // BLOCK_BYTES
MOST_PARTS = 64


@dataclass(frozen=True)
class PlannedPart:
    """One CSV object to be: part `number` of `table`, about `blocks` heap blocks long."""

    table: str
    number: int
    range: BlockRange
    blocks: int

    @property
    def name(self) -> str:
        """The object's name below the run's prefix."""
        return f"{self.table}/part-{self.number:05d}.csv"


def plan_parts(sizes: dict[str, TableSize]) -> list[PlannedPart]:
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
            parts.append(PlannedPart(table, number, blocks, min(step, size.blocks - start)))
    return sorted(parts, key=lambda part: (-part.blocks, part.table, part.number))
