"""The risk of dropping out by another way: numpy and scipy, one matrix, one minimum.

An oracle of the mart `dropout_risk` that shares no code with science/dropout_risk.py.
"""

import numpy as np
import pandas as pd
from scipy.optimize import brentq, minimize
from scipy.special import expit

HORIZON = pd.Timedelta(days=180)
FEWEST = 20  # who drop out, and who do not
PENALTY = 10.0  # of the squared coefficients, beside the sum of the losses: 1 / 0.1
USUAL = 100  # observations as usual that the newest school year is levelled with
MEASURED = ["attendance_rate", "recent_attendance_rate", "average_grade"]
SAID = ["has_had_contract", "recruited_at_event"]


def risks(observed: pd.DataFrame) -> pd.DataFrame:
    """Returns student_key, cutoff_date, risk, learned_until of school years with enough past."""
    found = []
    for year in sorted(observed["school_year"].unique()):
        asked = observed[observed["school_year"] == year]
        ended = observed["cutoff_date"] + HORIZON < asked["cutoff_date"].min()
        past = observed[ended & observed["drops_out"].notna()]
        dropped = past.loc[past["drops_out"].astype(bool), "student_key"].nunique()
        if min(dropped, past["student_key"].nunique() - dropped) < FEWEST:
            continue
        found.append(
            asked[["student_key", "cutoff_date"]].assign(
                risk=_learned(past, asked), learned_until=(past["cutoff_date"] + HORIZON).max()
            )
        )
    return pd.concat(found, ignore_index=True)


def _learned(past: pd.DataFrame, asked: pd.DataFrame) -> np.ndarray:
    outcome = past["drops_out"].astype(float).to_numpy()
    matrix, other = _matrix(past, past), _matrix(past, asked)
    width = matrix.shape[1]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        slopes, level = weights[:width], weights[width]
        log_odds = matrix @ slopes + level
        value = np.logaddexp(0, log_odds).sum() - outcome @ log_odds
        wrong = expit(log_odds) - outcome
        gradient = np.append(matrix.T @ wrong + PENALTY * slopes, wrong.sum())
        return value + PENALTY / 2 * slopes @ slopes, gradient

    best = minimize(loss, np.zeros(width + 1), jac=True, method="BFGS", options={"gtol": 1e-6}).x
    is_newest = (past["school_year"] == past["school_year"].max()).to_numpy()
    newest = matrix[is_newest] @ best[:width] + best[width]
    usual = expit(newest).mean()
    level = (outcome[is_newest].sum() + USUAL * usual) / (is_newest.sum() + USUAL)
    shift = brentq(lambda by: expit(newest + by).mean() - level, -20, 20)
    return expit(other @ best[:width] + best[width] + shift)


def _matrix(past: pd.DataFrame, asked: pd.DataFrame) -> np.ndarray:
    """Returns the features of those asked, standardised by what the past says."""
    columns = []
    for name in MEASURED + SAID:
        known, values = past[name].astype(float), asked[name].astype(float)
        middle = known.median() if name in MEASURED else 0.0
        known, values = known.fillna(middle), values.fillna(middle)
        columns.append((values - known.mean()) / (known.std(ddof=0) or 1.0))
    columns += [(asked["home"] == group).astype(float) for group in sorted(past["home"].unique())]
    return np.column_stack(columns)
