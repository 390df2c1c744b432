"""One simulated school: every decision drawn, no table written yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from erp.attendance import Roll, call_rolls
from erp.companies import Companies, found_companies
from erp.contracts import Contracts, draw_contracted, sign_contracts
from erp.effects import Effects
from erp.grading import Exams, Marks, give_marks, plan_exams
from erp.leaving import Leaving, draw_leaving
from erp.names import NamePool, name_pool
from erp.people import Intake, Person, draw_intake, name_people
from erp.recruitment import Events, Meetings, meet, plan_events
from erp.scales import Scale
from erp.school import School, build_school
from erp.timetable import Timetable, plan_lessons


@dataclass(frozen=True)
class Simulation:
    """What happened at a school. `rolls` and `marks` are drawn anew, the same, at each call.

    `met` and `contracted` hold one truth value per student: met at an event before joining,
    under contract during the studies.
    """

    scale: Scale
    seed: int
    effects: Effects
    school: School
    events: Events
    intake: Intake
    meetings: Meetings
    met: np.ndarray
    companies: Companies
    contracted: np.ndarray
    leaving: Leaving
    contracts: Contracts
    timetable: Timetable
    exams: Exams

    @cached_property
    def names(self) -> NamePool:
        """The names to draw from."""
        return name_pool(self.seed)

    @cached_property
    def person(self) -> Person:
        """What the students are called."""
        return name_people(self.intake, self.names, self.seed)

    def rolls(self) -> Iterator[Roll]:
        """Yields the roll calls, in bounded chunks."""
        return call_rolls(self.timetable, self.intake, self.leaving, self.seed, self.effects)

    def marks(self) -> Iterator[Marks]:
        """Yields the grades, in bounded chunks."""
        return give_marks(self.exams, self.intake, self.leaving, self.seed)


def simulate(scale: Scale, seed: int, effects: Effects) -> Simulation:
    """Simulates the school of a scale and seed: the same arguments, the same school."""
    school = build_school(scale, seed, effects)
    events = plan_events(school, seed, effects)
    intake = draw_intake(scale, school, events.fairs_by_region, seed, effects)
    meetings = meet(intake, events, seed)
    met = np.bincount(meetings.student, minlength=intake.count) > 0
    companies = found_companies(scale, seed)
    contracted = draw_contracted(intake, seed, effects)
    leaving = draw_leaving(intake, met, contracted, seed, effects)
    return Simulation(
        scale=scale,
        seed=seed,
        effects=effects,
        school=school,
        events=events,
        intake=intake,
        meetings=meetings,
        met=met,
        companies=companies,
        contracted=contracted,
        leaving=leaving,
        contracts=sign_contracts(intake, contracted, leaving, companies, seed, effects),
        timetable=plan_lessons(scale, school, seed),
        exams=plan_exams(school, seed),
    )
