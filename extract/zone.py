"""The staging zone on S3: which runs exist, which one is current, how one is committed."""

import secrets
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from extract.manifest import Manifest, Pointer
from infra.errors import CampuslakeError
from infra.object_store import s3_client
from infra.settings import Settings

PREFIX = "stage/"
POINTER = f"{PREFIX}current.json"
ABSENT = ("404", "NoSuchKey", "NotFound")


def new_run_id() -> str:
    """Returns a run id that sorts by time, such as 20261124T134501Z_3f9a."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}_{secrets.token_hex(2)}"


class StagingZone:
    """Reads and writes the staging zone of the settings' bucket.

    Every method raises `CampuslakeError` when the object store does not answer or refuses.
    """

    def __init__(self, settings: Settings, client: Any = None) -> None:
        self.bucket = settings.bucket
        self.client = client or s3_client(settings)

    def prefix(self, run_id: str) -> str:
        """Returns the key prefix of a run's objects."""
        return f"{PREFIX}run_id={run_id}/"

    def manifest_key(self, run_id: str) -> str:
        """Returns the key of a run's manifest."""
        return f"{self.prefix(run_id)}manifest.json"

    def run_ids(self) -> list[str]:
        """Returns every run id that has objects, committed or not, oldest first."""
        # Not by common prefixes: some stores list those of deleted objects for a while.
        keys = self._keys(f"{PREFIX}run_id=")
        return sorted({key.split("/")[1].removeprefix("run_id=") for key in keys})

    def runs(self) -> list[str]:
        """Returns the committed run ids, oldest first."""
        return [run_id for run_id in self.run_ids() if self._exists(self.manifest_key(run_id))]

    def manifest(self, run_id: str) -> Manifest:
        """Returns a committed run's manifest."""
        body = self._read(self.manifest_key(run_id))
        if body is None:
            raise CampuslakeError(
                f"there is no committed run {run_id} in the staging zone of {self.bucket}",
                "list the runs with `campuslake runs`",
            )
        return Manifest.model_validate_json(body[0])

    def current(self) -> Pointer | None:
        """Returns the pointer to the last run that passed the staging gate."""
        body = self._read(POINTER)
        return Pointer.model_validate_json(body[0]) if body else None

    def commit(self, manifest: Manifest) -> None:
        """Writes the manifest, once: the run exists from then on. A second commit is refused."""
        self._put(self.manifest_key(manifest.run_id), manifest.model_dump_json(), IfNoneMatch="*")

    def promote(self, run_id: str) -> Pointer:
        """Makes a committed run the current one, by compare-and-swap."""
        self.manifest(run_id)
        before = self._read(POINTER)
        pointer = Pointer(
            run_id=run_id, manifest=self.manifest_key(run_id), promoted_at=datetime.now(UTC)
        )
        unchanged = {"IfMatch": before[1]} if before else {"IfNoneMatch": "*"}
        self._put(POINTER, pointer.model_dump_json(), **unchanged)
        return pointer

    def keys(self, run_id: str) -> list[str]:
        """Returns the keys of every object of a run."""
        return self._keys(self.prefix(run_id))

    def discard_uncommitted(self) -> list[str]:
        """Deletes what runs without a manifest left: objects and unfinished uploads.

        Only the holder of the extract's lock may call it: to it every such run is dead. Returns
        the run ids discarded.
        """
        uploads = self._call("list_multipart_uploads", Prefix=PREFIX).get("Uploads", [])
        for upload in uploads:
            self._call("abort_multipart_upload", Key=upload["Key"], UploadId=upload["UploadId"])
        dead = [run for run in self.run_ids() if not self._exists(self.manifest_key(run))]
        for run_id in dead:
            self.delete_run(run_id)
        return dead

    def delete_run(self, run_id: str) -> None:
        """Deletes every object of a run, its manifest first: a run that lacks files is no run."""
        manifest = self.manifest_key(run_id)
        self._call("delete_object", Key=manifest)
        for key in self.keys(run_id):
            self._call("delete_object", Key=key)

    def _keys(self, prefix: str) -> list[str]:
        pages = self._call("list_objects_v2_pages", Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def _exists(self, key: str) -> bool:
        try:
            self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                return False
            raise storage_error(error, self.bucket) from error
        except BotoCoreError as error:
            raise storage_error(error, self.bucket) from error
        return True

    def _read(self, key: str) -> tuple[bytes, str] | None:
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=key)
            return answer["Body"].read(), answer["ETag"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                return None
            raise storage_error(error, self.bucket) from error
        except BotoCoreError as error:
            raise storage_error(error, self.bucket) from error

    def _put(self, key: str, text: str, **condition: str) -> None:
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=text.encode(),
                ContentType="application/json",
                **condition,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "PreconditionFailed":
                raise CampuslakeError(
                    f"s3://{self.bucket}/{key} was written by someone else meanwhile",
                    "let the other run finish, then repeat",
                ) from error
            raise storage_error(error, self.bucket) from error
        except BotoCoreError as error:
            raise storage_error(error, self.bucket) from error

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            if operation.endswith("_pages"):
                pages = self.client.get_paginator(operation.removesuffix("_pages"))
                return list(pages.paginate(Bucket=self.bucket, **arguments))
            return getattr(self.client, operation)(Bucket=self.bucket, **arguments)
        except (ClientError, BotoCoreError) as error:
            raise storage_error(error, self.bucket) from error


def storage_error(error: Exception, bucket: str) -> CampuslakeError:
    """Translates a boto error to one line."""
    if isinstance(error, ClientError):
        detail = error.response["Error"].get("Code", "unknown error")
    else:
        detail = type(error).__name__
    return CampuslakeError(
        f"the object store of bucket {bucket} failed: {detail}",
        "see `campuslake status`; check the endpoint, the keys and the bucket",
    )
