"""Which columns hold personal data and why, as the dbt project declares it beside each column."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from infra.errors import CampuslakeError

PROCESSING = Path(__file__).with_name("processing.yml")
PUBLISHED = ("presentation", "identity")


class Purpose(BaseModel):
    """Why data are processed: legal basis (GDPR, article 6) and the people they are about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    basis: str
    people: str


class Processing(BaseModel):
    """What the record of processing says besides the columns (privacy/processing.yml)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    controller: str
    purposes: dict[str, Purpose]
    recipients: dict[str, str]
    security: str


class Declaration(BaseModel):
    """A column's `meta.personal_data`.

    `category` is a key of the Fides taxonomy (https://ethyca.github.io/fideslang). `identifying`:
    it tells who somebody is. `coarsens`: the identifying columns of which it keeps only a part.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: str
    purpose: str
    identifying: bool
    retention: str
    coarsens: tuple[str, ...] = ()

    @property
    def purposes(self) -> list[str]:
        """The single purposes."""
        return [purpose.strip() for purpose in self.purpose.split(";")]


class PersonalColumn(BaseModel):
    """A column of a table of the lake that holds personal data."""

    model_config = ConfigDict(frozen=True)

    database: str
    table: str
    column: str
    published: bool
    declaration: Declaration


@cache
def processing() -> Processing:
    """Returns what privacy/processing.yml says."""
    return Processing.model_validate(yaml.safe_load(PROCESSING.read_text()))


def inventory(manifest: Mapping[str, Any]) -> list[PersonalColumn]:
    """Returns every personal column that dbt's manifest declares, published marts twice.

    A mart is listed where it is built and, `published`, in the database whose view shows it. Raises
    `CampuslakeError` naming a column whose declaration cannot be read.
    """
    found = []
    for node in [*manifest["nodes"].values(), *manifest["sources"].values()]:
        table = node.get("identifier") or node["name"]
        for name, column in node.get("columns", {}).items():
            declaration = declaration_of(f"{table}.{name}", column)
            if declaration is None:
                continue
            for database, published in _databases(node):
                found.append(
                    PersonalColumn(
                        database=database,
                        table=table,
                        column=name,
                        published=published,
                        declaration=declaration,
                    )
                )
    return sorted(found, key=lambda c: (c.database, c.table))


def declaration_of(where: str, column: Mapping[str, Any]) -> Declaration | None:
    """Returns what a column of dbt's manifest declares, None when it is not personal.

    Raises `CampuslakeError` naming `where` when its declaration cannot be read.
    """
    meta = (column.get("config") or {}).get("meta") or {}
    if "personal_data" not in meta:
        return None
    try:
        declaration = Declaration.model_validate(meta["personal_data"])
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(map(str, problem["loc"]))
        raise CampuslakeError(
            f"meta.personal_data of {where}: {field}: {problem['msg']}",
            "correct it in the YAML beside the model",
        ) from None
    for purpose in declaration.purposes:
        if purpose not in processing().purposes:
            raise CampuslakeError(
                f"meta.personal_data of {where} has the unknown purpose {purpose!r}",
                "name it with its legal basis in privacy/processing.yml",
            )
    return declaration


def as_table(columns: Sequence[PersonalColumn]) -> pd.DataFrame:
    """Returns the inventory, one row per column and purpose."""
    return pd.DataFrame(
        {
            "database": column.database,
            "table": column.table,
            "column": column.column,
            "category": column.declaration.category,
            "identifying": column.declaration.identifying,
            "purpose": purpose,
            "legal_basis": processing().purposes[purpose].basis,
            "people": processing().purposes[purpose].people,
            "retention": column.declaration.retention,
        }
        for column in columns
        for purpose in column.declaration.purposes
    )


def record_of_processing(columns: Sequence[PersonalColumn], prefix: str) -> str:
    """Returns the record of processing as Markdown: a section per purpose.

    `prefix` is that of the databases, which tells who reads each.
    """
    table, known = as_table(columns), processing()
    lines = ["# Record of processing", "", f"Controller: {known.controller}.", ""]
    lines += [f"Security: {known.security.strip()}.", ""]
    for purpose, held in table.groupby("purpose"):
        first = held.iloc[0]
        databases = sorted(held["database"].unique())
        readers = {_recipient(database, prefix) for database in databases}
        lines += [
            f"## {str(purpose).capitalize()}",
            "",
            f"- people: {first['people']}",
            f"- legal basis: {first['legal_basis']}",
            f"- categories of data: {', '.join(sorted(held['category'].unique()))}",
            f"- kept: {'; '.join(sorted(held['retention'].unique()))}",
            f"- read by: {'; '.join(sorted(readers))}",
            "",
            "| table | columns |",
            "|---|---|",
        ]
        for (database, name), columns_of in held.groupby(["database", "table"]):
            lines.append(f"| {database}.{name} | {', '.join(columns_of['column'])} |")
        lines.append("")
    return "\n".join(lines)


def _databases(node: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    yield node["schema"], False
    published_as = node["config"].get("meta", {}).get("published_as")
    if node["resource_type"] == "model" and published_as in PUBLISHED:
        yield node["schema"].removesuffix("_marts"), True


def _recipient(database: str, prefix: str) -> str:
    return processing().recipients[database.removeprefix(prefix)]
