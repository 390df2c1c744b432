"""What holds for all published marts together."""

import re
from pathlib import Path

import pytest

from infra import spark_sql
from tests.conftest import REPOSITORY
from tests.oracles.conftest import School

GUIDE = (REPOSITORY / "docs" / "analyst-guide.md").read_text()
QUERIES = [
    query.strip()
    for block in re.findall(r"```sql\n(.*?)```", GUIDE, re.DOTALL)
    for query in block.split(";")
    if query.strip()
]
KEYS = ("_id", "_year")
# Numbers that a small group shows: its size, and what is told of others or of nobody.
NOT_PROTECTED = {
    "campus_scorecard": {
        "students",
        "capacity",
        "contacts",
        "event_conversion_rate",
        "event_conversion_rate_rank",
        "event_conversion_rate_z_score",
        "weakest_value",
        "weakest_best_value",
    },
    "company_recruitment": {
        "students",
        "contracts",
        "rank_overall",
        "rank_in_region",
        "study_students_followed",
    },
    "competitor_schools": {
        "students_lost",
        "students_gained",
        "net_lost",
        "average_grade_of_stayers",
    },
    "dropout_factors": {"people"},
    "enrolment_history": {"students"},
    "event_impact": {"contact_rows", "contacts"},
    "event_impact_by_type": {"events", "contacts", "people"},
    "event_recruit_outcomes": {"recruits", "non_recruits"},
    "intake_by_touch": {"intake"},
    "lessons": {"minutes", "students_expected", "students_called"},
    "regions": {
        "students",
        "events",
        "contacts",
        "conversions",
        "companies",
        "campuses",
        "capacity",
    },
    "time_to_hire": {"graduates"},
}


def test_every_published_mart_has_an_oracle(school: School) -> None:
    modules = [module.read_text() for module in Path(__file__).parent.glob("test_*.py")]
    oracles = "".join(text for text in modules if "assert_same(" in text)
    compared = set(re.findall(r'school\.mart\("(\w+)"', oracles))
    prefix = school.lake.settings.schema_prefix
    published = {
        view
        for database in (prefix, school.lake.settings.identity_database)
        for _, view, _ in school.lake.query(f"show views in {database}")
    }
    assert published and not published - compared


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_a_query_of_the_guide_runs(school: School, query: str) -> None:
    prefix = school.lake.settings.schema_prefix
    asked = re.sub(r"\bcampus\.", f"{prefix}.", query)
    assert spark_sql.run(asked, school.lake.settings).columns


def test_no_published_mart_is_stored_in_the_order_of_the_erps_students(school: School) -> None:
    prefix = school.lake.settings.schema_prefix
    marts = [
        mart
        for _, mart, _ in school.lake.query(f"show views in {prefix}")
        if "student_key" in [row[0] for row in school.lake.query(f"describe {prefix}.{mart}")]
    ]
    assert {"students", "attendance", "grades"} <= set(marts)
    assert {mart: school.lake.rows_out_of_order(mart) for mart in marts} == dict.fromkeys(marts, 0)


def test_small_groups_have_no_measures(school: School) -> None:
    prefix = school.lake.settings.schema_prefix
    protected = 0
    for _, mart, _ in school.lake.query(f"show tables in {prefix}"):
        described = school.lake.query(f"describe {prefix}.{mart}")
        types = {name: kind for name, kind, _ in described}
        if "is_small_group" not in types:
            continue
        measures = [
            name
            for name, kind in types.items()
            if kind in ("int", "bigint", "double")
            and not name.endswith(KEYS)
            and name not in NOT_PROTECTED[mart]
        ]
        shown = " or ".join(f"`{name}` is not null" for name in measures) or "false"
        ((groups, told),) = school.lake.query(
            f"select count(*), count_if({shown}) from {prefix}.{mart} where is_small_group"
        )
        assert told == 0, f"{mart} tells of {told} small groups"
        protected += groups
    assert protected > 0
