"""The registry of the erased: an extract leaves them out, whatever the ERP still holds of them.

It holds keyed hashes of numbers and addresses (infra/keyed_hash.py), so it tells only who knows the
person already that he or she was erased. A number is a person's for good. An address is so for what
is older than the erasure: whoever comes to an open day afterwards is somebody new.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from infra.keyed_hash import keyed_hash
from infra.object_store import Bucket
from infra.settings import Settings

PREFIX = "erased/"

Kind = Literal["students", "contacts", "professors"]


class ErasedPerson(BaseModel):
    """An entry of the registry: keyed hashes. `ended_at` is None until nothing is left."""

    model_config = ConfigDict(frozen=True)

    subject: str
    erased_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    students: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()
    professors: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """The key of its object."""
        return f"{PREFIX}{self.subject}.json"


@dataclass
class LeftOut:
    """Numbers of people that are not carried: students with all that is about them, contacts.

    Professors stay, for lessons point to them, without name and address.
    """

    students: set[int] = field(default_factory=set)
    contacts: set[int] = field(default_factory=set)
    professors: set[int] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.students or self.contacts or self.professors)


@dataclass(frozen=True)
class Registered:
    """Somebody as an ERP holds him or her. `day` is that of joining, contact or being hired."""

    kind: Kind
    number: int
    addresses: tuple[str | None, ...]
    day: date


class Registry:
    """Everybody who was erased from the lake of a bucket.

    Raises `CampuslakeError` when the object store does not answer.
    """

    def __init__(self, settings: Settings, bucket: Bucket | None = None) -> None:
        self._settings = settings
        self._bucket = bucket or Bucket(settings)
        stored = (self._bucket.get(key) for key in self._bucket.keys(PREFIX))
        self.people = [ErasedPerson.model_validate_json(found.body) for found in stored if found]

    @property
    def hashes(self) -> set[str]:
        """Every number and address that is in it."""
        return set().union(
            *(p.students | p.contacts | p.professors | p.addresses for p in self.people)
        )

    def find(self, student: int | None, email: str | None) -> ErasedPerson | None:
        """Returns who was erased with this student number or this address, or None."""
        if not self.people:
            return None
        hashed = keyed_hash(self._settings)
        for person in self.people:
            if student is not None and hashed(student) in person.students:
                return person
            if email is not None and hashed(normalised(email)) in person.addresses:
                return person
        return None

    def save(self, person: ErasedPerson) -> None:
        """Writes an entry, in the place of an earlier one of the same subject."""
        self._bucket.put(person.key, person.model_dump_json(indent=1))

    def left_out(self, registered: Iterable[Registered]) -> LeftOut:
        """Returns who of an ERP's people was erased."""
        found = LeftOut()
        if not self.people:
            return found
        hashed = keyed_hash(self._settings)
        until = _last_days(self.people)
        # A student who was erased is known by number: others have the same address.
        until_of_students = _last_days([erased for erased in self.people if not erased.students])
        for somebody in registered:
            number = hashed(somebody.number)
            days = until_of_students if somebody.kind == "students" else until
            addresses = [hashed(normalised(a)) for a in somebody.addresses if a]
            if any(number in getattr(erased, somebody.kind) for erased in self.people) or any(
                somebody.day <= days[address] for address in addresses if address in days
            ):
                getattr(found, somebody.kind).add(somebody.number)
        return found


def _last_days(people: Iterable[ErasedPerson]) -> dict[str, date]:
    """Returns for each hashed address the day of its last erasure."""
    days: dict[str, date] = {}
    for erased in people:
        for address in erased.addresses:
            day = erased.erased_at.date()
            days[address] = max(day, days.get(address, day))
    return days


def normalised(address: str) -> str:
    """Returns an e-mail address as it is compared: without blanks around it, in lower case."""
    return address.strip().lower()
