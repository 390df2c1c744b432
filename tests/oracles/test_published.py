"""What holds for all published marts together."""

import re

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
# Told of other people than those of the row's group, or of nobody.
OF_OTHERS = {
    "lessons": {"minutes"},
    "competitor_schools": {"average_grade_of_stayers"},
    "campus_scorecard": {
        "event_conversion_rate",
        "event_conversion_rate_z_score",
        "weakest_value",
        "weakest_best_value",
    },
}


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_a_query_of_the_guide_runs(school: School, query: str) -> None:
    prefix = school.lake.settings.schema_prefix
    asked = re.sub(r"\bcampus\.", f"{prefix}.", query)
    assert spark_sql.run(asked, school.lake.settings).columns


def test_small_groups_have_no_rates_or_means(school: School) -> None:
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
            if kind == "double" and name not in OF_OTHERS.get(mart, set())
        ]
        shown = " or ".join(f"`{name}` is not null" for name in measures) or "false"
        ((groups, told),) = school.lake.query(
            f"select count(*), count_if({shown}) from {prefix}.{mart} where is_small_group"
        )
        assert told == 0, f"{mart} tells of {told} small groups"
        protected += groups
    assert protected > 0
