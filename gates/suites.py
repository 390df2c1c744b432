"""The suites: one YAML file per table, in Great Expectations' own words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).with_name("suites")


class Suite(BaseModel):
    """The expectations of one table: (name in snake case, its arguments), in order."""

    model_config = ConfigDict(frozen=True)

    table: str
    expectations: list[tuple[str, dict[str, Any]]]


def read_suites(layer: str, databases: Mapping[str, str] | None = None) -> list[Suite]:
    """Returns the suites of a layer, `staging` or `marts`, by table.

    `databases` gives the name for each `{database}` that the suites' queries mention.
    """
    return [_read(path, databases or {}) for path in sorted((FOLDER / layer).glob("*.yml"))]


def _read(path: Path, databases: Mapping[str, str]) -> Suite:
    text = path.read_text()
    for word, database in databases.items():
        text = text.replace(f"{{{word}}}.", f"{database}.")
    content = yaml.safe_load(text)
    expectations = [
        (name, arguments or {}) for entry in content for name, arguments in entry.items()
    ]
    return Suite(table=path.stem, expectations=expectations)
