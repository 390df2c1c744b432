"""The 11 tables of a simulated school as streams of COPY text."""

from collections.abc import Iterator
from dataclasses import dataclass

from erp.attendance import attendance_rows, expected_calls
from erp.companies import company_rows
from erp.contracts import contract_rows
from erp.grading import expected_marks, grade_rows
from erp.people import student_rows
from erp.recruitment import audience_rows, event_rows
from erp.school import SUBJECTS, campus_rows, professor_rows, subject_rows
from erp.simulation import Simulation
from erp.timetable import lesson_rows


@dataclass(frozen=True)
class TableStream:
    """A table's COPY text in chunks of whole rows, in the column order of schema.sql.

    `expected_rows` is about right, for a progress bar; None when nobody knows.
    """

    name: str
    expected_rows: int | None
    chunks: Iterator[bytes]


def table_streams(simulation: Simulation) -> Iterator[TableStream]:
    """Yields the streams in the order of `schema.TABLES`; each is drawn while it is read."""
    s = simulation
    yield TableStream("campuses", s.school.campuses, campus_rows(s.school))
    yield TableStream(
        "students", s.intake.count, student_rows(s.intake, s.person, s.leaving, s.seed)
    )
    yield TableStream(
        "professors",
        len(s.school.professor_campus),
        professor_rows(s.school, s.names, s.seed),
    )
    yield TableStream("subjects", len(SUBJECTS), subject_rows())
    yield TableStream("lessons", s.timetable.count, lesson_rows(s.timetable, s.school))
    yield TableStream(
        "attendances",
        expected_calls(s.timetable, s.intake, s.leaving),
        attendance_rows(s.rolls(), s.intake),
    )
    yield TableStream(
        "grades",
        expected_marks(s.exams, s.intake, s.leaving, s.seed),
        grade_rows(s.marks(), s.intake),
    )
    yield TableStream("companies", s.companies.count, company_rows(s.companies, s.names, s.seed))
    yield TableStream(
        "apprenticeships", len(s.contracts.student), contract_rows(s.contracts, s.intake)
    )
    yield TableStream("events", len(s.events.date), event_rows(s.events))
    yield TableStream(
        "audiences",
        None,
        audience_rows(s.events, s.meetings, s.intake, s.person, s.names, s.seed),
    )
