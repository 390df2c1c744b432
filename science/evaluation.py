"""How good risks are, and how sure that is: discrimination, calibration, intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss, roc_auc_score

from infra.errors import CampuslakeError


class TooFewToTell(CampuslakeError):
    """There are too few people to answer the question of a notebook."""


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    lower: float
    upper: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.lower:.3f} to {self.upper:.3f})"


def auc(outcome: pd.Series, risk: pd.Series) -> float:
    """Returns how often who drops out has a higher risk than who does not; 0.5 is chance.

    NaN when nobody dropped out, or everybody.
    """
    return float(roc_auc_score(outcome, risk)) if outcome.nunique() == 2 else float("nan")


def brier(outcome: pd.Series, risk: pd.Series) -> float:
    """Returns the mean squared distance of risk and outcome; 0 is best."""
    return float(brier_score_loss(outcome, risk))


def reliability(outcome: pd.Series, risk: pd.Series, groups: int = 5) -> pd.DataFrame:
    """Returns, for groups of equal size by risk, the mean risk and the share that dropped out.

    The bounds are those of the 95 % interval of the share (Wilson).
    """
    group = pd.qcut(risk.rank(method="first"), groups, labels=False)
    found = pd.DataFrame({"risk": risk, "outcome": outcome.astype(int), "group": group})
    told = found.groupby("group").agg(
        people=("risk", "size"),
        risk=("risk", "mean"),
        dropouts=("outcome", "sum"),
        share=("outcome", "mean"),
    )
    bounds = [
        binomtest(dropouts, people).proportion_ci(method="wilson")
        for dropouts, people in told[["dropouts", "people"]].astype(int).to_numpy()
    ]
    return told.assign(lower=[b.low for b in bounds], upper=[b.high for b in bounds])


def bootstrap(
    observations: pd.DataFrame,
    measure: Callable[[pd.DataFrame], float],
    times: int = 500,
    seed: int = 0,
) -> Interval:
    """Returns a measure of observations with the interval that drawing students anew gives.

    Whole students are drawn, for what is observed of one at several cut-off dates is alike.
    """
    rng = np.random.default_rng(seed)
    rows = list(observations.reset_index(drop=True).groupby("student_key").indices.values())
    drawn = []
    for _ in range(times):
        chosen = rng.integers(0, len(rows), len(rows))
        drawn.append(measure(observations.iloc[np.concatenate([rows[i] for i in chosen])]))
    lower, upper = np.nanquantile(drawn, [0.025, 0.975])
    return Interval(measure(observations), float(lower), float(upper))
