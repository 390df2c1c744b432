"""Figures on risks, and how sure they are."""

import numpy as np
import pandas as pd
import pytest

from science.evaluation import auc, bootstrap, brier, reliability


def test_discrimination_is_how_often_the_right_one_has_the_higher_risk():
    outcome = pd.Series([True, False, False, True])
    assert auc(outcome, pd.Series([0.9, 0.1, 0.2, 0.8])) == 1
    assert auc(outcome, pd.Series([0.5, 0.5, 0.5, 0.5])) == 0.5
    assert auc(outcome, pd.Series([0.3, 0.1, 0.4, 0.8])) == 0.75
    assert np.isnan(auc(pd.Series([False, False]), pd.Series([0.1, 0.2])))


def test_the_brier_score_of_a_sure_and_right_risk_is_0():
    assert brier(pd.Series([True, False]), pd.Series([1.0, 0.0])) == 0
    assert brier(pd.Series([True, False]), pd.Series([0.5, 0.5])) == 0.25


def test_reliability_compares_risk_and_share_in_groups_of_equal_size():
    risk = pd.Series(np.repeat([0.0, 0.5], 50))
    outcome = pd.Series([False] * 50 + [True, False] * 25)
    groups = reliability(outcome, risk, groups=2)
    assert list(groups["people"]) == [50, 50]
    assert list(groups["share"]) == [0.0, 0.5]
    assert groups["lower"].iloc[1] == pytest.approx(0.3664, abs=1e-4)  # Wilson, 25 of 50
    assert groups["upper"].iloc[0] == pytest.approx(0.0713, abs=1e-4)


def test_whole_students_are_drawn():
    """As many rows more of the same students make nothing surer."""
    rng = np.random.default_rng(1)
    once = pd.DataFrame({"student_key": range(200), "value": rng.normal(size=200)})
    thrice = pd.concat([once, once, once])

    def mean(frame: pd.DataFrame) -> float:
        return float(frame["value"].mean())

    few, many = bootstrap(once, mean, times=300), bootstrap(thrice, mean, times=300)
    assert many.upper - many.lower == pytest.approx(few.upper - few.lower, rel=0.05)
    assert few.lower < few.value < few.upper
    assert few.upper - few.lower == pytest.approx(2 * 1.96 / np.sqrt(200), rel=0.2)
