"""Contracts, hiring and competing schools, from the ERP's rows by pandas and exact fractions."""

import math
from fractions import Fraction
from statistics import NormalDist, mean, median, variance

import numpy as np
import pandas as pd
import pytest

from tests.oracles.conftest import (
    MIN_CELL_SIZE,
    School,
    assert_same,
    is_graduation,
    school_years,
)

HIRES = {"permanent", "fixed_term"}
WORK_STUDY = {"apprenticeship", "professionalisation"}
STUDIES = WORK_STUDY | {"internship"}
YEAR = pd.Timedelta(days=365)
Z = NormalDist().inv_cdf(0.975)
Followed = list[tuple[int, bool]]
"""Days from leaving to the hire (True) or to the end of follow-up (False), per graduate."""


@pytest.fixture(scope="module")
def graduates(school: School) -> pd.DataFrame:
    """One row per graduate, as `graduate_hiring` has them."""
    contracts = school.erp("apprenticeships").sort_values(["start_date", "id"])
    of_student = dict(list(contracts.groupby("student_id")))
    campus_names = school.erp("campuses").set_index("id")["name"]
    students = school.erp("students")
    rows = []
    for student in students[is_graduation(students["leave_reason"])].itertuples():
        left = student.left_date
        signed = of_student.get(student.id, contracts.iloc[:0])
        jobs = signed[
            signed["contract_type"].isin(HIRES)
            & (signed["start_date"] >= left)
            & (signed["start_date"] <= school.observed_until)
        ]
        job = next(jobs.itertuples(), None)
        days = (job.start_date - left).days if job else None
        studies = signed[signed["start_date"] <= left]["contract_type"]
        rows.append(
            {
                "student_key": school.keys[student.id],
                "campus_id": student.campus_id,
                "campus_name": campus_names[student.campus_id],
                "promotion": student.promotion,
                "graduated_on": left.date(),
                "graduation_year": left.year,
                "hired_on": job.start_date.date() if job else None,
                "days_to_hire": days,
                "is_hired": job is not None,
                "days_observed": days if job else (school.observed_until - left).days,
                "hire_contract_type": job.contract_type if job else None,
                "had_contract_before": bool(studies.isin(WORK_STUDY).any()),
                "hired_by_own_company": job.company_id
                in set(signed[signed["start_date"] < job.start_date]["company_id"])
                if job
                else None,
            }
        )
    return pd.DataFrame(rows)


def test_each_graduate_is_hired_when_and_by_whom_the_erp_says(
    school: School, graduates: pd.DataFrame
) -> None:
    assert_same(school.mart("graduate_hiring"), graduates, ["student_key"], 1e-9)


def test_time_to_hire_is_that_of_a_product_over_days(
    school: School, graduates: pd.DataFrame
) -> None:
    rows = []
    for scope, columns in {
        "campus": ["campus_id", "campus_name", "graduation_year"],
        "campus_all_years": ["campus_id", "campus_name"],
        "school": ["graduation_year"],
        "school_all_years": [],
    }.items():
        groups = graduates.groupby(columns) if columns else [((), graduates)]
        for values, group in groups:
            known = {"scope": scope, "campus_id": 0, "campus_name": "whole school"}
            known |= {"graduation_year": 0} | dict(zip(columns, values, strict=True))
            followed = list(zip(group["days_observed"], group["is_hired"], strict=True))
            rows.append(known | _time_to_hire(followed))
    intervals = [f"hired_share_{m}_months_{side}" for m in (6, 12) for side in ("lower", "upper")]
    mart, oracle = school.mart("time_to_hire"), pd.DataFrame(rows)
    key = ["scope", "campus_id", "graduation_year"]
    assert_same(mart.drop(columns=intervals), oracle.drop(columns=intervals), key, 1e-9)
    assert_same(mart[key + intervals], oracle[key + intervals], key, 1e-6)


