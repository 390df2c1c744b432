"""The grades: exams of each subject and school year, marked around 60 out of 100."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from erp.copy_text import digits, hundredths, lines, words
from erp.effects import Baseline
from erp.groups import positions_by_group
from erp.leaving import Leaving
from erp.people import Intake
from erp.randomness import stream
from erp.school import PROMOTIONS, SUBJECT_IDS, SUBJECT_LEVEL, School
from erp.school_calendar import SCHOOL_YEARS, TODAY, Days, date_text, day, teaching_days

# Days after 1 September between which each exam of a year is held.
_EXAM_WINDOWS = ((18, 30), (80, 105), (170, 200), (250, 290))
_SHARE_SAT = 0.95
_SHARE_NEVER_GRADED = 0.01


@dataclass(frozen=True)
class Exams:
    """One value per exam, in order of campus and promotion within a year."""

    year: np.ndarray
    campus: np.ndarray
    promotion: np.ndarray
    subject: np.ndarray
    day: Days


@dataclass(frozen=True)
class Marks:
    """Grades given: positions of student and subject, the day, the grade in hundredths."""

    student: np.ndarray
    subject: np.ndarray
    day: Days
    grade: np.ndarray


def plan_exams(school: School, seed: int) -> Exams:
    """Plans four exams per campus, subject and school year, on teaching days up to today."""
    rng = stream(seed, "exams")
    low, high = np.array(_EXAM_WINDOWS).T
    years = []
    for year in SCHOOL_YEARS:
        taught = teaching_days(year)
        shape = (school.campuses, len(SUBJECT_IDS), len(low))
        wanted = day(year, 9, 1) + rng.integers(low, high + 1, shape)
        campus, subject, _ = np.indices(shape)
        held = wanted <= min(TODAY, taught[-1])
        dates = taught[np.searchsorted(taught, wanted[held])]
        years.append((np.full(len(dates), year), campus[held], subject[held], dates))
    year, campus, subject, dates = map(np.concatenate, zip(*years, strict=True))
    return Exams(year, campus, SUBJECT_LEVEL[subject], subject, dates)


def never_graded(intake: Intake, seed: int) -> np.ndarray:
    """Returns where a student has no grade at all, though long enrolled."""
    ungraded = np.zeros(intake.count, bool)
    size = int(np.ceil(_SHARE_NEVER_GRADED * intake.count))
    ungraded[stream(seed, "never graded").permutation(intake.count)[:size]] = True
    return ungraded


def give_marks(exams: Exams, intake: Intake, leaving: Leaving, seed: int) -> Iterator[Marks]:
    """Marks every exam, by year, campus and promotion.

    A grade is the student's ability, how hard the subject is, and the day's luck. Abilities
    are centred and scaled over exams sat, so that grades keep the baseline's mean and
    standard deviation though the weak leave earlier.
    """
    baseline = Baseline()
    ability = _standard_over_exams(exams, intake, leaving, seed)
    rng = stream(seed, "subjects")
    hardness = rng.normal(size=len(SUBJECT_IDS))
    for level in range(len(PROMOTIONS)):
        here = level == SUBJECT_LEVEL
        hardness[here] = (hardness[here] - hardness[here].mean()) / hardness[here].std()
    luck = np.sqrt(baseline.grade_sd**2 - baseline.ability_sd**2 - baseline.subject_sd**2)
    for key, exam, student in _sittings(exams, intake, leaving, seed):
        rng = stream(seed, "grades", *key)
        sat = rng.random(len(exam)) < _SHARE_SAT
        exam, student = exam[sat], student[sat]
        subject = exams.subject[exam]
        grade = (
            baseline.grade_mean
            + baseline.ability_sd * ability[student]
            + baseline.subject_sd * hardness[subject]
            + luck * rng.normal(size=len(exam))
        )
        hundredth = np.rint(np.clip(grade, 0, 100) * 100).astype(np.int64)
        yield Marks(student, subject, exams.day[exam], hundredth)


def _standard_over_exams(exams: Exams, intake: Intake, leaving: Leaving, seed: int) -> np.ndarray:
    times = np.zeros(intake.count)
    for _, _, student in _sittings(exams, intake, leaving, seed):
        times += np.bincount(student, minlength=intake.count)
    weight = times / max(1.0, times.sum())
    centred = intake.ability - (weight * intake.ability).sum()
    return centred / max(1e-9, float(np.sqrt((weight * centred**2).sum())))


def _sittings(
    exams: Exams, intake: Intake, leaving: Leaving, seed: int
) -> Iterator[tuple[tuple[int, ...], np.ndarray, np.ndarray]]:
    """Yields the group and the positions of exams and of the students enrolled that day."""
    students = positions_by_group(intake.campus, intake.promotion)
    ungraded = never_graded(intake, seed)
    for key, exam in positions_by_group(exams.year, exams.campus, exams.promotion).items():
        group = students.get(key[1:], np.empty(0, np.int64))
        group = group[~ungraded[group]]
        day_held = exams.day[exam][:, None]
        row, column = np.nonzero(
            (day_held >= intake.join[group]) & (day_held <= leaving.left[group])
        )
        if len(row):
            yield key, exam[row], group[column]


def expected_marks(exams: Exams, intake: Intake, leaving: Leaving, seed: int) -> int:
    """Returns about how many grades there will be, for a progress bar."""
    sittings = sum(len(exam) for _, exam, _ in _sittings(exams, intake, leaving, seed))
    return int(sittings * _SHARE_SAT)


def grade_rows(marks: Iterator[Marks], intake: Intake) -> Iterator[bytes]:
    """Yields `grades`."""
    next_id = 1
    for given in marks:
        count = len(given.student)
        days, code = np.unique(given.day, return_inverse=True)
        if count:
            yield lines(
                digits(np.arange(next_id, next_id + count)),
                digits(intake.id[given.student]),
                words(given.subject, SUBJECT_IDS),
                words(code, date_text(days)),
                hundredths(given.grade),
            )
        next_id += count
