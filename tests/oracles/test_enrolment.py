"""Enrolment and its forecasts by a second route: pandas, numpy and scipy on the ERP's own rows."""

import math

import numpy as np
import pandas as pd
from scipy import stats

from tests.oracles.conftest import MIN_CELL_SIZE, School, assert_same, local_days, school_years

RATES, INTERVALS = 1e-9, 1e-6


def _counts_on(year: int) -> pd.Timestamp:
    return pd.Timestamp(year=year, month=9, day=30)


def _enrolled_on(students: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    there = (students["join_date"] <= day) & ~(students["left_date"] < day)
    return students[there]


def _first_roll(school: School) -> pd.Timestamp:
    lessons = school.erp("lessons")
    called = lessons[lessons["id"].isin(school.erp("attendances")["lesson_id"])]
    return local_days(called["starts_at"]).min()


def test_history_counts_the_students_of_each_campus_year_and_promotion(school):
    students, began = school.erp("students"), _first_roll(school)
    first_year = school_years(students["join_date"]).min()
    last_year = school_years(pd.Series([school.observed_until])).iloc[0]
    key = ["campus_id", "school_year", "promotion"]
    rows = []
    for year in range(first_year, last_year + 1):
        begin, end = pd.Timestamp(year, 9, 1), pd.Timestamp(year + 1, 8, 31)
        there = (students["join_date"] <= end) & ~(students["left_date"] < begin)
        for (campus, promotion), group in students[there].groupby(["campus_id", "promotion"]):
            is_small = len(group) < MIN_CELL_SIZE
            parts = {
                "intake": (group["join_date"] >= begin).sum(),
                "leavers": (group["left_date"] <= end).sum(),
                "students_on_count_day": len(_enrolled_on(group, _counts_on(year))),
            }
            rows.append(
                dict(zip(key, (campus, year, promotion), strict=True))
                | {
                    "students": len(group),
                    "is_small_group": is_small,
                    "is_counted_year": began <= _counts_on(year) <= school.observed_until,
                    "is_complete_year": school_years(pd.Series([began])).iloc[0] <= year
                    and end <= school.observed_until,
                }
                | {name: math.nan if is_small else float(n) for name, n in parts.items()}
            )
    history = school.mart("enrolment_history")
    assert_same(history, pd.DataFrame(rows), key, RATES)
    assert history["is_small_group"].any() and not history["is_small_group"].all()


def _series(school: School) -> dict[tuple[str, int], np.ndarray]:
    """Students on 30 September of each year since the first roll, by scope and campus.

    From the first count that is no small group on; none where the last one is.
    """
    students = school.erp("students")
    years = [
        year
        for year in range(2000, 2100)
        if _first_roll(school) <= _counts_on(year) <= school.observed_until
    ]
    there = [_enrolled_on(students, _counts_on(year))["campus_id"] for year in years]
    series = {("school", 0): np.array([len(campuses) for campuses in there], float)}
    for campus in students["campus_id"].unique():
        counts = np.array([(campuses == campus).sum() for campuses in there], float)
        series["campus", campus] = counts
    large = {key: np.flatnonzero(counts >= MIN_CELL_SIZE) for key, counts in series.items()}
    return {
        key: counts[large[key][0] :]
        for key, counts in series.items()
        if counts[-1] >= MIN_CELL_SIZE
    }


def _look_ahead(known: np.ndarray, model: str, horizon: int) -> tuple[float, float] | None:
    """Centre and standard deviation of a forecast (for growth, that of its logarithm)."""
    if model == "growth" and (known <= 0).any():
        return None
    scale = np.log(known) if model == "growth" else known
    if model == "naive":
        residuals = scale[1:] - scale[:-1]
        sigma = math.sqrt((residuals**2).sum() / len(residuals))
        return known[-1], sigma * math.sqrt(horizon)
    slope = (scale[-1] - scale[0]) / (len(scale) - 1)
    residuals = scale[1:] - (scale[:-1] + slope)
    sigma = math.sqrt((residuals**2).sum() / (len(residuals) - 1))
    centre = scale[-1] + horizon * slope
    deviation = sigma * math.sqrt(horizon * (1 + horizon / (len(scale) - 1)))
    return (math.exp(centre) if model == "growth" else centre), deviation


def _backtest(counts: np.ndarray) -> pd.DataFrame:
    """Errors of each model, from each origin, at each horizon."""
    rows = []
    for known in range(3, len(counts)):
        for horizon in range(1, min(3, len(counts) - known) + 1):
            actual = counts[known + horizon - 1]
            for model in ("naive", "drift", "growth"):
                ahead = _look_ahead(counts[:known], model, horizon)
                if ahead:
                    error = abs(max(ahead[0], 0) - actual)
                    rows.append((model, horizon, error, error / actual if actual else math.nan))
    return pd.DataFrame(rows, columns=["model", "horizon", "error", "relative"])


def _choose(errors: pd.DataFrame) -> str:
    """The model with the smallest error, the simpler of two; naive without a backtest."""
    tried = [(math.inf, 0, "naive")]
    for complexity, model in enumerate(("naive", "drift", "growth")):
        own = errors.loc[errors["model"] == model, "error"]
        if len(own) and len(own) == (errors["model"] == "naive").sum():
            tried.append((round(own.mean(), 9), complexity, model))
    return min(tried)[2]


def test_models_err_in_the_backtest_as_numpy_says(school):
    frames = []
    for (scope, campus), counts in _series(school).items():
        errors = _backtest(counts)
        if errors.empty:
            continue
        tested = errors.groupby(["model", "horizon"]).agg(
            origins=("error", "size"),
            mae=("error", "mean"),
            rmse=("error", lambda error: math.sqrt((error**2).mean())),
            mape=("relative", "mean"),
        )
        tested = tested.reset_index().assign(scope=scope, campus_id=campus)
        naive = tested[tested["model"] == "naive"].set_index("horizon")["mae"]
        tested["mae_of_naive"] = tested["horizon"].map(naive)
        by_model = errors.groupby("model")["error"]
        tested["overall_mae"] = tested["model"].map(by_model.mean())
        tested["is_comparable"] = tested["model"].map(by_model.size() == by_model.size()["naive"])
        tested["is_chosen"] = tested["model"] == _choose(errors)
        frames.append(tested)
    oracle = pd.concat(frames, ignore_index=True)
    accuracy = school.mart("forecast_accuracy")
    # Rounded to nine places, so that equal errors are equal.
    assert_same(accuracy, oracle, ["scope", "campus_id", "model", "horizon"], RATES)
    assert accuracy["is_chosen"].any()


def test_forecasts_are_those_of_the_chosen_model(school):
    last_year = school_years(pd.Series([school.observed_until])).iloc[0]
    last_year -= _counts_on(last_year) > school.observed_until
    rows = []
    for (scope, campus), counts in _series(school).items():
        if len(counts) < 3:
            continue
        model = _choose(_backtest(counts))
        for horizon in (1, 2, 3):
            centre, deviation = _look_ahead(counts, model, horizon)
            row = {
                "scope": scope,
                "campus_id": campus,
                "school_year": last_year + horizon,
                "measure": "students",
                "horizon": horizon,
                "origin_year": last_year,
                "known_years": len(counts),
                "model": model,
                "beats_naive": model != "naive",
                "students_forecast": max(centre, 0.0),
            }
            for percent in (80, 95):
                reach = stats.norm.ppf(0.5 + percent / 200) * deviation
                for side, sign in (("lower", -1), ("upper", 1)):
                    bound = (
                        centre * math.exp(sign * reach)
                        if model == "growth"
                        else centre + sign * reach
                    )
                    row[f"{side}_{percent}"] = max(bound, 0.0)
            rows.append(row)
    key = ["scope", "campus_id", "school_year"]
    mart, oracle = school.mart("enrolment_forecast"), pd.DataFrame(rows)
    exact = [column for column in oracle if not column.startswith(("lower", "upper"))]
    assert_same(mart[exact], oracle[exact], key, RATES)
    assert_same(mart, oracle, key, INTERVALS)
    assert {"campus", "school"} == set(mart["scope"])
