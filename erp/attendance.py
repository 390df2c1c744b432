"""The roll calls: who was called in each lesson and who came.

Millions of rows: drawn and laid out one campus, promotion and school year at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from erp.copy_text import digits, lines, words
from erp.effects import Baseline, Effects
from erp.groups import positions_by_group
from erp.leaving import Leaving
from erp.log_odds import chance
from erp.people import Intake
from erp.randomness import stream
from erp.timetable import Timetable

STATUSES = ("present", "late", "absent", "excused")

OUTSIDE_SHARE = 0.003
"""Roll calls of people not enrolled that day, per roll call of those who are."""

_OUTSIDE_DAYS = 7
_SHARE_NEVER_CALLED = 0.01
_FALL_DAYS = 60


@dataclass(frozen=True)
class Roll:
    """Roll calls in order of lessons: positions of lesson and student, and of `STATUSES`."""

    lesson: np.ndarray
    student: np.ndarray
    status: np.ndarray


def call_rolls(
    timetable: Timetable, intake: Intake, leaving: Leaving, seed: int, effects: Effects
) -> Iterator[Roll]:
    """Calls the roll of every lesson that had it called, by year, campus and promotion.

    Students of the lesson's campus and promotion are called while enrolled; a few within a
    week before joining or after leaving too. Some students are on no roll at all.
    """
    students = positions_by_group(intake.campus, intake.promotion)
    unseen = never_called(intake, seed)
    lessons = positions_by_group(timetable.year, timetable.campus, timetable.promotion)
    for (year, campus, promotion), held in lessons.items():
        called = held[timetable.called[held]]
        group = students.get((campus, promotion), np.empty(0, np.int64))
        group = group[~unseen[group]]
        if len(called) and len(group):
            rng = stream(seed, "attendances", year, campus, promotion)
            yield _call(called, group, timetable, intake, leaving, rng, effects)


def never_called(intake: Intake, seed: int) -> np.ndarray:
    """Returns where a student is on no roll (followed at a distance, or never registered)."""
    unseen = np.zeros(intake.count, bool)
    size = int(np.ceil(_SHARE_NEVER_CALLED * intake.count))
    unseen[stream(seed, "never called").permutation(intake.count)[:size]] = True
    return unseen


def expected_calls(timetable: Timetable, intake: Intake, leaving: Leaving) -> int:
    """Returns about how many roll calls there will be, for a progress bar."""
    lessons = positions_by_group(timetable.campus, timetable.promotion)
    total = 0
    for key, students in positions_by_group(intake.campus, intake.promotion).items():
        held = lessons.get(key, np.empty(0, np.int64))
        days = timetable.day[held[timetable.called[held]]]
        until = np.searchsorted(days, leaving.left[students], side="right")
        total += int((until - np.searchsorted(days, intake.join[students])).sum())
    return int(total * (1 - _SHARE_NEVER_CALLED) * (1 + OUTSIDE_SHARE))


def _call(
    called: np.ndarray,
    group: np.ndarray,
    timetable: Timetable,
    intake: Intake,
    leaving: Leaving,
    rng: np.random.Generator,
    effects: Effects,
) -> Roll:
    first, last = timetable.day[called[0]], timetable.day[called[-1]]
    margin = _OUTSIDE_DAYS
    group = group[(intake.join[group] <= last + margin) & (leaving.left[group] >= first - margin)]
    day = timetable.day[called].astype(np.int32)[:, None]
    join, left = intake.join[group].astype(np.int32), leaving.left[group].astype(np.int32)
    enrolled = (day >= join) & (day <= left)
    near = ~enrolled & (day >= join - margin) & (day - margin <= left)
    chance_outside = OUTSIDE_SHARE * enrolled.sum() / max(1, near.sum())
    outside = np.flatnonzero(near)
    outside = outside[rng.random(len(outside)) < chance_outside]
    enrolled.ravel()[outside] = True
    row, column = np.nonzero(enrolled)
    lesson, student = called[row], group[column]

    log_odds = _log_odds_to_attend(timetable.day[lesson], student, intake, leaving, effects)
    attends = rng.random(len(student), np.float32) < chance(log_odds)
    second = rng.random(len(student), np.float32) < np.where(
        attends, np.float32(Baseline().late), np.float32(Baseline().excused_of_missed)
    )
    return Roll(lesson, student, np.where(attends, 0, 2) + second)


def _log_odds_to_attend(
    day: np.ndarray, student: np.ndarray, intake: Intake, leaving: Leaving, effects: Effects
) -> np.ndarray:
    """Returns log-odds by disposition; over the last weeks before a dropout they fall.

    The fall grows evenly from nothing and averages to the effect's coefficient.
    """
    baseline = Baseline()
    usual = baseline.attendance_logit + baseline.attendance_spread * intake.attendance
    nearness = np.clip(1 - (leaving.dropout[student] - day) / _FALL_DAYS, 0, 1)
    fall = 2 * effects.attendance_fall_before_dropout * nearness
    return (usual[student] - fall).astype(np.float32)


def attendance_rows(rolls: Iterator[Roll], intake: Intake) -> Iterator[bytes]:
    """Yields `attendances`."""
    next_id = 1
    for roll in rolls:
        count = len(roll.lesson)
        if count:
            yield lines(
                digits(np.arange(next_id, next_id + count)),
                digits(roll.lesson + 1),
                digits(intake.id[roll.student]),
                words(roll.status, STATUSES),
            )
        next_id += count
