"""One seed, one school."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from erp.effects import Effects
from erp.scales import scale_named
from erp.schema import TABLES
from erp.simulation import simulate
from erp.tables import table_streams
from infra.errors import CampuslakeError

REPOSITORY = Path(__file__).parents[3]


def digests(seed: int, effects: Effects | None = None) -> dict[str, str]:
    simulation = simulate(scale_named("tiny"), seed, effects or Effects())
    return {
        stream.name: hashlib.sha256(b"".join(stream.chunks)).hexdigest()
        for stream in table_streams(simulation)
    }


def test_every_table_has_a_stream_in_order() -> None:
    assert tuple(digests(7)) == TABLES


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_another_process_makes_the_same_bytes(hash_seed: str) -> None:
    program = (
        "import hashlib\n"
        "from erp.effects import Effects\n"
        "from erp.scales import scale_named\n"
        "from erp.simulation import simulate\n"
        "from erp.tables import table_streams\n"
        "for stream in table_streams(simulate(scale_named('tiny'), 7, Effects())):\n"
        "    print(stream.name, hashlib.sha256(b''.join(stream.chunks)).hexdigest())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Pacific/Auckland"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert dict(line.split() for line in done.stdout.splitlines()) == digests(7)


def test_another_seed_makes_another_school() -> None:
    first, second = digests(7), digests(8)
    same = {table for table in TABLES if first[table] == second[table]}
    assert same == {"subjects"}


@pytest.mark.parametrize("seed", [1, 7, 42, 2026])
def test_every_row_has_every_column(seed: int) -> None:
    columns = (7, 15, 6, 3, 6, 4, 5, 5, 6, 7, 7)
    streams = table_streams(simulate(scale_named("tiny"), seed, Effects()))
    for stream, width in zip(streams, columns, strict=True):
        lines = b"".join(stream.chunks).decode().removesuffix("\n").split("\n")
        assert {line.count("\t") + 1 for line in lines} == {width}, stream.name
        assert stream.expected_rows is None or len(lines) == pytest.approx(
            stream.expected_rows, rel=0.02
        )


def test_an_unknown_scale_names_the_known_ones() -> None:
    with pytest.raises(CampuslakeError, match="tiny, demo, school, network"):
        scale_named("huge")
