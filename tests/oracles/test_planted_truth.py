"""The marts find what the generator planted (erp/effects.py), and nothing where nothing was.

Every cause is turned into one z-score, positive in the direction that was planted and standard
normal where there is no cause. A planted cause is one look, chosen beforehand: its 95 % interval
has to leave no effect out. Looks at a school without causes are many, and one in twenty of those
intervals leaves it out by chance: there the bar is Bonferroni's for all looks together, so that
an honest mart fails with one seed in a hundred. Effects that 2 000 students are too few for (on
dropping out: the event, the distance from home) are not asked for.
"""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from erp import places
from erp.effects import GROWING_CAMPUS, WEAK_CAMPUS, Effects
from extract.zone import StagingZone
from tests.conftest import make_lake
from tests.oracles.conftest import DEMO, School

LOOKS = 70
"""Bands of `dropout_factors` (some 30), pairs of `region_drivers`, outcomes, causes below."""

BAR = NormalDist().inv_cdf(1 - 0.01 / 2 / LOOKS)
PER_SIDE = NormalDist().inv_cdf(0.975)


@pytest.fixture(scope="session")
def planted(request: pytest.FixtureRequest, school_of: Callable[[str, int], School]) -> School:
    """A school with every cause; `--oracle-seed` chooses another one."""
    return school_of(DEMO[0], _seed(request))


@pytest.fixture(scope="session")
def plain(request: pytest.FixtureRequest, stack, postgres: str) -> School:
    """The same school without any. Its marts are built, and neither judged nor published."""
    lake = make_lake(stack, postgres, _seed(request), DEMO[0], Effects.none())
    lake.run("run", "--only", "extract")
    run_id = StagingZone(lake.settings).runs()[-1]
    lake.dbt("run", "--vars", f"run_id: {run_id}", "--exclude", "resource_type:snapshot+")
    return School(lake, "_marts")


def _seed(request: pytest.FixtureRequest) -> int:
    given = request.config.getoption("--oracle-seed")
    return DEMO[1] if given is None else given


def _z_of_interval(value: pd.Series, lower: pd.Series, upper: pd.Series) -> pd.Series:
    """How many standard deviations a value is from 0, by its published 95 % interval."""
    value, lower, upper = (bound.astype(float) for bound in (value, lower, upper))
    return value * 2 * PER_SIDE / (upper - lower)


def _z_of_means(values: pd.Series, others: pd.Series) -> float:
    error = math.sqrt(values.var() / len(values) + others.var() / len(others))
    return (values.mean() - others.mean()) / error


def _z_of_shares(part: float, whole: float, other_part: float, other_whole: float) -> float:
    share = (part + other_part) / (whole + other_whole)
    error = math.sqrt(share * (1 - share) * (1 / whole + 1 / other_whole))
    return (part / whole - other_part / other_whole) / error


def _z_of_correlation(values: pd.Series, others: pd.Series) -> float:
    pairs = pd.DataFrame({"value": values, "other": others}).astype(float).dropna()
    return math.atanh(pairs.corr().iloc[0, 1]) * math.sqrt(len(pairs) - 3)


def _risks(school: School) -> pd.DataFrame:
    """The bands of `dropout_factors` with the z-score of the logarithm of their risk."""
    factors = school.mart("dropout_factors").dropna(subset=["relative_risk_lower"])
    columns = ["relative_risk", "relative_risk_lower", "relative_risk_upper"]
    logs = np.log(factors[columns].astype(float))
    return factors.assign(z=_z_of_interval(*(logs[column] for column in columns)))


def _z_of_band(school: School, factor: str, band: str) -> float:
    return float(_risks(school).set_index(["factor", "band"])["z"][factor, band])


def low_attendance_makes_drop_out(school: School) -> float:
    return _z_of_band(school, "attendance", "up to 80 %")


def low_ability_makes_drop_out(school: School) -> float:
    return _z_of_band(school, "average_grade", "below 50")


def no_contract_makes_drop_out(school: School) -> float:
    return _z_of_band(school, "contract", "no contract")


def the_weak_campus_makes_drop_out(school: School) -> float:
    names = school.mart("dim_campus").set_index("campus_id")["campus_name"]
    return _z_of_band(school, "campus", names[WEAK_CAMPUS])


def attendance_falls_before_dropping_out(school: School) -> float:
    trend = school.mart("dropouts")["attendance_trend"].dropna().astype(float)
    return -trend.mean() / (trend.std() / math.sqrt(len(trend)))


