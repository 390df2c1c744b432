"""Seconds until every chart of a dashboard is there, cold and warm.

    python -m benchmarks.dashboards

Asks the dashboards that run (`make dashboards`), in headless Chromium, as an analyst: once with an
empty cache, once after `campuslake dashboards warm`. The browser starts anew for each.
"""

from typing import Any

from rich.progress import Progress
from rich.table import Table

from infra.command_line import out
from infra.errors import CampuslakeError
from infra.local.browser import drive
from infra.local.superset import DASHBOARDS, Superset
from infra.settings import settings
from orchestration.warm_dashboards import warm


def main() -> None:
    """Prints a row per dashboard. Raises `CampuslakeError` when none run."""
    superset = Superset(settings())
    if not superset.answers():
        raise CampuslakeError("the dashboards are not running", "start them: `make dashboards`")
    superset.forget_answers()
    cold = look(superset)
    warm(superset, Progress(disable=True))
    seen = look(superset)
    table = Table("dashboard", "charts", "cold, s", "warm, s", "from the cache")
    for slug, page in seen.items():
        cached = f"{sum(page['cached'])} of {len(page['cached'])}"
        seconds = (f"{cold[slug]['seconds']:.1f}", f"{page['seconds']:.1f}")
        table.add_row(slug, str(len(page["charts"])), *seconds, cached)
    out.print(table)


def look(superset: Superset) -> dict[str, Any]:
    """Opens every dashboard; returns what was seen by slug."""
    slugs = sorted(path.stem for path in (DASHBOARDS / "dashboards").glob("*.yaml"))
    login = {"url": superset.url, "user": "analyst", "password": superset.passwords["analyst"]}
    return drive(DASHBOARDS / "look.py", login | {"slugs": slugs, "height": 3200})


if __name__ == "__main__":
    main()
