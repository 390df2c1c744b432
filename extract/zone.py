"""The staging zone on S3: which runs exist, which one is current, how one is committed."""

import secrets
from datetime import UTC, datetime

from extract.manifest import Manifest, Pointer
from infra.errors import CampuslakeError
from infra.object_store import Bucket
from infra.settings import Settings

PREFIX = "stage/"
POINTER = f"{PREFIX}current.json"


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
        return sorted({key.split("/")[1].removeprefix("run_id=") for key in keys})

    def runs(self) -> list[str]:
        """Returns the committed run ids, oldest first."""
        return [
            run_id for run_id in self.run_ids() if self.bucket.exists(self.manifest_key(run_id))
        ]

    def manifest(self, run_id: str) -> Manifest:
        """Returns a committed run's manifest."""
        stored = self.bucket.get(self.manifest_key(run_id))
        if stored is None:
            raise CampuslakeError(
                f"there is no committed run {run_id} in the staging zone of {self.bucket.name}",
                "list the runs with `campuslake runs`",
            )
        return Manifest.model_validate_json(stored.body)

    def current(self) -> Pointer | None:
        """Returns the pointer to the last run that passed the staging gate."""
        stored = self.bucket.get(POINTER)
        return Pointer.model_validate_json(stored.body) if stored else None

    def commit(self, manifest: Manifest) -> None:
        """Writes the manifest, once: the run exists from then on. A second commit is refused."""
        key = self.manifest_key(manifest.run_id)
        self.bucket.put(key, manifest.model_dump_json(), IfNoneMatch="*")

    def promote(self, run_id: str) -> Pointer:
        """Makes a committed run the current one, by compare-and-swap."""
        self.manifest(run_id)
        before = self.bucket.get(POINTER)
        pointer = Pointer(
            run_id=run_id, manifest=self.manifest_key(run_id), promoted_at=datetime.now(UTC)
        )
        unchanged = {"IfMatch": before.etag} if before else {"IfNoneMatch": "*"}
        self.bucket.put(POINTER, pointer.model_dump_json(), **unchanged)
        return pointer

    def keys(self, run_id: str) -> list[str]:
        """Returns the keys of every object of a run."""
        return self.bucket.keys(self.prefix(run_id))

    def discard_uncommitted(self, besides: str = "") -> list[str]:
        """Deletes what runs without a manifest left, `besides` one: objects, unfinished uploads.

        Only the holder of the extract's lock may call it, while it uploads nothing: to it every
        such run is dead. Returns the run ids discarded.
        """
        client, name = self.bucket.client, self.bucket.name
        with self.bucket.errors():
            uploads = client.list_multipart_uploads(Bucket=name, Prefix=PREFIX).get("Uploads", [])
            for upload in uploads:
                client.abort_multipart_upload(
                    Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"]
                )
        dead = set(self.run_ids()) - {besides}
        dead = sorted(run for run in dead if not self.bucket.exists(self.manifest_key(run)))
        for run_id in dead:
            self.delete_run(run_id)
        return dead

    def delete_run(self, run_id: str) -> None:
        """Deletes every object of a run, its manifest first: a run that lacks files is no run."""
        self.bucket.delete(self.manifest_key(run_id))
        for key in self.keys(run_id):
            self.bucket.delete(key)
