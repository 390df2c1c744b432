"""The schools that the oracles look at; `--oracle-scale` and `--oracle-seed` choose another one."""

from collections.abc import Callable
from functools import cached_property

import pandas as pd
import psycopg2
import pytest

from extract.zone import StagingZone
from infra import spark_sql
from tests.conftest import Lake, make_lake

MIN_CELL_SIZE = 10

# What an ERP knows of the future, and how it is typed: a registration, a planned leaving, absence
# excused in advance, contracts signed before joining and before starting, a reason in capitals.
PLANS = """
create temporary table touched as
select
    min(id) as leaving, max(id) as absent,
    (select max(id) + 1 from students where id < 900000000) as registered,
    (select min(id) from students where leave_reason = 'graduated') as graduate
from students where left_date is null;
insert into students select (r).* from (
    select jsonb_populate_record(s, jsonb_build_object(
        'id', t.registered, 'join_date', '2099-09-01', 'email', 'registered@campus.example',
        'personal_email', 'registered@home.example'
    )) as r
    from students s join touched t on s.id = t.leaving
) as registrations;
update students set left_date = '2099-06-30', leave_reason = 'transfer', next_school = 'Elsewhere'
where id = (select leaving from touched);
update students set leave_reason = ' Graduated' where id = (select graduate from touched);
insert into lessons select (r).* from (
    select jsonb_populate_record(l, jsonb_build_object(
        'id', l.id + 1, 'starts_at', '2099-01-08 09:00+01', 'ends_at', '2099-01-08 10:00+01'
    )) as r
    from lessons l where l.id = (select max(id) from lessons)
) as planned;
insert into attendances
select (select max(id) + 1 from attendances), (select max(id) from lessons), absent, 'excused'
from touched;
update apprenticeships a set start_date = s.join_date - 7
from students s
where s.id = a.student_id and a.start_date between s.join_date and s.join_date + 14
    and a.contract_type = 'apprenticeship';
insert into apprenticeships select (r).* from (
    select jsonb_populate_record(a, jsonb_build_object(
        'id', a.id + 1, 'start_date', '2099-01-01', 'end_date', null
    )) as r
    from apprenticeships a where a.id = (select max(id) from apprenticeships)
) as signed;
"""
TINY, DEMO = ("tiny", 11), ("demo", 12)


class School:
    """The ERP's rows and the marts, as data frames, of one lake.

    The marts are the published ones, or those of the database whose suffix is `marts`.
    """

    def __init__(self, lake: Lake, marts: str = "") -> None:
        self.lake = lake
        self._marts = marts
        self._erp: dict[str, pd.DataFrame] = {}

    def erp(self, table: str) -> pd.DataFrame:
        """Returns an ERP table as it is in PostgreSQL; dates are datetime64 at midnight."""
        if table not in self._erp:
            schema = self.lake.erp.schema
            with psycopg2.connect(self.lake.erp.dsn, options=f"-c search_path={schema}") as session:
                with session.cursor() as cursor:
                    cursor.execute(f"select * from {table}")
                    names = [column.name for column in cursor.description]
                    frame = pd.DataFrame(cursor.fetchall(), columns=names)
            for name in names:
                if name in ("date", "opened_on", "hired_on") or name.endswith("_date"):
                    frame[name] = pd.to_datetime(frame[name])
                elif name.endswith("_at"):
                    frame[name] = pd.to_datetime(frame[name], utc=True)
            self._erp[table] = self._without_plans(frame) if table == "students" else frame
        return self._erp[table].copy()

    def mart(self, name: str, database: str | None = None) -> pd.DataFrame:
        """Returns a mart, or a table of the database with another suffix, such as `_build`."""
        suffix = self._marts if database is None else database
        table = f"{self.lake.settings.schema_prefix}{suffix}.{name}"
        found = spark_sql.run(f"select * from {table}", self.lake.settings)
        return pd.DataFrame(found.rows, columns=found.columns)

    @cached_property
    def keys(self) -> pd.Series:
        """The student key of each ERP student id."""
        return self.mart("student_keys", "_build").set_index("student_id")["student_key"]

    @cached_property
    def today(self) -> pd.Timestamp:
        """The day in Paris of the instant that the extract shows."""
        zone = StagingZone(self.lake.settings)
        taken_at = zone.manifest(zone.current().run_id).snapshot.taken_at
        return local_days(pd.Series([pd.Timestamp(taken_at)]))[0]

    def _without_plans(self, students: pd.DataFrame) -> pd.DataFrame:
        """Leaves out when and why students will leave."""
        planned = students["left_date"] > self.today
        students.loc[planned, ["left_date", "leave_reason", "next_school"]] = None
        return students

    @cached_property
    def observed_until(self) -> pd.Timestamp:
        """The last day that the ERP tells of."""
        attendances, lessons = self.erp("attendances"), self.erp("lessons")
        called = lessons[lessons["id"].isin(attendances["lesson_id"])]
        students = self.erp("students")
        days = [
            local_days(called["starts_at"]),
            self.erp("grades")["date"],
            local_days(self.erp("audiences")["collected_at"]),
            students["join_date"],
            students["left_date"],
        ]
        return max(of_one[of_one <= self.today].max() for of_one in days)

    @cached_property
    def calls(self) -> pd.DataFrame:
        """The roll calls of students on days on which they were enrolled."""
        lessons = self.erp("lessons").rename(columns={"id": "lesson_id"})
        lessons["day"] = local_days(lessons["starts_at"])
        stays = self.erp("students")[["id", "join_date", "left_date"]]
        calls = (
            self.erp("attendances")
            .merge(lessons[["lesson_id", "day", "subject_id"]], on="lesson_id")
            .merge(stays.rename(columns={"id": "student_id"}), on="student_id")
        )
        calls = calls[calls["day"] <= self.today]
        calls["attended"] = calls["status"].isin(["present", "late"])
        calls["school_year"] = school_years(calls["day"])
        gone = calls["day"] > calls["left_date"]  # never of those who are still there
        return calls[(calls["day"] >= calls["join_date"]) & ~gone]

    @cached_property
    def contacts(self) -> pd.DataFrame:
        """The contacts, with tidied address (NaN when blank) and local day."""
        contacts = self.erp("audiences")
        contacts["address"] = _addresses(contacts["email"])
        contacts["day"] = local_days(contacts["collected_at"])
        return contacts[["id", "event_id", "address", "collected_at", "day"]]

    @cached_property
    def touches(self) -> pd.DataFrame:
        """The contacts left by students on or before joining, in order of time for each."""
        students = self.erp("students").rename(columns={"id": "student_id"})
        students["address"] = _addresses(students["personal_email"])
        known = students.dropna(subset="address").drop_duplicates("address", keep=False)
        known = known[["student_id", "address", "join_date"]]
        pairs = known.merge(self.contacts.dropna(subset="address"), on="address")
        pairs = pairs[pairs["day"] <= pairs["join_date"]]
        pairs["days"] = (pairs["join_date"] - pairs["day"]).dt.days
        return pairs.sort_values(["student_id", "collected_at", "id"])


