"""The lessons held: which subject, where, when, and whether the roll was called."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from erp.copy_text import ROWS_PER_CHUNK, rows
from erp.randomness import stream
from erp.scales import Scale
from erp.school import PROMOTIONS, SUBJECT_IDS, SUBJECT_LEVEL, School
from erp.school_calendar import SCHOOL_YEARS, Days, instant_text, teaching_days

# Local wall-clock minutes after midnight at which a lesson may start.
_SLOTS = np.array([8 * 60 + 30, 10 * 60 + 45, 13 * 60 + 30, 15 * 60 + 45])
_LENGTHS = np.array([90, 120])
_SHARE_CALLED = 0.97


@dataclass(frozen=True)
class Timetable:
    """One value per lesson in order of time; its id is its position + 1.

    `day` and `minute` are local; `length` is in minutes; `called` says that a roll exists.
    """

    year: np.ndarray
    campus: np.ndarray
    promotion: np.ndarray
    subject: np.ndarray
    day: Days
    minute: np.ndarray
    length: np.ndarray
    called: np.ndarray

    @property
    def count(self) -> int:
        """Number of lessons."""
        return len(self.day)


def plan_lessons(scale: Scale, school: School, seed: int) -> Timetable:
    """Plans the lessons of every campus and promotion; no two of a promotion overlap."""
    years = []
    slot_used = scale.lessons_per_week / (5 * len(_SLOTS))
    for year in SCHOOL_YEARS:
        days = teaching_days(year)
        shape = (len(days), len(_SLOTS), school.campuses, len(PROMOTIONS))
        used = np.nonzero(stream(seed, "lessons", year).random(shape) < slot_used)
        years.append((np.full(len(used[0]), year), days[used[0]], _SLOTS[used[1]], *used[2:]))
    year, day, minute, campus, promotion = map(np.concatenate, zip(*years, strict=True))
    rng = stream(seed, "lesson plans")
    count = len(day)
    return Timetable(
        year=year,
        campus=campus,
        promotion=promotion,
        subject=_draw_subjects(promotion, rng),
        day=day,
        minute=minute,
        length=_LENGTHS[rng.integers(len(_LENGTHS), size=count)],
        called=rng.random(count) < _SHARE_CALLED,
    )


def _draw_subjects(promotion: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    pick = rng.random(len(promotion))
    subject = np.empty(len(promotion), np.int64)
    for number in range(len(PROMOTIONS)):
        taught = np.flatnonzero(number == SUBJECT_LEVEL)
        here = promotion == number
        subject[here] = taught[(pick[here] * len(taught)).astype(np.int64)]
    return subject


def lesson_rows(timetable: Timetable, school: School) -> Iterator[bytes]:
    """Yields `lessons`."""
    for first in range(0, timetable.count, ROWS_PER_CHUNK):
        part = slice(first, first + ROWS_PER_CHUNK)
        day, minute = timetable.day[part], timetable.minute[part]
        subject, campus = timetable.subject[part], timetable.campus[part]
        yield from rows(
            range(first + 1, first + 1 + len(day)),
            [SUBJECT_IDS[number] for number in subject],
            campus + 1,
            school.professor[campus, subject],
            instant_text(day, minute),
            instant_text(day, minute + timetable.length[part]),
        )
