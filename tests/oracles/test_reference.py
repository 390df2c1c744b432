"""Facts and dimensions a second time."""

import pandas as pd
from dateutil.easter import easter

from tests.oracles.conftest import School, assert_same, local_days, school_years


def test_dim_date(school: School) -> None:
    first = int(school_years(school.erp("students")["join_date"]).min())
    last = int(school_years(pd.Series([school.observed_until])).iloc[0]) + 3
    days = pd.Series(pd.date_range(f"{first}-09-01", f"{last + 1}-08-31"))
    fixed = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
    moving = {
        pd.Timestamp(easter(year)) + pd.Timedelta(days=offset)
        for year in range(first, last + 2)
        for offset in (1, 39, 50)
    }
    oracle = pd.DataFrame(
        {
            "date_day": days.dt.date,
            "school_year": school_years(days),
            "calendar_year": days.dt.year,
            "month_of_year": days.dt.month,
            "iso_week": [day.isocalendar().week for day in days],
            "iso_weekday": [day.isoweekday() for day in days],
            "is_weekend": days.dt.dayofweek >= 5,
            "is_holiday": [
                (day.month, day.day) in fixed or pd.Timestamp(day) in moving for day in days
            ],
        }
    )
    found = school.mart("dim_date")
    named = found.set_index(found["date_day"].astype(str))["holiday_name"]
    assert (named.notna().to_numpy() == found["is_holiday"].to_numpy()).all()
    assert named["2024-04-01"] == "Lundi de Pâques"
    assert_same(found.drop(columns="holiday_name"), oracle, ["date_day"], 0)


def test_lessons(school: School) -> None:
    lessons = school.erp("lessons").merge(
        school.erp("subjects"), left_on="subject_id", right_on="id", suffixes=("", "_subject")
    )
    calls = called_while_enrolled(school)
    called = calls.groupby("lesson_id").size().reindex(lessons["id"], fill_value=0).to_numpy()
    attended = (
        calls[calls["status"].isin(["present", "late"])]
        .groupby("lesson_id")
        .size()
        .reindex(lessons["id"], fill_value=0)
    )
    oracle = pd.DataFrame(
        {
            "lesson_id": lessons["id"],
            "level": lessons["level"],
            "lesson_day": local_days(lessons["starts_at"]).dt.date,
            "minutes": (lessons["ends_at"] - lessons["starts_at"]).dt.total_seconds() / 60,
            "is_roll_called": called > 0,
            "students_called": called,
            "students_attended": attended.to_numpy().astype(float),
            "is_small_group": called < 10,
        }
    )
    oracle.loc[oracle["is_small_group"], "students_attended"] = None
    assert_same(school.mart("lessons")[list(oracle.columns)], oracle, ["lesson_id"], 1e-9)


def test_grades_and_attendance_are_the_erps(school: School) -> None:
    grades = school.erp("grades")
    oracle = pd.DataFrame(
        {
            "student_key": grades["student_id"].map(school.keys),
            "subject_id": grades["subject"],
            "graded_on": grades["date"].dt.date,
            "grade": grades["grade"].astype(float),
        }
    )
    key = ["student_key", "subject_id", "graded_on", "grade"]
    found = school.mart("grades")
    found["grade"] = found["grade"].astype(float)
    assert_same(found[key], oracle, key, 1e-9)

    calls = called_while_enrolled(school)
    oracle = pd.DataFrame(
        {
            "student_key": calls["student_id"].map(school.keys),
            "lesson_id": calls["lesson_id"],
            "attendance_status": calls["status"],
        }
    )
    key = ["lesson_id", "student_key"]
    assert_same(school.mart("attendance")[list(oracle.columns)], oracle, key, 0)


def called_while_enrolled(school: School) -> pd.DataFrame:
    """The roll calls of students on days on which they were enrolled."""
    lessons, students = school.erp("lessons"), school.erp("students")
    lessons["day"] = local_days(lessons["starts_at"])
    calls = (
        school.erp("attendances")
        .merge(lessons[["id", "day"]], left_on="lesson_id", right_on="id", suffixes=("", "_l"))
        .merge(
            students[["id", "join_date", "left_date"]],
            left_on="student_id",
            right_on="id",
            suffixes=("", "_s"),
        )
    )
    left = calls["left_date"].fillna(pd.Timestamp.max)
    return calls[(calls["join_date"] <= calls["day"]) & (calls["day"] <= left)]
