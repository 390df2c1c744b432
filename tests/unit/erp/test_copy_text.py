"""Columns as COPY text."""

import numpy as np

from erp.copy_text import ROWS_PER_CHUNK, digits, hundredths, lines, rows, words


def test_null_and_the_empty_string_stay_apart() -> None:
    assert b"".join(rows([1, 2], ["", None])) == b"1\t\n2\t\\N\n"


def test_what_would_break_a_row_is_escaped() -> None:
    text = b"".join(rows(["a\tb", "a\nb", "a\rb", "a\\b", "\\N", "\\."]))
    assert text == b"a\\tb\na\\nb\na\\rb\na\\\\b\n\\\\N\n\\\\.\n"


def test_text_is_utf_8() -> None:
    assert b"".join(rows(["Île"])) == "Île\n".encode()


def test_rows_come_in_chunks_of_whole_rows() -> None:
    chunks = list(rows(range(ROWS_PER_CHUNK + 1)))
    assert [chunk.count(b"\n") for chunk in chunks] == [ROWS_PER_CHUNK, 1]


def test_numbers_of_any_width_lose_their_padding() -> None:
    values = [0, 7, 10, 99, 100, 1_000_000, 9_999_999_999]
    assert lines(digits(np.array(values))) == "".join(f"{value}\n" for value in values).encode()


def test_hundredths_keep_two_decimals() -> None:
    values = np.array([0, 5, 50, 6050, 10_000])
    assert lines(hundredths(values)) == b"0.00\n0.05\n0.50\n60.50\n100.00\n"


def test_words_of_different_lengths_lose_their_padding() -> None:
    assert lines(words(np.array([1, 0, 2]), ("a", "long", "to"))) == b"long\na\nto\n"


def test_fields_are_separated_by_tabs_and_rows_by_newlines() -> None:
    numbers = digits(np.array([1, 20]))
    assert lines(numbers, words(np.array([0, 1]), ("x", "yy")), numbers) == b"1\tx\t1\n20\tyy\t20\n"


def test_no_rows_are_no_text() -> None:
    assert lines(digits(np.empty(0, np.int64))) == b""
