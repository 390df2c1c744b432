"""Chances that keep their average."""

import numpy as np
import pytest

from erp.log_odds import chances_around


@pytest.mark.parametrize("average", [0.02, 0.18, 0.5, 0.9])
def test_causes_move_chances_between_people_and_not_their_average(average: float) -> None:
    log_odds = np.linspace(-4, 6, 501)
    chances = chances_around(average, log_odds)
    assert chances.mean() == pytest.approx(average, abs=1e-9)
    assert (np.diff(chances) > 0).all()


def test_the_difference_in_log_odds_is_the_one_asked_for() -> None:
    low, high = chances_around(0.3, np.array([0.0, 1.0]))
    assert np.log(high / (1 - high)) - np.log(low / (1 - low)) == pytest.approx(1.0)
