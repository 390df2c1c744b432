"""What still names a person though no run and no table does: loose objects, lines of logs."""

from collections.abc import Iterable
from pathlib import Path

from rich.progress import Progress

from extract.zone import PREFIX, StagingZone
from infra.local.superset import Superset
from infra.settings import REPOSITORY, Settings
from privacy.person import Person
from privacy.scan import Finding, lake_buckets, scan_files
from privacy.table_erasure import files_of
from privacy.tables import folders, tables, targets
from privacy.traces import Traces


def clear_objects(settings: Settings, found: Iterable[Finding], progress: Progress) -> None:
    """Deletes those of the objects found that belong to nothing.

    Files in the databases of the targets that no table needs: of a build that died, of a table that
    is gone. And what an extract that died left. What others keep in the warehouse is theirs.
    """
    zone = StagingZone(settings)
    committed = tuple(zone.prefix(run_id) for run_id in zone.runs())
    places = {finding.place for finding in found}
    ours = tuple(f"{folder}/" for folder in folders(settings))
    in_ours = any(place.replace("s3:", "s3a:", 1).startswith(ours) for place in places)
    needed, kept_folders = _needed(settings, progress) if in_ours else (set(), ())
    for bucket, prefix in lake_buckets(settings):
        base = f"s3://{bucket.name}/"
        for place in sorted(place for place in places if place.startswith(base + prefix)):
            key = place.removeprefix(base)
            file = f"s3a://{bucket.name}/{key}"
            is_loose = (
                file.startswith(ours) and file not in needed and not file.startswith(kept_folders)
            )
            is_dead = key.startswith(PREFIX) and not key.startswith(committed)
            if is_loose or is_dead:
                bucket.purge(key)


def clear_files(settings: Settings, person: Person) -> None:
    """Takes the lines that name a person out of local logs, and deletes what can be made anew."""
    logs = settings.home / "logs"
    made_anew = (settings.artifacts, settings.home / "target", REPOSITORY / "target")
    for path in {Path(finding.place) for finding in scan_files(settings, person)}:
        if path.is_relative_to(logs) or path.is_relative_to(REPOSITORY / "logs"):
            _without_lines(path, Traces(person))
        elif any(path.is_relative_to(folder) for folder in made_anew):
            path.unlink(missing_ok=True)


def clear_dashboards(settings: Settings, person: Person) -> None:
    """Forgets what dashboards were answered, and what people typed there."""
    superset, traces = Superset(settings), Traces(person)
    superset.forget_answers()
    superset.forget_typed(lambda text: bool(traces.in_text(text.encode())))


def _needed(settings: Settings, progress: Progress) -> tuple[set[str], tuple[str, ...]]:
    """Returns the files of Iceberg's tables, and the folders of other tables and of views."""
    task = progress.add_task("what tables need", total=None)
    needed: set[str] = set()
    kept_folders: list[str] = []
    for target in targets(settings):
        for table in tables(target):
            if table.is_iceberg:
                needed |= files_of(target, table.name)
            elif table.location:
                kept_folders.append(f"{table.location}/")
            progress.advance(task)
    progress.remove_task(task)
    return needed, tuple(kept_folders)


def _without_lines(path: Path, traces: Traces) -> None:
    """Writes a log anew in its place: its server has it open, and goes on appending."""
    with path.open("r+b") as opened:
        kept = [line for line in opened if not traces.in_text(line)]
        opened.seek(0)
        opened.writelines(kept)
        opened.truncate()
