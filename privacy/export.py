"""All that the lake holds on a person (GDPR, article 15), written for him or her to read."""

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.errors import CampuslakeError
from infra.settings import Settings
from infra.spark_sql import run
from privacy.person import Person
from privacy.staged import staged_rows
from privacy.tables import condition, tables


@dataclass(frozen=True)
class Held:
    """The rows of one table that are about the person."""

    table: str
    columns: list[str]
    rows: list[tuple[Any, ...] | list[str]]


def held_on(settings: Settings, person: Person) -> Iterator[Held]:
    """Yields what every table of the lake and every kept run of the staging zone holds on a person.

    Raises `CampuslakeError` when the engine or the object store does not answer.
    """
    for table in tables(settings):
        wanted, parameters = condition(table, person)
        if wanted:
            answer = run(
                f"select * from {table.name} where {wanted}",  # noqa: S608
                settings,
                parameters=parameters,
            )
            if answer.rows:
                columns = [name.split(".")[-1] for name in answer.columns]
                yield Held(table.name, columns, answer.rows)
    for staged in staged_rows(settings, person):
        yield Held(f"stage.{staged.run_id}.{staged.table}", staged.columns, staged.rows)


def export(settings: Settings, person: Person, folder: Path) -> list[Held]:
    """Writes all that is held on a person to a new folder, readable by its owner only.

    `summary.md` tells it, `data.json` and one CSV per table hold it. Raises `CampuslakeError` when
    the folder exists or cannot be made.
    """
    if folder.exists():
        raise CampuslakeError(f"{folder} is there already", "name a folder that is not there yet")
    found = list(held_on(settings, person))
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise CampuslakeError(
            f"{folder} cannot be made: {error.strerror}", "name a folder that is not there yet"
        ) from None
    for held in found:
        with _private(folder / f"{held.table}.csv") as opened:
            writer = csv.writer(opened, lineterminator="\n")
            writer.writerow(held.columns)
            writer.writerows(held.rows)
    rows = {
        held.table: [dict(zip(held.columns, row, strict=True)) for row in held.rows]
        for held in found
    }
    with _private(folder / "data.json") as opened:
        json.dump(rows, opened, default=str, ensure_ascii=False, indent=1)
    with _private(folder / "summary.md") as opened:
        opened.write(_summary(found))
    return found


def _summary(found: list[Held]) -> str:
    lines = [
        "# What is held",
        "",
        f"All that the school's data platform held on {datetime.now(UTC):%d %B %Y}, by table. The",
        "rows themselves are in `data.json` and, table by table, in the CSV files. Tables whose",
        "names begin with `stage.` are copies of the school's administration, taken on the day in",
        "the name; those of a database that ends with `_history` hold what was there before.",
        "",
        "| table | rows | columns |",
        "|---|---:|---|",
    ]
    lines += [f"| {h.table} | {len(h.rows):,} | {', '.join(h.columns)} |" for h in found]
    return "\n".join(lines) + "\n"


def _private(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")
