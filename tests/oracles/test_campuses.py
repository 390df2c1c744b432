"""Campuses a second time, with pandas and scipy on the ERP's rows."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.oracles.campus_rows import Rows, days_of, ratio, unless_small
from tests.oracles.conftest import MIN_CELL_SIZE, School, assert_same

MEASURES = [
    "fill_rate",
    "intake",
    "intake_trend",
    "attendance_rate",
    "average_grade",
    "dropout_rate",
    "contract_rate",
    "event_conversion_rate",
]


@pytest.fixture(scope="module")
def rows(school: School) -> Rows:
    return Rows(school)


def scorecard_rows(rows: Rows) -> pd.DataFrame:
    """Returns the counts and measures of `campus_scorecard`, before they are compared."""
    found = []
    for campus in rows.campuses.itertuples():
        before = 0
        for year in rows.years:
            first, last = days_of(year)
            people = rows.student_years.query(
                "campus_id == @campus.campus_id and school_year == @year"
            )
            contacts = rows.contacts.query(
                "campus_id == @campus.campus_id and school_year == @year"
            )
            opened = campus.opened_on <= min(last, rows.until)
            joined, trend_of = int(people["joined"].sum()), before
            before = joined if rows.is_complete(year) else 0
            if not (opened or len(people) or len(contacts)):
                continue
            calls = rows.calls.query("campus_id == @campus.campus_id and school_year == @year")
            grades = rows.grades[
                (rows.grades["school_year"] == year) & rows.grades["student_id"].isin(people["id"])
            ]
            dropouts = int(people["dropped_out"].sum())
            running = rows.work_study.merge(people, left_on="student_id", right_on="id")
            from_day = running["join_date"].clip(lower=first)
            to_day = running["last_day"].clip(upper=min(last, rows.until))
            ends = running["end_date"].fillna(pd.Timestamp.max)
            running = running[(running["start_date"] <= to_day) & (ends >= from_day)]
            size = len(people)
            found.append(
                {
                    "campus_id": campus.campus_id,
                    "school_year": year,
                    "campus_name": campus.name,
                    "is_complete_year": rows.is_complete(year),
                    "students": size,
                    "is_small_group": size < MIN_CELL_SIZE,
                    "capacity": campus.capacity,
                    "dropouts": unless_small(dropouts, size),
                    "contacts": len(contacts),
                    "fill_rate": unless_small(size / campus.capacity, size),
                    "intake": unless_small(joined, size),
                    "intake_trend": unless_small(
                        ratio(joined - trend_of, trend_of), min(size, trend_of)
                    ),
                    "attendance_rate": unless_small(
                        calls["attended"].mean(), calls["student_id"].nunique()
                    ),
                    "average_grade": unless_small(
                        grades["grade"].mean(), grades["student_id"].nunique()
                    ),
                    "dropout_rate": unless_small(ratio(dropouts, size), size),
                    "contract_rate": unless_small(
                        ratio(running["student_id"].nunique(), size), size
                    ),
                    "event_conversion_rate": unless_small(
                        contacts["converted"].mean(), len(contacts)
                    ),
                }
            )
    return pd.DataFrame(found)


def merits(card: pd.DataFrame, measure: str) -> pd.Series:
    return -card[measure] if measure == "dropout_rate" else card[measure].astype(float)


def z_scores(values: pd.Series) -> pd.Series:
    if values.nunique() < 2:
        return pd.Series(np.nan, values.index)
    return pd.Series(stats.zscore(values, nan_policy="omit"), values.index)


def compared(card: pd.DataFrame) -> pd.DataFrame:
    """Returns the scorecard with ranks, z-scores and the two weakest measures."""
    for measure in MEASURES:
        merit = merits(card, measure).groupby(card["school_year"])
        card[f"{measure}_rank"] = merit.rank(method="min", ascending=False)
        card[f"{measure}_z_score"] = merit.transform(z_scores)
    found = []
    for _, row in card.iterrows():
        scores = {m: round(row[f"{m}_z_score"], 9) for m in MEASURES if m != "intake"}
        order = sorted((z, m) for m, z in scores.items() if not np.isnan(z))
        peers = card[card["school_year"] == row["school_year"]].sort_values("campus_id")
        for place, prefix in enumerate(["weakest", "second_weakest"]):
            measure = order[place][1] if len(order) > place else None
            best = peers.loc[merits(peers, measure).idxmax()] if measure else None
            row[f"{prefix}_measure"] = measure
            row[f"{prefix}_value"] = row[measure] if measure else np.nan
            row[f"{prefix}_best_campus"] = best["campus_name"] if measure else None
            row[f"{prefix}_best_value"] = best[measure] if measure else np.nan
        found.append(row)
    return pd.DataFrame(found).infer_objects()


def test_campuses_are_scored_and_compared_as_the_erp_says(school: School, rows: Rows) -> None:
    mart = school.mart("campus_scorecard")
    oracle = compared(scorecard_rows(rows))
    assert_same(mart, oracle, ["campus_id", "school_year"], 1e-9)
    assert all(mart[f"{measure}_rank"].notna().any() for measure in MEASURES)


def test_every_campus_is_there(school: School, rows: Rows) -> None:
    oracle = rows.campuses.drop(columns="postal_code").rename(columns={"name": "campus_name"})
    oracle["opened_on"] = oracle["opened_on"].dt.date
    assert_same(school.mart("dim_campus"), oracle, ["campus_id"], 0)
