"""One random stream per purpose, so that a change to one table leaves the others alone."""

import zlib

import numpy as np


def stream(seed: int, purpose: str, *part: int) -> np.random.Generator:
    """Returns the generator of `purpose` (and of one `part` of it) under `seed`.

    The key is a checksum of the name, not its hash: it is the same in every process.
    """
    key = (zlib.crc32(purpose.encode()), *part)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
