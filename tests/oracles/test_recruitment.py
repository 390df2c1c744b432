"""Recruitment by a second route: pandas, numpy and scipy on the ERP's own rows."""

import math

import numpy as np
import pandas as pd
from scipy import stats

from tests.oracles.conftest import (
    MIN_CELL_SIZE,
    School,
    assert_same,
    is_course_over,
    is_graduation,
    school_years,
)

RATES, INTERVALS = 1e-9, 1e-6
RESULTS = [
    "contacts_converted",
    "recruited_first_touch",
    "recruited_last_touch",
    "conversion_rate",
    "conversion_rate_lower",
    "conversion_rate_upper",
]


def _wilson(part: float, whole: float) -> tuple[float, float]:
    if not whole:
        return math.nan, math.nan
    interval = stats.binomtest(int(part), int(whole)).proportion_ci(0.95, method="wilson")
    return interval.low, interval.high


def _counts_on(year: int) -> pd.Timestamp:
    return pd.Timestamp(year=year, month=9, day=30)


def _impact(events: pd.DataFrame, school: School) -> dict[str, object]:
    """What the marts tell of one group of events."""
    contacts, touches = school.contacts, school.touches
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


def test_each_event_has_the_contacts_and_recruits_of_the_erp(school):
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
        | _impact(event, school)
        for _, event in events.groupby("id")
    ]
    oracle = pd.DataFrame(rows).drop(columns=["people", "events"])
    _assert_same_results(school.mart("event_impact"), oracle, ["event_id"])
    assert oracle["conversion_rate"].max() > 0


def test_events_are_the_erps_with_their_contacts(school):
    events = school.erp("events")
    campuses = school.erp("campuses").set_index("id")["name"]
    contacts = school.contacts.dropna(subset="address").drop_duplicates(["event_id", "address"])
    oracle = pd.DataFrame(
        {
            "event_id": events["id"],
            "event_name": events["name"],
            "event_type": events["type"],
            "campus_id": events["campus_id"],
            "campus_name": events["campus_id"].map(campuses),
            "city": events["city"],
            "region": events["region"],
            "held_on": events["date"].dt.date,
            "school_year": school_years(events["date"]),
            "contacts": events["id"].map(contacts.groupby("event_id").size()).fillna(0),
        }
    )
    assert_same(school.mart("events"), oracle, ["event_id"], 0)


def test_types_regions_and_years_of_events_add_up(school):
    events = school.erp("events")
    groups = events.groupby(["type", "region", school_years(events["date"])])
    key = ["event_type", "region", "school_year"]
    rows = [dict(zip(key, names, strict=True)) | _impact(group, school) for names, group in groups]
    oracle = pd.DataFrame(rows).drop(columns="contact_rows")
    _assert_same_results(school.mart("event_impact_by_type"), oracle, key)


def test_intakes_met_the_school_at_events(school):
    students = school.erp("students")
    students = students[students["join_date"] <= school.today]
    students["met"] = students["id"].isin(school.touches["student_id"])
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
    grades = school.erp("grades")
    left = students[students["left_date"].notna() & is_course_over(school)]
    return {
        "attendance_rate": school.calls.groupby("student_id")["attended"].mean(),
        "average_grade": grades["grade"].astype(float).groupby(grades["student_id"]).mean(),
        "dropout_rate": (~is_graduation(left["leave_reason"])).astype(float),
    }


def test_recruits_differ_from_the_others_as_the_erp_says(school):
    rows = []
    for outcome, values in _outcomes(school).items():
        met = values.index.isin(school.touches["student_id"])
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
