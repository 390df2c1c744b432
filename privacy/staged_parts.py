"""The objects of the staging zone, read as the CSV that they hold."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from isal import igzip, isal_zlib

from extract.zone import StagingZone
from infra.object_store import Bucket
from privacy.records import Block, Readable, blocks, rows_in

log = structlog.get_logger("privacy")


@contextmanager
def opened(bucket: Bucket, key: str) -> Iterator[Readable]:
    """Opens an object of the staging zone, unpacked."""
    with bucket.errors():
        body = bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"]
        yield igzip.GzipFile(fileobj=body) if key.endswith(".gz") else body


def blocks_of(zone: StagingZone, key: str) -> Iterator[Block]:
    """Yields an object's blocks; of one that cannot be unpacked those before the damage.

    Raises `CampuslakeError` when the object store does not answer.
    """
    if not zone.bucket.exists(key):
        log.warning("a staged file is missing", key=key)
        return
    try:
        with opened(zone.bucket, key) as stream:
            yield from blocks(stream)
    except (EOFError, OSError, isal_zlib.error) as error:  # of what is packed, not of the network
        log.warning("a staged file cannot be unpacked", key=key, error=type(error).__name__)


def rows_of(zone: StagingZone, key: str) -> Iterator[list[str]]:
    """Yields every row of an object below its header, like `blocks_of`; NULL is an empty text."""
    yield from rows_in(blocks_of(zone, key))
