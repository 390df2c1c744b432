"""Contacts and the students they became."""

from collections.abc import Iterator

import pytest

from erp.recruitment import audience_rows
from erp.school_calendar import date_text
from erp.simulation import Simulation


def _contacts(simulation: Simulation) -> Iterator[tuple[str, str]]:
    """Yields e-mail as typed in and day collected."""
    s = simulation
    for chunk in audience_rows(s.events, s.meetings, s.intake, s.person, s.names, s.seed):
        for line in chunk.decode().splitlines():
            cells = line.split("\t")
            yield cells[4], cells[6][:10]


def test_contacts_match_students_by_trimmed_lower_case_email_before_and_after_joining(
    demo: Simulation,
) -> None:
    join = dict(zip(demo.person.personal_email, date_text(demo.intake.join), strict=True))
    before, after, untidy = set(), set(), set()
    for typed, collected in _contacts(demo):
        email = typed.strip().lower()
        if email in join:
            (before if collected <= join[email] else after).add(email)
            if typed != email:
                untidy.add(email)
    assert len(before) == demo.met.sum()
    assert len(before) / demo.intake.count == pytest.approx(0.40, abs=0.05)
    assert after - before
    assert after & before
    assert untidy


def test_most_contacts_never_join(demo: Simulation) -> None:
    students = set(demo.person.personal_email)
    joined = [typed.strip().lower() in students for typed, _ in _contacts(demo)]
    assert 0.05 < sum(joined) / len(joined) < 0.25


def test_personal_emails_are_unique(demo: Simulation) -> None:
    assert len(set(demo.person.personal_email)) == demo.intake.count
