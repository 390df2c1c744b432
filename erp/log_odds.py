"""Chances from log-odds, kept at a given average."""

import numpy as np


def chance(log_odds: np.ndarray) -> np.ndarray:
    """Returns the logistic function of `log_odds`."""
    return 1.0 / (1.0 + np.exp(-log_odds))


def chances_around(average: float, log_odds: np.ndarray) -> np.ndarray:
    """Returns chances that differ by `log_odds` and whose mean is `average` (0 < average < 1).

    Thus a planted cause moves an outcome between people and leaves its level alone. The
    common intercept is found by bisection.
    """
    low, high = -30.0 - log_odds.max(initial=0.0), 30.0 - log_odds.min(initial=0.0)
    for _ in range(60):
        middle = (low + high) / 2
        if chance(middle + log_odds).mean() < average:
            low = middle
        else:
            high = middle
    return chance((low + high) / 2 + log_odds)
