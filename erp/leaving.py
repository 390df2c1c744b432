"""Who leaves, when, why and where to: graduates at the end, dropouts before it."""

from dataclasses import dataclass

import numpy as np

from erp import places
from erp.effects import WEAK_CAMPUS, Baseline, Effects
from erp.log_odds import chances_around
from erp.people import Intake, draw_competitors
from erp.randomness import stream
from erp.school_calendar import FIRST_YEAR, NEVER, TODAY, Days, day, to_weekday

GRADUATED = "graduated"

REASONS = (
    "academic_failure",
    "absenteeism",
    "no_contract",
    "relocation",
    "financial",
    "personal",
    "transfer",
)
"""Reasons of a dropout; the first four have a cause of their own in the simulation."""

_REASON_SHARE = np.array([0.22, 0.18, 0.12, 0.10, 0.15, 0.13, 0.10])
_REASON_UNKNOWN = 0.06
_NEVER_CAME = 0.01
_SHORTEST_STAY = 14
_TRANSFER_KNOWN = 0.90
_OTHER_NEXT_SCHOOL = 0.12


@dataclass(frozen=True)
class Leaving:
    """How each student left: one entry per student.

    `left` is the last day enrolled, `NEVER` while enrolled. `dropout` is the day of dropping
    out even when it is still ahead, `NEVER` for those who will graduate.
    """

    left: Days
    reason: list[str | None]
    next_school: list[str | None]
    dropout: Days

    @property
    def graduated(self) -> np.ndarray:
        """Where a student has graduated."""
        return np.array([reason == GRADUATED for reason in self.reason], bool)

    @property
    def dropped_out(self) -> np.ndarray:
        """Where a student has left without graduating."""
        return (self.left != NEVER) & ~self.graduated


def draw_leaving(
    intake: Intake, met: np.ndarray, contracted: np.ndarray, seed: int, effects: Effects
) -> Leaving:
    """Draws how each student's time at the school ends.

    `met` says who was met at an event, `contracted` who holds a contract during the studies.
    The average chance to drop out before the planned end is the baseline's, whatever the effects.
    """
    rng = stream(seed, "leaving")
    log_odds = (
        -effects.dropout_by_low_attendance * intake.attendance
        - effects.dropout_by_low_ability * intake.ability
        + effects.dropout_without_contract * ~contracted
        + effects.dropout_far_from_home * intake.is_far
        + effects.dropout_without_event * ~met
        + effects.dropout_at_weak_campus * (intake.campus == WEAK_CAMPUS - 1)
    )
    drops = rng.random(intake.count) < chances_around(Baseline().dropout, log_odds)
    dropout = np.where(drops, _draw_dropout_days(intake, rng), NEVER)
    planned = np.minimum(dropout, intake.end)
    left = np.where(planned <= TODAY, planned, NEVER)
    reason = _draw_reasons(intake, contracted, rng, effects)
    unknown = rng.random(intake.count) < _REASON_UNKNOWN
    reasons = [
        None if day_left == NEVER else GRADUATED if not drop else None if hidden else REASONS[code]
        for day_left, drop, hidden, code in zip(left, drops, unknown, reason, strict=True)
    ]
    return Leaving(left, reasons, _draw_next_schools(left, drops, reason, rng, effects), dropout)


def _draw_dropout_days(intake: Intake, rng: np.random.Generator) -> Days:
    """Draws days between joining and the planned end, more of them early than late.

    The few who never came leave on the day they joined.
    """
    first = np.maximum(intake.join + _SHORTEST_STAY, day(FIRST_YEAR, 9, 1))
    share = rng.beta(1.3, 1.9, intake.count)
    days = to_weekday(first + np.floor(share * (intake.end - first)).astype(np.int64))
    never_came = (rng.random(intake.count) < _NEVER_CAME) & (intake.year >= FIRST_YEAR)
    return np.where(never_came, intake.join, np.maximum(days, intake.join))


def _draw_reasons(
    intake: Intake, contracted: np.ndarray, rng: np.random.Generator, effects: Effects
) -> np.ndarray:
    """Draws a reason position per student; with effects the likelier, the stronger its cause."""
    weight = np.zeros((intake.count, len(REASONS)))
    weight[:, 0] = -1.2 * intake.ability
    weight[:, 1] = -1.2 * intake.attendance
    weight[:, 2] = np.where(contracted, -4.0, 1.0)
    weight[:, 3] = np.where(intake.is_far, 1.2, -1.0)
    weight = np.log(_REASON_SHARE) + effects.reason_follows_cause * weight
    # Adding Gumbel noise to log weights and taking the largest draws in proportion to them.
    return np.argmax(weight + rng.gumbel(size=weight.shape), axis=1)


def _draw_next_schools(
    left: Days, drops: np.ndarray, reason: np.ndarray, rng: np.random.Generator, effects: Effects
) -> list[str | None]:
    """Draws the competitor a dropout went to; most told nobody, those who transfer did."""
    competitor = draw_competitors(len(left), rng, effects)
    transferred = reason == REASONS.index("transfer")
    told = rng.random(len(left)) < np.where(transferred, _TRANSFER_KNOWN, _OTHER_NEXT_SCHOOL)
    known = told & drops & (left != NEVER)
    return [
        places.COMPETITORS[number] if is_known else None
        for number, is_known in zip(competitor, known, strict=True)
    ]
