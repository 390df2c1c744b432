"""The bucket: one client of S3 or of the local store, its errors told in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session

from infra.errors import CampuslakeError
from infra.local.credentials import local_credentials
from infra.settings import Settings

UNVERSIONED = "null"
ABSENT = ("404", "NoSuchKey", "NotFound", "NoSuchUpload")


@dataclass(frozen=True)
class Stored:
    """An object's content, and the tag that changes whenever it is written."""

    body: bytes
    etag: str


@dataclass(frozen=True)
class Version:
    """One version of an object, or the mark that it was deleted."""

    key: str
    id: str
    is_latest: bool
    is_deletion: bool

    @property
    def argument(self) -> dict[str, str]:
        """The argument of S3's calls that names it; none when there is no other."""
        is_only = self.id == UNVERSIONED and self.is_latest
        return {} if is_only else {"VersionId": self.id}


class Bucket:
    """The settings' bucket. Every method raises `CampuslakeError` when the store refuses.

    `encryption` are the arguments by which a new object is encrypted with the settings' own key;
    none without one.
    """

    def __init__(self, settings: Settings, client: Any = None) -> None:
        self.name = settings.bucket
        self.encryption: dict[str, str] = {}
        if settings.s3_kms_key is not None:
            self.encryption = {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": settings.s3_kms_key,
            }
        self.client = client or s3_client(settings)

    def get(self, key: str) -> Stored | None:
        """Returns a small object, or None when there is none."""
        with self.errors():
            try:
                answer = self.client.get_object(Bucket=self.name, Key=key)
                return Stored(answer["Body"].read(), answer["ETag"])
            except ClientError as error:
                if is_absence(error):
                    return None
                raise

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        with self.errors():
            try:
                self.client.head_object(Bucket=self.name, Key=key)
            except ClientError as error:
                if is_absence(error):
                    return False
                raise
        return True

    def put(self, key: str, content: str | bytes, **condition: str) -> None:
        """Writes a small object. `IfNoneMatch="*"` or `IfMatch=etag` make it a compare-and-swap.

        A write whose answer was lost is repeated and then finds itself; that is no failure.
        """
        body = content.encode() if isinstance(content, str) else content
        with self.errors():
            try:
                self.client.put_object(
                    Bucket=self.name, Key=key, Body=body, **self.encryption, **condition
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != "PreconditionFailed":
                    raise
                found = self.get(key)
                if found and found.body == body:
                    return
                raise CampuslakeError(
                    f"s3://{self.name}/{key} was written by someone else meanwhile",
                    "let the other run finish, then repeat",
                ) from error

    def keys(self, prefix: str) -> list[str]:
        """Returns the key of every object below a prefix, in order."""
        with self.errors():
            pages = self.client.get_paginator("list_objects_v2")
            return [
                entry["Key"]
                for page in pages.paginate(Bucket=self.name, Prefix=prefix)
                for entry in page.get("Contents", [])
            ]

    def delete(self, key: str) -> None:
        """Deletes an object, if there is one."""
        with self.errors():
            self.client.delete_object(Bucket=self.name, Key=key)

    def copy(self, key: str, to: str) -> None:
        """Copies an object of at most 5 GB to another key, on the store's side."""
        with self.errors():
            self.client.copy_object(
                Bucket=self.name,
                Key=to,
                CopySource={"Bucket": self.name, "Key": key},
                **self.encryption,
            )

    def versions(self, prefix: str = "") -> Iterator[Version]:
        """Yields every version of every object below a prefix, marks of deletion included."""
        with self.errors():
            pages = self.client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.name, Prefix=prefix):
                for kind in ("Versions", "DeleteMarkers"):
                    for entry in page.get(kind, []):
                        yield Version(
                            entry["Key"],
                            entry.get("VersionId") or UNVERSIONED,
                            entry["IsLatest"],
                            kind == "DeleteMarkers",
                        )

    def purge(self, key: str) -> None:
        """Deletes an object in all of its versions, if there is one."""
        for version in list(self.versions(key)):
            if version.key == key:
                self.delete_version(version)

    def purge_old_versions(self, prefix: str = "") -> int:
        """Deletes what was overwritten or deleted below a prefix; returns how many versions."""
        old = [v for v in self.versions(prefix) if not v.is_latest or v.is_deletion]
        for version in old:
            self.delete_version(version)
        return len(old)

    def delete_version(self, version: Version) -> None:
        """Deletes one version of an object."""
        with self.errors():
            self.client.delete_object(Bucket=self.name, Key=version.key, **version.argument)

    def require_answer(self) -> None:
        """Returns when the store answers for the bucket."""
        with self.errors():
            self.client.head_bucket(Bucket=self.name)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Translates errors of calls to `client`."""
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError):
                detail = error.response["Error"].get("Code", "unknown error")
            else:
                detail = type(error).__name__
            raise CampuslakeError(
                f"the object store of bucket {self.name} failed: {detail}",
                "see `campuslake status`; check the endpoint, the keys and the bucket",
            ) from error


def is_absence(error: ClientError) -> bool:
    """Whether the store says that there is no such object or upload."""
    return error.response["Error"]["Code"] in ABSENT


def s3_endpoint(settings: Settings) -> str | None:
    """Returns the S3 endpoint's URL, or None for AWS's own."""
    if settings.s3_endpoint:
        return settings.s3_endpoint
    return f"http://127.0.0.1:{settings.s3_port}" if settings.local_stack else None


def s3_client(settings: Settings, patient: bool = True, connections: int = 16) -> Any:
    """Returns a botocore S3 client.

    A patient one retries passing errors; an impatient one, for health checks, asks once. With
    the local store it uses that store's keys, else the usual AWS settings (environment, profile,
    instance role).
    """
    keys: dict[str, str] = {}
    if settings.local_stack and not settings.s3_endpoint:
        local = local_credentials(settings.home)
        keys = {
            "aws_access_key_id": local.s3_access_key,
            "aws_secret_access_key": local.s3_secret_key,
            "region_name": "us-east-1",
        }
    endpoint = s3_endpoint(settings)
    return get_session().create_client(
        "s3",
        endpoint_url=endpoint,
        config=Config(
            connect_timeout=5,
            read_timeout=60 if patient else 5,
            retries={"mode": "standard", "total_max_attempts": 4 if patient else 1},
            max_pool_connections=connections,
            s3={"addressing_style": "path"} if endpoint else None,
        ),
        **keys,
    )
