"""Contracts and hires."""

import numpy as np
import pytest

from erp import places
from erp.contracts import TYPES
from erp.effects import Baseline, Effects
from erp.scales import scale_named
from erp.school_calendar import NEVER, TODAY
from erp.simulation import Simulation, simulate

PERMANENT = TYPES.index("permanent")


@pytest.mark.parametrize("seed", [1, 7, 42, 2026])
def test_contracts_are_consistent(seed: int) -> None:
    simulation = simulate(scale_named("tiny"), seed, Effects())
    contracts, leaving = simulation.contracts, simulation.leaving
    left = leaving.left[contracts.student]
    hired = contracts.type >= PERMANENT
    assert (contracts.end >= contracts.start).all()
    assert (contracts.start <= TODAY).all()
    assert (contracts.start >= simulation.intake.join[contracts.student]).all()
    assert (contracts.start <= left)[~hired].all()
    assert (contracts.end <= left)[~hired].all()
    assert (contracts.start >= left)[hired].all()
    assert leaving.graduated[contracts.student[hired]].all()
    assert ((contracts.end == NEVER) == (contracts.type == PERMANENT)).all()


@pytest.mark.parametrize("promotion", [0, 1, 2])
def test_each_promotion_has_its_share_of_contracts(demo: Simulation, promotion: int) -> None:
    signed = np.zeros(demo.intake.count, bool)
    signed[demo.contracts.student[demo.contracts.type < PERMANENT]] = True
    expected = Baseline().contract_by_promotion[promotion]
    assert signed[demo.intake.promotion == promotion].mean() == pytest.approx(expected, abs=0.06)


def test_regions_with_many_companies_have_more_contracts(
    demo: Simulation, plain: Simulation
) -> None:
    def slope(simulation: Simulation) -> float:
        companies = np.log(places.weights("companies"))[simulation.intake.region]
        return float(np.corrcoef(companies, simulation.contracted)[0, 1])

    assert slope(demo) > 0.15
    assert abs(slope(plain)) < 0.08


def _days_to_hire(simulation: Simulation) -> np.ndarray:
    """Returns days from leaving to the first job per student; -1 for those without one."""
    contracts = simulation.contracts
    hired = contracts.type >= PERMANENT
    student = contracts.student[hired]
    days = np.full(simulation.intake.count, NEVER)
    np.minimum.at(days, student, contracts.start[hired] - simulation.leaving.left[student])
    return np.where(days == NEVER, -1, days)


def test_some_graduates_are_not_hired_yet_or_never(demo: Simulation) -> None:
    waiting = _days_to_hire(demo)[demo.leaving.graduated] < 0
    assert 0.07 < waiting.mean() < 0.35


def test_some_are_hired_on_the_day_they_leave_and_some_hold_two_jobs_in_turn(
    demo: Simulation,
) -> None:
    assert (_days_to_hire(demo) == 0).any()
    hired = demo.contracts.student[demo.contracts.type >= PERMANENT]
    assert np.bincount(hired).max() == 2


def _hire_ratio(simulation: Simulation) -> float:
    """Returns the median time to hire with an apprenticeship over that without one.

    Only those who left two years ago, so that nearly all had the time to be hired.
    """
    contracts = simulation.contracts
    apprentice = np.zeros(simulation.intake.count, bool)
    apprentice[contracts.student[contracts.type == TYPES.index("apprenticeship")]] = True
    none = ~simulation.contracted
    days = _days_to_hire(simulation)
    known = (days >= 0) & (simulation.leaving.left < TODAY - 730)
    return float(np.median(days[known & apprentice]) / np.median(days[known & none]))


def test_apprentices_are_hired_faster_with_effects_only(
    demo: Simulation, plain: Simulation
) -> None:
    assert _hire_ratio(demo) == pytest.approx(np.exp(-0.9), abs=0.15)
    assert _hire_ratio(plain) == pytest.approx(1, abs=0.35)


def test_companies_keep_their_students_with_effects_only(
    demo: Simulation, plain: Simulation
) -> None:
    def kept(simulation: Simulation) -> float:
        contracts = simulation.contracts
        employer = np.full(simulation.intake.count, -1)
        studies = contracts.type < PERMANENT
        employer[contracts.student[studies]] = contracts.company[studies]
        hired = ~studies & (employer[contracts.student] >= 0)
        return float((contracts.company == employer[contracts.student])[hired].mean())

    assert kept(demo) == pytest.approx(Effects().kept_by_the_company, abs=0.1)
    assert kept(plain) < 0.05


def test_every_region_has_a_company() -> None:
    for scale in ("tiny", "demo"):
        companies = simulate(scale_named(scale), 7, Effects()).companies
        assert set(companies.region) == set(range(len(places.REGIONS)))
        assert companies.count == scale_named(scale).companies
