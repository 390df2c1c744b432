"""The staging zone on S3: which runs exist, which one is current, how one is committed."""

import re
import secrets
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from extract.manifest import Manifest, Owner, Pointer
from infra.errors import CampuslakeError
from infra.object_store import Bucket
from infra.settings import Settings

PREFIX = "stage/"
POINTER = f"{PREFIX}current.json"
DEAD_AFTER = timedelta(days=1)  # no extract takes so long


def new_run_id() -> str:
    """Returns a run id that sorts by time, such as 20261124T134501Z_3f9a."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}_{secrets.token_hex(2)}"


class StagingZone:
    """Reads and writes the staging zone of a bucket.

    Every method raises `CampuslakeError` when the object store does not answer or refuses.
    """

    def __init__(self, settings: Settings, bucket: Bucket | None = None) -> None:
        self.bucket = bucket or Bucket(settings)

    def prefix(self, run_id: str) -> str:
        """Returns the key prefix of a run's objects."""
        return f"{PREFIX}run_id={run_id}/"

    def manifest_key(self, run_id: str) -> str:
        """Returns the key of a run's manifest."""
        return f"{self.prefix(run_id)}manifest.json"

    def run_ids(self) -> list[str]:
        """Returns every run id that has objects, committed or not, oldest first."""
        # Not by common prefixes: some stores list those of deleted objects for a while.
        keys = self.bucket.keys(f"{PREFIX}run_id=")
        return sorted(set(map(_run_id, keys)))

    def runs(self) -> list[str]:
        """Returns the committed run ids, oldest first."""
        return [r for r in self.run_ids() if self.bucket.exists(self.manifest_key(r))]

    def manifest(self, run_id: str) -> Manifest:
        """Returns a committed run's manifest."""
        named = re.fullmatch(r"\w+", run_id)
        stored = self.bucket.get(self.manifest_key(run_id)) if named else None
        if stored is None:
            raise CampuslakeError(
                f"there is no committed run {run_id} in the staging zone of {self.bucket.name}",
                "list the runs with `python -m extract list`",
            )
        try:
            return Manifest.model_validate_json(stored.body)
        except ValidationError as error:
            raise CampuslakeError(
                f"the manifest of run {run_id} cannot be read, another version wrote it",
                "make a new extract: `campuslake run`",
            ) from error

    def current_manifest(self) -> Manifest | None:
        """Returns the manifest of the current run; None when there is none that can be read."""
        pointer = self.current()
        if pointer is None or not self.bucket.exists(pointer.manifest):
            return None
        return self.readable_manifest(pointer.run_id)

    def readable_manifest(self, run_id: str) -> Manifest | None:
        """Returns a committed run's manifest, or None when another version wrote it."""
        try:
            return self.manifest(run_id)
        except CampuslakeError as error:
            if not isinstance(error.__cause__, ValidationError):
                raise
            return None

    def current(self) -> Pointer | None:
        """Returns the pointer to the last run that passed the staging gate."""
        stored = self.bucket.get(POINTER)
        return Pointer.model_validate_json(stored.body) if stored else None

    def part_key(self, run_id: str, table: str, number: int, suffix: str) -> str:
        """Returns the key of a table's part."""
        return f"{self.prefix(run_id)}{table}/part-{number:05d}{suffix}"

    def changes_prefix(self, run_id: str, table: str) -> str:
        """Returns the key prefix of what changed in a table: rows/, deleted/, keys.roaring.gz."""
        return f"{self.prefix(run_id)}changes/{table}/"

    def begin(self, owner: Owner) -> None:
        """Notes whose a run is, before its first object."""
        self.bucket.put(self._owner_key(owner.run_id), owner.model_dump_json())

    def commit(self, manifest: Manifest) -> None:
        """Writes the manifest, once: the run exists from then on. A second commit is refused."""
        key = self.manifest_key(manifest.run_id)
        self.bucket.put(key, manifest.model_dump_json(), IfNoneMatch="*")

    def promote(self, run_id: str, accept_another_erp: bool = False) -> Pointer:
        """Makes a committed run the current one, by compare-and-swap.

        A bucket is of one ERP: raises `CampuslakeError` when the current run is of another.
        """
        erp = self.manifest(run_id).erp
        before = self.bucket.get(POINTER)
        if before and not accept_another_erp:
            current = self.current_manifest()
            if current and current.erp != erp:
                raise CampuslakeError(
                    f"run {run_id} is of another ERP than the current run {current.run_id}"
                    f" of bucket {self.bucket.name}",
                    "give each ERP a bucket of its own (CAMPUSLAKE_BUCKET); if the ERP moved:"
                    f" `campuslake run --from staging-gate --run {run_id} --accept-another-erp`",
                )
        pointer = Pointer(
            run_id=run_id, manifest=self.manifest_key(run_id), promoted_at=datetime.now(UTC)
        )
        unchanged = {"IfMatch": before.etag} if before else {"IfNoneMatch": "*"}
        self.bucket.put(POINTER, pointer.model_dump_json(), **unchanged)
        return pointer

    def keys(self, run_id: str) -> list[str]:
        """Returns the keys of every object of a run."""
        return self.bucket.keys(self.prefix(run_id))

    def discard_uncommitted(self, erp: str, besides: str = "") -> list[str]:
        """Deletes what runs of one ERP without a manifest left, `besides` one; returns their ids.

        Only the holder of that ERP's lock may call it, while it uploads nothing: to it every such
        run is dead. What an unknown ERP left, or is writing now, is not touched.
        """
        ids = set(self.run_ids()) | set(self._uploads())
        dead = [
            run_id
            for run_id in sorted(ids - {besides})
            if not self.bucket.exists(self.manifest_key(run_id)) and self._owner(run_id) == erp
        ]
        for run_id in dead:
            self.delete_run(run_id)
        return dead

    def prunable(self, keep: int) -> list[str]:
        """Returns the runs beyond the newest `keep` committed ones, and what long-dead ones left.

        The run that the pointer names is never among them, nor one that a kept run builds on.
        """
        current = self.current()
        committed = self.runs()
        kept = {*committed[-keep:], *([current.run_id] if current else [])}
        kept |= {
            layer
            for manifest in map(self.readable_manifest, kept & set(committed))
            for table in (manifest.tables if manifest else [])
            for layer in table.layers
        }
        long_ago = f"{datetime.now(UTC) - DEAD_AFTER:%Y%m%dT%H%M%SZ}"
        unfinished = (set(self.run_ids()) | set(self._uploads())) - set(committed)
        dead = {run_id for run_id in unfinished if run_id < long_ago}
        return sorted(set(committed) - kept | dead)

    def delete_run(self, run_id: str) -> None:
        """Deletes a run: its manifest first, a run that lacks files is no run; its owner last."""
        self.bucket.delete(self.manifest_key(run_id))
        self.abort_uploads(self.prefix(run_id))
        owner = self._owner_key(run_id)
        for key in self.keys(run_id):
            if key != owner:
                self.bucket.delete(key)
        self.bucket.delete(owner)

    def abort_uploads(self, prefix: str) -> None:
        """Gives up the unfinished multipart uploads below a prefix of a run."""
        for key, upload_id in self._uploads().get(_run_id(prefix), []):
            if key.startswith(prefix):
                with self.bucket.errors():
                    self.bucket.client.abort_multipart_upload(
                        Bucket=self.bucket.name, Key=key, UploadId=upload_id
                    )

    def _owner_key(self, run_id: str) -> str:
        return f"{self.prefix(run_id)}owner.json"

    def _owner(self, run_id: str) -> str | None:
        stored = self.bucket.get(self._owner_key(run_id))
        return Owner.model_validate_json(stored.body).erp if stored else None

    def _uploads(self) -> dict[str, list[tuple[str, str]]]:
        """Returns the unfinished multipart uploads of each run: keys and upload ids."""
        found: dict[str, list[tuple[str, str]]] = {}
        with self.bucket.errors():
            pages = self.bucket.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket.name, Prefix=f"{PREFIX}run_id="
            )
            for page in pages:
                for upload in page.get("Uploads", []):
                    found.setdefault(_run_id(upload["Key"]), []).append(
                        (upload["Key"], upload["UploadId"])
                    )
        return found


def _run_id(key: str) -> str:
    return key.split("/")[1].removeprefix("run_id=")
