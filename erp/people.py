"""The students: who comes, with what, and under which name."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from erp import places
from erp.copy_text import rows
from erp.effects import Baseline, Effects
from erp.names import NamePool, draw_names, personal_emails, school_emails
from erp.randomness import stream
from erp.scales import Scale
from erp.school import PROMOTIONS, YEARS_OF_STUDY, School
from erp.school_calendar import (
    FIRST_YEAR,
    TODAY,
    Days,
    date_text,
    day,
    school_year_starts,
    to_weekday,
)

if TYPE_CHECKING:
    from erp.leaving import Leaving

SAMPLE_IDS = (573159, 777624, 822491)
"""Ids of the school's own sample, never generated: it loads beside any data set."""

COHORTS = tuple(range(FIRST_YEAR - 2, FIRST_YEAR + 6))
"""Intake years; of the two before the ERP only those still enrolled were taken over."""

_PROMOTION_SHARE = np.array([0.50, 0.30, 0.20])
_TAKEN_OVER = {FIRST_YEAR - 2: (0.8, 0.0, 0.0), FIRST_YEAR - 1: (0.9, 0.9, 0.0)}
_FROM_COMPETITOR = 0.06


@dataclass(frozen=True)
class Intake:
    """Who comes: one value per student, positions instead of ids, days as numbers.

    `attendance` and `ability` are standard scores; `end` is the planned graduation day.
    """

    id: np.ndarray
    year: np.ndarray
    campus: np.ndarray
    promotion: np.ndarray
    join: Days
    end: Days
    region: np.ndarray
    is_far: np.ndarray
    origin: np.ndarray
    attendance: np.ndarray
    ability: np.ndarray

    @property
    def count(self) -> int:
        """Number of students."""
        return len(self.id)


@dataclass(frozen=True)
class Person:
    """What a student is called: one entry per student."""

    is_woman: np.ndarray
    first: list[str]
    last: list[str]
    personal_email: list[str]


def draw_intake(
    scale: Scale, school: School, fairs_by_region: np.ndarray, seed: int, effects: Effects
) -> Intake:
    """Draws who comes to each campus, when, from where, and with which dispositions."""
    rng = stream(seed, "intake")
    year, campus, promotion = _draw_cohorts(scale, school, rng)
    count = len(year)
    join = _draw_join_dates(year, rng)
    region = _draw_regions(school.region[campus], fairs_by_region, rng, effects)
    origin = _draw_origins(region, rng, effects)
    attendance = _standard(
        rng.normal(size=count) + effects.attendance_by_campus * school.quality[campus]
    )
    by_origin = stream(seed, "origins").normal(size=len(places.ORIGINS) + len(places.COMPETITORS))
    ability = _standard(
        rng.normal(size=count)
        + effects.ability_by_attendance * attendance
        + effects.ability_by_institution * by_origin[origin]
    )
    repeated = rng.random(count) < Baseline().repeats_a_year
    end_year = year + YEARS_OF_STUDY[promotion] - 1 + repeated
    return Intake(
        id=_draw_ids(count, stream(seed, "ids")),
        year=year,
        campus=campus,
        promotion=promotion,
        join=join,
        end=to_weekday(school_year_starts(end_year) + 302 + rng.integers(0, 16, count)),
        region=region,
        is_far=region != school.region[campus],
        origin=origin,
        attendance=attendance,
        ability=ability,
    )


