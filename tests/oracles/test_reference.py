"""Facts and dimensions a second time."""

import hashlib

import pandas as pd
from dateutil.easter import easter

from tests.oracles.conftest import School, assert_same, school_years

FIXED_HOLIDAYS = {
    (1, 1): "Jour de l\N{RIGHT SINGLE QUOTATION MARK}An",
    (5, 1): "Fête du Travail",
    (5, 8): "Victoire 1945",
    (7, 14): "Fête nationale",
    (8, 15): "Assomption",
    (11, 1): "Toussaint",
    (11, 11): "Armistice 1918",
    (12, 25): "Noël",
}
MOVING_HOLIDAYS = {1: "Lundi de Pâques", 39: "Ascension", 50: "Lundi de Pentecôte"}
"""Names by days after Easter."""


def test_dim_date(school: School) -> None:
    began = min(school.erp("students")["join_date"].min(), school.erp("events")["date"].min())
    first = int(school_years(pd.Series([began])).iloc[0])
    last = int(school_years(pd.Series([school.observed_until])).iloc[0]) + 3
    days = pd.Series(pd.date_range(f"{first}-09-01", f"{last + 1}-08-31"))
    moving = {
        pd.Timestamp(easter(year)) + pd.Timedelta(days=offset): name
        for year in range(first, last + 2)
        for offset, name in MOVING_HOLIDAYS.items()
    }
    names = [moving.get(day) or FIXED_HOLIDAYS.get((day.month, day.day)) for day in days]
    oracle = pd.DataFrame(
        {
            "date_day": days.dt.date,
            "school_year": school_years(days),
            "calendar_year": days.dt.year,
            "month_of_year": days.dt.month,
            "iso_week": [day.isocalendar().week for day in days],
            "iso_weekday": [day.isoweekday() for day in days],
            "is_weekend": days.dt.dayofweek >= 5,
            "is_holiday": [name is not None for name in names],
            "holiday_name": names,
        }
    )
    assert_same(school.mart("dim_date"), oracle, ["date_day"], 0)


def test_grades(school: School) -> None:
    subjects = school.erp("subjects").set_index("id")
    grades = school.erp("grades").sort_values("grade")
    grades["student_key"] = grades["student_id"].map(school.keys)
    key = ["student_key", "subject", "date"]
    oracle = pd.DataFrame(
        {
            "student_key": grades["student_key"],
            "subject_id": grades["subject"],
            "subject_name": grades["subject"].map(subjects["name"]),
            "level": grades["subject"].map(subjects["level"]),
            "graded_on": grades["date"].dt.date,
            "grade_number": grades.groupby(key).cumcount() + 1,
            "school_year": school_years(grades["date"]),
            "grade": grades["grade"].astype(float),
        }
    )
    key = ["student_key", "subject_id", "graded_on", "grade_number"]
    assert_same(school.mart("grades"), oracle, key, 1e-9)


def test_attendance(school: School) -> None:
    calls = school.calls
    campuses = school.erp("lessons").set_index("id")["campus_id"]
    oracle = pd.DataFrame(
        {
            "student_key": calls["student_id"].map(school.keys),
            "lesson_id": calls["lesson_id"],
            "subject_id": calls["subject_id"],
            "campus_id": calls["lesson_id"].map(campuses),
            "lesson_day": calls["day"].dt.date,
            "attendance_status": calls["status"],
            "is_attended": calls["attended"],
            "school_year": calls["school_year"],
        }
    )
    assert_same(school.mart("attendance"), oracle, ["lesson_id", "student_key"], 0)


def test_dim_subject(school: School) -> None:
    subjects = school.erp("subjects").rename(columns={"id": "subject_id", "name": "subject_name"})
    assert_same(school.mart("dim_subject"), subjects, ["subject_id"], 0)


def test_student_identities(school: School) -> None:
    students = school.erp("students").rename(columns={"id": "student_id"})
    students["student_key"] = students["student_id"].map(school.keys)
    # Five years after leaving there are no names any more, and of the address its hash.
    expired = students["left_date"] + pd.DateOffset(years=5) < school.today
    assert expired.any()
    hashes = students["personal_email"].map(
        lambda address: hashlib.sha256(address.strip().lower().encode()).hexdigest()
    )
    students.loc[expired, "personal_email"] = hashes[expired]
    students.loc[expired, ["first_name", "last_name", "email"]] = ""
    students.loc[expired, "date_of_birth"] = students.loc[expired, "date_of_birth"].map(
        lambda birth: birth.replace(month=1, day=1)
    )
    mart = school.mart("student_identities", "_identity")
    assert mart["student_key"].is_unique
    assert_same(mart, students[list(mart.columns)], ["student_id"], 0)
