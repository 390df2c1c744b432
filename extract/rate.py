"""A speed limit for what is read from the ERP."""

import threading
import time


class RateLimit:
    """At most so many bytes a second, of all threads together; None for no limit."""

    def __init__(self, bytes_per_second: float | None) -> None:
        self._rate = bytes_per_second
        self._free_at = time.monotonic()
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Returns when `size` bytes may pass. The ERP's server waits as long."""
        if self._rate is None:
            return
        with self._lock:
            now = time.monotonic()
            wait = max(self._free_at - now, 0.0)
            self._free_at = now + wait + size / self._rate
        time.sleep(wait)
