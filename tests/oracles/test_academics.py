"""Results, dropouts and what goes with them, by pandas and SciPy on the ERP's rows."""

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from scipy.stats.contingency import relative_risk

from tests.oracles.conftest import (
    MIN_CELL_SIZE,
    School,
    assert_same,
    is_course_over,
    is_graduation,
    school_years,
)

MIN_GRADES = 5
EARLY_LESSONS, EARLY_GRADES = 40, 5
STUDIES = ("apprenticeship", "professionalisation", "internship")
REASONS = (
    "absenteeism",
    "academic_failure",
    "financial",
    "no_contract",
    "personal",
    "relocation",
    "transfer",
)


def _students(school: School) -> pd.DataFrame:
    """Students with their key, campus, region and how they stand."""
    campuses = school.erp("campuses")[["id", "name", "region"]]
    campuses.columns = ["campus_id", "campus_name", "campus_region"]
    students = school.erp("students").rename(columns={"id": "student_id"}).merge(campuses)
    students["student_key"] = students["student_id"].map(school.keys)
    students["region"] = students["home_region"].fillna(students["campus_region"])
    return students


def _status(school: School, students: pd.DataFrame) -> pd.Series:
    status = pd.Series("dropped_out", students.index)
    status[is_graduation(students["leave_reason"])] = "graduated"
    status[students["left_date"].isna()] = "enrolled"
    status[students["join_date"] > school.today] = "registered"
    return status


def _grades(school: School) -> pd.DataFrame:
    grades = school.erp("grades").rename(columns={"subject": "subject_id"})
    # Hundredths, as whole numbers: their sums are exact.
    grades["points"] = (grades["grade"] * 100).astype(int)
    grades["school_year"] = school_years(grades["date"])
    return grades


def _mean(points: pd.api.typing.SeriesGroupBy) -> pd.Series:
    return points.sum() / points.count() / 100


def _contracted(school: School) -> set[int]:
    """Ids of the students with a contract of the studies on a day of their stay."""
    contracts = school.erp("apprenticeships").merge(
        school.erp("students")[["id", "join_date", "left_date"]],
        left_on="student_id",
        right_on="id",
    )
    begun = contracts["left_date"].isna() | (contracts["start_date"] <= contracts["left_date"])
    going = contracts["end_date"].isna() | (contracts["end_date"] >= contracts["join_date"])
    of_studies = contracts["contract_type"].isin(STUDIES)
    return set(contracts.loc[begun & going & of_studies, "student_id"])


def _leavers(school: School) -> pd.DataFrame:
    """Everybody who has left, with what was known on that day."""
    leavers = _students(school)
    leavers = leavers[leavers["left_date"].notna()].set_index("student_id")
    leavers["dropped_out"] = ~is_graduation(leavers["leave_reason"])

    calls = school.calls
    calls = calls[calls["left_date"].notna()]
    ago = (calls["left_date"] - calls["day"]).dt.days
    windows = {"30d": ago < 30, "90d": ago < 90, "before": ago.between(30, 89)}
    for name, within in windows.items():
        leavers[f"rate_{name}"] = calls[within].groupby("student_id")["attended"].mean()
    early = calls.sort_values(["day", "lesson_id"]).groupby("student_id").head(EARLY_LESSONS)
    leavers["early_rate"] = early.groupby("student_id")["attended"].mean()
    leavers["early_calls"] = early.groupby("student_id").size()

    grades = _grades(school).merge(leavers["left_date"], left_on="student_id", right_index=True)
    grades = grades[grades["date"] <= grades["left_date"]]
    leavers["average_grade"] = _mean(grades.groupby("student_id")["points"])
    early = grades.sort_values(["date", "id"]).groupby("student_id").head(EARLY_GRADES)
    leavers["early_average"] = _mean(early.groupby("student_id")["points"])
    leavers["early_grades"] = early.groupby("student_id").size()
    by_subject = _mean(grades.groupby(["student_id", "subject_id"])["points"])
    failed = by_subject[by_subject < 50].groupby("student_id").size()
    leavers["failed_subjects"] = failed.reindex(leavers.index).fillna(0).astype(int)
    leavers["had_contract"] = leavers.index.isin(_contracted(school))
    leavers["recruited_at_event"] = leavers.index.isin(school.touches["student_id"])
    return leavers


