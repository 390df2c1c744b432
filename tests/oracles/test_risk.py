"""What was known at cut-off dates, by pandas on the ERP's rows; the risks that follow from it."""

import pandas as pd
import pytest

from tests.observations import STUDIES, Known, observations
from tests.oracles.conftest import School, assert_same, is_graduation
from tests.risks import risks

KEY = ["student_key", "cutoff_date"]


@pytest.fixture(scope="module")
def observed(school: School) -> pd.DataFrame:
    """The oracle's observations."""
    students = school.erp("students").rename(columns={"id": "student_id"})
    students["dropped_out"] = students["left_date"].notna() & ~is_graduation(
        students["leave_reason"]
    )
    lessons = school.erp("lessons").set_index("id")
    levels = school.erp("subjects").set_index("id")["level"]
    calls = school.calls.copy()
    calls["campus_id"] = calls["lesson_id"].map(lessons["campus_id"])
    calls["level"] = calls["subject_id"].map(levels)
    grades = school.erp("grades")
    grades["points"] = (grades["grade"] * 100).astype(int)
    contracts = school.erp("apprenticeships")
    found = observations(
        Known(
            students=students[
                ["student_id", "campus_id", "home_region", "join_date", "left_date", "dropped_out"]
            ],
            calls=calls,
            grades=grades,
            contracts=contracts[contracts["contract_type"].isin(STUDIES)],
            recruits=set(school.touches["student_id"]),
            regions=school.erp("campuses").set_index("id")["region"],
            observed_until=school.observed_until,
        )
    )
    found["student_key"] = found["student_id"].map(school.keys)
    return found.drop(columns="student_id")


def test_observations_hold_what_was_known_then(school: School, observed: pd.DataFrame):
    oracle = observed.assign(cutoff_date=observed["cutoff_date"].dt.date)
    assert oracle["drops_out"].any() and oracle["drops_out"].isna().any()
    assert_same(school.mart("dropout_observations"), oracle, KEY, 1e-9)


def test_risks_are_those_of_models_of_earlier_years(school: School, observed: pd.DataFrame):
    told = risks(observed)
    assert not told.empty
    days = {name: told[name].dt.date for name in ("cutoff_date", "learned_until")}
    mart = school.mart("dropout_risk")
    assert_same(mart[list(told.columns)], told.assign(**days), KEY, 1e-5)


def test_tenths_are_equal_parts_of_those_of_a_cutoff_date_by_risk(school: School):
    mart = school.mart("dropout_risk").sort_values(["cutoff_date", "risk", "student_key"])
    of_cutoff = mart.groupby("cutoff_date")["student_key"]
    expected = of_cutoff.cumcount() * 10 // of_cutoff.transform("size") + 1
    assert (mart["risk_decile"] == expected).all()
