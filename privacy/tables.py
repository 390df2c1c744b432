"""The tables of the lake, and which of their rows are about a person."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infra.settings import Settings
from infra.spark_sql import query
from privacy.person import Person

STAGING = "_staging"  # how the database of every target ends that a build makes first
RAW = ("erp_", "extract_")  # tables over files of the staging zone, which is read itself
COLUMN = re.compile(r"^ \|-- (.*): \w+.* \(nullable = \w+\)$", re.MULTILINE)
KIND = re.compile(r"^Type: (.*)$", re.MULTILINE)
LOCATION = re.compile(r"^Location: (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class LakeTable:
    """A table or a view: `name` with its database, columns in order.

    Of others than Iceberg's tables `location` is where the files are: of one that somebody made by
    hand its rows, of a view of Iceberg's the metadata that define it.
    """

    name: str
    columns: list[str]
    is_iceberg: bool
    location: str


def targets(settings: Settings) -> list[Settings]:
    """Returns the settings of every target (prefix of databases) that is built from the bucket.

    A developer's own databases are built from the same staging zone. Raises `CampuslakeError` when
    the engine does not answer.
    """
    databases = [name for (name,) in query("show databases", settings)]
    prefixes = [name.removesuffix(STAGING) for name in databases if name.endswith(STAGING)]
    zone = f"s3a://{settings.bucket}/"
    return [
        settings.model_copy(update={"schema_prefix": prefix})
        for prefix in prefixes
        if _location(settings, f"{prefix}{STAGING}.extract_manifest").startswith(zone)
    ]


def stores(settings: Settings) -> list[tuple[str, str]]:
    """Returns where the lake of the bucket keeps objects: buckets, and prefixes in them.

    Its own bucket, all of it, and the databases of a warehouse that lies in another one.
    """
    own = f"s3a://{settings.bucket}/"
    others = (
        folder.removeprefix("s3a://") for folder in folders(settings) if not folder.startswith(own)
    )
    found = (folder.partition("/") for folder in sorted(others))
    return [(settings.bucket, ""), *((bucket, f"{prefix}/") for bucket, _, prefix in found)]


def folders(settings: Settings) -> set[str]:
    """Returns where the databases of the targets are, as Iceberg names places: `s3a://…`."""
    return {
        dict(query(f"describe database {database}", settings))["Location"]
        for target in targets(settings)
        for database in known_databases(target)
    }


def known_databases(settings: Settings) -> list[str]:
    """Returns those of a target's databases that there are."""
    known = {name for (name,) in query("show databases", settings)}
    return [database for database in settings.databases if database in known]


def _location(settings: Settings, table: str) -> str:
    """Returns where a table's files are; '' when there is no such table."""
    database, _, name = table.partition(".")
    if not query(f"show tables in {database} like '{name}'", settings):
        return ""
    described = query(f"describe table extended {table}", settings)
    return {row[0]: row[1] for row in described}.get("Location", "")


def tables(settings: Settings) -> Iterator[LakeTable]:
    """Yields the tables and views of one target.

    Those over files of the staging zone are left out: it is read itself. Raises `CampuslakeError`
    when the engine does not answer.
    """
    for database in known_databases(settings):
        is_staging = database == settings.staging_database
        # One question for a whole database: `describe` takes longer for each of its tables.
        for _, name, _, told in query(f"show table extended in {database} like '*'", settings):
            if not (is_staging and name.startswith(RAW)):
                yield _as_told(f"{database}.{name}", told)


def stored_tables(settings: Settings) -> list[str]:
    """Returns the names of Iceberg's tables of one target, with their databases.

    Raises like `tables`.
    """
    return [table.name for table in tables(settings) if table.is_iceberg]


def _as_told(table: str, told: str) -> LakeTable:
    """Reads what Spark tells of a table: lines `Name: value`, then the columns as a tree."""
    facts, separator, schema = told.rpartition("\nSchema: root\n")
    if not separator:  # a table without columns
        facts, schema = told, ""
    kind = KIND.search(facts)  # the first one: a comment may hold any line
    is_view = kind is not None and kind[1] == "VIEW"
    is_iceberg = not is_view and "table_type=iceberg" in facts.lower()
    locations = LOCATION.findall(facts)
    location = locations[-1] if locations else ""
    return LakeTable(table, COLUMN.findall(schema), is_iceberg, location)


def condition(table: LakeTable, person: Person) -> tuple[str, dict[str, Any]]:
    """Returns what rows about a person fulfil, with its parameters; '' when none can be."""
    named = {name: values for name, values in person.columns.items() if values}
    held = [name for name in table.columns if name in named]
    return (
        " or ".join(f"{name} in %({name})s" for name in held),
        {name: sorted(named[name]) for name in held},  # type: ignore[type-var]
    )
