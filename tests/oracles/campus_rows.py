"""The ERP's rows as the questions on regions and campuses need them."""

import numpy as np
import pandas as pd

from tests.oracles.conftest import MIN_CELL_SIZE, School, local_days, school_years


class Rows:
    """The ERP's rows as the questions on campuses need them, read once."""

    def __init__(self, school: School) -> None:
        self.until = school.observed_until
        self.campuses = school.erp("campuses").rename(columns={"id": "campus_id"})
        self.companies = school.erp("companies")
        self.students = self._students(school.erp("students"))
        self.every_event_region = set(school.erp("events")["region"])
        self.events = self._events(school.erp("events"))
        self.contacts = self._contacts(school.erp("audiences"))
        self.work_study = self._work_study(school.erp("apprenticeships"))
        self.years = self._years()
        self.student_years = self._student_years()
        self.calls = self._calls(school.erp("attendances"), school.erp("lessons"))
        self.grades = school.erp("grades").assign(
            school_year=lambda rows: school_years(rows["date"]),
            grade=lambda rows: rows["grade"].astype(float),
        )

    def _students(self, students: pd.DataFrame) -> pd.DataFrame:
        students = students.merge(self.campuses[["campus_id", "region"]], on="campus_id")
        home = students["home_region"].str.strip()
        students["region"] = home.where(home.fillna("") != "", students["region"])
        students["last_day"] = students["left_date"].fillna(self.until)
        students["mailbox"] = students["personal_email"].str.strip().str.lower()
        return students[students["join_date"] <= students["last_day"]]

    def _events(self, events: pd.DataFrame) -> pd.DataFrame:
        events = events[events["date"] <= self.until]
        return events.assign(school_year=school_years(events["date"]))

    def _contacts(self, contacts: pd.DataFrame) -> pd.DataFrame:
        contacts["mailbox"] = contacts["email"].str.strip().str.lower()
        contacts["day"] = local_days(contacts["collected_at"])
        where = self.events.set_index("id")[["campus_id", "region", "school_year"]]
        return contacts.join(where, on="event_id")

    def _work_study(self, contracts: pd.DataFrame) -> pd.DataFrame:
        kept = contracts["contract_type"].isin(["apprenticeship", "professionalisation"])
        return contracts[kept & (contracts["start_date"] <= self.until)]

    def _years(self) -> list[int]:
        first = min(self.students["join_date"].min(), self.events["date"].min())
        first_year, last_year = school_years(pd.Series([first, self.until]))
        return list(range(first_year, last_year + 1))

    def _student_years(self) -> pd.DataFrame:
        """Returns each student beside each school year of which he or she was there for a day."""
        found = []
        for year in self.years:
            first, last = days_of(year)
            here = (self.students["join_date"] <= last) & (self.students["last_day"] >= first)
            present = self.students[here].assign(school_year=year)
            present["joined"] = present["join_date"] >= first
            present["dropped_out"] = (present["left_date"] <= last) & (
                present["leave_reason"] != "graduated"
            )
            found.append(present)
        return pd.concat(found)

    def _calls(self, attendances: pd.DataFrame, lessons: pd.DataFrame) -> pd.DataFrame:
        lessons["day"] = local_days(lessons["starts_at"])
        calls = attendances.merge(lessons[["id", "day"]], left_on="lesson_id", right_on="id").merge(
            self.students[["id", "join_date", "last_day", "campus_id"]].rename(
                columns={"id": "student_id"}
            ),
            on="student_id",
        )
        calls = calls[calls["day"].between(calls["join_date"], calls["last_day"])]
        calls["attended"] = calls["status"].isin(["present", "late"])
        return calls.assign(school_year=school_years(calls["day"]))

    @property
    def touches(self) -> pd.DataFrame:
        """Each contact beside the student who joined on that day or later, oldest first."""
        both = self.contacts.merge(
            self.students[["id", "mailbox", "join_date"]], on="mailbox", suffixes=("", "_student")
        )
        return both[both["day"] <= both["join_date"]].sort_values(["collected_at", "id"])

    def is_complete(self, year: int) -> bool:
        return days_of(year)[1] <= self.until


def days_of(year: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    return pd.Timestamp(year, 9, 1), pd.Timestamp(year + 1, 8, 31)


def unless_small(value: float, people: int) -> float:
    return value if people >= MIN_CELL_SIZE else np.nan


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else np.nan
