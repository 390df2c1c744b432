"""Who somebody is in the lake: every id, key, address, phone number and name there."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from extract.erased import normalised
from extract.left_out import KINDS
from extract.zone import StagingZone
from infra.errors import CampuslakeError
from infra.settings import Settings
from infra.spark_sql import query
from privacy.records import whole_number
from privacy.staged_parts import rows_of

QUERY = Path(__file__).with_name("person.sql")
NOBODY = -1  # SQL knows no empty list
NOTHING = " "  # nor does it find this: what is compared is trimmed


@dataclass
class Person:
    """The identifiers of one person. Addresses are trimmed and in lower case.

    An address that the person shares with another student is not among them, nor a name or a phone
    that somebody else has as well.
    """

    student_ids: set[int] = field(default_factory=set)
    contact_ids: set[int] = field(default_factory=set)
    professor_ids: set[int] = field(default_factory=set)
    student_keys: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    names: set[tuple[str, str]] = field(default_factory=set)

    @property
    def columns(self) -> dict[str, set[int] | set[str]]:
        """The values by which the lake's tables name the person, by the name of the column."""
        return {
            "student_id": self.student_ids,
            "contact_id": self.contact_ids,
            "professor_id": self.professor_ids,
            "student_key": self.student_keys,
        }


class _Row(NamedTuple):
    """Somebody as a table of the lake holds him or her."""

    kind: str
    id: int | None
    email: str | None
    personal_email: str | None
    phone: str | None
    first_name: str
    last_name: str

    @property
    def addresses(self) -> set[str]:
        return {normalised(a) for a in (self.email, self.personal_email) if a and a.strip()}

    @property
    def name(self) -> tuple[str, str]:
        return normalised(self.first_name or ""), normalised(self.last_name or "")

    def is_one_of(
        self,
        students: Collection[int] = (),
        emails: Collection[str] = (),
        last_names: Collection[str] = (),
        phones: Collection[str] = (),
    ) -> bool:
        """Whether the row is what person.sql would find of it."""
        return (
            (self.kind == "student" and self.id in students)
            or not self.addresses.isdisjoint(emails)
            or (self.name[1] != "" and self.name[1] in last_names)
            or (bool(self.phone) and self.phone in phones)
        )


def find(settings: Settings, student: int | None = None, email: str | None = None) -> Person:
    """Finds a person by student number or any e-mail address, in the present and in the history.

    A student and the contact of the same address that he or she once was are one. Of an address
    that several students share, only contacts of the student's name are. Raises `CampuslakeError`
    when the lake knows nobody by that, or by that address several students.
    """
    person = complete(
        settings,
        Person(
            student_ids={student} if student is not None else set(),
            emails={normalised(email)} if email else set(),
        ),
    )
    by_number = person.names or person.student_keys or person.emails
    by_address = person.student_ids or person.contact_ids or person.professor_ids
    if not (by_number if student is not None else by_address):
        raise CampuslakeError(
            "the lake knows nobody by that number or address",
            "check it against the request; the ERP itself is asked with `campuslake erp query`",
        )
    if student is None and len(person.student_ids) > 1:
        numbers = ", ".join(map(str, sorted(person.student_ids)))
        raise CampuslakeError(
            f"several students have that address: {numbers}", "name one of them with --student"
        )
    return person


def complete(settings: Settings, person: Person) -> Person:
    """Adds to a person's identifiers those that the lake knows besides, and returns them.

    Raises `CampuslakeError` when the engine or the object store does not answer.
    """
    staged = list(_staged(settings))

    def held(**by: Collection[Any]) -> list[_Row]:
        return [*_rows(settings, **by), *(row for row in staged if row.is_one_of(**by))]

    rows = held(students=person.student_ids, emails=person.emails)
    if not person.student_ids:
        person.student_ids |= {
            row.id for row in rows if row.kind == "student" and row.id is not None
        }
    own = held(students=person.student_ids)
    addresses = person.emails.union(*(row.addresses for row in own))
    rows = held(students=person.student_ids, emails=addresses)
    of_others = [row for row in rows if row.kind == "student" and row.id not in person.student_ids]
    shared = set().union(*(row.addresses for row in of_others))
    names = {row.name for row in own}
    person.emails = addresses - shared
    for row in rows:
        is_own = row.kind == "student" and row.id in person.student_ids
        is_same = row.kind != "student" and (
            row.addresses & person.emails or (row.addresses & shared and row.name in names)
        )
        if is_own or is_same:
            person.columns[f"{row.kind}_id"] |= {row.id} - {None}  # type: ignore[arg-type]
            person.phones |= {row.phone} if row.phone else set()
            person.names.add((row.first_name or "", row.last_name or ""))

    def others(**by: Collection[Any]) -> list[_Row]:
        return [
            row
            for row in held(**by)
            if row.id not in person.columns[f"{row.kind}_id"]
            and (row.id is not None or row.addresses.isdisjoint(person.emails))
        ]

    namesakes = {row.name for row in others(last_names={normalised(n) for _, n in person.names})}
    person.names = {name for name in person.names if tuple(map(normalised, name)) not in namesakes}
    person.phones -= {row.phone for row in others(phones=person.phones) if row.phone}
    person.student_keys |= _keys(settings, person.student_ids)
    return person


def _rows(
    settings: Settings,
    students: Collection[int] = (),
    emails: Collection[str] = (),
    last_names: Collection[str] = (),
    phones: Collection[str] = (),
) -> list[_Row]:
    statement = QUERY.read_text().format(
        staging=settings.staging_database, history=settings.history_database
    )
    asked = {
        "student_ids": sorted(students) or [NOBODY],
        "emails": sorted(filter(None, emails)) or [NOTHING],
        "last_names": sorted(filter(None, last_names)) or [NOTHING],
        "phones": sorted(phones) or [NOTHING],
    }
    return [_Row(*row) for row in query(statement, settings, parameters=asked)]


def _staged(settings: Settings) -> Iterator[_Row]:
    """Yields everybody in the kept runs of the staging zone: some are in no table any more."""
    zone = StagingZone(settings)
    for run_id in zone.runs():
        manifest = zone.readable_manifest(run_id)
        for table in manifest.tables if manifest else []:
            if table.name not in KINDS:
                continue
            kind = KINDS[table.name].removesuffix("s")
            names = [column.name for column in table.columns]
            for part in table.with_rows:
                for found in rows_of(zone, part.key):
                    if len(found) != len(names):
                        continue  # of a file that somebody changed: nobody knows what it says
                    held = dict(zip(names, found, strict=True))
                    yield _Row(
                        kind,
                        whole_number(held.get("id", "")),
                        *(held.get(name) for name in ("email", "personal_email", "phone")),
                        held.get("first_name", ""),
                        held.get("last_name", ""),
                    )


def _keys(settings: Settings, students: Collection[int]) -> set[str]:
    keys = query(
        f"select student_key from {settings.build_database}.student_keys"  # noqa: S608
        " where student_id in %(student_ids)s",
        settings,
        parameters={"student_ids": sorted(students) or [NOBODY]},
    )
    return {key for (key,) in keys}
