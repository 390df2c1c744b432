"""Pictures of the dashboards for those who read about them, small enough to keep in git."""

from pathlib import Path

from rich.progress import Progress

from infra.local.browser import drive
from infra.local.superset import DASHBOARDS, Superset
from infra.settings import REPOSITORY

FOLDER = REPOSITORY / "docs" / "screenshots"
COLOURS = 96  # of the palette: charts have few
SIZE = {"width": 1280, "height": 2000}


def take(superset: Superset, progress: Progress) -> list[Path]:
    """Takes a picture of each dashboard as an analyst sees it; returns the files."""
    slugs = sorted(path.stem for path in (DASHBOARDS / "dashboards").glob("*.yaml"))
    task = progress.add_task("pictures of dashboards", total=len(slugs))
    FOLDER.mkdir(parents=True, exist_ok=True)
    login = {"url": superset.url, "user": "analyst", "password": superset.passwords["analyst"]}
    for slug in slugs:
        more = {"slugs": [slug], "pictures": str(FOLDER), "colours": COLOURS}
        drive(DASHBOARDS / "look.py", login | SIZE | more)
        progress.advance(task)
    progress.remove_task(task)
    return [FOLDER / f"{slug}.png" for slug in slugs]
