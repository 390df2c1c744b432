"""The ERP's rows as the questions on regions and campuses need them."""

import numpy as np
import pandas as pd

from tests.oracles.conftest import MIN_CELL_SIZE, School, is_graduation, school_years


class Rows:
    """The ERP's rows as the questions on campuses need them, read once."""

    def __init__(self, school: School) -> None:
        self.until = school.observed_until
        self.first_year = school.calls["school_year"].min()
        self.campuses = school.erp("campuses").rename(columns={"id": "campus_id"})
        self.companies = school.erp("companies")
        self.students = self._students(school.erp("students"))
        self.every_event_region = set(school.erp("events")["region"])
        self.events = self._events(school.erp("events"))
        self.contacts = self._contacts(school)
        self.work_study = self._work_study(school.erp("apprenticeships"))
        self.years = self._years()
        self.student_years = self._student_years()
        self.calls = school.calls.merge(
            self.students[["id", "campus_id"]].rename(columns={"id": "student_id"})
        )
        self.last_touches = school.touches.drop_duplicates("student_id", keep="last")
        self.grades = school.erp("grades").assign(
            school_year=lambda rows: school_years(rows["date"]),
            grade=lambda rows: rows["grade"].astype(float),
        )

    def _students(self, students: pd.DataFrame) -> pd.DataFrame:
        students = students.merge(self.campuses[["campus_id", "region"]], on="campus_id")
        home = students["home_region"].str.strip()
        students["region"] = home.where(home.fillna("") != "", students["region"])
        students["last_day"] = students["left_date"].fillna(self.until)
        return students[students["join_date"] <= students["last_day"]]

    def _events(self, events: pd.DataFrame) -> pd.DataFrame:
        events = events[events["date"] <= self.until]
        return events.assign(school_year=school_years(events["date"]))

    def _contacts(self, school: School) -> pd.DataFrame:
        """Returns each address once per event, and whether the event is the last before joining."""
        key = ["event_id", "address"]
        contacts = school.contacts.dropna(subset="address").drop_duplicates(key)
        last = school.touches.drop_duplicates("student_id", keep="last")[key].drop_duplicates()
        contacts = contacts.merge(last, on=key, how="left", indicator="converted")
        contacts["converted"] = contacts["converted"] == "both"
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
            present["dropped_out"] = (present["left_date"] <= last) & ~is_graduation(
                present["leave_reason"]
            )
            found.append(present)
        return pd.concat(found)

    def is_complete(self, year: int) -> bool:
        return self.first_year <= year and days_of(year)[1] <= self.until


def days_of(year: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    return pd.Timestamp(year, 9, 1), pd.Timestamp(year + 1, 8, 31)


def unless_small(value: float, people: int) -> float:
    return value if people >= MIN_CELL_SIZE else np.nan


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else np.nan
