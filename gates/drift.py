"""How far each mart moved from what is published: an accident seldom keeps rows and means."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gates.layers import quoted
from gates.suites import Suite
from gates.verdicts import MEAN_DRIFT, ROW_DRIFT, Check
from infra.errors import CampuslakeError
from infra.settings import Settings
from infra.spark_sql import query

LEAST_SHARE = 0.8  # what shrinks by more than a fifth between two runs is suspect
MOST_TIMES = 2  # and a mart that more than doubles, unless its suite lets it grow
MOST_DEVIATIONS = 0.5  # how far a mean may move, in standard deviations of what is published
FEWEST = 30  # rows or values; fewer tell nothing but that there are some
SIDE_BY_SIDE = 3


@dataclass(frozen=True)
class Measure:
    """The values of one column: how many are not NULL, their mean and standard deviation."""

    count: int
    mean: float
    deviation: float


def published_views(settings: Settings) -> dict[str, str]:
    """Returns the view that shows each published mart, with its database; none at first."""
    databases = (settings.schema_prefix, settings.identity_database)
    known = {name for (name,) in query("show databases", settings)}
    return {
        view: f"{database}.{view}"
        for database in databases
        if database in known
        for _, view, _ in query(f"show views in {database}", settings)
    }


def judge_drift(settings: Settings, suites: list[Suite]) -> list[Check]:
    """Compares built marts with what is published: their rows, and the means that suites name.

    What is not published yet, mart or column, has nothing to be compared with.
    """
    views = published_views(settings)
    compared = [suite for suite in suites if suite.table in views]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        found = pool.map(lambda suite: _judge(settings, suite, views[suite.table]), compared)
        return [check for checks in found for check in checks]


def _judge(settings: Settings, suite: Suite, view: str) -> list[Check]:
    built = suite.built(settings)
    try:
        shown = {row[0] for row in query(f"describe {view}", settings)} if suite.means else set()
        means = [name for name in suite.means if name in shown]
        before, after = query(
            f"{_figures(view, 0, means)} union all {_figures(built, 1, means)} order by side",
            settings,
        )
    except CampuslakeError as error:
        if "refused" not in error.message:
            raise
        told = f"could not be compared with what is published: {error.message}"
        return [Check(table=suite.table, expectation=ROW_DRIFT, observed=told, passed=False)]
    checks = [_row_check(suite, before[1], after[1])]
    for number, name in enumerate(means):
        first = 2 + 3 * number
        was, is_now = (side[first : first + 3] for side in (before, after))
        if min(was[0], is_now[0]) >= FEWEST:
            checks.append(_mean_check(suite.table, name, Measure(*was), Measure(*is_now)))
    return checks


def _figures(table: str, side: int, columns: list[str]) -> str:
    figures = [f"{side} as side", "count(*)"]
    for column in columns:
        value = f"cast({quoted(column)} as double)"
        figures += [f"count({value})", f"avg({value})", f"stddev_pop({value})"]
    return f"select {', '.join(figures)} from {table}"  # noqa: S608


def _row_check(suite: Suite, before: int, after: int) -> Check:
    most = math.inf if suite.may_grow else MOST_TIMES * before
    if before < FEWEST:
        passed = after > 0 or before == 0
    else:
        passed = math.ceil(LEAST_SHARE * before) <= after <= most
    told = "" if passed else f"{before:,} rows are published, now there are {after:,}"
    return Check(table=suite.table, expectation=ROW_DRIFT, observed=told, passed=passed)


def _mean_check(table: str, column: str, before: Measure, after: Measure) -> Check:
    # Equal values have no spread to measure by, until one differs.
    reach = MOST_DEVIATIONS * (before.deviation or after.deviation)
    passed = abs(after.mean - before.mean) <= reach or math.isclose(after.mean, before.mean)
    told = (
        f"the published mean is {before.mean:,.4g}, now it is {after.mean:,.4g}"
        f" (more than {reach:,.2g} away)"
    )
    return Check(
        table=table,
        expectation=MEAN_DRIFT,
        column=column,
        observed="" if passed else told,
        passed=passed,
    )