def test_students(school: School) -> None:
    students, grades = _students(school).set_index("student_id"), _grades(school)
    calls, touches = school.calls.groupby("student_id"), school.touches.groupby("student_id")
    students["birth_year"] = pd.to_datetime(students["date_of_birth"]).dt.year
    students["region_source"] = np.where(students["home_region"].isna(), "campus", "home")
    students["status"] = _status(school, students)
    students["average_grade"] = _mean(grades.groupby("student_id")["points"])
    students["attendance_rate"] = calls["attended"].mean()
    counts = {
        "grade_count": grades.groupby("student_id").size(),
        "lessons_called": calls.size(),
        "lessons_attended": calls["attended"].sum(),
    }
    for name, count in counts.items():
        students[name] = count.reindex(students.index, fill_value=0)
    students["is_chronic_absentee"] = (students["attendance_rate"] <= 0.9) & (
        students["lessons_called"] >= 20
    )
    students["recruited_at_event"] = students.index.isin(school.touches["student_id"])
    students["first_event_id"] = touches.head(1).set_index("student_id")["event_id"]
    students["last_event_id"] = touches.tail(1).set_index("student_id")["event_id"]
    levels = school.erp("subjects").set_index("id")["level"]
    for level in ("BSC", "MSC1", "MSC2"):
        of_level = grades[grades["subject_id"].map(levels) == level]
        students[f"average_grade_{level.lower()}"] = _mean(of_level.groupby("student_id")["points"])
    last = grades.groupby("student_id")["school_year"].max()
    of_last = grades[grades["school_year"] == grades["student_id"].map(last)]
    students["last_graded_school_year"] = last
    students["average_grade_last_year"] = _mean(of_last.groupby("student_id")["points"])
    by_student = grades.groupby("student_id")["points"]
    ranked = (_mean(by_student).round(9)).where(by_student.count() >= MIN_GRADES)
    students["ranked"] = ranked
    groups = {"region": "region", "institution": "origin_institution", "campus": "campus_id"}
    for name, column in groups.items():
        # Groups without a name are left out of the ranking by pandas too.
        students[f"rank_in_{name}"] = students.groupby(column)["ranked"].rank(
            method="min", ascending=False
        )
    assert students["rank_in_region"].notna().any()
    for name in ("join_date", "left_date"):
        students[name] = students[name].dt.date
    mart = school.mart("students").drop(columns="lessons_not_called")  # test_lessons.py has them
    assert_same(mart, students[list(mart.columns)], ["student_key"], 1e-9)


def test_students_as_of_now_are_those_of_the_erp(school: School) -> None:
    students, points = _students(school), _grades(school).groupby("student_id")["points"]
    students["birth_year"] = pd.to_datetime(students["date_of_birth"]).dt.year
    students["region_source"] = np.where(students["home_region"].isna(), "campus", "home")
    students["status"] = _status(school, students)
    students["average_grade"] = students["student_id"].map(_mean(points))
    students["grade_count"] = students["student_id"].map(points.count()).fillna(0)
    for day in ("join_date", "left_date"):
        students[day] = students[day].dt.date
    found = school.mart("students_as_of")
    found = found[found["valid_to"].isna()]
    assert found["is_in_erp"].all() and found["ended_by"].isna().all()
    versions = ["version_number", "valid_from", "valid_to", "ended_by", "is_in_erp"]
    facts = [column for column in found.columns if column not in versions]
    assert len(facts) == 14
    assert_same(found[facts], students[facts], ["student_key"], 1e-9)


def test_student_subject_results(school: School) -> None:
    key = ["student_id", "subject_id", "school_year"]
    points = _grades(school).groupby(key)["points"]
    came = school.calls.groupby(key)["attended"]
    oracle = pd.concat(
        {
            "average_grade": _mean(points),
            "grade_count": points.count(),
            "attendance_rate": came.mean(),
            "lessons_called": came.count(),
            "lessons_attended": came.sum(),
        },
        axis=1,
    ).reset_index()
    counts = ["grade_count", "lessons_called", "lessons_attended"]
    oracle[counts] = oracle[counts].fillna(0)
    subjects = school.erp("subjects")
    subjects.columns = ["subject_id", "subject_name", "level"]
    oracle = oracle.merge(subjects, on="subject_id")
    oracle["student_key"] = oracle.pop("student_id").map(school.keys)
    key[0] = "student_key"
    assert_same(school.mart("student_subject_results"), oracle, key, 1e-9)


