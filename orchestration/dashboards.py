"""Dashboards as files: `dashboards/` is brought into Superset, and changes of its pages back."""

import io
import zipfile
from pathlib import Path

import yaml
from rich.progress import Progress

from infra.errors import CampuslakeError
from infra.local.superset import DASHBOARDS, Superset
from infra.local.superset_api import SupersetApi
from infra.settings import Settings
from infra.spark_sql import execute
from orchestration.dashboard_files import (
    KINDS,
    files,
    files_by_uuid,
    new_file_of,
    with_settings,
    without_settings,
    written,
)

METADATA = {"version": "1.0.0", "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"}


def import_assets(superset: Superset, progress: Progress) -> None:
    """Brings every file into Superset; what is there already is updated.

    Raises `CampuslakeError` naming what Superset refuses.
    """
    task = progress.add_task("import dashboards", total=None)
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w") as packed:
        packed.writestr("bundle/metadata.yaml", yaml.safe_dump(METADATA))
        for path in files():
            content = with_settings(yaml.safe_load(path.read_text()), superset.settings)
            name = path.relative_to(DASHBOARDS)
            packed.writestr(f"bundle/{name}", yaml.safe_dump(content, allow_unicode=True))
    bundle.seek(0)
    admin(superset).ask(
        "POST",
        "assets/import/",
        files={"bundle": ("bundle.zip", bundle, "application/zip")},
    )
    progress.remove_task(task)


def make_databases(settings: Settings) -> None:
    """Makes the databases that are asked, as publishing does.

    In an empty one a chart says what to run; where there is none, it says what Java says.
    """
    published = settings.schema_prefix
    for database in (published, f"{published}_ops", settings.identity_database):
        execute(f"create database if not exists {database}", settings)


def exported(superset: Superset) -> dict[Path, str]:
    """Returns the file of everything that Superset holds, with what would be written to it.

    Raises `CampuslakeError` when two new ones are of one name: one would be lost.
    """
    packed = zipfile.ZipFile(io.BytesIO(admin(superset).download("assets/export/")))
    found, known = {}, files_by_uuid()
    for name in packed.namelist():
        relative = Path(*Path(name).parts[1:])
        if relative.parts[0] in KINDS:
            content = without_settings(yaml.safe_load(packed.read(name)), superset.settings)
            path = known.get(content["uuid"]) or new_file_of(content, relative)
            if path in found:
                raise CampuslakeError(
                    f"two {relative.parts[0]} would be written to {path.name}",
                    "give one of them another title in its page",
                )
            found[path] = written(content)
    return found


def export_assets(superset: Superset) -> list[Path]:
    """Writes what Superset holds back to the files; returns those that changed.

    A file of what was deleted in the page goes as well. Raises `CampuslakeError` when the files
    were never brought into this Superset whole: most would go.
    """
    found = exported(superset)
    if len(found.keys() & set(files())) < len(files()) / 2:
        raise CampuslakeError(
            "this Superset does not hold what the files do", "bring it in first: `make dashboards`"
        )
    changed = [path for path, text in found.items() if not _says(path, text)]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found[path])
    gone = sorted(set(files()) - found.keys())
    for path in gone:
        path.unlink()
    return sorted([*changed, *gone])


def _says(path: Path, text: str) -> bool:
    """Whether a file says the same, however it is laid out."""
    return path.exists() and yaml.safe_load(path.read_text()) == yaml.safe_load(text)


def admin(superset: Superset) -> SupersetApi:
    """Returns a session of the user admin."""
    return SupersetApi(superset.url, "admin", superset.passwords["admin"])
