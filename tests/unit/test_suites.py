"""The suites of the marts as the gate reads them."""

import re

from gates.suites import FOLDER, read_suites
from infra.settings import Settings

# A school may have signed no contract, or called no roll and given no grade.
MAY_BE_EMPTY = ("apprenticeships", "student_subject_results", "attendance", "grades", "dropouts")
MAY_BE_EMPTY += ("dropout_observations", "dropout_risk")


def test_what_a_school_may_lack_may_be_empty() -> None:
    suites = {suite.table: suite for suite in read_suites("marts", Settings())}
    for table in MAY_BE_EMPTY:
        words = {word for word, _ in suites[table].expectations}
        assert "expect_table_row_count_to_be_between" not in words, table


def test_thresholds_of_queries_are_vars_of_the_project() -> None:
    for suite in read_suites("marts", Settings()):
        (path,) = (FOLDER / "marts").rglob(f"{suite.table}.yml")
        text = path.read_text()
        assert not re.search(r" < 10\b", text), suite.table
        for _, arguments in suite.expectations:
            query = arguments.get("unexpected_rows_query", "")
            assert set(re.findall(r"\{(\w+)\}", query)) <= {"batch"}, query
