"""Grades."""

import numpy as np
import pytest

from erp.effects import Effects
from erp.grading import Marks
from erp.scales import scale_named
from erp.school import SUBJECT_LEVEL
from erp.simulation import Simulation, simulate


def marks_of(simulation: Simulation) -> Marks:
    parts = [(m.student, m.subject, m.day, m.grade) for m in simulation.marks()]
    return Marks(*map(np.concatenate, zip(*parts, strict=True)))


@pytest.fixture(scope="module")
def marks(demo: Simulation) -> Marks:
    return marks_of(demo)


@pytest.mark.parametrize("seed", [1, 7, 42, 2026])
def test_grades_are_gaussian_around_60(seed: int) -> None:
    grade = marks_of(simulate(scale_named("demo"), seed, Effects())).grade / 100
    assert grade.mean() == pytest.approx(60, abs=0.3)
    assert grade.std() == pytest.approx(15, abs=0.3)
    score = (grade - grade.mean()) / grade.std()
    assert (score**3).mean() == pytest.approx(0, abs=0.08)
    assert (score**4).mean() == pytest.approx(3, abs=0.2)
    assert grade.min() >= 0
    assert grade.max() <= 100


def test_grades_are_in_subjects_of_the_students_promotion(demo: Simulation, marks: Marks) -> None:
    assert (SUBJECT_LEVEL[marks.subject] == demo.intake.promotion[marks.student]).all()


def test_grades_are_dated_while_enrolled(demo: Simulation, marks: Marks) -> None:
    assert (marks.day >= demo.intake.join[marks.student]).all()
    assert (marks.day <= demo.leaving.left[marks.student]).all()


def test_some_students_have_no_grade(demo: Simulation, marks: Marks) -> None:
    graded = np.bincount(marks.student, minlength=demo.intake.count) > 0
    assert 0 < (~graded).sum() < 0.05 * demo.intake.count


def test_the_able_have_better_grades(demo: Simulation, marks: Marks) -> None:
    times = np.bincount(marks.student, minlength=demo.intake.count)
    total = np.bincount(marks.student, weights=marks.grade, minlength=demo.intake.count)
    often = times >= 20
    average = total[often] / times[often]
    assert np.corrcoef(average, demo.intake.ability[often])[0, 1] > 0.8
