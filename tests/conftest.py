"""One local stack for the whole test run, on free ports and in a folder of its own.

Tests share its servers and isolate their data: by ERP schema, bucket and schema prefix.
"""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2
import pytest
from psycopg2 import sql
from rich.progress import Progress

from erp.effects import Effects
from infra.local.apart import environment_apart
from infra.settings import REPOSITORY

# What `Lake.figures` must answer, by plain SQL on the ERP.
ERP_FIGURES = """
with averages as (
    select student_id, avg(grade) as average_grade from grades group by student_id
), rates as (
    select
        a.student_id,
        avg(case when a.status in ('present', 'late') then 1.0 else 0.0 end) as attendance_rate
    from attendances a
    join lessons l on l.id = a.lesson_id
    join students s on s.id = a.student_id
    where (l.starts_at at time zone 'Europe/Paris')::date
        between s.join_date and coalesce(s.left_date, 'infinity')
    group by a.student_id
), recruited as (
    select distinct s.id
    from students s
    join audiences c on lower(trim(c.email)) = lower(trim(s.personal_email))
    where (c.collected_at at time zone 'Europe/Paris')::date <= s.join_date
    and not exists (
        select from students other
        where lower(trim(other.personal_email)) = lower(trim(s.personal_email)) and other.id <> s.id
    )
)
select count(*), avg(average_grade)::float8, avg(attendance_rate)::float8, count(recruited.id)
from students s
left join averages on averages.student_id = s.id
left join rates on rates.student_id = s.id
left join recruited on recruited.id = s.id
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds what tests can be asked for."""
    parser.addoption("--thorough", action="store_true", help="What takes long, and every fault.")
    parser.addoption("--oracle-scale", help="Scale of the one school that tests/oracles look at.")
    parser.addoption("--oracle-seed", type=int, help="Its seed.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is marked as thorough, unless it is asked for."""
    if not config.getoption("--thorough"):
        left_out = [item for item in items if item.get_closest_marker("thorough")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def all_faults(request: pytest.FixtureRequest) -> bool:
    """Whether every fault is tried at every place."""
    return request.config.getoption("--thorough")


def pytest_configure() -> None:
    """Points every setting at the test stack before anything reads one."""
    for name in [name for name in os.environ if name.startswith("CAMPUSLAKE_")]:
        del os.environ[name]
    os.environ |= environment_apart("test") | {
        "CAMPUSLAKE_SPARK_MEMORY": "3g",
        "CAMPUSLAKE_ERP_SCALE": "tiny",
        "DO_NOT_TRACK": "1",
    }


def pytest_unconfigure() -> None:
    """Stops what runs of the test stack and deletes its folder."""
    from infra.local import stack
    from infra.settings import settings

    stack.clean(settings(), Progress(disable=True))


@dataclass(frozen=True)
class Erp:
    """A schema of the test stack's PostgreSQL that holds, or may hold, an ERP."""

    dsn: str
    schema: str

    def execute(self, statement: str, *values: object) -> None:
        """Changes the ERP."""
        with psycopg2.connect(self.dsn, options=f"-c search_path={self.schema}") as session:
            with session.cursor() as cursor:
                cursor.execute(statement, values)

    def query(self, statement: str, *values: object) -> list[tuple]:
        """Asks the ERP."""
        with psycopg2.connect(self.dsn, options=f"-c search_path={self.schema}") as session:
            with session.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall()


@dataclass(frozen=True)
class Lake:
    """An ERP and a lake of one test's own: schema, bucket and databases."""

    erp: Erp
    environment: dict[str, str]

    @property
    def settings(self):
        """The settings of this lake."""
        from infra.settings import Settings

        fields = {name.removeprefix("CAMPUSLAKE_").lower(): v for name, v in self.changes.items()}
        return Settings(**{("schema_prefix" if k == "schema" else k): v for k, v in fields.items()})

    @property
    def changes(self) -> dict[str, str]:
        """The environment variables that make this lake another than the default one."""
        return {
            name: value
            for name, value in self.environment.items()
            if name.startswith("CAMPUSLAKE_") and os.environ.get(name) != value
        }

    def run(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Runs a campuslake command to its end and checks its exit code."""
        done = subprocess.run(
            [REPOSITORY / ".venv" / "bin" / "campuslake", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=1800,
        )
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return done

    def dbt(self, *arguments: str) -> None:
        """Runs a dbt command as typed from the repository root."""
        subprocess.run(
            [REPOSITORY / ".venv" / "bin" / "dbt", "--quiet", *arguments],
            cwd=REPOSITORY,
            env=self.environment,
            check=True,
            timeout=900,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts a campuslake command and leaves it running."""
        return subprocess.Popen(
            [REPOSITORY / ".venv" / "bin" / "campuslake", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def query(self, statement: str) -> list[tuple]:
        """Asks the lake."""
        from infra.spark_sql import query

        return query(statement, self.settings)

    def rows_out_of_order(self, mart: str) -> int:
        """How many rows of a mart are not stored in the order of their random student keys."""
        before = (
            "lag(student_key) over"
            " (partition by regexp_replace(_file, '[^/]*$', '') order by _file, _pos)"
        )
        table = f"{self.settings.marts_database}.{mart}"
        ((rows,),) = self.query(
            "select count_if(student_key < key_before)"
            f" from (select student_key, {before} as key_before from {table})"
        )
        return rows

    def erp_figures(self) -> tuple:
        """What the published students must say of the ERP as it is now."""
        return self.erp.query(ERP_FIGURES)[0]

    def figures(self) -> tuple:
        """What the published students say: their number, two averages, the recruited at events."""
        (answer,) = self.query(
            "select count(*), avg(average_grade), avg(attendance_rate),"
            " sum(case when recruited_at_event then 1 else 0 end)"
            f" from {self.settings.schema_prefix}.students"
        )
        return answer


@pytest.fixture(scope="session")
def stack() -> object:
    """The settings of the running stack."""
    from infra.local import stack as local_stack
    from infra.settings import settings

    local_stack.up(settings(), Progress(disable=True))
    return settings()


@pytest.fixture(scope="session")
def postgres() -> str:
    """The DSN of a running PostgreSQL; the rest of the stack is left alone."""
    from infra.local.dsn import local_dsn
    from infra.local.postgres import Postgres
    from infra.settings import settings

    Postgres(settings()).start()
    return local_dsn(settings())


@pytest.fixture(scope="session")
def tiny_erp(postgres: str) -> Erp:
    """A generated ERP (tiny, seed 7) that tests only read."""
    from erp.generate import generate

    generate(postgres, "tiny", 7, schema="tiny_erp")
    return Erp(postgres, "tiny_erp")


@pytest.fixture
def empty_erp(postgres: str) -> Iterator[Erp]:
    """An empty schema of the test's own."""
    erp = Erp(postgres, f"empty_{secrets.token_hex(4)}")
    name = sql.Identifier(erp.schema)
    with psycopg2.connect(postgres) as session, session.cursor() as cursor:
        cursor.execute(sql.SQL("create schema {}").format(name))
    yield erp
    with psycopg2.connect(postgres) as session, session.cursor() as cursor:
        cursor.execute(sql.SQL("drop schema {} cascade").format(name))


@contextmanager
def bucket_of(settings) -> Iterator[None]:
    """Makes the settings' bucket and deletes it at the end: each takes volumes of the store."""
    from infra.object_store import Bucket

    bucket = Bucket(settings)
    bucket.client.create_bucket(Bucket=bucket.name)
    yield
    for key in bucket.keys(""):
        bucket.delete(key)
    bucket.client.delete_bucket(Bucket=bucket.name)


def make_lake(
    stack,
    postgres: str,
    seed: int,
    scale: str = "tiny",
    effects: Effects | None = None,
    bucket: str | None = None,
) -> Lake:
    """Makes a lake with a generated ERP that its test may change.

    Its tables are in the stack's bucket, all else is in one of its own, unless `bucket` names one.
    """
    from erp.generate import generate
    from infra.object_store import s3_client

    name = f"lake_{secrets.token_hex(4)}"
    generate(postgres, scale, seed, effects, name)
    if bucket is None:
        bucket = name.replace("_", "-")
        s3_client(stack).create_bucket(Bucket=bucket)
    changes = {
        "CAMPUSLAKE_ERP_SCHEMA": name,
        "CAMPUSLAKE_BUCKET": bucket,
        "CAMPUSLAKE_SCHEMA": name,
    }
    return Lake(Erp(postgres, name), {**os.environ, **changes})


@pytest.fixture(scope="session")
def ran(stack, postgres: str) -> Lake:
    """A lake (tiny, seed 11) after its first `campuslake run`. Its tests share it."""
    lake = make_lake(stack, postgres, seed=11)
    lake.run("run")
    return lake