def _time_to_hire(followed: Followed) -> dict[str, object]:
    curve = _kaplan_meier(followed)
    days = [day for day, hired in followed if hired]
    enough = len(followed) >= MIN_CELL_SIZE
    half = [day for day, left, _ in curve if left <= Fraction(1, 2)]
    measures: dict[str, object] = {
        "graduates": len(followed),
        "hired": len(days) if enough else None,
        "hired_share": len(days) / len(followed) if enough else None,
        "mean_days_of_hired": mean(map(float, days)) if len(days) >= MIN_CELL_SIZE else None,
        "median_days": half[0] if half and enough else None,
        "is_small_group": not enough,
    }
    for months, limit in {6: 182, 12: 365}.items():
        name = f"hired_share_{months}_months"
        measures |= {name: None, f"{name}_lower": None, f"{name}_upper": None}
        if enough and (curve[-1][0] >= limit or curve[-1][1] == 0):
            reached = [(left, spread) for day, left, spread in curve if day <= limit]
            left, spread = reached[-1] if reached else (Fraction(1), 0.0)
            measures[name] = float(1 - left)
            if 0 < left < 1:
                centre = math.log(-math.log(left))
                width = Z * math.sqrt(spread) / abs(math.log(left))
                measures[f"{name}_lower"] = 1 - math.exp(-math.exp(centre - width))
                measures[f"{name}_upper"] = 1 - math.exp(-math.exp(centre + width))
    return measures


def _kaplan_meier(followed: Followed) -> list[tuple[int, Fraction, float]]:
    """Returns, per day, the share left after it and Greenwood's sum."""
    left, spread, curve = Fraction(1), 0.0, []
    for day in sorted({day for day, _ in followed}):
        at_risk = sum(other >= day for other, _ in followed)
        hires = sum(other == day and hired for other, hired in followed)
        left *= Fraction(at_risk - int(hires), at_risk)
        spread += hires / (at_risk * (at_risk - hires)) if hires < at_risk else 0.0
        curve.append((int(day), left, spread))
    return curve


def test_companies_recruit_what_the_contracts_say(school: School) -> None:
    contracts, companies = school.erp("apprenticeships"), school.erp("companies").set_index("id")
    endings = _followed_study_contracts(contracts, school.observed_until)
    rows = []
    for scope in ("year", "all_years"):
        started = contracts[contracts["start_date"] <= school.observed_until]
        by_start = started.assign(year=_years(started["start_date"], scope))
        by_end = endings.assign(year=_years(endings["ended"], scope))
        signings = dict(list(by_start.groupby(["company_id", "year"])))
        ended = dict(list(by_end.groupby(["company_id", "year"])))
        for company, year in signings.keys() | ended.keys():
            signed = signings.get((company, year), by_start.iloc[:0])
            followed = ended.get((company, year), by_end.iloc[:0])["kept"]
            students = signed["student_id"].nunique()
            types = signed["contract_type"].value_counts() if students >= MIN_CELL_SIZE else None
            told = len(followed) >= MIN_CELL_SIZE
            rows.append(
                {
                    "scope": scope,
                    "company_id": company,
                    "contract_year": year,
                    "company_name": companies["name"][company],
                    "sector": companies["sector"][company],
                    "region": companies["region"][company],
                    "students": students,
                    "contracts": len(signed),
                    "study_students_followed": len(followed),
                    "study_students_converted": followed.sum() if told else None,
                    "conversion_rate": followed.sum() / len(followed) if told else None,
                    "is_small_group": students < MIN_CELL_SIZE,
                }
                | {
                    column: None if types is None else types.get(kind, 0)
                    for column, kind in {
                        "apprenticeships": "apprenticeship",
                        "professionalisations": "professionalisation",
                        "internships": "internship",
                        "permanent": "permanent",
                        "fixed_term": "fixed_term",
                    }.items()
                }
            )
    oracle = pd.DataFrame(rows)
    for rank, group in {"rank_overall": [], "rank_in_region": ["region"]}.items():
        competing = oracle.groupby(["scope", "contract_year", *group])["students"]
        oracle[rank] = competing.rank(method="min", ascending=False).where(oracle["students"] > 0)
    key = ["scope", "company_id", "contract_year"]
    assert_same(school.mart("company_recruitment"), oracle, key, 1e-9)


def _years(days: pd.Series, scope: str) -> pd.Series:
    return days.dt.year if scope == "year" else pd.Series(0, days.index)


