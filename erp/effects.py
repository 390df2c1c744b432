"""What causes what in the simulated school: every coefficient, in one place.

`Effects()` is the believable school; `Effects.none()` is the same school without a cause:
factors and outcomes are then independent, and an analysis that finds one is wrong.
Log-odds are per standard deviation of a factor or for its presence.
"""

from dataclasses import dataclass, fields

GROWING_CAMPUS = 2
"""Id of the campus that grows, attends and retains best when effects are on."""

WEAK_CAMPUS = 4
"""Id of the campus that shrinks, attends and retains worst when effects are on."""


@dataclass(frozen=True)
class Baseline:
    """Levels that hold with and without effects. Shares are between 0 and 1."""

    dropout: float = 0.18
    contract_by_promotion: tuple[float, float, float] = (0.45, 0.60, 0.65)
    met_at_event: float = 0.40
    conversion: float = 0.12
    attendance_logit: float = 2.70
    attendance_spread: float = 0.75
    late: float = 0.05
    excused_of_missed: float = 0.40
    grade_mean: float = 60.0
    grade_sd: float = 15.0
    ability_sd: float = 8.0
    subject_sd: float = 2.5
    days_to_hire: float = 95.0
    hire_spread: float = 0.9
    never_hired: float = 0.07
    repeats_a_year: float = 0.05


@dataclass(frozen=True)
class Effects:
    """The planted causes. Zero means: no such cause."""

    # Who drops out: change of the log-odds of leaving before the end.
    dropout_by_low_attendance: float = 1.05
    dropout_by_low_ability: float = 0.55
    dropout_without_contract: float = 0.50
    dropout_far_from_home: float = 0.30
    dropout_without_event: float = 0.25
    dropout_at_weak_campus: float = 0.60
    attendance_fall_before_dropout: float = 1.0
    reason_follows_cause: float = 1.0

    # Who attends and succeeds.
    ability_by_attendance: float = 0.35
    ability_by_institution: float = 0.40
    attendance_by_campus: float = 0.35

    # Who joins, and from where.
    open_day_conversion: float = 0.08
    fair_conversion: float = -0.04
    campus_conversion: float = 0.35
    home_near_campus: float = 0.50
    region_by_events: float = 1.0
    region_by_population: float = 1.0
    intake_growth: float = 0.03
    intake_growth_at_growing_campus: float = 0.16
    intake_growth_at_weak_campus: float = -0.14

    # Who signs a contract, who is hired, who recruits.
    contract_by_companies: float = 0.60
    company_near_home: float = 0.85
    hire_speed_by_apprenticeship: float = 0.90
    kept_by_the_company: float = 0.45
    competitor_dominance: float = 1.0

    @classmethod
    def none(cls) -> "Effects":
        """Returns the effects of a school in which nothing causes anything."""
        return cls(**{field.name: 0.0 for field in fields(cls)})
