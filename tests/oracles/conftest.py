"""The school that the oracles look at: `--oracle-scale` and `--oracle-seed` choose another one."""

from collections.abc import Iterator
from functools import cached_property

import pandas as pd
import psycopg2
import pytest

from infra import spark_sql
from tests.conftest import Lake, make_lake

MIN_CELL_SIZE = 10


class School:
    """The ERP's rows and the published marts, as data frames, of one lake."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
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
            self._erp[table] = frame
        return self._erp[table].copy()

    def mart(self, name: str, database: str = "") -> pd.DataFrame:
        """Returns a published mart; `database` is a suffix of the prefix, such as `_build`."""
        table = f"{self.lake.settings.schema_prefix}{database}.{name}"
        found = spark_sql.run(f"select * from {table}", self.lake.settings)
        return pd.DataFrame(found.rows, columns=found.columns)

    @cached_property
    def keys(self) -> pd.Series:
        """The student key of each ERP student id."""
        return self.mart("student_keys", "_build").set_index("student_id")["student_key"]

    @cached_property
    def observed_until(self) -> pd.Timestamp:
        """The last day that the ERP tells of."""
        attendances, lessons = self.erp("attendances"), self.erp("lessons")
        called = lessons[lessons["id"].isin(attendances["lesson_id"])]
        students = self.erp("students")
        return max(
            local_days(called["starts_at"]).max(),
            self.erp("grades")["date"].max(),
            local_days(self.erp("audiences")["collected_at"]).max(),
            students["join_date"].max(),
            students["left_date"].max(),
        )


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


@pytest.fixture(scope="session")
def school(request: pytest.FixtureRequest) -> Iterator[School]:
    """A school after `campuslake run`: the one that all tests share, or another."""
    scale, seed = (request.config.getoption(f"--oracle-{name}") for name in ("scale", "seed"))
    if (scale, seed) == ("tiny", 11):
        yield School(request.getfixturevalue("ran"))
        return
    stack, postgres = (request.getfixturevalue(name) for name in ("stack", "postgres"))
    lake = make_lake(stack, postgres, seed=seed, scale=scale)
    lake.run("run")
    yield School(lake)