def _followed_study_contracts(contracts: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
    """Returns, per student and company whose last study contract is a year old, if kept."""
    rows = []
    for (student, company), signed in contracts.groupby(["student_id", "company_id"]):
        ends = signed[signed["contract_type"].isin(STUDIES)]["end_date"]
        if ends.empty or ends.isna().any() or ends.max() + YEAR > until:
            continue
        jobs = signed[signed["contract_type"] == "permanent"]["start_date"]
        kept = bool(jobs.between(ends.max(), ends.max() + YEAR).any())
        rows.append((student, company, ends.max(), kept))
    return pd.DataFrame(rows, columns=["student_id", "company_id", "ended", "kept"])


def test_every_contract_is_told_under_its_students_key(school: School) -> None:
    contracts = school.erp("apprenticeships").sort_values(["start_date", "id"])
    length = contracts["end_date"] - contracts["start_date"] + pd.Timedelta(days=1)
    names = school.erp("companies").set_index("id")["name"]
    oracle = pd.DataFrame(
        {
            "student_key": contracts["student_id"].map(school.keys),
            "contract_number": contracts.groupby("student_id").cumcount() + 1,
            "company_id": contracts["company_id"],
            "company_name": contracts["company_id"].map(names),
            "contract_type": contracts["contract_type"],
            "start_date": contracts["start_date"].dt.date,
            "end_date": contracts["end_date"].dt.date,
            "school_year": school_years(contracts["start_date"]),
            "duration_days": length.dt.days,
        }
    )
    mart = school.mart("apprenticeships")
    assert_same(mart, oracle, ["student_key", "contract_number"], 1e-9)


def test_competing_schools_take_and_send_whom_the_erp_says(school: School) -> None:
    students, grades = school.erp("students"), school.erp("grades")
    students = students.sort_values("id").reset_index(drop=True)
    for name in ("next_school", "origin_institution"):
        students[name] = students[name].str.strip().replace("", None)
    students["joined"] = school_years(students["join_date"])
    students["left"] = school_years(students["left_date"].fillna(pd.Timestamp("2999-01-01")))
    dropouts = students["left_date"].notna() & ~is_graduation(students["leave_reason"])
    competing = set(students[dropouts]["next_school"].dropna())
    present = school_years(pd.Series([school.observed_until]))[0]
    grades["year"] = school_years(grades["date"])
    grades["grade"] = grades["grade"].astype(float)
    rows = []
    for year in [0, *range(students["joined"].min(), present + 1)]:
        until, exactly = (year, True) if year else (present, False)
        averages = grades[grades["year"] <= until].groupby("student_id")["grade"].mean()
        average = students["id"].map(averages)
        here = (students["joined"] <= until) & ((students["left"] >= year) | (not exactly))
        lost = dropouts & (students["left"].eq(year) if exactly else True)
        stay = average[here & ~lost].dropna()
        for name in competing:
            gone = students[lost & (students["next_school"] == name)]
            joined = here & (students["joined"].eq(year) if exactly else True)
            came = int((joined & (students["origin_institution"] == name)).sum())
            if len(gone) + came:
                known = {"competing_school": name, "school_year": year, "students_gained": came}
                known["scope"] = "year" if exactly else "all_years"
                rows.append(known | _compared(gone, average[gone.index].dropna(), stay, came))
    key = ["scope", "competing_school", "school_year"]
    mart, oracle = school.mart("competitor_schools"), pd.DataFrame(rows)
    bounds = [name for name in mart.columns if name.endswith(("_lower", "_upper"))]
    assert_same(mart.drop(columns=bounds), oracle.drop(columns=bounds), key, 1e-9)
    assert_same(mart[key + bounds], oracle[key + bounds], key, 1e-6)


def _compared(
    gone: pd.DataFrame, graded: pd.Series, stay: pd.Series, came: int
) -> dict[str, object]:
    told, marked, compared = (len(them) >= MIN_CELL_SIZE for them in (gone, graded, stay))
    tenure = (gone["left_date"] - gone["join_date"]).dt.days + 1
    measures: dict[str, object] = {
        "students_lost": len(gone),
        "net_lost": len(gone) - came,
        "lost_in_first_year": int((gone["joined"] == gone["left"]).sum()) if told else None,
        "median_tenure_days": median(tenure) if told else None,
        "average_grade_of_lost": mean(graded) if marked else None,
        "average_grade_of_stayers": mean(stay) if compared else None,
        "average_grade_difference": None,
        "average_grade_difference_lower": None,
        "average_grade_difference_upper": None,
        "is_small_group": not told,
    }
    if marked and compared:
        apart = mean(graded) - mean(stay)
        spread = Z * np.sqrt(variance(graded) / len(graded) + variance(stay) / len(stay))
        measures["average_grade_difference"] = apart
        measures["average_grade_difference_lower"] = apart - spread
        measures["average_grade_difference_upper"] = apart + spread
    return measures
