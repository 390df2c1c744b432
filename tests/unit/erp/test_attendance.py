"""Roll calls."""

from dataclasses import dataclass

import numpy as np
import pytest

from erp.simulation import Simulation


@dataclass(frozen=True)
class Calls:
    """Every roll call of a school, with the day and whether the student was enrolled."""

    lesson: np.ndarray
    student: np.ndarray
    status: np.ndarray
    day: np.ndarray
    enrolled: np.ndarray

    @property
    def attended(self) -> np.ndarray:
        return self.status < 2


def calls_of(simulation: Simulation) -> Calls:
    columns = zip(*[(r.lesson, r.student, r.status) for r in simulation.rolls()], strict=True)
    lesson, student, status = map(np.concatenate, columns)
    day = simulation.timetable.day[lesson]
    enrolled = (day >= simulation.intake.join[student]) & (day <= simulation.leaving.left[student])
    return Calls(lesson, student, status, day, enrolled)


@pytest.fixture(scope="module")
def calls(demo: Simulation) -> Calls:
    return calls_of(demo)


def test_only_lessons_of_the_students_campus_and_promotion_are_called(
    demo: Simulation, calls: Calls
) -> None:
    timetable, intake = demo.timetable, demo.intake
    assert (timetable.campus[calls.lesson] == intake.campus[calls.student]).all()
    assert (timetable.promotion[calls.lesson] == intake.promotion[calls.student]).all()


def test_a_student_is_called_once_in_a_lesson(calls: Calls) -> None:
    pairs = calls.lesson * 1_000_000 + calls.student
    assert len(np.unique(pairs)) == len(pairs)


def test_a_few_roll_calls_are_just_outside_the_enrolment(demo: Simulation, calls: Calls) -> None:
    outside = ~calls.enrolled
    assert outside.mean() == pytest.approx(0.003, abs=0.0005)
    days = calls.day[outside]
    student = calls.student[outside]
    before, after = demo.intake.join[student] - days, days - demo.leaving.left[student]
    assert np.maximum(before, after).max() <= 7
    assert (before == 1).any()
    assert (after == 1).any()


def test_joining_and_leaving_days_are_called(demo: Simulation, calls: Calls) -> None:
    assert (calls.day == demo.intake.join[calls.student]).any()
    assert (calls.day == demo.leaving.left[calls.student]).any()


def test_some_lessons_have_no_roll_and_some_students_are_on_none(
    demo: Simulation, calls: Calls
) -> None:
    without = 1 - len(np.unique(calls.lesson)) / demo.timetable.count
    assert 0.02 < without < 0.08
    seen = np.bincount(calls.student, minlength=demo.intake.count) > 0
    assert 0 < (~seen).sum() < 0.03 * demo.intake.count


def test_nine_in_ten_attend_and_every_status_occurs(calls: Calls) -> None:
    assert 0.90 <= calls.attended.mean() <= 0.935
    assert (np.bincount(calls.status) > 0.01 * len(calls.status)).all()


def test_future_dropouts_attend_less_and_least_in_their_last_weeks(
    demo: Simulation, calls: Calls
) -> None:
    dropout = demo.leaving.dropped_out[calls.student] & calls.enrolled
    last_weeks = dropout & (demo.leaving.left[calls.student] - calls.day < 30)
    long_before = dropout & (demo.leaving.left[calls.student] - calls.day > 90)
    others = calls.attended[~dropout].mean()
    assert calls.attended[long_before].mean() < others - 0.02
    assert calls.attended[last_weeks].mean() < calls.attended[long_before].mean() - 0.08


def test_without_effects_attendance_foretells_nothing(plain: Simulation) -> None:
    calls = calls_of(plain)
    dropout = plain.leaving.dropped_out[calls.student]
    rates = [calls.attended[chosen].mean() for chosen in (dropout, ~dropout)]
    assert rates[0] == pytest.approx(rates[1], abs=0.015)
    assert 0.90 <= calls.attended.mean() <= 0.935


def test_no_two_lessons_of_a_promotion_or_a_professor_overlap(demo: Simulation) -> None:
    timetable = demo.timetable
    room = timetable.campus * 3 + timetable.promotion
    professor = demo.school.professor[timetable.campus, timetable.subject]
    start = timetable.day * 1440 + timetable.minute
    for who in (room, professor):
        order = np.lexsort((start, who))
        same = who[order][1:] == who[order][:-1]
        free_from = (start + timetable.length)[order][:-1]
        assert (start[order][1:][same] >= free_from[same]).all()
