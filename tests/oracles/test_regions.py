"""Regions a second time, with pandas and scipy on the ERP's rows."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.oracles.campus_rows import Rows, days_of, ratio, unless_small
from tests.oracles.conftest import MIN_CELL_SIZE, School, assert_same, school_years

DRIVERS = ["events", "contacts", "companies", "campuses", "capacity"]


@pytest.fixture(scope="module")
def rows(school: School) -> Rows:
    return Rows(school)


def region_rows(rows: Rows) -> pd.DataFrame:
    """Returns what `regions` should be, a region and a year at a time."""
    names = set(rows.student_years["region"]) | set(rows.companies["region"])
    names |= set(rows.campuses["region"]) | rows.every_event_region
    stays = rows.students[["id", "join_date", "last_day"]].rename(columns={"id": "student_id"})
    started = rows.work_study.merge(stays, on="student_id")
    ended = started["end_date"] < started["join_date"]
    started = started[(started["start_date"] <= started["last_day"]) & ~ended]
    started["year"] = school_years(started[["start_date", "join_date"]].max(axis="columns"))
    found = []
    for name in sorted(names):
        for year in rows.years:
            people = rows.student_years.query("region == @name and school_year == @year")
            held = rows.events.query("region == @name and school_year == @year")
            contacts = int(rows.contacts["event_id"].isin(held["id"]).sum())
            signed = (started["year"] == year) & started["student_id"].isin(people["id"])
            opened = rows.campuses[
                (rows.campuses["region"] == name)
                & (rows.campuses["opened_on"] <= min(days_of(year)[1], rows.until))
            ]
            found.append(
                {
                    "region": name,
                    "school_year": year,
                    "is_complete_year": rows.is_complete(year),
                    "students": len(people),
                    "is_small_group": len(people) < MIN_CELL_SIZE,
                    "intake": unless_small(people["joined"].sum(), len(people)),
                    "events": len(held),
                    "contacts": contacts,
                    "conversions": unless_small(
                        rows.last_touches["event_id"].isin(held["id"]).sum(), contacts
                    ),
                    "companies": int((rows.companies["region"] == name).sum()),
                    "contracts": unless_small(signed.sum(), len(people)),
                    "contracts_per_100_students": unless_small(
                        ratio(100 * signed.sum(), len(people)), len(people)
                    ),
                    "campuses": len(opened),
                    "capacity": int(opened["capacity"].sum()),
                }
            )
    return pd.DataFrame(found)


def test_regions_have_what_the_erp_has_of_them(school: School, rows: Rows) -> None:
    mart = school.mart("regions")
    assert_same(mart, region_rows(rows), ["region", "school_year"], 1e-9)
    assert mart["is_small_group"].any() and not mart["is_small_group"].all()


def test_region_drivers_are_pearson_correlations_with_fisher_intervals(
    school: School, rows: Rows
) -> None:
    regions = region_rows(rows)
    regions = regions[regions["is_complete_year"]]
    means = regions.groupby("region")[["students", *DRIVERS]].mean()
    told = regions[~regions["is_small_group"]].groupby("region")[["contracts", "students"]].sum()
    means["contracts_per_100_students"] = 100 * told["contracts"] / told["students"]
    found = []
    for outcome in ["students", "contracts_per_100_students"]:
        for driver in DRIVERS:
            pairs = means[[outcome, driver]].dropna()
            row = {"outcome": outcome, "driver": driver, "regions": len(pairs)}
            row |= dict.fromkeys(["correlation", "correlation_lower", "correlation_upper"], np.nan)
            if len(pairs) > 3 and (pairs.nunique() > 1).all():
                pearson = stats.pearsonr(pairs[outcome], pairs[driver])
                interval = pearson.confidence_interval(0.95)
                row["correlation"] = pearson.statistic
                row["correlation_lower"], row["correlation_upper"] = interval
            found.append(row)
    mart, oracle, key = school.mart("region_drivers"), pd.DataFrame(found), ["outcome", "driver"]
    bounds = ["correlation_lower", "correlation_upper"]
    assert_same(mart.drop(columns=bounds), oracle.drop(columns=bounds), key, 1e-9)
    assert_same(mart[key + bounds], oracle[key + bounds], key, 1e-6)
    assert mart["correlation"].notna().any()
