"""Leavers."""

import numpy as np
import pytest

from erp import places
from erp.effects import WEAK_CAMPUS, Baseline, Effects
from erp.leaving import GRADUATED, REASONS
from erp.scales import scale_named
from erp.school_calendar import FIRST_YEAR, NEVER, TODAY, day
from erp.simulation import Simulation, simulate


@pytest.mark.parametrize("seed", [1, 7, 42, 2026])
@pytest.mark.parametrize("effects", [Effects(), Effects.none()], ids=["effects", "none"])
def test_leavers_are_consistent(seed: int, effects: Effects) -> None:
    simulation = simulate(scale_named("tiny"), seed, effects)
    intake, leaving = simulation.intake, simulation.leaving
    gone = leaving.left != NEVER
    assert (leaving.left >= intake.join).all()
    assert (leaving.left[gone] <= TODAY).all()
    assert (leaving.left >= day(FIRST_YEAR, 9, 1)).all()
    assert (leaving.left[leaving.graduated] == intake.end[leaving.graduated]).all()
    for has_left, dropped, reason, next_school in zip(
        gone, leaving.dropped_out, leaving.reason, leaving.next_school, strict=True
    ):
        assert has_left or (reason is None and next_school is None)
        assert reason in (None, GRADUATED, *REASONS)
        assert next_school is None or (dropped and next_school in places.COMPETITORS)


def test_enrolled_graduates_dropouts_and_unexplained_leavers_all_exist(demo: Simulation) -> None:
    leaving = demo.leaving
    reasons = [r for r, out in zip(leaving.reason, leaving.dropped_out, strict=True) if out]
    assert set(reasons) == {None, *REASONS}
    assert leaving.graduated.any()
    assert (leaving.left == NEVER).any()
    told = np.array([school is not None for school in leaving.next_school])
    assert 0.05 < told[leaving.dropped_out].mean() < 0.5


def test_someone_leaves_on_the_day_of_joining() -> None:
    simulation = simulate(scale_named("school"), 7, Effects())
    assert (simulation.leaving.left == simulation.intake.join).any()


def test_effects_do_not_change_how_many_drop_out(demo: Simulation, plain: Simulation) -> None:
    for simulation in (demo, plain):
        share = (simulation.leaving.dropout != NEVER).mean()
        assert share == pytest.approx(Baseline().dropout, abs=0.03)


def _difference(simulation: Simulation, exposed: np.ndarray) -> float:
    """Returns by how much more often the exposed will drop out, as a share."""
    drops = simulation.leaving.dropout != NEVER
    return drops[exposed].mean() - drops[~exposed].mean()


@pytest.mark.parametrize(
    "cause",
    [
        lambda s: s.intake.attendance < -0.5,
        lambda s: s.intake.ability < -0.5,
        lambda s: ~s.contracted,
        lambda s: s.intake.campus == WEAK_CAMPUS - 1,
    ],
    ids=["low attendance", "low ability", "no contract", "weak campus"],
)
def test_a_cause_makes_dropouts_with_effects_and_none_without(
    demo: Simulation, plain: Simulation, cause
) -> None:
    assert _difference(demo, cause(demo)) > 0.04
    assert abs(_difference(plain, cause(plain))) < 0.06


def test_the_far_and_the_unmet_leave_more_in_a_big_school() -> None:
    school = simulate(scale_named("network"), 7, Effects())
    assert _difference(school, school.intake.is_far) > 0.02
    assert _difference(school, ~school.met) > 0.02


def test_reasons_follow_their_cause(demo: Simulation, plain: Simulation) -> None:
    def ability_of(simulation: Simulation, reason: str) -> float:
        chosen = np.array([given == reason for given in simulation.leaving.reason])
        return float(simulation.intake.ability[chosen].mean())

    apart = ability_of(demo, "academic_failure") - ability_of(demo, "personal")
    assert apart < -0.5
    assert abs(ability_of(plain, "academic_failure") - ability_of(plain, "personal")) < 0.5
