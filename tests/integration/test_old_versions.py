"""A bucket that keeps what was overwritten and deleted: an erasure ends that too."""

from collections.abc import Iterator

import pytest

from infra.object_store import Bucket
from tests.conftest import bucket_of


@pytest.fixture
def versioned(stack) -> Iterator[Bucket]:
    """A bucket with versions: a kept object, an overwritten one, a deleted one."""
    settings = stack.model_copy(update={"bucket": "old-versions"})
    with bucket_of(settings):
        bucket = Bucket(settings)
        bucket.put("stage/before", "unversioned")
        bucket.client.put_bucket_versioning(
            Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"}
        )
        bucket.put("stage/kept", "kept")
        for content in ("first", "second", "third"):
            bucket.put("stage/overwritten", content)
        bucket.put("stage/overwritten-too", "stays")
        bucket.put("stage/deleted", "gone")
        bucket.delete("stage/deleted")
        bucket.put("stage/before", "overwritten now")
        bucket.put("other/overwritten", "1")
        bucket.put("other/overwritten", "2")
        yield bucket
        for version in list(bucket.versions()):
            bucket.delete_version(version)


def test_what_was_overwritten_or_deleted_is_purged_and_the_rest_stays(versioned: Bucket):
    assert versioned.purge_old_versions("stage/") == 5
    left = [(version.key, version.is_latest) for version in versioned.versions("stage/")]
    assert sorted(left) == [
        ("stage/before", True),
        ("stage/kept", True),
        ("stage/overwritten", True),
        ("stage/overwritten-too", True),
    ]
    assert versioned.get("stage/overwritten").body == b"third"
    assert versioned.get("stage/before").body == b"overwritten now"
    assert len(list(versioned.versions("other/"))) == 2
    assert versioned.purge_old_versions("stage/") == 0


def test_an_object_is_purged_in_all_its_versions_and_no_other(versioned: Bucket):
    versioned.purge("stage/overwritten")
    versioned.purge("stage/never-there")
    keys = {version.key for version in versioned.versions("stage/")}
    assert "stage/overwritten" not in keys and "stage/overwritten-too" in keys
