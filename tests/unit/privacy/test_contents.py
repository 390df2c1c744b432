"""Packed objects are read as far as anybody can read them."""

import gzip
import random

from privacy.contents import unpacked

TEXT = random.Random(1).randbytes(300_000).hex().encode()  # noqa: S311 - nothing secret


def test_what_is_whole_is_unpacked_whole_with_all_that_follows():
    assert unpacked(gzip.compress(TEXT) + gzip.compress(b"more")) == TEXT + b"more"
    assert unpacked(gzip.compress(TEXT) + b"no gzip") == TEXT


def test_what_was_cut_or_changed_is_unpacked_up_to_there():
    packed = gzip.compress(TEXT)
    cut = unpacked(packed[:-1000])
    assert TEXT.startswith(cut) and len(cut) > 0.99 * len(TEXT)
    changed = unpacked(packed[:200_000] + b"\xff" * 20 + packed[200_020:])
    assert changed[:100_000] == TEXT[:100_000]
    assert unpacked(packed[:5]) == b""