def the_reason_names_the_missing_contract(school: School) -> float:
    dropouts = school.mart("dropouts")
    return _z_of_correlation(dropouts["leave_reason"] == "no_contract", ~dropouts["had_contract"])


def attendance_makes_grades(school: School) -> float:
    students = school.mart("students").query("grade_count >= 5 and lessons_called >= 20")
    return _z_of_correlation(students["attendance_rate"], students["average_grade"])


def institutions_differ_in_grades(school: School) -> float:
    students = school.mart("students").query("grade_count >= 5")
    grades = students["average_grade"].astype(float).groupby(students["origin_institution"])
    return stats.norm.isf(stats.f_oneway(*(of_one for _, of_one in grades)).pvalue)


def the_growing_campus_attends_more(school: School) -> float:
    students = school.mart("students").query("lessons_called >= 20")
    rates = students.set_index("campus_id")["attendance_rate"].astype(float)
    return _z_of_means(rates[GROWING_CAMPUS], rates[WEAK_CAMPUS])


def the_growing_campus_grows(school: School) -> float:
    """Compares the mean year of joining with the middle one, which is that of an even intake."""
    card = school.mart("campus_scorecard").query(
        "is_complete_year and campus_id == @GROWING_CAMPUS"
    )
    card = card[card["school_year"].isin(_years_of_lessons(school))]
    years, intake = card["school_year"].astype(int), card["intake"].astype(int)
    error = math.sqrt(years.var(ddof=0) / intake.sum())
    return (np.average(years, weights=intake) - years.mean()) / error


def _years_of_lessons(school: School) -> set[int]:
    """Before the first roll only those who were still enrolled are known."""
    return set(school.mart("lessons").query("is_roll_called")["school_year"])


def the_growing_campus_converts_more(school: School) -> float:
    card = (
        school.mart("campus_scorecard")
        .query("is_complete_year")
        .dropna(subset="event_conversion_rate")
    )
    card["converted"] = card["event_conversion_rate"].astype(float) * card["contacts"].astype(int)
    sums = card.groupby("campus_id")[["converted", "contacts"]].sum().astype(float)
    return _z_of_shares(*sums.loc[GROWING_CAMPUS], *sums.loc[WEAK_CAMPUS])


def open_days_convert_more(school: School) -> float:
    groups = school.mart("event_impact_by_type").query("is_season_over and not is_small_group")
    sums = groups.groupby("event_type")[["contacts_converted", "contacts"]].sum().astype(float)
    return _z_of_shares(*sums.loc["open_day"], *sums.loc["fair"])


def companies_make_contracts(school: School) -> float:
    """The trend of the share of students with a contract over the companies of their region."""
    companies = school.mart("regions").groupby("region")["companies"].max()
    students, contracts = school.mart("students"), school.mart("apprenticeships")
    studies = contracts[contracts["contract_type"].isin(["apprenticeship", "professionalisation"])]
    contracted = students["student_key"].isin(studies["student_key"])
    return _z_of_correlation(contracted, students["region"].map(companies))


def companies_are_met_near_home(school: School) -> float:
    """Compares with what the regions of students and of companies would give by chance."""
    companies = school.mart("company_recruitment").drop_duplicates("company_id")
    contracts = school.mart("apprenticeships").drop_duplicates("student_key")
    home = contracts["student_key"].map(school.mart("students").set_index("student_key")["region"])
    job = contracts["company_id"].map(companies.set_index("company_id")["region"])
    shares = home.value_counts(normalize=True) * job.value_counts(normalize=True)
    expected = shares.sum()
    error = math.sqrt(expected * (1 - expected) / len(contracts))
    return ((home == job).mean() - expected) / error


def apprentices_are_hired_sooner(school: School) -> float:
    hired = school.mart("graduate_hiring").query("is_hired")
    days = hired.set_index("had_contract_before")["days_to_hire"].astype(int)
    return stats.norm.isf(stats.mannwhitneyu(days[True], days[False], alternative="less").pvalue)


def one_competitor_dominates(school: School) -> float:
    schools = school.mart("competitor_schools").query("scope == 'all_years'")
    moved = schools.set_index("competing_school")[["students_lost", "students_gained"]]
    moved = moved.astype(int).sum(axis=1)
    count, share = moved.sum(), 1 / len(places.COMPETITORS)
    first = moved.get(places.COMPETITORS[0], 0)
    return (first - count * share) / math.sqrt(count * share * (1 - share))


