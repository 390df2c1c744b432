"""Recruitment: events of each season, whom the students met there, who else left a contact.

The season of intake year y runs from the end of September y-1 to the summer of y.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from erp import places
from erp.copy_text import rows
from erp.effects import GROWING_CAMPUS, WEAK_CAMPUS, Baseline, Effects
from erp.names import NamePool, draw_names, personal_emails, phones
from erp.people import Intake, Person
from erp.randomness import stream
from erp.school import School
from erp.school_calendar import TODAY, date_text, day, instant_text

FIRST_SEASON = 2019
LAST_PLANNED = day(2026, 12, 31)
_TYPES = ("open_day", "fair")
_OPEN_DAYS = ((-1, 9, 26), (-1, 11, 21), (0, 1, 23), (0, 3, 13), (0, 5, 15))
_FAIRS = ((-1, 10, 10), (-1, 12, 5), (0, 2, 6), (0, 3, 27))
_SHARE_REPEATED = 0.30
_SHARE_AFTER_JOINING = 0.02
_SHARE_UNTIDY = 0.12


@dataclass(frozen=True)
class Events:
    """One value per event; `conversion` is the share of its contacts that join."""

    season: np.ndarray
    campus: np.ndarray
    type: np.ndarray
    region: np.ndarray
    city: list[str]
    date: np.ndarray
    conversion: np.ndarray

    @property
    def fairs_by_region(self) -> np.ndarray:
        """Number of fairs held in each region."""
        return np.bincount(self.region[self.type == 1], minlength=len(places.REGIONS))


@dataclass(frozen=True)
class Meetings:
    """Contacts left by people who became students: student and event positions."""

    student: np.ndarray
    event: np.ndarray


def plan_events(school: School, seed: int, effects: Effects) -> Events:
    """Plans five open days and four fairs per campus and season, some still to come."""
    rng = stream(seed, "events")
    kept = []
    for season in range(FIRST_SEASON, 2028):
        for campus in range(school.campuses):
            for kind, plan in enumerate((_OPEN_DAYS, _FAIRS)):
                for year, month, of_month in plan:
                    date = day(season + year, month, of_month) + int(rng.integers(-3, 4))
                    away = kind == 1 and rng.random() < 0.6
                    region = (
                        int(rng.choice(len(places.REGIONS), p=places.weights("fairs")))
                        if away
                        else int(school.region[campus])
                    )
                    cities = places.REGIONS[region].cities
                    city = (
                        cities[int(rng.integers(len(cities)))]
                        if kind
                        else places.CAMPUSES[campus][0]
                    )
                    if date <= LAST_PLANNED:
                        kept.append((date, season, campus, kind, region, city))
    kept.sort()
    date, season, campus, kind, region, city = zip(*kept, strict=True)
    campus, kind = np.array(campus), np.array(kind)
    return Events(
        season=np.array(season),
        campus=campus,
        type=kind,
        region=np.array(region),
        city=list(city),
        date=np.array(date),
        conversion=_conversion(campus, kind, effects),
    )


def _conversion(campus: np.ndarray, kind: np.ndarray, effects: Effects) -> np.ndarray:
    by_type = np.array([effects.open_day_conversion, effects.fair_conversion])
    by_campus = np.zeros(campus.max() + 1)
    by_campus[GROWING_CAMPUS - 1] = effects.campus_conversion
    by_campus[WEAK_CAMPUS - 1] = -effects.campus_conversion
    return (Baseline().conversion + by_type[kind]) * (1 + by_campus[campus])


def meet(intake: Intake, events: Events, seed: int) -> Meetings:
    """Draws which events the students attended before they joined, most of them none.

    An event of the campus and season is chosen by what it converts, one in the home region
    three times as often.
    """
    rng = stream(seed, "meetings")
    met = rng.random(intake.count) < Baseline().met_at_event
    visits = np.where(met, 1 + (rng.random(intake.count) < _SHARE_REPEATED), 0)
    student = np.repeat(np.arange(intake.count), visits)
    event = np.empty(len(student), np.int64)
    cohort = intake.year[student] * 1000 + intake.campus[student]
    event_cohort = events.season * 1000 + events.campus
    for key in np.unique(cohort):
        rows_here = np.flatnonzero(cohort == key)
        candidates = np.flatnonzero(event_cohort == key)
        at_home = intake.region[student[rows_here]][:, None] == events.region[candidates]
        weight = events.conversion[candidates] * np.where(at_home, 3.0, 1.0)
        # Adding Gumbel noise to log weights and taking the largest draws in proportion to them.
        noise = rng.gumbel(size=weight.shape)
        event[rows_here] = candidates[np.argmax(np.log(weight) + noise, axis=1)]
    return Meetings(student, event)


def event_rows(events: Events) -> Iterator[bytes]:
    """Yields `events`; a few names hold quotes or a line break, as typed in by hand."""
    dates = date_text(events.date)
    names = []
    for number, (kind, city, date) in enumerate(zip(events.type, events.city, dates, strict=True)):
        name = (
            f"Salon des études supérieures de {city} {date[:4]}"
            if kind
            else f"Journée portes ouvertes {city}, {date}"
        )
        if number % 37 == 5:
            name = f'{name} "Découvrir l\'informatique"'
        if number % 53 == 7:
            name = f"{name}\n(nouveau lieu)"
        names.append(name)
    yield from rows(
        range(1, len(names) + 1),
        names,
        [_TYPES[kind] for kind in events.type],
        events.campus + 1,
        events.city,
        [places.REGION_NAMES[region] for region in events.region],
        dates,
    )


def audience_rows(
    events: Events, meetings: Meetings, intake: Intake, person: Person, pool: NamePool, seed: int
) -> Iterator[bytes]:
    """Yields `audiences`: contacts of later students, of students already there, of others."""
    rng = stream(seed, "audiences")
    late = _contacts_after_joining(events, intake, rng)
    of_student = np.concatenate([meetings.student, late.student])
    other_event = _other_contacts(events, meetings, rng)
    others = len(other_event)
    first, last = draw_names(pool, rng.random(others) < 0.4, rng)
    email = personal_emails(first, last, kind="c")
    # Some who never join also come twice: the row before is the same person.
    again = np.flatnonzero(rng.random(others) < 0.08)
    for row in again[again > 0]:
        first[row], last[row], email[row] = first[row - 1], last[row - 1], email[row - 1]
    first = [person.first[s] for s in of_student] + first
    last = [person.last[s] for s in of_student] + last
    email = [person.personal_email[s] for s in of_student] + email
    event = np.concatenate([meetings.event, late.event, other_event])
    email = _as_typed(email, rng)
    phone = phones(len(event), 0.6, rng)
    minutes = rng.integers(9 * 60, 18 * 60, len(event))
    order = np.lexsort((minutes, events.date[event]))
    yield from rows(
        range(1, len(event) + 1),
        event[order] + 1,
        [first[row] for row in order],
        [last[row] for row in order],
        [email[row] for row in order],
        [phone[row] for row in order],
        instant_text(events.date[event][order], minutes[order]),
    )


def _contacts_after_joining(events: Events, intake: Intake, rng: np.random.Generator) -> Meetings:
    chosen = np.flatnonzero(rng.random(intake.count) < _SHARE_AFTER_JOINING)
    student, event = [], []
    for position in chosen:
        later = np.flatnonzero(
            (events.campus == intake.campus[position])
            & (events.season == intake.year[position] + 1)
            & (events.date > intake.join[position])
            & (events.date <= TODAY)
        )
        if len(later):
            student.append(position)
            event.append(later[int(rng.integers(len(later)))])
    return Meetings(np.array(student, np.int64), np.array(event, np.int64))


def _other_contacts(events: Events, meetings: Meetings, rng: np.random.Generator) -> np.ndarray:
    """Draws the contacts that never join, so that events of a kind convert as planned."""
    joined = np.bincount(meetings.event, minlength=len(events.date))
    group = (events.season * 1000 + events.campus) * 2 + events.type
    _, inverse, size = np.unique(group, return_inverse=True, return_counts=True)
    expected = np.bincount(inverse, weights=joined)[inverse] / size[inverse]
    typical = joined.sum() / max(1, int((events.season < 2027).sum()))
    expected = np.where(events.season < 2027, expected, typical)
    others = rng.poisson(expected * (1 - events.conversion) / events.conversion)
    others[events.date > TODAY] = 0
    return np.repeat(np.arange(len(events.date)), others)


def _as_typed(emails: list[str], rng: np.random.Generator) -> list[str]:
    untidy = np.where(rng.random(len(emails)) < _SHARE_UNTIDY, rng.integers(1, 4, len(emails)), 0)
    forms = (str, str.upper, "  {} ".format, lambda email: f" {email.title()}")
    return [forms[form](email) for form, email in zip(untidy, emails, strict=True)]
