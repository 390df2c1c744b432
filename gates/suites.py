"""The suites: one YAML file per table, in Great Expectations' own words.

A suite of the layer `marts` is about a table of the marts' database, or of the one that the folder
below is called after (`DATABASES`).

Two words are ours, those of `gates/drift.py`: `expect_mean_near_the_published: {column: grade}`
and, where rows only ever become more, `expect_row_count_near_the_published: {may_grow: true}`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from gates.verdicts import MEAN_DRIFT, ROW_DRIFT
from infra.settings import REPOSITORY, Settings

FOLDER = Path(__file__).with_name("suites")
DATABASES = ("staging", "build", "marts", "identity_marts")


class Suite(BaseModel):
    """The expectations of one table: (name in snake case, its arguments), in order.

    `folder` holds the suite and tells in which of `DATABASES` the table is built. `means` are the
    columns whose mean may not move far from what is published; `may_grow` says that many more rows
    than are published are no accident.
    """

    model_config = ConfigDict(frozen=True)

    table: str
    folder: str = "marts"
    expectations: list[tuple[str, dict[str, Any]]]
    means: list[str]
    may_grow: bool = False

    def built(self, settings: Settings) -> str:
        """Returns the table as the engine names it."""
        return f"{_database(settings, self.folder)}.{self.table}"


def read_suites(layer: str, settings: Settings | None = None) -> list[Suite]:
    """Returns the suites of a layer, `staging` or `marts`, by table.

    `{database}` in the suites' queries is that one of `settings`, if given; `{var}` is the value of
    that var of the dbt project.
    """
    project = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text())
    words = {name: json.dumps(value) for name, value in project["vars"].items()}
    if settings:
        words |= {name: _database(settings, name) for name in DATABASES}
    paths = sorted((FOLDER / layer).rglob("*.yml"), key=lambda path: path.stem)
    return [_read(path, words) for path in paths]


def _database(settings: Settings, name: str) -> str:
    return getattr(settings, f"{name}_database")


def _read(path: Path, words: Mapping[str, str]) -> Suite:
    text = path.read_text()
    for word, value in words.items():
        text = text.replace(f"{{{word}}}", value)
    content = yaml.safe_load(text)
    expectations = [
        (name, arguments or {}) for entry in content for name, arguments in entry.items()
    ]
    return Suite(
        table=path.stem,
        folder=path.parent.name,
        expectations=[entry for entry in expectations if entry[0] not in (MEAN_DRIFT, ROW_DRIFT)],
        means=[arguments["column"] for name, arguments in expectations if name == MEAN_DRIFT],
        may_grow=(ROW_DRIFT, {"may_grow": True}) in expectations,
    )