def test_dropouts(school: School) -> None:
    oracle = _leavers(school)
    oracle = oracle[oracle["dropped_out"]].copy()
    oracle["tenure_days"] = (oracle["left_date"] - oracle["join_date"]).dt.days + 1
    oracle["school_year"] = school_years(oracle["left_date"])
    oracle["region_source"] = np.where(oracle["home_region"].isna(), "campus", "home")
    reason = oracle["leave_reason"]
    oracle["leave_reason"] = reason.where(reason.isin(REASONS), "other").where(
        reason.notna(), "not_recorded"
    )
    oracle["attendance_trend"] = oracle["rate_30d"] - oracle["rate_before"]
    oracle["left_date"] = oracle["left_date"].dt.date
    oracle = oracle.rename(
        columns={"rate_30d": "attendance_rate_30d", "rate_90d": "attendance_rate_90d"}
    )
    mart = school.mart("dropouts")
    assert len(oracle) and oracle["attendance_trend"].notna().any()
    assert_same(mart, oracle[list(mart.columns)], ["student_key"], 1e-9)


def _factors(leavers: pd.DataFrame) -> dict[str, pd.Series]:
    """The band of each leaver, by factor."""
    attendance = pd.cut(
        leavers["early_rate"].where(leavers["early_calls"] == EARLY_LESSONS),
        [-1, 0.8, 0.9, 0.95, 1],
        labels=["up to 80 %", "over 80 to 90 %", "over 90 to 95 %", "over 95 %"],
    )
    grade = pd.cut(
        leavers["early_average"].where(leavers["early_grades"] == EARLY_GRADES),
        [-1, 50, 60, 70, 101],
        right=False,
        labels=["below 50", "50 to below 60", "60 to below 70", "70 and above"],
    )
    near = (leavers["home_region"] == leavers["campus_region"]).map(
        {True: "region of the campus", False: "another region"}
    )
    known = leavers["origin_institution"].notna()
    return {
        "attendance": attendance.astype(object).fillna("unknown"),
        "average_grade": grade.astype(object).fillna("unknown"),
        "contract": leavers["had_contract"].map({True: "contract", False: "no contract"}),
        "event": leavers["recruited_at_event"].map(
            {True: "recruited at an event", False: "not at an event"}
        ),
        "home_region": near.where(leavers["home_region"].notna(), "unknown"),
        "campus": leavers["campus_name"],
        "promotion": leavers["promotion"],
        "gender": leavers["gender"],
        "origin_institution": known.map({True: "recorded", False: "not recorded"}),
    }


def _band(factor: str, band: str, dropped: pd.Series, rest: pd.Series) -> dict[str, object]:
    """One row of the oracle: who dropped out in the band, and in the bands it is compared with."""
    people, cases, others, other_cases = len(dropped), dropped.sum(), len(rest), rest.sum()
    is_small = people < MIN_CELL_SIZE
    row = {"factor": factor, "band": band, "people": people, "is_small_group": is_small}
    if is_small:
        return row
    interval = binomtest(int(cases), people).proportion_ci(method="wilson")
    row |= {"dropouts": cases, "dropout_rate": cases / people}
    row |= {"dropout_rate_lower": interval.low, "dropout_rate_upper": interval.high}
    if others < MIN_CELL_SIZE or not other_cases:
        return row
    compared = relative_risk(int(cases), people, int(other_cases), others)
    row["relative_risk"] = compared.relative_risk
    if cases:
        bounds = compared.confidence_interval(0.95)
        row |= {"relative_risk_lower": bounds.low, "relative_risk_upper": bounds.high}
    return row


def test_dropout_factors(school: School) -> None:
    leavers = _leavers(school)
    leavers = leavers[is_course_over(school)[leavers.index]]
    rows = []
    for factor, bands in _factors(leavers).items():
        for band in bands.unique():
            others = (bands != band) & (bands != "unknown") & (band != "unknown")
            dropped = leavers["dropped_out"]
            rows.append(_band(factor, band, dropped[bands == band], dropped[others]))
    oracle = pd.DataFrame(rows)
    mart, key = school.mart("dropout_factors"), ["factor", "band"]
    bounds = [name for name in mart.columns if name.endswith(("_lower", "_upper"))]
    exact = [name for name in mart.columns if name not in bounds]
    assert oracle["relative_risk"].notna().any()
    assert_same(mart[exact], oracle[exact], key, 1e-9)
    assert_same(mart[key + bounds], oracle[key + bounds], key, 1e-6)
