"""What the catalog says of each published mart: its rows, its age, and what the gate made of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gates.verdicts import Verdict


@dataclass(frozen=True)
class Published:
    """What is published of a target: the run, when, the instant that its data show, rows by view.

    `verdict` is the marts gate's on that run, `refused` the newest one when it refused a later run.
    """

    run_id: str
    published_at: datetime
    data_as_of: datetime | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    verdict: Verdict | None = None
    refused: Verdict | None = None


def stats(published: Published | None, view: str) -> dict[str, Any]:
    """Returns what dbt's site shows under "Details" of a mart, in the words of its catalog.json."""
    told = list(_told(published, view)) if published else [NOT_YET]
    return {
        f"campuslake_{number}": {
            "id": "rows" if label == "rows" else f"campuslake_{number}",
            "label": label,
            "value": value,
            "description": description,
            "include": True,
        }
        for number, (label, value, description) in enumerate(told)
    } | {"has_stats": {"id": "has_stats", "label": "", "value": True, "include": False}}


NOT_YET = ("published", "not yet: `campuslake run` publishes", "No run passed the gates so far.")


def _told(published: Published, view: str) -> Iterator[tuple[str, Any, str]]:
    if view not in published.rows:
        yield NOT_YET
        return
    if published.data_as_of:
        yield (
            "data as of",
            _instant(published.data_as_of),
            "The instant of the ERP that the published rows show.",
        )
    yield "published", _instant(published.published_at), "When readers began to see these rows."
    yield "published run", published.run_id, "`campuslake runs RUN` tells it whole."
    yield "rows", published.rows[view], "Rows of the published mart."
    if published.verdict:
        yield "gate", _judged(published.verdict, view), "The marts gate on the published run."
    if published.refused:
        yield (
            "refused since",
            f"run {published.refused.run_id}: {_judged(published.refused, view)}",
            "A later run that the gate refused: the published rows stay as they are.",
        )


def _judged(verdict: Verdict, view: str) -> str:
    checks = [check for check in verdict.checks if check.table == view.split(".")[1]]
    failed = [check for check in checks if not check.passed]
    told = f"{len(checks) - len(failed)} of {len(checks)} checks passed"
    if failed:
        told += f", failed: {', '.join(sorted({check.expectation for check in failed}))}"
    return f"{told}, {_instant(verdict.judged_at)}"


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
