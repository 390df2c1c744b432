"""The site of the catalog, made from the project and from what is published."""

import json
from pathlib import Path

from rich.progress import Progress

from catalog.annotations import annotated
from catalog.page import GENERATOR, page
from catalog.publication import Published
from extract.zone import StagingZone
from gates.verdicts import newest, verdict_on
from infra.errors import CampuslakeError
from infra.settings import REPOSITORY, Settings
from orchestration.dbt import Dbt
from orchestration.lock import run_lock
from orchestration.records import RunRegister

SITE = REPOSITORY / "target" / "site"


def make_site(settings: Settings, dbt: Dbt, folder: Path = SITE) -> Path:
    """Writes the site, one HTML file, into a folder; returns the file.

    Raises `CampuslakeError` when the engine or the bucket does not answer, or when the folder
    holds anything but such a site.
    """
    require_own(folder)
    dbt.docs()
    catalog = json.loads((REPOSITORY / "target" / "catalog.json").read_text())
    html = page(*annotated(dbt.manifest(), catalog, what_is_published(settings)))
    written = folder / "index.html.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written.write_text(html, encoding="utf-8")
        return written.replace(folder / "index.html")
    except OSError as error:
        raise CampuslakeError(
            f"the catalog cannot be written to {folder}: {error.strerror}", "name another folder"
        ) from error


def make_static_site(settings: Settings, progress: Progress, folder: Path) -> Path:
    """Writes the site into a folder of the caller's, while no run changes what it tells."""
    require_own(folder)
    with run_lock(settings):
        return make_site(settings, Dbt(settings, progress), folder)


def require_own(folder: Path) -> None:
    """Raises `CampuslakeError` unless a folder is not there, empty, or a site made before."""
    if folder.exists() and not folder.is_dir():
        raise CampuslakeError(
            f"{folder} is a file", "name a folder that is empty, or not there yet"
        )
    if not folder.exists():
        return
    others = sorted(path.name for path in folder.iterdir() if path.name != "index.html.part")
    if others and not (others == ["index.html"] and _is_ours(folder / "index.html")):
        raise CampuslakeError(
            f"{folder} holds {others[0]}, which is not a catalog made here: nothing is overwritten",
            "name a folder that is empty, or not there yet",
        )


def what_is_published(settings: Settings) -> Published | None:
    """Returns what is published and what the marts gate made of it; None before the first time."""
    current = RunRegister(settings).publication()
    if current is None:
        return None
    zone, last = StagingZone(settings), newest(settings, "marts")
    kept = zone.bucket.exists(zone.manifest_key(current.run_id))
    is_refused = last is not None and last.run_id > current.run_id and not last.passed
    return Published(
        run_id=current.run_id,
        published_at=current.published_at,
        data_as_of=zone.manifest(current.run_id).snapshot.taken_at if kept else None,
        rows=current.rows,
        verdict=verdict_on(settings, "marts", current.run_id),
        refused=last if is_refused else None,
    )


def _is_ours(index: Path) -> bool:
    with index.open(encoding="utf-8", errors="replace") as file:
        return GENERATOR in file.read(4096)
