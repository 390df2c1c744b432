"""Columns to the text format of PostgreSQL's COPY.

Two ways to the same bytes: `rows` for tables a person reads (strings, NULLs, escapes),
`digits`, `hundredths`, `words` and `lines` for millions of numbers, laid out as one
fixed-width character matrix from which the padding is then dropped.
"""

from collections.abc import Iterator, Sequence

import numpy as np

ROWS_PER_CHUNK = 50_000

Field = tuple[np.ndarray, np.ndarray]
"""Characters (rows by width, uint8) and which of them count (rows by width, bool)."""

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def rows(*columns: Sequence[object | None]) -> Iterator[bytes]:
    """Yields COPY text of equally long columns; None is NULL."""
    for start in range(0, len(columns[0]), ROWS_PER_CHUNK):
        part = [column[start : start + ROWS_PER_CHUNK] for column in columns]
        yield "".join(
            "\t".join([_cell(value) for value in row]) + "\n" for row in zip(*part, strict=True)
        ).encode()


def _cell(value: object | None) -> str:
    return "\\N" if value is None else str(value).translate(_ESCAPES)


def digits(values: np.ndarray) -> Field:
    """Lays out integers ≥ 0 in decimal."""
    width = len(str(int(values.max(initial=0))))
    characters = np.empty((len(values), width), np.uint8)
    rest = values
    for place in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        characters[:, place] = digit + ord("0")
    smallest = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    smallest[-1] = 0
    return characters, values[:, None] >= smallest


def hundredths(values: np.ndarray) -> Field:
    """Lays out integers as hundredths: 6050 becomes 60.50."""
    whole, whole_counts = digits(values // 100)
    rest = values % 100
    tail = np.stack([np.full(len(values), ord(".")), rest // 10 + 48, rest % 10 + 48], axis=1)
    return np.hstack([whole, tail.astype(np.uint8)]), np.hstack(
        [whole_counts, np.ones_like(tail, bool)]
    )


def words(codes: np.ndarray, vocabulary: Sequence[str]) -> Field:
    """Lays out `vocabulary[code]` for each code. Words must be ASCII without escapes."""
    width = max(map(len, vocabulary))
    table = np.array([list(word.ljust(width).encode()) for word in vocabulary], np.uint8)
    lengths = np.array([len(word) for word in vocabulary])
    return table[codes], np.arange(width) < lengths[codes][:, None]


def lines(*fields: Field) -> bytes:
    """Joins fields of equal height to COPY text."""
    height = len(fields[0][0])
    always = np.ones((height, 1), bool)
    characters, counts = [], []
    for position, (field, field_counts) in enumerate(fields):
        separator = "\n" if position == len(fields) - 1 else "\t"
        characters += [field, np.full((height, 1), ord(separator), np.uint8)]
        counts += [field_counts, always]
    return np.hstack(characters)[np.hstack(counts)].tobytes()