def _draw_cohorts(
    scale: Scale, school: School, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    years = np.array(COHORTS)
    weight = school.size * (1 + school.growth) ** (years[:, None] - years[0])
    enrolled = np.array([_TAKEN_OVER.get(year, (1.0, 1.0, 1.0)) for year in COHORTS])
    shares = weight[:, :, None] * (enrolled * _PROMOTION_SHARE)[:, None, :]
    drawn = rng.multinomial(scale.students, (shares / shares.sum()).ravel())
    cells = np.repeat(np.arange(drawn.size), drawn)
    year, campus, promotion = np.unravel_index(cells, shares.shape)
    return years[year], campus, promotion


def _draw_join_dates(year: np.ndarray, rng: np.random.Generator) -> Days:
    start = school_year_starts(year)
    usual = start + np.minimum(rng.geometric(0.18, len(year)) - 1, 24)
    late = start + rng.integers(30, 160, len(year))
    join = np.where(rng.random(len(year)) < 0.08, late, usual)
    return np.where(join > TODAY, start + rng.integers(23, 30, len(year)), join)


def _draw_regions(
    campus_region: np.ndarray, fairs: np.ndarray, rng: np.random.Generator, effects: Effects
) -> np.ndarray:
    """Draws home regions: near the campus, or anywhere by population and by fairs held."""
    chance = rng.lognormal(0, 0.35, len(places.REGIONS))
    population = places.weights("population") ** effects.region_by_population
    visibility = (1 + fairs / max(1.0, fairs.mean())) ** effects.region_by_events
    pull = chance * population * visibility
    anywhere = rng.choice(len(pull), p=pull / pull.sum(), size=len(campus_region))
    stays = rng.random(len(campus_region)) < effects.home_near_campus
    return np.where(stays, campus_region, anywhere)


def _draw_origins(region: np.ndarray, rng: np.random.Generator, effects: Effects) -> np.ndarray:
    """Draws former schools: mostly of the home region, sometimes a competitor."""
    origin = np.empty(len(region), np.int64)
    pick = rng.random(len(region))
    for number in range(len(places.REGIONS)):
        candidates = np.flatnonzero(number == places.ORIGIN_REGION)
        here = region == number
        origin[here] = candidates[(pick[here] * len(candidates)).astype(np.int64)]
    competitor = len(places.ORIGINS) + draw_competitors(len(region), rng, effects)
    return np.where(rng.random(len(region)) < _FROM_COMPETITOR, competitor, origin)


def draw_competitors(count: int, rng: np.random.Generator, effects: Effects) -> np.ndarray:
    """Draws competing schools; with effects the first is the commonest."""
    weight = 1.0 / np.arange(1, len(places.COMPETITORS) + 1) ** effects.competitor_dominance
    return rng.choice(len(weight), p=weight / weight.sum(), size=count)


def _draw_ids(count: int, rng: np.random.Generator) -> np.ndarray:
    drawn = np.unique(rng.integers(100_000, 10_000_000, size=2 * count + 100))
    return rng.permutation(drawn[~np.isin(drawn, SAMPLE_IDS)])[:count]


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()


def name_people(intake: Intake, pool: NamePool, seed: int) -> Person:
    """Names every student."""
    rng = stream(seed, "names")
    is_woman = rng.random(intake.count) < 0.3
    first, last = draw_names(pool, is_woman, rng)
    return Person(is_woman, first, last, personal_emails(first, last, kind="e"))


def student_rows(intake: Intake, person: Person, leaving: "Leaving", seed: int) -> Iterator[bytes]:
    """Yields `students`; some regions and former schools were never recorded."""
    rng = stream(seed, "student records")
    birth = intake.join - np.array([18, 21, 22])[intake.promotion] * 365
    birth = np.maximum(birth - rng.integers(0, 4 * 365, intake.count), day(1970, 1, 1))
    region_known = rng.random(intake.count) >= 0.08
    origin_known = rng.random(intake.count) >= 0.10
    schools = places.ORIGINS + places.COMPETITORS
    yield from rows(
        intake.id,
        person.first,
        person.last,
        school_emails(person.first, person.last),
        person.personal_email,
        ["Mme" if is_woman else "M." for is_woman in person.is_woman],
        date_text(birth),
        date_text(intake.join),
        date_text(leaving.left),
        intake.campus + 1,
        [PROMOTIONS[promotion] for promotion in intake.promotion],
        [
            places.REGION_NAMES[region] if known else None
            for region, known in zip(intake.region, region_known, strict=True)
        ],
        [
            schools[origin] if known else None
            for origin, known in zip(intake.origin, origin_known, strict=True)
        ],
        leaving.reason,
        leaving.next_school,
    )
