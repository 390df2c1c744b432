"""What is kept for how long: runs, tags, names of those who left, contacts who never came."""

from dataclasses import dataclass

import pytest

from extract.zone import StagingZone
from tests.conftest import Lake

LEFT = "(select min(id) from students where left_date is not null)"
NEVER_CAME = """
(select min(c.id) from audiences c where c.email <> '' and not exists (
    select from students s where lower(trim(c.email)) = lower(trim(s.personal_email))
))
"""


@dataclass(frozen=True)
class Aged:
    """A lake with two runs, between which somebody's leaving moved to six years ago, and a contact
    became three years old."""

    lake: Lake
    student: int
    contact: int


@pytest.fixture(scope="module")
def aged(whole: Lake) -> Aged:
    lake = whole
    ((student, contact),) = lake.erp.query(f"select {LEFT}, {NEVER_CAME}")
    lake.erp.execute(
        f"update audiences set collected_at = now() - interval '37 months' where id = {contact}"
    )
    lake.erp.execute(
        "update students set join_date = current_date - 2600, left_date = current_date - 2200"
        f" where id = {student}"
    )
    lake.run("run", "--accept-drift")
    return Aged(lake, student, contact)


def test_who_left_long_ago_has_no_name_any_more_in_tables_and_history(aged: Aged):
    settings = aged.lake.settings
    for table in (
        f"{settings.staging_database}.stg_erp__students",
        f"{settings.identity_database}.student_identities",
        f"{settings.history_database}.students_history",
    ):
        held = "concat(first_name, last_name, email), date_format(date_of_birth, 'MM-dd')"
        rows = aged.lake.query(
            f"select distinct {held} from {table} where student_id = {aged.student}"
        )
        assert rows == [("", "01-01")]
        ((others,),) = aged.lake.query(f"select count(*) from {table} where last_name <> ''")
        assert others > 200


def test_a_contact_who_never_came_is_nobody_after_three_years_and_still_counts(aged: Aged):
    audiences = f"{aged.lake.settings.staging_database}.stg_erp__audiences"
    assert aged.lake.query(
        "select concat(first_name, last_name, coalesce(phone, '')), email"
        f" from {audiences} where contact_id = {aged.contact}"
    ) == [("", f"contact-{aged.contact}")]
    (expected,) = aged.lake.erp.query("select count(*) from audiences")
    assert aged.lake.query(f"select count(*) from {audiences}") == [expected]


def test_what_is_overdue_is_shown_and_then_ended(aged: Aged):
    settings = {"CAMPUSLAKE_EXTRACT_KEEP_RUNS": "1", "CAMPUSLAKE_PUBLISH_KEEP_RUNS": "1"}
    lake = Lake(aged.lake.erp, aged.lake.environment | settings)
    zone = StagingZone(lake.settings)
    first, second = zone.runs()
    told = lake.run("privacy", "retain").stdout
    assert "runs of the staging zone,1" in told and "published runs,1" in told
    assert zone.runs() == [first, second]
    lake.run("privacy", "retain", "--yes")
    assert zone.runs() == [second]
    tags = f"select name from {lake.settings.marts_database}.students.refs where type = 'TAG'"
    assert lake.query(tags) == [(f"run_{second}",)]
    assert lake.figures()[0] == 300
    gone = lake.run("publish", "--run", first, code=1)
    assert "cannot be published" in gone.stderr or "no run" in gone.stderr
    again = lake.run("privacy", "retain").stdout
    assert "runs of the staging zone,0" in again and "published runs,0" in again
    assert ",retain,kept long enough," in lake.run("privacy", "log").stdout
