"""Erases a person everywhere (GDPR, article 17), and shows that nothing is left.

Whoever is killed meanwhile repeats it: a note keeps whom it was about until all is done, for by
then the lake itself does not know any more. The registry comes before anything is taken away, so
that no extract brings the person back.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict
from rich.progress import Progress

from extract.erased import ErasedPerson, Registry, normalised
from extract.zone import StagingZone
from gates.builds import forget_changed_build, renew_snapshots
from infra.errors import CampuslakeError
from infra.keyed_hash import keyed_hash
from infra.local.s3 import ObjectStore
from infra.object_store import Bucket
from infra.settings import Settings
from privacy.leftovers import clear_dashboards, clear_files, clear_objects
from privacy.person import Person, complete, find
from privacy.scan import Finding, lake_buckets, scan_files, scan_objects, scan_tables
from privacy.staged import without_lessons
from privacy.staged_erasure import Erased, erase_from_run, is_damaged
from privacy.table_erasure import erase_from_table
from privacy.tables import LakeTable, condition, tables, targets

NOTES = "erasing/"
SIDE_BY_SIDE = 3  # tables at a time


class Note(BaseModel):
    """An erasure under way. It alone names the person, and goes at the end."""

    model_config = ConfigDict(frozen=True)

    subject: str
    person: Person
    rows: dict[str, int] = {}
    keys: dict[str, set[int]] = {}

    @property
    def key(self) -> str:
        """The key of its object."""
        return f"{NOTES}{self.subject}.json"


def begin(settings: Settings, student: int | None = None, email: str | None = None) -> Note:
    """Returns the erasure of a person, an unfinished one if there is one. Nothing is changed yet.

    Raises `CampuslakeError` when neither the lake nor the registry knows anybody by that.
    """
    asked = Person(
        student_ids={student} if student is not None else set(),
        emails={normalised(email)} if email else set(),
    )
    for note in unfinished(settings):
        if note.person.student_ids & asked.student_ids or note.person.emails & asked.emails:
            return note.model_copy(update={"person": complete(settings, note.person)})
    try:
        person = find(settings, student, email)
    except CampuslakeError:
        registered = Registry(settings).find(student, email)
        if registered is None:
            raise
        return Note(subject=registered.subject, person=asked)
    return Note(subject=subject_of(settings, person), person=person)


def unfinished(settings: Settings) -> list[Note]:
    """Returns the erasures that were begun and not ended. Raises `CampuslakeError` without S3.

    One that died after its note was gone names nobody any more: what was deleted is still to be
    given up by the object store.
    """
    bucket = Bucket(settings)
    stored = [bucket.get(key) for key in bucket.keys(NOTES)]
    notes = [Note.model_validate_json(found.body) for found in stored if found]
    noted = {note.subject for note in notes}
    return notes + [
        Note(subject=entry.subject, person=Person())
        for entry in Registry(settings, bucket).people
        if entry.ended_at is None and entry.subject not in noted
    ]


def subject_of(settings: Settings, person: Person) -> str:
    """Returns the keyed hash that stands for a person, however he or she was asked for."""
    named = min(person.student_ids, default=None) or min(person.emails, default="")
    return keyed_hash(settings)(named)


def erase(settings: Settings, note: Note, progress: Progress) -> dict[str, int]:
    """Erases a person from every run, table, snapshot, tag, log and file, and looks for traces.

    Returns how many rows went, by table. The caller holds the lock of every target. Raises
    `CampuslakeError` when a step fails or a trace is left; repeating finishes it.
    """
    bucket, person = Bucket(settings), note.person
    traced = without_lessons(person)  # a professor's number stays
    bucket.put(note.key, note.model_dump_json())
    registered = _register(settings, note)
    zone = StagingZone(settings, bucket)
    rows = Counter(_from_runs(zone, note, progress))
    for target in targets(settings):
        rows.update(_from_tables(target, person, progress))
    for store, prefix in lake_buckets(settings):
        store.purge_old_versions(prefix)
    _clear(settings, traced, progress)
    # The files of the local store hold what was deleted until it is given up. Whatever else names
    # the person is found before the note goes: without it, nobody would know whom to look for.
    has_own_store = settings.local_stack and settings.s3_endpoint is None
    _require_none(scan_files(settings, traced, {ObjectStore.name} if has_own_store else ()))
    bucket.purge(note.key)
    if has_own_store:
        task = progress.add_task("giving up what was deleted", total=None)
        ObjectStore(settings).give_up_deleted()
        progress.remove_task(task)
    if left := scan_files(settings, traced):
        bucket.put(note.key, note.model_dump_json())
        _require_none(left)
    Registry(settings, bucket).save(registered.model_copy(update={"ended_at": datetime.now(UTC)}))
    return dict(rows)


def _register(settings: Settings, note: Note) -> ErasedPerson:
    hashed, person = keyed_hash(settings), note.person
    registry = Registry(settings)
    known = [entry for entry in registry.people if entry.subject == note.subject]
    before = known[0] if known else ErasedPerson(subject=note.subject)
    # Repeated when nobody is there any more, it is of the day that it was: who came since is new.
    found = person.names or person.student_keys or person.contact_ids or person.professor_ids
    is_new = bool(found or not known)
    entry = ErasedPerson(
        subject=note.subject,
        erased_at=datetime.now(UTC) if is_new else before.erased_at,
        students=before.students | {hashed(number) for number in person.student_ids},
        contacts=before.contacts | {hashed(number) for number in person.contact_ids},
        professors=before.professors | {hashed(number) for number in person.professor_ids},
        addresses=before.addresses | {hashed(address) for address in person.emails},
    )
    registry.save(entry)
    return entry


def _from_runs(zone: StagingZone, note: Note, progress: Progress) -> dict[str, int]:
    def remember() -> None:
        told = note.model_copy(update={"rows": erased.rows, "keys": erased.keys})
        zone.bucket.put(note.key, told.model_dump_json())

    erased = Erased(
        dict(note.rows), {name: set(keys) for name, keys in note.keys.items()}, remember
    )
    damaged = _delete_damaged_runs(zone, progress)
    run_ids = zone.runs()
    task = progress.add_task("staging zone", total=len(run_ids))
    for run_id in run_ids:
        erase_from_run(zone, run_id, note.person, erased)
        progress.advance(task)
    progress.remove_task(task)
    rows = {f"stage.{table}": rows for table, rows in erased.rows.items()}
    return rows | ({"stage, damaged runs": damaged} if damaged else {})


def _delete_damaged_runs(zone: StagingZone, progress: Progress) -> int:
    """Deletes the runs whose files were changed after the extract; returns how many.

    No gate lets them pass any more, and in a broken file nobody can tell whom a value is about.
    What builds on such a run goes with it, before it. Raises `CampuslakeError` when the current
    run does, from which tables are read, or is one itself.
    """
    run_ids = zone.runs()
    task = progress.add_task("files of the staging zone", total=len(run_ids))
    damaged: list[str] = []
    for run_id in run_ids:
        if is_damaged(zone, run_id, damaged):
            damaged.append(run_id)
        progress.advance(task)
    progress.remove_task(task)
    current = zone.current()
    if current and current.run_id in damaged:
        raise CampuslakeError(
            f"files of the current run {current.run_id}, or of one that it builds on, were changed"
            " after the extract",
            "extract a whole one, `python -m extract --full`, then `campuslake run --from"
            " staging-gate`, then repeat the erasure",
        )
    for run_id in reversed(damaged):
        zone.delete_run(run_id)
    return len(damaged)


def _from_tables(settings: Settings, person: Person, progress: Progress) -> dict[str, int]:
    forget_changed_build(settings)
    about = [
        table for table in tables(settings) if table.is_iceberg and condition(table, person)[0]
    ]
    # By what the others are found goes last.
    about.sort(key=lambda table: table.name.endswith((".student_keys", "_history")))
    task = progress.add_task(f"tables of {settings.schema_prefix}", total=len(about))

    def erased(table: LakeTable) -> tuple[str, int]:
        rows = erase_from_table(settings, table, person)
        progress.advance(task)
        return table.name, rows

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        rows = {name: number for name, number in pool.map(erased, about) if number}
    renew_snapshots(settings)
    progress.remove_task(task)
    return rows


def _clear(settings: Settings, person: Person, progress: Progress) -> None:
    """Clears away what is loose. What is found then is left over, and told."""
    if found := _in_lake(settings, person, progress):
        clear_objects(settings, found, progress)
        _require_none(_in_lake(settings, person, progress))
    clear_dashboards(settings, person)
    clear_files(settings, person)


def _in_lake(settings: Settings, person: Person, progress: Progress) -> list[Finding]:
    own_note = f"s3://{settings.bucket}/{NOTES}"
    found = scan_objects(settings, person, progress)
    found = [finding for finding in found if not finding.place.startswith(own_note)]
    return found + scan_tables(settings, person, progress)


def _require_none(found: list[Finding]) -> None:
    if found:
        places = sorted({finding.place for finding in found})
        told = ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
        raise CampuslakeError(
            f"the person is still named in {len(places)} places: {told}",
            "`campuslake privacy scan` lists them; clear them, then repeat the erasure",
        )
