"""Whether anything of a person is left: in every object and every file of the platform."""

import os
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from stat import S_ISREG
from typing import Any

from rich.progress import Progress

from infra.object_store import Bucket, Version, s3_client
from infra.settings import REPOSITORY, Settings
from infra.spark_sql import query
from privacy.contents import in_object
from privacy.person import Person
from privacy.tables import condition, stores, tables, targets
from privacy.traces import Traces

SIDE_BY_SIDE = 3  # objects that are read at a time

DOCUMENTS = (".html", ".json", ".log", ".md", ".sql", ".txt", ".yml")
CHUNK = 16 * 2**20
OVERLAP = 512  # bytes; longer than any identifier
NOT_OURS = ("postgres", "jars", "peers")  # in the home: the ERP itself, and what was downloaded


@dataclass(frozen=True, order=True)
class Finding:
    """A place that still holds an identifier of the person, and of which kind."""

    place: str
    kind: str


def scan(settings: Settings, person: Person, progress: Progress | None = None) -> list[Finding]:
    """Looks into every version of every object of the bucket, every table and every local file.

    CSV, Parquet, Iceberg's manifests with their bounds, JSON and texts are read as what they are,
    packed ones unpacked. Numbers are looked for in the columns that hold such numbers, for anywhere
    else they may mean anything. Raises `CampuslakeError` when the object store or the engine does
    not answer.
    """
    progress = progress or Progress(disable=True)
    return [
        *scan_objects(settings, person, progress),
        *scan_tables(settings, person, progress),
        *scan_files(settings, person),
    ]


def scan_objects(settings: Settings, person: Person, progress: Progress) -> list[Finding]:
    """Looks into every version of every object of the lake."""
    client, traces = s3_client(settings, connections=SIDE_BY_SIDE), Traces(person)

    def look(found: tuple[Bucket, Version]) -> set[Finding]:
        bucket, version = found
        with bucket.errors():
            body = bucket.client.get_object(Bucket=bucket.name, Key=version.key, **version.argument)
            content = body["Body"].read()
        progress.advance(task)
        place = f"s3://{bucket.name}/{version.key}"
        return {Finding(place, kind) for kind in in_object(version.key, content, traces)}

    versions = [
        (bucket, version)
        for bucket, prefix in lake_buckets(settings, client)
        for version in bucket.versions(prefix)
        if not version.is_deletion
    ]
    task = progress.add_task("reading every object", total=len(versions))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        found = set().union(*pool.map(look, versions))
    progress.remove_task(task)
    return sorted(found)


def lake_buckets(settings: Settings, client: Any = None) -> Iterator[tuple[Bucket, str]]:
    """Yields where the lake keeps objects: the bucket, and the prefix below which it does."""
    for name, prefix in stores(settings):
        yield Bucket(settings.model_copy(update={"bucket": name}), client), prefix


def scan_tables(settings: Settings, person: Person, progress: Progress) -> list[Finding]:
    """Asks every table and view of the lake for rows about the person."""
    found = []
    task = progress.add_task("asking every table", total=None)
    for target in targets(settings):
        asked: list[str] = []
        parameters: dict[str, Any] = {}
        for table in tables(target):
            wanted, values = condition(table, person)
            if wanted:
                name = table.name
                asked.append(f"select distinct '{name}' from {name} where {wanted}")  # noqa: S608
                parameters |= values
            progress.advance(task)
        if asked:
            named = query(" union ".join(asked), settings, parameters=parameters)
            found += [Finding(f"table {name}", "row") for (name,) in sorted(named)]
    progress.remove_task(task)
    return found


def scan_files(settings: Settings, person: Person, besides: Collection[str] = ()) -> list[Finding]:
    """Looks into every local file: logs, what was generated, the files of the local store.

    `besides` are folders of the home to leave out.
    """
    traces = Traces(person)
    left_out = {*NOT_OURS, *besides}
    found = {
        Finding(str(path), kind)
        for path in _files(settings, left_out)
        for kind in _in_file(path, traces)
    }
    return sorted(found)


def _files(settings: Settings, left_out: Collection[str]) -> Iterator[Path]:
    """Yields each file once; those that servers move meanwhile are met on a second walk."""
    seen = set()
    for path in chain(_walk(settings, left_out), _walk(settings, left_out)):
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue
        if S_ISREG(found.st_mode) and (found.st_dev, found.st_ino) not in seen:
            seen.add((found.st_dev, found.st_ino))
            yield path


def _walk(settings: Settings, left_out: Collection[str]) -> Iterator[Path]:
    folders = [path for path in settings.home.iterdir() if path.name not in left_out]
    yield from (path for path in folders if path.is_file())
    for top in [*folders, REPOSITORY / "target", REPOSITORY / "logs"]:
        for folder, _, names in os.walk(top, onerror=_unless_gone):
            yield from (Path(folder, name) for name in names)


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error


def _in_file(path: Path, traces: Traces) -> set[str]:
    found: set[str] = set()
    look = traces.in_document if path.suffix in DOCUMENTS else traces.in_text
    try:
        with path.open("rb") as opened:
            tail = b""
            while chunk := opened.read(CHUNK):
                found |= look(tail + chunk)
                tail = chunk[-OVERLAP:]
    except FileNotFoundError:
        pass  # a log that was rolled over, a file of a running server
    return found
