"""The contract with the ERP: which tables and columns are extracted, with which types."""

from collections.abc import Sequence
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from extract.manifest import Column
from extract.queries import PRESENT
from extract.source import Source
from infra.errors import CampuslakeError


class Contract(BaseModel):
    """Tables in the order of the file, each with its columns and PostgreSQL types.

    `changes` names the key of each table of which a run may carry only what changed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tables: dict[str, dict[str, str]]
    changes: dict[str, str] = {}

    @model_validator(mode="after")
    def _keys_are_columns(self) -> "Contract":
        for table, key in self.changes.items():
            if self.tables.get(table, {}).get(key) not in ("smallint", "integer", "bigint"):
                raise ValueError(f"{table}.{key} of `changes` is no whole number of the contract")
        return self


def read_contract(path: Path) -> Contract:
    """Reads the contract. Raises `CampuslakeError` when the file is malformed."""
    try:
        return Contract.model_validate(yaml.safe_load(path.read_text()))
    except (OSError, ValidationError, yaml.YAMLError) as error:
        raise CampuslakeError(
            f"{path} is not a readable contract",
            "extract/contract.yml shows the form; correct CAMPUSLAKE_EXTRACT_CONTRACT",
        ) from error


def promised_columns(
    contract: Contract, source: Source, tables: Sequence[str] | None = None
) -> dict[str, list[Column]]:
    """Returns the columns that the ERP has for each table of the contract, or for those named.

    A table of one column gets a constant second one: a line of CSV that holds nothing but a NULL
    is empty, and no reader finds it.

    Raises `CampuslakeError` when a table is not in the contract, when the ERP broke it, or when
    Spark or its metastore cannot hold a name.
    """
    if unknown := set(tables or ()) - set(contract.tables):
        raise CampuslakeError(
            f"the contract has no table {', '.join(sorted(unknown))}",
            f"choose of {', '.join(contract.tables)}, or add it to the contract",
        )
    chosen = {
        table: columns
        for table, columns in contract.tables.items()
        if tables is None or table in tables
    }
    found = source.columns(list(chosen))
    if broken := broken_promises(Contract(tables=chosen), found) + _unholdable(found):
        raise CampuslakeError(
            f"the ERP's schema {source.schema} changed: {'; '.join(broken)}",
            "nothing was extracted; adapt the contract and the staging models, or the ERP",
        )
    return {table: found[table] + [PRESENT] * (len(found[table]) == 1) for table in chosen}


def _unholdable(found: dict[str, list[Column]]) -> list[str]:
    told = []
    for table, columns in found.items():
        names = [column.name.lower() for column in columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        told += [f"{table} has two columns {name!r} but for case, to Spark one" for name in twice]
        told += [
            f"column {table}.{name} has a comma in its name, which the Hive metastore cannot hold"
            for name in names
            if "," in name
        ]
    return told


def broken_promises(contract: Contract, found: dict[str, list[Column]]) -> list[str]:
    """Returns one sentence for each promise that the ERP's schema `found` breaks.

    An added column breaks none: it is extracted and recorded in the manifest.
    """
    broken = []
    for table, columns in contract.tables.items():
        if table not in found:
            broken.append(f"table {table} is missing")
            continue
        types = {column.name: column.type for column in found[table]}
        for name, promised in columns.items():
            if name not in types:
                broken.append(f"column {table}.{name} was removed or renamed")
            elif types[name] != promised:
                broken.append(f"column {table}.{name} is {types[name]}, not {promised}")
    return broken
