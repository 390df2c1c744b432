"""Streams one CSV part to S3 in bounded memory, hashing what it sends."""

import hashlib
import io
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from infra.errors import CampuslakeError
from infra.object_store import Bucket

CHUNK = 8 * 1024 * 1024  # bytes of one uploaded piece; S3 wants 5 MiB at least
AHEAD = 2  # pieces of one object that may wait for S3; more than that, and COPY waits


class PartUpload(io.RawIOBase):
    """A write-only stream whose bytes become one S3 object when it is committed.

    An object of one piece is put whole; a longer one is a multipart upload. Until `commit`
    nothing is visible in the bucket.
    """

    def __init__(self, bucket: Bucket, key: str, pool: ThreadPoolExecutor) -> None:
        self.size = 0
        self._bucket = bucket
        self._client = bucket.client
        self._where = {"Bucket": bucket.name, "Key": key}
        self._pool = pool
        self._hash = hashlib.sha256()
        self._held = bytearray()
        self._upload_id: str | None = None
        self._pieces: list[Future[dict[str, Any]]] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        """Takes bytes from COPY; sends a piece whenever one is full."""
        self._held += data
        while len(self._held) >= CHUNK:
            self._send(bytes(self._held[:CHUNK]))
            del self._held[:CHUNK]
        return len(data)

    def commit(self) -> str:
        """Finishes the object and returns its SHA-256 (hex)."""
        last = bytes(self._held)
        self._held.clear()
        with self._bucket.errors():
            if self._upload_id is None:
                self._account(last)
                self._client.put_object(**self._where, Body=last, ContentType="text/csv")
            else:
                if last:
                    self._send(last)
                parts = [piece.result() for piece in self._pieces]
                self._client.complete_multipart_upload(
                    **self._where, UploadId=self._upload_id, MultipartUpload={"Parts": parts}
                )
        return self._hash.hexdigest()

    def abort(self) -> None:
        """Gives up what was sent. The next extract clears what could not be given up."""
        for piece in self._pieces:
            piece.cancel()
        if self._upload_id is not None:
            try:
                with self._bucket.errors():
                    self._client.abort_multipart_upload(**self._where, UploadId=self._upload_id)
            except CampuslakeError:
                pass  # the failure that led here is the one to tell

    def _send(self, piece: bytes) -> None:
        with self._bucket.errors():
            if self._upload_id is None:
                begun = self._client.create_multipart_upload(**self._where, ContentType="text/csv")
                self._upload_id = begun["UploadId"]
            if len(self._pieces) >= AHEAD:
                self._pieces[-AHEAD].result()
        self._pieces.append(self._pool.submit(self._put_piece, len(self._pieces) + 1, piece))
        self._account(piece)

    def _put_piece(self, number: int, piece: bytes) -> dict[str, Any]:
        answer = self._client.upload_part(
            **self._where, UploadId=self._upload_id, PartNumber=number, Body=piece
        )
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def _account(self, piece: bytes) -> None:
        self._hash.update(piece)
        self.size += len(piece)
