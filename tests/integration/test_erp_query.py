"""Questions to the ERP: answered, and never one that changes it."""

import pytest

from erp.query import query
from infra.errors import CampuslakeError


def test_a_question_is_answered_in_the_erps_schema(tiny_erp):
    columns, rows = query(tiny_erp.dsn, "select count(*) as n from students", tiny_erp.schema)
    assert (columns, rows) == (["n"], [(300,)])


@pytest.mark.parametrize("ending", ["", "commit; "])
def test_a_statement_that_would_change_the_erp_is_refused(tiny_erp, ending):
    before = tiny_erp.query("select * from campuses order by id")
    change = f"{ending}update {tiny_erp.schema}.campuses set name = 'changed'; commit"
    with pytest.raises(CampuslakeError, match="read-only transaction"):
        query(tiny_erp.dsn, change, tiny_erp.schema)
    assert tiny_erp.query("select * from campuses order by id") == before
