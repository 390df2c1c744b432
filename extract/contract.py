"""The contract with the ERP: which tables and columns are extracted, with which types."""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from extract.manifest import Column
from infra.errors import CampuslakeError

CONTRACT = Path(__file__).with_name("contract.yml")


class Contract(BaseModel):
    """Tables in the order of the file, each with its columns and PostgreSQL types."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tables: dict[str, dict[str, str]]


def read_contract(path: Path = CONTRACT) -> Contract:
    """Reads the contract. Raises `CampuslakeError` when the file is malformed."""
    try:
        return Contract.model_validate(yaml.safe_load(path.read_text()))
    except (ValidationError, yaml.YAMLError) as error:
        raise CampuslakeError(
            f"{path.name} is not a readable contract", "see its head for the form"
        ) from error


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
