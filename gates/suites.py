"""The suites: one YAML file per table, in Great Expectations' own words."""

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


def read_suites(layer: str) -> list[Suite]:
    """Returns the suites of a layer, `staging` or `marts`, by table."""
    return [_read(path) for path in sorted((FOLDER / layer).glob("*.yml"))]


def _read(path: Path) -> Suite:
    content = yaml.safe_load(path.read_text())
    expectations = [
        (name, arguments or {}) for entry in content for name, arguments in entry.items()
    ]
    return Suite(table=path.stem, expectations=expectations)
