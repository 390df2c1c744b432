"""The contract of each published mart, in the Open Data Contract Standard (ODCS) 3.1.

https://bitol-io.github.io/open-data-contract-standard: what others may build on. All of it is read
from the dbt project and the suites of the gates; its version is `meta.contract_version`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from catalog.guide import question_number
from catalog.rules import Rules, rules_of
from gates.suites import read_suites
from infra.errors import CampuslakeError
from infra.settings import REPOSITORY
from privacy.inventory import declaration_of

FOLDER = REPOSITORY / "contracts"
API_VERSION = "v3.1.0"
DATABASES = {"presentation": "campus", "identity": "campus_identity"}
LOGICAL_TYPES = {
    "string": "string",
    "int": "integer",
    "bigint": "integer",
    "double": "number",
    "decimal": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
UNITS = {"hour": "h", "day": "d"}

Contract = dict[str, Any]


def contracts_of(manifest: Mapping[str, Any]) -> dict[str, Contract]:
    """Returns the contract of each mart that dbt's manifest says is published, by name.

    Raises `CampuslakeError` naming a mart without suite or with a type that the standard lacks.
    """
    suites = {suite.table: suite for suite in read_suites("marts")}
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    found = {}
    for model in sorted(models, key=lambda model: model["name"]):
        if model["config"]["meta"].get("published_as") not in DATABASES:
            continue
        if model["name"] not in suites:
            raise CampuslakeError(
                f"the mart {model['name']} has no suite, so nothing is promised of it",
                f"write gates/suites/marts/{model['name']}.yml",
            )
        attached = [
            n for n in manifest["nodes"].values() if n.get("attached_node") == model["unique_id"]
        ]
        found[model["name"]] = _contract(manifest, model, rules_of(suites[model["name"]], attached))
    return found


def as_yaml(contract: Contract) -> str:
    """Returns a contract as its file holds it."""
    return yaml.dump(contract, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)


def read(path: Path) -> Contract:
    """Returns the contract of a file. Raises `CampuslakeError` when it is none."""
    return parsed(path.read_text(encoding="utf-8"), str(path))


def parsed(text: str, where: str) -> Contract:
    """Returns the contract that a text holds. Raises `CampuslakeError` when it holds none."""
    try:
        contract = yaml.safe_load(text)
        if contract["kind"] == "DataContract" and contract["schema"][0]["properties"]:
            return contract
    except (yaml.YAMLError, KeyError, IndexError, TypeError):
        pass
    raise CampuslakeError(
        f"{where} is no data contract", "`campuslake contracts export` makes it anew"
    )


def retired(path: Path) -> Contract:
    """Returns the contract of a mart that is gone, as the last thing that is told of it.

    Raises `CampuslakeError` when no file holds one.
    """
    if not path.exists():
        raise CampuslakeError(f"there is no contract {path.name}", "only what had one is retired")
    last = read(path)
    if last["status"] == "retired":
        return last
    major = int(str(last["version"]).split(".")[0])
    return last | {"status": "retired", "version": f"{major + 1}.0.0"}


class _Plain(yaml.SafeDumper):
    """Writes lists and mappings out each time, never as references to earlier ones."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _contract(manifest: Mapping[str, Any], model: Mapping[str, Any], rules: Rules) -> Contract:
    meta, name = model["config"]["meta"], model["name"]
    database = DATABASES[meta["published_as"]]
    group = manifest["groups"][f"group.{model['package_name']}.{model['config']['group']}"]
    owner, words = group["owner"], " ".join(model["description"].split())
    return {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": f"{database}.{name}",
        "name": name,
        "version": str(meta.get("contract_version")),
        "status": "active",
        "domain": group["name"],
        "dataProduct": "campuslake",
        "description": {"purpose": words, "usage": _usage(manifest, model)},
        "servers": [
            {
                "server": database,
                "type": "custom",
                "description": "Spark Thrift server; its address is that of the installation",
                "format": "iceberg",
                "schema": database,
            }
        ],
        "schema": [
            {
                "name": name,
                "physicalName": name,
                "physicalType": "view",
                "logicalType": "object",
                "description": words,
                "dataGranularityDescription": words.split(";")[0].split(". ")[0],
                "properties": [
                    _column(model, column, rules) for column in model["columns"].values()
                ],
                **({"quality": rules.of_table} if rules.of_table else {}),
            }
        ],
        "team": {
            "name": owner["name"],
            "description": group["description"],
            "members": [{"username": owner["email"], "name": owner["name"], "role": "owner"}],
        },
        "support": [{"channel": owner["name"], "tool": "email", "url": f"mailto:{owner['email']}"}],
        "slaProperties": _service_levels(manifest),
    }


def _usage(manifest: Mapping[str, Any], model: Mapping[str, Any]) -> str:
    exposures = filter(question_number, manifest["exposures"].values())
    asking = [e["label"] for e in exposures if model["unique_id"] in e["depends_on"]["nodes"]]
    kind = model["config"]["meta"].get("kind", "mart")
    return (
        f"Answers {'; '.join(sorted(asking))}" if asking else f"A {kind} for questions of one's own"
    )


def _column(model: Mapping[str, Any], column: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    name, physical = column["name"], column["data_type"]
    logical = LOGICAL_TYPES.get(physical.split("(")[0])
    if logical is None:
        raise CampuslakeError(
            f"column {model['name']}.{name} has the type {physical}, which contracts do not know",
            "add it to LOGICAL_TYPES in catalog/contracts.py",
        )
    key = _key(model, rules)
    told: dict[str, Any] = {"name": name, "logicalType": logical, "physicalType": physical}
    told["description"] = " ".join(column["description"].split())
    told["required"] = name in rules.required
    if name in rules.unique:
        told["unique"] = True
    if name in key:
        told |= {"primaryKey": True, "primaryKeyPosition": list(key).index(name) + 1}
    if (options := rules.options.get(name)) and logical in ("integer", "number", "string"):
        told["logicalTypeOptions"] = options
    declared = declaration_of(f"{model['name']}.{name}", column)
    told["classification"] = "internal"
    if declared:
        told["classification"] = "restricted" if declared.identifying else "confidential"
        told["tags"] = ["personal-data", *["identifying"] * declared.identifying]
        told["customProperties"] = [
            {"property": "personalDataCategory", "value": declared.category},
            {"property": "purpose", "value": declared.purpose},
            {"property": "retention", "value": declared.retention},
        ]
    if name in rules.of_columns:
        told["quality"] = rules.of_columns[name]
    return told


def _key(model: Mapping[str, Any], rules: Rules) -> Sequence[str]:
    """The key that is tested: several columns, or the first one that is unique and not NULL."""
    if rules.key:
        return rules.key
    single = [name for name in model["columns"] if name in rules.unique and name in rules.required]
    if not single:
        raise CampuslakeError(
            f"no key of the mart {model['name']} is tested",
            "give it the test unique_together, or a column unique and not_null",
        )
    return single[:1]


def _service_levels(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """How old data may be: what `dbt source freshness` calls an error of the extract."""
    for source in manifest["sources"].values():
        late = (source.get("freshness") or {}).get("error_after") or {}
        if late.get("count"):
            age = {"value": late["count"], "unit": UNITS[late["period"]]}
            return [
                {"property": "frequency", "value": 1, "unit": "d"},
                {"property": "latency", **age, "description": "greatest age of what is published"},
            ]
    return []
