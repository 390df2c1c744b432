"""Takes people's rows out of the runs of the staging zone, so that their hashes still verify.

Each object that holds one is written anew beside the run, with the manifest that the run will have.
Then these drafts take the places of the objects and that of the manifest. Whoever is killed among
these steps finishes them by repeating.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np
from pyroaring import BitMap64

from extract.changes import read_keys, write_keys
from extract.manifest import Keys, Manifest, Part, TableManifest
from extract.upload import PartUpload, Uploads
from extract.verify import faults_of
from extract.zone import StagingZone
from privacy.person import Person
from privacy.records import blocks, text, whole_number
from privacy.staged import wanted_rows, without_lessons
from privacy.staged_parts import opened

PROFESSORS = "professors"  # lessons point to them: they stay, without
NAMES = ("first_name", "last_name", "email")
EMPTY = b'""'


@dataclass
class Erased:
    """What was taken out so far: `rows` of each table, and the keys that they had.

    Whoever is killed between two runs needs them again: `remember` is called before a run changes.
    """

    rows: dict[str, int] = field(default_factory=dict)
    keys: dict[str, set[int]] = field(default_factory=dict)
    remember: Callable[[], None] = lambda: None


def erase_from_run(zone: StagingZone, run_id: str, person: Person, erased: Erased) -> None:
    """Takes a person's rows out of a committed run, and out of what the run says of them.

    Runs must come in the order of time, with the same `erased`: what is there as changes is told by
    the keys of the runs before. Raises `CampuslakeError` when the manifest cannot be read or the
    object store does not answer.
    """
    finish(zone, run_id)
    manifest = zone.manifest(run_id)
    uploads = Uploads(zone.bucket)
    try:
        tables = [
            _Table(zone, uploads, manifest, table, person, erased).without_person()
            for table in manifest.tables
        ]
    finally:
        uploads.close()
    if tables != manifest.tables:
        erased.remember()
        changed = manifest.model_copy(update={"tables": tables})
        zone.bucket.put(_draft(zone, run_id, "manifest.json"), changed.model_dump_json())
        finish(zone, run_id)


def is_damaged(zone: StagingZone, run_id: str, damaged: Collection[str]) -> bool:
    """Whether a run's objects are others than its manifest says, or it builds on such a run.

    `damaged` are those among the runs before it. What an erasure that died left is finished first.
    """
    finish(zone, run_id)
    manifest = zone.manifest(run_id)
    below = {layer for table in manifest.tables for layer in table.layers} - {run_id}
    return (
        not below.isdisjoint(damaged)
        or not all(zone.bucket.exists(zone.manifest_key(layer)) for layer in below)
        or bool(faults_of(zone, manifest))
    )


def finish(zone: StagingZone, run_id: str) -> None:
    """Puts drafts in their places if they are whole, and clears them away in any case."""
    bucket = zone.bucket
    zone.abort_uploads(_draft(zone, run_id, ""))
    drafts = set(bucket.keys(_draft(zone, run_id, "")))
    whole = bucket.get(_draft(zone, run_id, "manifest.json"))
    if whole:
        for table in Manifest.model_validate_json(whole.body).tables:
            for part in table.objects:
                draft = _draft(zone, run_id, part.key.removeprefix(zone.prefix(run_id)))
                if draft in drafts:
                    bucket.copy(draft, part.key)
        bucket.put(zone.manifest_key(run_id), whole.body)
    # The manifest last: as long as it is there, the others may be needed.
    for draft in sorted(drafts, key=lambda key: key.endswith("/manifest.json")):
        bucket.purge(draft)


def _draft(zone: StagingZone, run_id: str, name: str) -> str:
    return f"{zone.prefix(run_id)}erasing/{name}"


class _Table:
    """One table of a run, and how it becomes one without the person."""

    def __init__(
        self,
        zone: StagingZone,
        uploads: Uploads,
        manifest: Manifest,
        table: TableManifest,
        person: Person,
        erased: Erased,
    ) -> None:
        self._zone = zone
        self._uploads = uploads
        self._manifest = manifest
        self._table = table
        self._erased = erased
        names = [column.name for column in table.columns]
        self._is_emptied = table.name == PROFESSORS
        self._wanted = wanted_rows(table, person if self._is_emptied else without_lessons(person))
        self._emptied = [names.index(name) for name in NAMES if name in names]
        self._key = names.index(table.key) if table.key else None

    def without_person(self) -> TableManifest:
        """Drafts what changes of the table, and returns what the manifest will say of it."""
        table = self._table
        parts = [self._rewritten(part) for part in table.parts]
        rows = table.rows - sum(p.rows for p in table.parts) + sum(p.rows for p in parts)
        changes = table.changes
        if changes:
            changes = changes.model_copy(
                update={"parts": [self._rewritten(part) for part in changes.parts]}
            )
        keys = table.keys
        gone = self._gone_keys()
        if keys and gone and (held := read_keys(self._zone.bucket, table)) & gone:
            keys = self._drafted_keys(keys, held - gone)
            rows = len(held - gone)
        carried = [*parts, *([*changes.parts, changes.deleted] if changes else [])]
        return table.model_copy(
            update={
                "parts": parts,
                "changes": changes,
                "keys": keys,
                "rows": rows,
                "bytes": sum(part.bytes for part in carried),
                "csv_bytes": sum(part.csv_bytes for part in carried),
            }
        )

    def _rewritten(self, part: Part) -> Part:
        """Drafts an object without the person's rows; returns it as it is when there are none."""
        if not self._wanted or not self._has_rows(part):
            return part
        upload = PartUpload(self._uploads, self._draft(part.key), self._manifest.compression)
        taken = 0
        try:
            with opened(self._zone.bucket, part.key) as stream:
                for block in blocks(stream):
                    written = 0
                    for number, found in self._wanted.among(block):
                        start, end = block.row(number)
                        upload.write(block.content[written:start])
                        if self._is_emptied:
                            upload.write(self._without_name(found))
                        written = end
                        taken += 1
                        self._note_key(found)
                    upload.write(block.content[written:])
            upload.finish()
            upload.complete()
        except BaseException:
            upload.abort()
            raise
        self._erased.rows[self._table.name] = self._erased.rows.get(self._table.name, 0) + taken
        left = part.rows if self._is_emptied else part.rows - taken
        return upload.part(left).model_copy(update={"key": part.key})

    def _has_rows(self, part: Part) -> bool:
        with opened(self._zone.bucket, part.key) as stream:
            for block in blocks(stream):
                for _, found in self._wanted.among(block):
                    if not self._is_emptied or any(found[i] != EMPTY for i in self._emptied):
                        return True
        return False

    def _without_name(self, found: list[bytes]) -> bytes:
        for position in self._emptied:
            found[position] = EMPTY
        return b",".join(found) + b"\n"

    def _note_key(self, found: list[bytes]) -> None:
        if self._key is not None and (key := whole_number(text(found[self._key]))) is not None:
            self._erased.keys.setdefault(self._table.name, set()).add(key)

    def _gone_keys(self) -> BitMap64:
        gone = sorted(self._erased.keys.get(self._table.name, ()))
        return BitMap64(np.array(gone, np.int64).view(np.uint64))

    def _drafted_keys(self, keys: Keys, left: BitMap64) -> Keys:
        drafted = write_keys(self._zone.bucket, self._draft(keys.key), left)
        return drafted.model_copy(update={"key": keys.key})

    def _draft(self, key: str) -> str:
        run_id = self._manifest.run_id
        return _draft(self._zone, run_id, key.removeprefix(self._zone.prefix(run_id)))
