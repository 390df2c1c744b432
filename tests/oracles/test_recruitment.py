"""Recruitment and enrolment by a second route: pandas, numpy and scipy on the ERP's own rows."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.oracles.conftest import MIN_CELL_SIZE, School, assert_same, local_days, school_years

RATES, INTERVALS = 1e-9, 1e-6
RESULTS = [
    "contacts_converted",
    "recruited_first_touch",
    "recruited_last_touch",
    "conversion_rate",
    "conversion_rate_lower",
    "conversion_rate_upper",
]


def _addresses(emails: pd.Series) -> pd.Series:
    tidy = emails.str.strip(" ").str.lower()
    return tidy.where(tidy != "")


def _wilson(part: float, whole: float) -> tuple[float, float]:
    if not whole:
        return math.nan, math.nan
    interval = stats.binomtest(int(part), int(whole)).proportion_ci(0.95, method="wilson")
    return interval.low, interval.high


def _counts_on(year: int) -> pd.Timestamp:
    return pd.Timestamp(year=year, month=9, day=30)


@pytest.fixture(scope="module")
def contacts(school: School) -> pd.DataFrame:
    """The contacts, with address and local day."""
    rows = school.erp("audiences").assign(
        address=lambda frame: _addresses(frame["email"]),
        day=lambda frame: local_days(frame["collected_at"]),
    )
    return rows[["id", "event_id", "address", "collected_at", "day"]]


@pytest.fixture(scope="module")
def touches(school: School, contacts: pd.DataFrame) -> pd.DataFrame:
    """The contacts that students left on or before joining, in order of time for each student."""
    students = school.erp("students").rename(columns={"id": "student_id"})
    students["address"] = _addresses(students["personal_email"])
    known = contacts.dropna(subset="address")
    pairs = students.dropna(subset="address")[["student_id", "address", "join_date"]].merge(known)
    pairs = pairs[pairs["day"] <= pairs["join_date"]]
    pairs["days"] = (pairs["join_date"] - pairs["day"]).dt.days
    return pairs.sort_values(["student_id", "collected_at", "id"])


def _impact(
    events: pd.DataFrame, contacts: pd.DataFrame, touches: pd.DataFrame, school: School
) -> dict[str, object]:
    """What the marts tell of one group of events."""
    here = contacts[contacts["event_id"].isin(events["id"])]
    first = touches.groupby("student_id").head(1)
    last = touches.groupby("student_id").tail(1)
    first = first[first["event_id"].isin(events["id"])]
    last = last[last["event_id"].isin(events["id"])]
    distinct = here.dropna(subset="address").drop_duplicates(["event_id", "address"])
    converted = len(last.drop_duplicates(["event_id", "address"]))
    people = distinct["address"].nunique()
    year = school_years(events["date"]).max()
    row: dict[str, object] = {
        "contact_rows": len(here),
        "contacts": len(distinct),
        "people": people,
        "events": len(events),
        "is_season_over": _counts_on(year + 1) <= school.observed_until,
        "is_small_group": people < MIN_CELL_SIZE,
        "median_days_to_joining": math.nan,
    }
    if people < MIN_CELL_SIZE:
        return row | dict.fromkeys(RESULTS, math.nan)
    low, high = _wilson(converted, len(distinct))
    if len(last) >= MIN_CELL_SIZE:
        row["median_days_to_joining"] = float(np.median(last["days"]))
    return row | dict(
        zip(
            RESULTS,
            [converted, len(first), len(last), converted / len(distinct), low, high],
            strict=True,
        )
    )


def _assert_same_results(mart: pd.DataFrame, oracle: pd.DataFrame, key: list[str]) -> None:
    exact = [column for column in mart.columns if not column.endswith(("_lower", "_upper"))]
    assert_same(mart[exact], oracle[exact], key, RATES)
    assert_same(mart, oracle[list(mart.columns)], key, INTERVALS)


def test_each_event_has_the_contacts_and_recruits_of_the_erp(school, contacts, touches):
    events = school.erp("events")
    rows = [
        {
            "event_id": event["id"].iloc[0],
            "event_name": event["name"].iloc[0],
            "event_type": event["type"].iloc[0],
            "campus_id": event["campus_id"].iloc[0],
            "region": event["region"].iloc[0],
            "held_on": event["date"].iloc[0].date(),
            "school_year": school_years(event["date"]).iloc[0],
        }
        | _impact(event, contacts, touches, school)
        for _, event in events.groupby("id")
    ]
    oracle = pd.DataFrame(rows).drop(columns=["people", "events"])
    _assert_same_results(school.mart("event_impact"), oracle, ["event_id"])
    assert oracle["conversion_rate"].max() > 0


def test_types_regions_and_years_of_events_add_up(school, contacts, touches):
    events = school.erp("events")
    groups = events.groupby(["type", "region", school_years(events["date"])])
    key = ["event_type", "region", "school_year"]
    rows = [
        dict(zip(key, names, strict=True)) | _impact(group, contacts, touches, school)
        for names, group in groups
    ]
    oracle = pd.DataFrame(rows).drop(columns="contact_rows")
    _assert_same_results(school.mart("event_impact_by_type"), oracle, key)


def test_open_days_are_found_to_convert_better_than_fairs(school):
    """As the generator planted it."""
    groups = school.mart("event_impact_by_type").query("is_season_over and not is_small_group")
    sums = groups.groupby("event_type")[["contacts_converted", "contacts"]].sum().astype(float)
    rates = sums["contacts_converted"] / sums["contacts"]
    assert rates["open_day"] > 1.5 * rates["fair"] > 0


def test_intakes_met_the_school_at_events(school, touches):
    students = school.erp("students")
    students["met"] = students["id"].isin(touches["student_id"])
    groups = students.groupby(school_years(students["join_date"]))["met"]
    oracle = groups.agg(intake="size", intake_met_event="sum").astype(float)
    oracle["is_small_group"] = oracle["intake"] < MIN_CELL_SIZE
    oracle["met_event_share"] = oracle["intake_met_event"] / oracle["intake"]
    bounds = [
        _wilson(*pair) for pair in zip(oracle["intake_met_event"], oracle["intake"], strict=True)
    ]
    oracle[["met_event_share_lower", "met_event_share_upper"]] = bounds
    measures = [name for name in oracle if "met" in name]
    oracle.loc[oracle["is_small_group"], measures] = math.nan
    oracle = oracle.rename_axis("school_year").reset_index()
    _assert_same_results(school.mart("intake_by_touch"), oracle, ["school_year"])


def _outcomes(school: School) -> dict[str, pd.Series]:
    """Attendance and average of each student, and whether those who left dropped out."""
    students = school.erp("students").set_index("id")
    lessons = school.erp("lessons")
    lessons["day"] = local_days(lessons["starts_at"])
    calls = school.erp("attendances").merge(
        lessons[["id", "day"]], left_on="lesson_id", right_on="id", suffixes=("", "_of_lesson")
    )
    calls = calls.join(students[["join_date", "left_date"]], on="student_id")
    calls = calls[
        (calls["day"] >= calls["join_date"])
        & (calls["left_date"].isna() | (calls["day"] <= calls["left_date"]))
    ]
    grades = school.erp("grades")
    left = students[students["left_date"].notna()]
    return {
        "attendance_rate": calls["status"]
        .isin(["present", "late"])
        .groupby(calls["student_id"])
        .mean(),
        "average_grade": grades["grade"].astype(float).groupby(grades["student_id"]).mean(),
        "dropout_rate": (left["leave_reason"] != "graduated").astype(float),
    }


def test_recruits_differ_from_the_others_as_the_erp_says(school, touches):
    rows = []
    for outcome, values in _outcomes(school).items():
        met = values.index.isin(touches["student_id"])
        recruits, others = values[met], values[~met]
        assert min(len(recruits), len(others)) >= MIN_CELL_SIZE
        ddof = 0 if outcome == "dropout_rate" else 1
        error = math.sqrt(sum(group.var(ddof=ddof) / len(group) for group in (recruits, others)))
        difference = recruits.mean() - others.mean()
        low, high = stats.norm.interval(0.95, loc=difference, scale=error)
        rows.append(
            {
                "outcome": outcome,
                "recruits": len(recruits),
                "non_recruits": len(others),
                "is_small_group": False,
                "recruits_mean": recruits.mean(),
                "non_recruits_mean": others.mean(),
                "difference": difference,
                "difference_lower": low,
                "difference_upper": high,
            }
        )
    _assert_same_results(school.mart("event_recruit_outcomes"), pd.DataFrame(rows), ["outcome"])


def _enrolled_on(students: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    there = (students["join_date"] <= day) & ~(students["left_date"] < day)
    return students[there]


def _first_roll(school: School) -> pd.Timestamp:
    lessons = school.erp("lessons")
    called = lessons[lessons["id"].isin(school.erp("attendances")["lesson_id"])]
    return local_days(called["starts_at"]).min()


def test_history_counts_the_students_of_each_campus_and_year(school):
    students = school.erp("students")
    first_year = school_years(students["join_date"]).min()
    last_year = school_years(pd.Series([school.observed_until])).iloc[0]
    rows = []
    for year in range(first_year, last_year + 1):
        begin, end = pd.Timestamp(year, 9, 1), pd.Timestamp(year + 1, 8, 31)
        there = (students["join_date"] <= end) & ~(students["left_date"] < begin)
        for campus, group in students[there].groupby("campus_id"):
            rows.append(
                {
                    "campus_id": campus,
                    "school_year": year,
                    "students": len(group),
                    "intake": (group["join_date"] >= begin).sum(),
                    "leavers": (group["left_date"] <= end).sum(),
                    "students_on_count_day": len(_enrolled_on(group, _counts_on(year))),
                    "is_counted_year": _first_roll(school)
                    <= _counts_on(year)
                    <= school.observed_until,
                    "is_complete_year": school_years(pd.Series([_first_roll(school)])).iloc[0]
                    <= year
                    and end <= school.observed_until,
                }
            )
    # The step before small groups lose their parts, over its promotions.
    counts = school.mart("int_enrolment_counts", "_build")
    key = ["campus_id", "school_year"]
    sums = ["students", "intake", "leavers", "students_on_count_day"]
    flags = ["is_counted_year", "is_complete_year"]
    summed = counts.groupby(key).agg(dict.fromkeys(sums, "sum") | dict.fromkeys(flags, "max"))
    assert_same(summed.reset_index(), pd.DataFrame(rows), key, RATES)


def test_parts_of_small_promotions_are_not_told(school):
    parts = ["intake", "leavers", "students_on_count_day"]
    expected = school.mart("int_enrolment_counts", "_build")
    expected["is_small_group"] = expected["students"] < MIN_CELL_SIZE
    expected[parts] = expected[parts].astype(float)
    expected.loc[expected["is_small_group"], parts] = math.nan
    history = school.mart("enrolment_history")
    assert_same(history, expected, ["campus_id", "school_year", "promotion"], RATES)
    assert history["is_small_group"].any() and not history["is_small_group"].all()


def _series(school: School) -> dict[tuple[str, int], np.ndarray]:
    """Students on 30 September of each year since the first roll, by scope and campus."""
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
        series["campus", campus] = np.trim_zeros(counts, "f")
    return series


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
