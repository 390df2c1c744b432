"""Pieces wait in PostgreSQL, not in memory, while the object store is slow."""

import threading
from contextlib import nullcontext

from extract.upload import PIECES_AT_ONCE, Uploads


class SlowStore:
    """A bucket as far as the sending of pieces goes."""

    name = "slow"
    errors = nullcontext


def test_a_piece_is_taken_only_when_another_has_arrived():
    uploads, going = Uploads(SlowStore()), threading.Event()

    def send(**_: object) -> None:
        going.wait()

    try:
        for _ in range(PIECES_AT_ONCE):
            uploads.submit(send)
        one_more = threading.Thread(target=uploads.submit, args=(send,))
        one_more.start()
        one_more.join(0.5)
        assert one_more.is_alive()
        going.set()
        one_more.join(10)
        assert not one_more.is_alive()
    finally:
        going.set()
        uploads.close()
