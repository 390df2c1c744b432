"""The search for leaks finds a word wherever one may be left: to find none means something."""

import gzip
import html
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.object_store import Bucket
from infra.settings import REPOSITORY
from tests.conftest import Erp, Lake, bucket_of
from tests.integration.leak_search import Evidence

PLANTED = "Plantée-d'Épreuve"
PLANTED_FILES = {
    "{home}/logs/planted.log": PLANTED.upper(),
    "{home}/artifacts/data_docs/planted.html": f"<td>{html.escape(PLANTED)}</td>",
    "{home}/artifacts/planted.json": json.dumps({"observed": PLANTED}),
    "{home}/metastore/planted": PLANTED,
    "{repository}/target/run/planted.sql": f"select '{PLANTED}'",
    "{repository}/logs/planted.log": PLANTED,
    "{temporary}/planted": PLANTED,
}
PLANTED_OBJECTS = {
    "runs/planted.json": PLANTED.encode(),
    "audit/planted.gz": gzip.compress(PLANTED.encode()),
    f"ops/{PLANTED}": b"",
    "stage/planted.csv": PLANTED.encode(),
}
OTHER_PLACES = {
    *("s3://{bucket}/runs/planted.json", "s3://{bucket}/audit/planted.gz"),
    f"the name of s3://{{bucket}}/ops/{PLANTED}",
    *("0 sh -c {script} sh {word}", "process list", "{temporary}/gone meanwhile"),
    "{repository}/target/overwritten after 0 sh -c {script} sh {word}",
}


@pytest.fixture(scope="module")
def planted(stack, postgres: str) -> Iterator[tuple[dict[str, str], set[str]]]:
    """What the places are called, and where a word was found that was planted in each kind."""
    lake = Lake(Erp(postgres, "planted"), os.environ | {"CAMPUSLAKE_BUCKET": "planted-words"})
    settings = lake.settings
    evidence, bucket = Evidence(lake, [PLANTED]), Bucket(settings)
    names = {"home": settings.home, "repository": REPOSITORY, "bucket": bucket.name}
    names |= {"temporary": tempfile.gettempdir(), "word": PLANTED}
    gone = ["{temporary}/gone".format(**names), "{repository}/target/overwritten".format(**names)]
    names["script"] = (
        f'echo "$1" | tee {" ".join(gone)}; while [ -e {gone[0]} ]; do sleep 0.1; done'
    )
    files = {Path(name.format(**names)): text for name, text in PLANTED_FILES.items()}
    try:
        for path, text in files.items():
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(text)
        with bucket_of(settings), evidence.watching():
            for key, body in PLANTED_OBJECTS.items():
                bucket.put(key, body)
            with ThreadPoolExecutor(1) as pool:
                script = pool.submit(evidence.run, "sh", "-c", names["script"], "sh", PLANTED)
                until(lambda: Path(gone[0]).exists())
                begun = evidence.rounds
                until(lambda: evidence.rounds >= begun + 2)  # the first may have begun before
                Path(gone[0]).unlink()
                script.result()
            Path(gone[1]).unlink()
            yield names, {place for _, place in evidence.found([PLANTED])}
    finally:
        for path in files:
            path.unlink(missing_ok=True)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("place", [*PLANTED_FILES, *sorted(OTHER_PLACES)])
def test_a_word_in_any_kind_of_place_is_found(planted: tuple, place: str):
    names, found = planted
    assert place.format(**names) in found


def test_the_data_themselves_are_no_leak(planted: tuple):
    names, found = planted
    assert not {place for place in found if "/stage/" in place or "/s3/data/" in place}
