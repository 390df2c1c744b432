"""The contracts of students with companies: during the studies, and after graduating."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from erp import places
from erp.companies import Companies, draw_company
from erp.copy_text import rows
from erp.effects import Baseline, Effects
from erp.leaving import Leaving
from erp.log_odds import chances_around
from erp.people import Intake
from erp.randomness import stream
from erp.school import PROMOTIONS
from erp.school_calendar import NEVER, TODAY, Days, date_text

TYPES = ("apprenticeship", "professionalisation", "internship", "permanent", "fixed_term")
_STUDY_SHARE = np.array([0.65, 0.20, 0.15])
_INTERNSHIP, _PERMANENT, _FIXED_TERM = 2, 3, 4
_SHARE_PERMANENT = 0.70
_SHARE_SECOND = 0.25
_SHARE_HIRED_AT_ONCE = 0.02
_SHARE_RENEWED = 0.50


@dataclass(frozen=True)
class Contracts:
    """One value per contract: positions of student, company and type; `end` may be `NEVER`."""

    student: np.ndarray
    company: np.ndarray
    type: np.ndarray
    start: Days
    end: Days

    def then(self, other: "Contracts") -> "Contracts":
        """Returns these contracts followed by the others."""
        columns = [field.name for field in fields(self)]
        return Contracts(*[np.append(getattr(self, c), getattr(other, c)) for c in columns])


def draw_contracted(intake: Intake, seed: int, effects: Effects) -> np.ndarray:
    """Draws who signs a contract during the studies (True), by promotion and home region.

    Within a promotion the average is the baseline's; with effects, regions with many
    companies have more.
    """
    companies = np.log(places.weights("companies"))[intake.region]
    spread = max(float(companies.std()), 1e-9)
    log_odds = effects.contract_by_companies * (companies - companies.mean()) / spread
    chances = np.empty(intake.count)
    for promotion in range(len(PROMOTIONS)):
        here = intake.promotion == promotion
        if here.any():
            level = Baseline().contract_by_promotion[promotion]
            chances[here] = chances_around(level, log_odds[here])
    return stream(seed, "contracted").random(intake.count) < chances


def sign_contracts(
    intake: Intake,
    contracted: np.ndarray,
    leaving: Leaving,
    companies: Companies,
    seed: int,
    effects: Effects,
) -> Contracts:
    """Signs every contract: of the studies for those `contracted`, then of the graduates."""
    studies = _sign_for_studies(intake, contracted, leaving, companies, seed, effects)
    return studies.then(_hire(intake, leaving, studies, companies, seed, effects))


def _sign_for_studies(
    intake: Intake,
    contracted: np.ndarray,
    leaving: Leaving,
    companies: Companies,
    seed: int,
    effects: Effects,
) -> Contracts:
    """Signs a contract soon after joining and for some an internship elsewhere later.

    All start while enrolled; leaving early ends them. Signing does not depend on having
    stayed long, so that contracts protect from leaving only where the effects say so.
    """
    rng = stream(seed, "study contracts")
    student = np.flatnonzero(contracted)
    count = len(student)
    left, end = leaving.left[student], intake.end[student]
    kind = rng.choice(len(_STUDY_SHARE), p=_STUDY_SHARE, size=count)
    start = np.minimum(intake.join[student] + rng.integers(0, 22, count), np.minimum(left, TODAY))
    planned = np.where(kind == _INTERNSHIP, start + rng.integers(60, 181, count), end)
    region = intake.region[student]
    company = draw_company(companies, region, effects.company_near_home, rng)
    first = Contracts(student, company, kind, start, np.minimum(planned, left))

    stay_end = np.minimum(np.minimum(left, TODAY), end)
    later = intake.join[student] + 200 + rng.integers(0, 300, count)
    again = (rng.random(count) < _SHARE_SECOND) & (later < stay_end)
    second = Contracts(
        student[again],
        draw_company(companies, region[again], effects.company_near_home, rng),
        np.full(again.sum(), _INTERNSHIP),
        later[again],
        np.minimum(later + rng.integers(60, 151, count), left)[again],
    )
    return first.then(second)


def _hire(
    intake: Intake,
    leaving: Leaving,
    studies: Contracts,
    companies: Companies,
    seed: int,
    effects: Effects,
) -> Contracts:
    """Hires the graduates after a lognormal time; some at once, never, or not by today.

    A work-study contract (not an internship) divides the median time by exp(effect). Half of
    the fixed terms that are over became permanent the day after.
    """
    rng = stream(seed, "hires")
    baseline = Baseline()
    student = np.flatnonzero(leaving.graduated)
    count = len(student)
    work_study = np.zeros(intake.count, bool)
    work_study[studies.student[studies.type < _INTERNSHIP]] = True
    employer = np.full(intake.count, -1)
    employer[studies.student] = studies.company
    median = np.log(baseline.days_to_hire) - effects.hire_speed_by_apprenticeship * work_study
    days = rng.lognormal(median[student], baseline.hire_spread).astype(np.int64)
    days[rng.random(count) < _SHARE_HIRED_AT_ONCE] = 0
    start = leaving.left[student] + days
    hired = (rng.random(count) >= baseline.never_hired) & (start <= TODAY)
    kept = (rng.random(count) < effects.kept_by_the_company) & (employer[student] >= 0)
    elsewhere = draw_company(companies, intake.region[student], effects.company_near_home, rng)
    permanent = rng.random(count) < _SHARE_PERMANENT
    fixed_end = start + rng.integers(180, 541, count)
    first = Contracts(
        student[hired],
        np.where(kept, employer[student], elsewhere)[hired],
        np.where(permanent, _PERMANENT, _FIXED_TERM)[hired],
        start[hired],
        np.where(permanent, NEVER, fixed_end)[hired],
    )
    renewed = (rng.random(len(first.end)) < _SHARE_RENEWED) & (first.end < TODAY)
    again = np.full(renewed.sum(), _PERMANENT)
    return first.then(
        Contracts(
            first.student[renewed],
            first.company[renewed],
            again,
            first.end[renewed] + 1,
            np.full(len(again), NEVER),
        )
    )


def contract_rows(contracts: Contracts, intake: Intake) -> Iterator[bytes]:
    """Yields `apprenticeships`, oldest first."""
    order = np.lexsort((contracts.student, contracts.start))
    yield from rows(
        range(1, len(order) + 1),
        intake.id[contracts.student][order],
        contracts.company[order] + 1,
        [TYPES[number] for number in contracts.type[order]],
        date_text(contracts.start[order]),
        date_text(contracts.end[order]),
    )
