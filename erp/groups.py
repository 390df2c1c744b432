"""Positions by group: who and what belongs to each campus, promotion and year."""

import numpy as np


def positions_by_group(*keys: np.ndarray) -> dict[tuple[int, ...], np.ndarray]:
    """Returns, for each combination of the keys' values, the ascending positions that hold it."""
    order = np.lexsort(keys[::-1])
    ordered = np.stack([key[order] for key in keys])
    starts = np.flatnonzero((ordered[:, 1:] != ordered[:, :-1]).any(axis=0)) + 1
    return {
        tuple(int(key[part[0]]) for key in keys): part
        for part in np.split(order, starts)
        if len(part)
    }
