"""The analyst's guide, question by question, for the pages of the questions."""

import re
from collections.abc import Mapping
from typing import Any

from infra.settings import REPOSITORY

GUIDE = REPOSITORY / "docs" / "analyst-guide.md"
HEADING = re.compile(r"^## (?=Q(\d+): )", re.MULTILINE)


def question_number(exposure: Mapping[str, Any]) -> int | None:
    """Returns which of the school's questions an exposure is; None of dashboards and notebooks."""
    named = re.match(r"q(\d+)_", exposure["name"])
    return int(named[1]) if named else None


def answers() -> dict[int, str]:
    """Returns what the guide says of each question, by its number, as Markdown.

    Several sections on one question follow each other.
    """
    _, *pieces = HEADING.split(GUIDE.read_text(encoding="utf-8"))
    found: dict[int, str] = {}
    for number, section in zip(map(int, pieces[::2]), pieces[1::2], strict=True):
        words = re.split(r"^## ", section, flags=re.MULTILINE)[0].strip()
        found[number] = "\n\n".join(filter(None, [found.get(number), f"#### {words}"]))
    return found