CAUSES = [
    low_attendance_makes_drop_out,
    low_ability_makes_drop_out,
    no_contract_makes_drop_out,
    the_weak_campus_makes_drop_out,
    attendance_falls_before_dropping_out,
    the_reason_names_the_missing_contract,
    attendance_makes_grades,
    institutions_differ_in_grades,
    the_growing_campus_attends_more,
    the_growing_campus_grows,
    the_growing_campus_converts_more,
    open_days_convert_more,
    companies_make_contracts,
    companies_are_met_near_home,
    apprentices_are_hired_sooner,
    one_competitor_dominates,
]
each_cause = pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)


@each_cause
def test_a_planted_cause_is_found(planted: School, cause: Callable[[School], float]) -> None:
    assert cause(planted) > PER_SIDE


@each_cause
def test_a_cause_is_not_found_where_none_is(
    plain: School, cause: Callable[[School], float]
) -> None:
    assert abs(cause(plain)) < BAR


def test_low_attendance_goes_with_dropping_out_most(planted: School) -> None:
    risks = _risks(planted)
    strongest = risks.loc[risks["relative_risk_lower"].astype(float).idxmax()]
    assert (strongest["factor"], strongest["band"]) == ("attendance", "up to 80 %")


def test_what_was_not_planted_does_not_go_with_dropping_out(planted: School) -> None:
    z = _risks(planted).set_index("factor")["z"]
    assert (z[["gender", "origin_institution"]].abs() < BAR).all()


def test_nothing_goes_with_dropping_out_where_nothing_causes_it(plain: School) -> None:
    risks = _risks(plain)
    assert len(risks) > 20
    found = risks[risks["z"].abs() > BAR]
    assert found.empty, found[["factor", "band", "relative_risk", "z"]].to_string()


def test_companies_go_with_contracts_and_campuses_with_students(planted: School) -> None:
    drivers = planted.mart("region_drivers").set_index(["outcome", "driver"])
    lower = drivers["correlation_lower"].astype(float)
    assert lower["contracts_per_100_students", "companies"] > 0
    assert lower["students", "campuses"] > 0


def test_nothing_goes_with_what_regions_send_where_nothing_causes_it(plain: School) -> None:
    drivers = plain.mart("region_drivers").dropna(subset="correlation")
    correlation, regions = drivers["correlation"].astype(float), drivers["regions"].astype(int)
    z = np.arctanh(correlation) * np.sqrt(regions - 3)
    assert len(z) == 10 and (z.abs() < BAR).all()


def test_recruits_at_events_are_like_the_others_where_nothing_causes_it(plain: School) -> None:
    outcomes = plain.mart("event_recruit_outcomes")
    columns = ["difference", "difference_lower", "difference_upper"]
    z = _z_of_interval(*(outcomes[column] for column in columns))
    assert len(z) == 3 and (z.abs() < BAR).all()


def test_the_company_keeps_its_apprentices_only_where_it_was_planted(
    planted: School, plain: School
) -> None:
    shares = []
    for school in (planted, plain):
        hired = school.mart("graduate_hiring").query("is_hired and had_contract_before")
        shares.append(hired["hired_by_own_company"].astype(bool).mean())
    assert shares[0] > 0.35 > 0.05 > shares[1]


def _present_and_ahead(school: School) -> pd.DataFrame:
    """Students of each campus in the last school year, and the forecast of three years later."""
    history = school.mart("enrolment_history")
    last = history[history["school_year"] == history["school_year"].max()]
    ahead = school.mart("enrolment_forecast").query("scope == 'campus' and horizon == 3")
    ahead = ahead.set_index("campus_id")[["students_forecast", "lower_95", "upper_95"]]
    return ahead.astype(float).assign(present=last.groupby("campus_id")["students"].sum())


def test_history_and_forecast_tell_the_growing_campus_from_the_weak_one(planted: School) -> None:
    campuses = _present_and_ahead(planted)
    present = campuses["present"]
    assert (present.idxmax(), present.idxmin()) == (GROWING_CAMPUS, WEAK_CAMPUS)
    growth = campuses["students_forecast"] / present
    assert growth[GROWING_CAMPUS] > 1.2 > 1.1 > growth[WEAK_CAMPUS]


def test_no_campus_is_forecast_to_grow_where_none_does(plain: School) -> None:
    """Of the two that grow and shrink elsewhere; of many campuses one may do so by chance."""
    campuses = _present_and_ahead(plain).loc[[GROWING_CAMPUS, WEAK_CAMPUS]]
    assert campuses["present"].between(campuses["lower_95"], campuses["upper_95"]).all()
