"""Rows found by their bytes are those that a CSV parser finds."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from privacy import records
from privacy.records import Wanted, blocks, fields, text

WORDS = st.sampled_from(["", "12", "1", "121", "a", ",", '"', "\n", "\r\n", " 12", "é", 'x"12,\n'])
FIELDS = st.one_of(WORDS, st.text(max_size=5).filter(lambda word: "\0" not in word))
ROWS = st.lists(st.tuples(FIELDS, FIELDS, FIELDS), max_size=12)
VALUES = st.sets(st.sampled_from(["12", "1", "121", "7"]), max_size=3)


def written(rows: list[tuple[str, ...]]) -> bytes:
    """CSV as COPY writes it: what has a comma, a quote or a line break is quoted."""
    lines = []
    for row in rows:
        quoted = [
            '"' + field.replace('"', '""') + '"' if any(c in field for c in ',"\n\r') else field
            for field in row
        ]
        lines.append(",".join(quoted) + "\n")
    return "".join(lines).encode()


@given(ROWS, st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_every_row_and_field_is_read_as_it_was_written(rows, size):
    content = written(rows)
    read = []
    for block in blocks_of(content, size):
        for number in range(len(block.ends)):
            start, end = block.row(number)
            read.append(tuple(map(text, fields(block.content[start:end]))))
    assert read == rows


@given(ROWS, VALUES, VALUES, st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_the_wanted_rows_are_those_a_parser_finds(rows, first, last, size):
    wanted = Wanted({0: first, 2: last}, {})
    content = written(rows)
    found = [
        tuple(map(text, row))
        for block in blocks_of(content, size)
        for _, row in wanted.among(block)
    ]
    parsed = csv.reader(io.StringIO(content.decode(), newline=""))
    assert found == [tuple(r) for r in parsed if r and (r[0] in first or r[2] in last)]


def test_many_values_are_found_as_few_are(monkeypatch):
    rows = [(str(n), "x", str(n % 7)) for n in range(500)]
    wanted = Wanted({0: {str(n) for n in range(0, 200, 2)}}, {})
    assert len(wanted.numbers[0]) > records.FEW
    found = [row for block in blocks_of(written(rows), 99) for _, row in wanted.among(block)]
    assert [int(row[0]) for row in found] == list(range(0, 200, 2))


def test_addresses_are_compared_without_blanks_and_case():
    rows = [("1", " A@X.ORG ", ""), ("2", "ba@x.org", ""), ("3", 'a@x.org"', "")]
    wanted = Wanted({}, {1: {"a@x.org"}})
    found = [row[0] for block in blocks_of(written(rows), 99) for _, row in wanted.among(block)]
    assert found == [b"1"]


def blocks_of(content: bytes, size: int):
    """The blocks of a file that is read a few bytes at a time."""

    class Slow(io.BytesIO):
        def read(self, _size: int = -1) -> bytes:
            return super().read(size)

    return blocks(Slow(content))
