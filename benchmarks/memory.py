"""Peak memory of processes while something runs."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psutil

SAMPLE_SECONDS = 1.0  # looking is not free: the kernel walks every page of a process


@contextmanager
def peak_megabytes(pids: Mapping[str, int]) -> Iterator[dict[str, float]]:
    """Yields a dict that holds, when the block ends, each named process's peak in MB.

    A process counts with its children, and memory that they share counts once (PSS, Linux).
    """
    peaks = dict.fromkeys(pids, 0.0)
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(SAMPLE_SECONDS):
            for name, pid in pids.items():
                peaks[name] = max(peaks[name], _megabytes(pid))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield peaks
    finally:
        ended.set()
        sampler.join()


def _megabytes(pid: int) -> float:
    total = 0
    try:
        process = psutil.Process(pid)
        for member in [process, *process.children(recursive=True)]:
            try:
                total += member.memory_full_info().pss
            except psutil.NoSuchProcess:
                continue  # it ended meanwhile
    except psutil.NoSuchProcess:
        return 0.0
    return total / 1e6
