"""Lessons, who was expected at them and who was called, a second time."""

import pandas as pd

from tests.oracles.conftest import School, assert_same, local_days, school_years


def _most(calls: pd.DataFrame, column: str) -> pd.Series:
    """What each student was called to most in each school year; of two with as many the higher."""
    year = ["student_id", "school_year"]
    counts = calls.groupby([*year, column]).size().rename("calls").reset_index()
    return counts.sort_values([*year, "calls", column]).groupby(year)[column].last()


def _expected(school: School) -> pd.DataFrame:
    """Returns each lesson beside each student of its campus and promotion, enrolled on its day."""
    lessons = school.erp("lessons").merge(
        school.erp("subjects")[["id", "level"]].rename(columns={"id": "subject_id"})
    )
    lessons = lessons.rename(columns={"id": "lesson_id"})
    lessons["day"] = local_days(lessons["starts_at"])
    lessons["school_year"] = school_years(lessons["day"])
    lessons = lessons[lessons["day"] <= school.observed_until]
    held = lessons[["lesson_id", "campus_id", "level", "day", "school_year"]]

    students = school.erp("students").rename(columns={"id": "student_id"})
    years = students.merge(held[["school_year"]].drop_duplicates(), how="cross")
    calls = school.calls.merge(held[["lesson_id", "campus_id", "level"]])
    for column, present in (("campus_id", "campus_id"), ("level", "promotion")):
        of_year = _most(calls, column).rename("of_year")
        found = years[["student_id", "school_year"]].join(of_year, on=of_year.index.names)
        years[column] = found["of_year"].fillna(years[present]).to_numpy()
    years["campus_id"] = years["campus_id"].astype(int)
    columns = ["student_id", "school_year", "campus_id", "level", "join_date", "left_date"]
    pairs = held.merge(years[columns], on=["school_year", "campus_id", "level"])
    gone = pairs["day"] > pairs["left_date"]  # never of those who are still there
    return pairs[(pairs["day"] >= pairs["join_date"]) & ~gone]


def test_the_roster_is_who_was_expected_beside_who_was_called(school: School) -> None:
    key = ["lesson_id", "student_id"]
    expected = _expected(school)[key].assign(is_expected=True)
    called = school.calls[[*key, "attended"]].assign(is_called=True)
    oracle = expected.merge(called, on=key, how="outer")
    oracle = oracle.rename(columns={"attended": "is_attended"})
    for flag in ("is_expected", "is_called"):
        oracle[flag] = oracle[flag].eq(True)
    assert not oracle["is_called"].all()
    roster = school.mart("int_attendance_roster", "_build")
    assert_same(roster[list(oracle.columns)], oracle, key, 0)

    students = school.erp("students")[["id"]].rename(columns={"id": "student_id"})
    counted = oracle[~oracle["is_called"]].groupby("student_id").size()
    students["lessons_not_called"] = counted.reindex(
        students["student_id"], fill_value=0
    ).to_numpy()
    students["student_key"] = students.pop("student_id").map(school.keys)
    assert_same(school.mart("students")[list(students.columns)], students, ["student_key"], 0)


def test_lessons(school: School) -> None:
    lessons = school.erp("lessons").merge(
        school.erp("subjects"), left_on="subject_id", right_on="id", suffixes=("", "_subject")
    )
    calls = school.calls
    called = calls.groupby("lesson_id").size().reindex(lessons["id"], fill_value=0).to_numpy()
    attended = (
        calls[calls["attended"]].groupby("lesson_id").size().reindex(lessons["id"], fill_value=0)
    )
    expected = _expected(school).groupby("lesson_id").size()
    oracle = pd.DataFrame(
        {
            "lesson_id": lessons["id"],
            "subject_id": lessons["subject_id"],
            "subject_name": lessons["name"],
            "level": lessons["level"],
            "campus_id": lessons["campus_id"],
            "starts_at": lessons["starts_at"].dt.tz_localize(None),
            "ends_at": lessons["ends_at"].dt.tz_localize(None),
            "lesson_day": local_days(lessons["starts_at"]).dt.date,
            "school_year": school_years(local_days(lessons["starts_at"])),
            "minutes": (lessons["ends_at"] - lessons["starts_at"]).dt.total_seconds() / 60,
            "is_roll_called": called > 0,
            "students_expected": expected.reindex(lessons["id"], fill_value=0).to_numpy(),
            "students_called": called,
            "students_attended": attended.to_numpy().astype(float),
            "is_small_group": called < 10,
        }
    )
    oracle.loc[oracle["is_small_group"], "students_attended"] = None
    assert_same(school.mart("lessons"), oracle, ["lesson_id"], 1e-9)
