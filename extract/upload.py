"""Streams one CSV part to S3: compressed, hashed, in pieces, in bounded memory."""

import hashlib
import io
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from botocore.exceptions import ClientError
from isal import isal_zlib

from extract.manifest import Part
from infra.errors import CampuslakeError
from infra.object_store import Bucket, is_absence

PIECE = 5 * 1024 * 1024  # bytes of one uploaded piece; the least that S3 takes
PIECES_AT_ONCE = 2  # of all parts together; when so many wait for S3, COPY waits
STEP = 1024 * 1024  # bytes that are compressed at a time, however long a row is
GZIP_LEVEL = 1  # a fifth of the bytes, at 700 MB/s of one core
GZIP_WINDOW = 31


class Stopped(CampuslakeError):
    """The extract was stopped: by a failure elsewhere, which is the one to tell."""

    def __init__(self) -> None:
        super().__init__("the extract was stopped")


class Uploads:
    """The pieces on their way to a bucket, of all parts together."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self._pool = ThreadPoolExecutor(PIECES_AT_ONCE, thread_name_prefix="upload")
        self._room = threading.BoundedSemaphore(PIECES_AT_ONCE)
        self._stopped = threading.Event()
        self._failure: CampuslakeError | None = None

    def submit(self, send: Callable[..., Any], **arguments: Any) -> Future[Any]:
        """Sends a piece as soon as there is room for it, and waits until then.

        Raises the first `CampuslakeError` of any piece: then none of the others is of use.
        """
        while not self._room.acquire(timeout=0.5):
            if self._stopped.is_set():
                raise Stopped
        if self._failure:
            self._room.release()
            raise self._failure

        def sent() -> Any:
            try:
                if self._stopped.is_set():
                    raise Stopped
                with self.bucket.errors():
                    return send(Bucket=self.bucket.name, **arguments)
            except CampuslakeError as error:
                self._failure = self._failure or error
                raise
            finally:
                self._room.release()

        return self._pool.submit(sent)

    def stop(self) -> None:
        """Sends no further piece."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Whether nothing is sent any more."""
        return self._stopped.is_set()

    def close(self) -> None:
        """Waits for what is on its way."""
        self._pool.shutdown(wait=True)


class Compressor(Protocol):
    """What makes bytes of bytes, piece by piece."""

    def compress(self, data: Any) -> bytes: ...
    def flush(self) -> bytes: ...


class Uncompressed:
    """Leaves bytes as they are."""

    def compress(self, data: Any) -> bytes:
        return bytes(data)

    def flush(self) -> bytes:
        return b""


def compressor(compression: str) -> Compressor:
    """Returns a new compressor: gzip or none."""
    if compression == "gzip":
        return isal_zlib.compressobj(GZIP_LEVEL, wbits=GZIP_WINDOW)
    return Uncompressed()


class PartUpload:
    """Takes bytes, which become one S3 object when it is completed.

    `csv_bytes` counts what was written, `size` is the object's. A small object is put whole, a
    longer one is a multipart upload; until then nothing is visible in the bucket.
    """

    def __init__(
        self,
        uploads: Uploads,
        key: str,
        compression: str,
        account: Callable[[memoryview], None] = lambda _: None,
    ) -> None:
        self.key = key
        self.csv_bytes = 0
        self.size = 0
        self._uploads = uploads
        self._account = account
        self._compressor = compressor(compression)
        self._hash = hashlib.sha256()
        self._held = bytearray()
        self._upload_id: str | None = None
        self._pieces: list[Future[dict[str, str]]] = []
        self._whole: Future[Any] | None = None

    def write(self, data: bytes) -> None:
        """Takes bytes; sends a piece whenever one is full."""
        view = memoryview(data)
        for start in range(0, len(view), STEP):
            step = view[start : start + STEP]
            self._account(step)
            self._hold(self._compressor.compress(step))
        self.csv_bytes += len(view)

    def finish(self) -> None:
        """Sends the rest. Nothing is visible before `complete`, unless the object is small."""
        self._hold(self._compressor.flush())
        rest = bytes(self._held)
        self._held.clear()
        if self._upload_id is None:
            self._count(rest)
            put = self._uploads.bucket.client.put_object
            self._whole = self._uploads.submit(
                put, Key=self.key, Body=io.BytesIO(rest), **self._uploads.bucket.encryption
            )
        elif rest:
            self._send(rest)

    def complete(self) -> None:
        """Waits until everything is sent and makes the object of it."""
        if self._whole is not None:
            self._whole.result()
            return
        parts = [
            {"PartNumber": number, "ETag": piece.result()["ETag"]}
            for number, piece in enumerate(self._pieces, 1)
        ]
        bucket = self._uploads.bucket
        with bucket.errors():
            try:
                bucket.client.complete_multipart_upload(
                    Bucket=bucket.name,
                    Key=self.key,
                    UploadId=self._upload_id,
                    MultipartUpload={"Parts": parts},
                )
            except ClientError as error:
                # The answer to a first try may be lost, and the second finds the upload gone.
                if not is_absence(error) or not self._is_there():
                    raise

    def part(self, rows: int) -> Part:
        """Returns what the manifest says of the object, which holds so many rows."""
        return Part(
            key=self.key,
            rows=rows,
            bytes=self.size,
            csv_bytes=self.csv_bytes,
            sha256=self._hash.hexdigest(),
        )

    def abort(self) -> None:
        """Gives up what was sent. The next extract clears what could not be given up."""
        for piece in self._pieces:
            piece.cancel()
        if self._upload_id is None:
            return
        bucket = self._uploads.bucket
        try:
            with bucket.errors():
                bucket.client.abort_multipart_upload(
                    Bucket=bucket.name, Key=self.key, UploadId=self._upload_id
                )
        except CampuslakeError:
            pass  # the failure that led here is the one to tell

    def _hold(self, data: bytes) -> None:
        self._held += data
        while len(self._held) >= PIECE:
            piece = bytes(memoryview(self._held)[:PIECE])
            del self._held[:PIECE]
            self._send(piece)

    def _send(self, piece: bytes) -> None:
        bucket = self._uploads.bucket
        if self._upload_id is None:
            with bucket.errors():
                begun = bucket.client.create_multipart_upload(
                    Bucket=bucket.name, Key=self.key, **bucket.encryption
                )
            self._upload_id = begun["UploadId"]
        self._count(piece)
        self._pieces.append(
            self._uploads.submit(
                bucket.client.upload_part,
                Key=self.key,
                UploadId=self._upload_id,
                PartNumber=len(self._pieces) + 1,
                Body=io.BytesIO(piece),  # bytes are copied on their way, a file is not
            )
        )

    def _is_there(self) -> bool:
        bucket = self._uploads.bucket
        with bucket.errors():
            try:
                found = bucket.client.head_object(Bucket=bucket.name, Key=self.key)
            except ClientError as error:
                if is_absence(error):
                    return False
                raise
        return found["ContentLength"] == self.size

    def _count(self, piece: bytes) -> None:
        self._hash.update(piece)
        self.size += len(piece)
