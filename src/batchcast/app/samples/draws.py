"""Random numbers from the raw stream of the generator, which numpy keeps the same for ever."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Generator = np.random.PCG64
Numbers = NDArray[np.int64]
Reals = NDArray[np.float64]


def uniform(generator: Generator, count: int) -> Reals:
    """Numbers in (0, 1)."""
    bits: NDArray[np.uint64] = generator.random_raw(count) >> np.uint64(11)
    return (bits.astype(np.float64) + 0.5) * 2.0**-53


def draw(generator: Generator, weights: Reals, count: int) -> Numbers:
    """Places in `weights`, each as often as it weighs."""
    edges = np.cumsum(weights)
    places: Numbers = np.searchsorted(edges, uniform(generator, count) * edges[-1]).astype(np.int64)
    return places


def distinct(values: Numbers) -> Numbers:
    """The values without repetition, in the order of their first place."""
    first: Numbers = np.unique(values, return_index=True)[1]
    return values[np.sort(first)]
