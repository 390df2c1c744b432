"""A person's rows in the runs of the staging zone that are still kept."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from extract.left_out import PEOPLE
from extract.manifest import TableManifest
from extract.zone import StagingZone
from infra.settings import Settings
from privacy.person import Person
from privacy.records import Wanted, text
from privacy.staged_parts import blocks_of

# By what a row is known besides its number. A student is known by number alone: others have the
# same address.
ADDRESSES = {table: columns for table, columns, _ in PEOPLE if table != "students"}


@dataclass(frozen=True)
class StagedRows:
    """The rows of one table of one run; `columns` are their names, NULL is an empty text."""

    run_id: str
    table: str
    columns: list[str]
    rows: list[list[str]]


def staged_rows(settings: Settings, person: Person) -> Iterator[StagedRows]:
    """Yields what each kept run holds on a person, the oldest first.

    Raises `CampuslakeError` when the object store does not answer.
    """
    zone = StagingZone(settings)
    for run_id in zone.runs():
        manifest = zone.readable_manifest(run_id)
        for table in manifest.tables if manifest else []:
            wanted = wanted_rows(table, person)
            held = []
            for part in table.with_rows if wanted else []:
                for block in blocks_of(zone, part.key):
                    held += [list(map(text, found)) for _, found in wanted.among(block)]
            if held:
                yield StagedRows(run_id, table.name, [c.name for c in table.columns], held)


def wanted_rows(table: TableManifest, person: Person) -> Wanted:
    """Returns which rows of a table are about a person: by number, and by address where it holds
    people, of whom the tables may not know that they are this one."""
    own = {"students": person.student_ids, "audiences": person.contact_ids}
    own |= {"professors": person.professor_ids}
    numbers, addresses = {}, {}
    for position, column in enumerate(table.columns):
        values = person.columns.get(column.name, set())
        if column.name == "id":
            values = own.get(table.name, set())
        if values:
            numbers[position] = {str(value) for value in values}
        if column.name in ADDRESSES.get(table.name, ()) and person.emails:
            addresses[position] = person.emails
    return Wanted(numbers, addresses)


def without_lessons(person: Person) -> Person:
    """Returns a person of whom the lessons that he or she gives are not rows about him or her."""
    return replace(person, professor_ids=set())
