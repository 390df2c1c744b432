"""Rows of CSV, as PostgreSQL's COPY writes it, found by their bytes: the others are not parsed."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

BLOCK = 16 * 2**20  # bytes that are looked at together
FEW = 30  # of more values every row is parsed: searching for each of them takes longer
FIELD = re.compile(rb'(?:^|,)((?:"(?:[^"]|"")*"|[^,"])*)')


class Readable(Protocol):
    """What gives bytes."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Block:
    """Whole rows, one after the other; `ends` says where each of them ends."""

    content: bytes
    ends: np.ndarray

    def row(self, number: int) -> tuple[int, int]:
        """Returns where a row begins and ends."""
        return int(self.ends[number - 1]) if number else 0, int(self.ends[number])


def blocks(stream: Readable) -> Iterator[Block]:
    """Yields a file in blocks; the header is the first row of the first one.

    A line break ends a row unless a quoted field is open, that is after an odd number of quotes.
    """
    held = b""
    while read := stream.read(BLOCK):
        held += read
        content = np.frombuffer(held, np.uint8)
        ends = np.flatnonzero(content == ord("\n"))
        if b'"' in held:
            is_open = np.cumsum(content == ord('"'), dtype=np.int64) % 2
            ends = ends[is_open[ends] == 0]
        if len(ends):
            ends = ends + 1
            yield Block(held[: ends[-1]], ends)
            held = held[ends[-1] :]
    if held:
        yield Block(held, np.array([len(held)]))


def rows(stream: Readable) -> Iterator[list[str]]:
    """Yields every row of a file below its header; NULL is an empty text."""
    yield from rows_in(blocks(stream))


def rows_in(found: Iterable[Block]) -> Iterator[list[str]]:
    """Yields every row of a file's blocks below the header; NULL is an empty text."""
    is_header = True
    for block in found:
        for number in range(len(block.ends)):
            start, end = block.row(number)
            if not is_header:
                yield [text(field) for field in fields(block.content[start:end])]
            is_header = False


def fields(row: bytes) -> list[bytes]:
    """Returns a row's fields as they are written, quotes included."""
    row = row.removesuffix(b"\n")
    return FIELD.findall(row) if b'"' in row else row.split(b",")


def text(field: bytes) -> str:
    """Returns what a field says; NULL and the empty text are both ''."""
    if field.startswith(b'"'):
        field = field[1:-1].replace(b'""', b'"')
    return field.decode("utf-8", "replace")  # somebody may have put anything there


def whole_number(said: str) -> int | None:
    """Returns the number that a field says, or None: a run that a gate refused may say anything."""
    return int(said) if said.isdecimal() else None


@dataclass(frozen=True)
class Wanted:
    """Which rows are wanted, by the column's position: these `numbers`, or these `addresses`.

    Addresses are compared without blanks around them, in lower case.
    """

    numbers: Mapping[int, Collection[str]]
    addresses: Mapping[int, Collection[str]]

    def __bool__(self) -> bool:
        return any(self.numbers.values()) or any(self.addresses.values())

    def among(self, block: Block) -> Iterator[tuple[int, list[bytes]]]:
        """Yields number and fields of each wanted row, in order."""
        for number in self._candidates(block):
            start, end = block.row(number)
            found = fields(block.content[start:end])
            if self._wants(found):
                yield number, found

    def _wants(self, found: list[bytes]) -> bool:
        return any(
            position < len(found) and text(found[position]) in values
            for position, values in self.numbers.items()
        ) or any(
            position < len(found) and text(found[position]).strip().lower() in values
            for position, values in self.addresses.items()
        )

    def _candidates(self, block: Block) -> Collection[int]:
        few = sum(len(values) for values in self.numbers.values()) <= FEW
        if any(self.addresses.values()) or not few:
            return range(len(block.ends))
        # Where a row's own bytes begin: after the comma or the line break before the number.
        places = [
            place + 1
            for position, values in self.numbers.items()
            for value in values
            for place in _places(block.content, value.encode(), is_first=position == 0)
        ]
        return sorted(set(np.searchsorted(block.ends, places, side="right").tolist()))


def _places(content: bytes, value: bytes, is_first: bool) -> Iterator[int]:
    begin = b"\n" if is_first else b","
    if is_first and content.startswith((value + b",", value + b"\n")):
        yield -1
    needles = [begin + value + b",", begin + value + b"\n"]  # an only column ends a row too
    for needle in needles:
        place = content.find(needle)
        while place >= 0:
            yield place
            place = content.find(needle, place + 1)