def _addresses(emails: pd.Series) -> pd.Series:
    tidy = emails.str.strip(" ").str.lower()
    return tidy.where(tidy != "")


def is_graduation(reasons: pd.Series) -> pd.Series:
    """Returns whether each reason of leaving is that of graduates, however it was typed."""
    return reasons.str.strip(" ").str.lower() == "graduated"


def is_course_over(school: School) -> pd.Series:
    """Returns by student id whether the course of the promotion that he or she began in is over."""
    students = school.erp("students").set_index("id")
    years = school_years(students["join_date"])
    levels = school.erp("subjects").set_index("id")["level"]
    calls = school.calls.assign(level=school.calls["subject_id"].map(levels))
    first = calls[calls["school_year"] == calls["student_id"].map(years)]
    counted = first.groupby(["student_id", "level"]).size().rename("calls").reset_index()
    most = counted.sort_values(["calls", "level"]).drop_duplicates("student_id", keep="last")
    began = most.set_index("student_id")["level"].reindex(students.index)
    lasts = began.fillna(students["promotion"]).map({"BSC": 3, "MSC1": 2, "MSC2": 1})
    return years + lasts <= school_years(pd.Series([school.observed_until]))[0]


def local_days(instants: pd.Series) -> pd.Series:
    """Returns the day in Paris of each instant."""
    return instants.dt.tz_convert("Europe/Paris").dt.tz_localize(None).dt.normalize()


def school_years(days: pd.Series) -> pd.Series:
    """Returns the school year of each day; one that begins on 1 September has its year's number."""
    return days.dt.year - (days.dt.month < 9).astype(int)


def assert_same(mart: pd.DataFrame, oracle: pd.DataFrame, key: list[str], tolerance: float) -> None:
    """Requires the same rows, value by value; floats within `tolerance`, absolute and relative.

    Dates are compared by their text: give them as `datetime.date`.
    """
    assert set(oracle.columns) == set(mart.columns)
    left = mart[list(oracle.columns)].sort_values(key).reset_index(drop=True)
    right = oracle.sort_values(key).reset_index(drop=True)
    assert len(left) == len(right), "rows appear or vanish"
    for column in oracle.columns:
        ours, theirs = left[column], right[column]
        assert (ours.isna() == theirs.isna()).all(), f"{column}: NULL where a value is due"
        known = ~ours.isna()
        if pd.api.types.is_numeric_dtype(theirs) and not pd.api.types.is_bool_dtype(theirs):
            ours, theirs = ours[known].astype(float), theirs[known].astype(float)
            apart = (ours - theirs).abs() > tolerance * theirs.abs().clip(lower=1)
            assert not apart.any(), f"{column}: {int(apart.sum())} values differ"
        else:
            different = ours[known].astype(str) != theirs[known].astype(str)
            assert not different.any(), f"{column}: {int(different.sum())} values differ"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs whatever looks at a school on two of them, or on the one that was asked for."""
    if "school" in metafunc.fixturenames:
        scale, seed = (metafunc.config.getoption(f"--oracle-{name}") for name in ("scale", "seed"))
        given = (scale or TINY[0], TINY[1] if seed is None else seed)
        schools = [TINY, DEMO] if (scale, seed) == (None, None) else [given]
        names = [f"{scale}-{seed}" for scale, seed in schools]
        metafunc.parametrize("school", schools, ids=names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def school(request: pytest.FixtureRequest, school_of: Callable[[str, int], School]) -> School:
    """A school after `campuslake run`."""
    return school_of(*request.param)


@pytest.fixture(scope="session")
def school_of(request: pytest.FixtureRequest) -> Callable[[str, int], School]:
    """Returns the school of a scale and a seed after `campuslake run`, run once."""
    known: dict[tuple[str, int], School] = {}

    def find(scale: str, seed: int) -> School:
        if (scale, seed) not in known:
            if (scale, seed) == TINY:
                lake = request.getfixturevalue("ran")
            else:
                stack, postgres = (request.getfixturevalue(name) for name in ("stack", "postgres"))
                lake = make_lake(stack, postgres, seed, scale)
                lake.erp.execute(PLANS)
                lake.run("run")
            known[scale, seed] = School(lake)
        return known[scale, seed]

    return find
