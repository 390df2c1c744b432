"""What was known of students at cut-off dates, by pandas: cut-off date by cut-off date.

An oracle of the mart `dropout_observations`, and a way to have observations without an engine.
"""

import io
from dataclasses import dataclass

import pandas as pd

from erp.simulation import Simulation
from erp.tables import table_streams

CUTOFFS = ("09-30", "12-31", "03-31")
RECENT_DAYS, HORIZON_DAYS = 60, 180
STUDIES = ("apprenticeship", "professionalisation", "internship")
COLUMNS = {
    "campuses": ["campus_id", "name", "city", "region", "postal_code", "opened_on", "capacity"],
    "students": [
        *("student_id", "first_name", "last_name", "email", "personal_email", "gender"),
        *("date_of_birth", "join_date", "left_date", "campus_id", "promotion", "home_region"),
        *("origin_institution", "leave_reason", "next_school"),
    ],
    "subjects": ["subject_id", "name", "level"],
    "lessons": ["lesson_id", "subject_id", "campus_id", "professor_id", "starts_at", "ends_at"],
    "attendances": ["id", "lesson_id", "student_id", "status"],
    "grades": ["id", "student_id", "subject_id", "date", "grade"],
    "apprenticeships": [
        *("id", "student_id", "company_id", "contract_type", "start_date", "end_date"),
    ],
}


@dataclass(frozen=True)
class Known:
    """What a school knows of its students.

    `students` has student_id, campus_id, home_region, join_date, left_date and dropped_out; `calls`
    student_id, lesson_id, day, campus_id, level and attended; `grades` student_id, date and points
    (hundredths); `contracts`, those of the studies, student_id, start_date and end_date. `recruits`
    are ids, `regions` those of the campuses by their ids.
    """

    students: pd.DataFrame
    calls: pd.DataFrame
    grades: pd.DataFrame
    contracts: pd.DataFrame
    recruits: set[int]
    regions: pd.Series
    observed_until: pd.Timestamp


def observations(known: Known) -> pd.DataFrame:
    """Returns one row per cut-off date and student enrolled at its end."""
    first = known.calls["day"].min()
    years = range(first.year - 1, known.observed_until.year + 1)
    days = [
        pd.Timestamp(f"{year if cutoff >= '09' else year + 1}-{cutoff}")
        for year in years
        for cutoff in CUTOFFS
    ]
    held = [day for day in days if first <= day <= known.observed_until]
    return pd.concat([_at(known, day) for day in held], ignore_index=True)


def _at(known: Known, day: pd.Timestamp) -> pd.DataFrame:
    students = known.students.set_index("student_id")
    there = (students["join_date"] <= day) & ~(students["left_date"] <= day)
    found = students[there].copy()
    calls = known.calls[known.calls["day"] <= day].sort_values(["day", "lesson_id"])
    recent = calls[calls["day"] > day - pd.Timedelta(days=RECENT_DAYS)]
    grades = known.grades[known.grades["date"] <= day].groupby("student_id")["points"]
    contracts = known.contracts.merge(students["join_date"], left_on="student_id", right_index=True)
    begun = contracts["start_date"] <= day
    going = contracts["end_date"].isna() | (contracts["end_date"] >= contracts["join_date"])
    last = calls.groupby("student_id")[["campus_id", "level"]].last()
    end = day + pd.Timedelta(days=HORIZON_DAYS)

    found["cutoff_date"] = day
    found["school_year"] = day.year - (day.month < 9)
    found["level"] = last["level"].reindex(found.index)
    campus = last["campus_id"].reindex(found.index).fillna(found["campus_id"])
    found["campus_id"] = campus.astype(int)
    found["days_enrolled"] = (day - found["join_date"]).dt.days + 1
    for prefix, counted in (("", calls), ("recent_", recent)):
        attended = counted.groupby("student_id")["attended"]
        called = attended.size().reindex(found.index).fillna(0).astype(int)
        found[f"{prefix}lessons_called"] = called
        found[f"{prefix}attendance_rate"] = attended.mean().reindex(found.index)
    found["grade_count"] = grades.size().reindex(found.index).fillna(0).astype(int)
    found["average_grade"] = (grades.sum() / grades.size() / 100).reindex(found.index)
    found["has_had_contract"] = found.index.isin(contracts.loc[begun & going, "student_id"])
    found["recruited_at_event"] = found.index.isin(known.recruits)
    near = found["home_region"] == found["campus_id"].map(known.regions)
    home = near.map({True: "region of the campus", False: "another region"})
    found["home"] = home.where(found["home_region"].notna(), "unknown")
    dropped = found["dropped_out"] & (found["left_date"] <= end)
    found["drops_out"] = dropped if end <= known.observed_until else None
    unused = ["home_region", "join_date", "left_date", "dropped_out"]
    return found.drop(columns=unused).reset_index()


def known_of(simulation: Simulation) -> Known:
    """Returns what a simulated school knows, without a database between."""
    tables = {
        stream.name: _frame(COLUMNS[stream.name], b"".join(stream.chunks))
        for stream in table_streams(simulation)
        if stream.name in COLUMNS
    }
    students, lessons = tables["students"], tables["lessons"]
    for name in ("join_date", "left_date"):
        students[name] = pd.to_datetime(students[name])
    students["dropped_out"] = students["left_date"].notna() & ~(
        students["leave_reason"] == "graduated"
    )
    starts = pd.to_datetime(lessons["starts_at"], utc=True)
    lessons["day"] = starts.dt.tz_convert("Europe/Paris").dt.tz_localize(None).dt.normalize()
    calls = tables["attendances"].merge(lessons.drop(columns="starts_at"), on="lesson_id")
    calls = calls.merge(tables["subjects"][["subject_id", "level"]], on="subject_id")
    calls["attended"] = calls["status"].isin(["present", "late"])
    grades, contracts = tables["grades"], tables["apprenticeships"]
    grades["date"] = pd.to_datetime(grades["date"])
    grades["points"] = (grades["grade"].astype(float) * 100).round().astype(int)
    for name in ("start_date", "end_date"):
        contracts[name] = pd.to_datetime(contracts[name])
    stays = ["student_id", "campus_id", "home_region", "join_date", "left_date", "dropped_out"]
    ids = students["student_id"].to_numpy()
    return Known(
        students=students[stays],
        calls=calls[["student_id", "lesson_id", "day", "campus_id", "level", "attended"]],
        grades=grades[["student_id", "date", "points"]],
        contracts=contracts[contracts["contract_type"].isin(STUDIES)],
        recruits=set(ids[simulation.met]),
        regions=tables["campuses"].set_index("campus_id")["region"],
        observed_until=max(calls["day"].max(), students["join_date"].max()),
    )


def _frame(columns: list[str], text: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(text), sep="\t", header=None, names=columns, na_values=["\\N"])
