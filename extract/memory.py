"""How this process gives memory back."""

import ctypes

M_MMAP_THRESHOLD = -3  # of mallopt(3)
LARGE = 1024 * 1024


def give_large_blocks_back() -> None:
    """Tells glibc to return blocks of 1 MiB and more when they are freed.

    Left alone it learns to keep those of an upload for the next one, up to 32 MiB for each thread.
    Where the C library has no such switch, nothing happens.
    """
    try:
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE)
    except (AttributeError, OSError):
        pass
