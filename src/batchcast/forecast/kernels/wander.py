# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments
"""How far the level of demand wanders from one stretch of history to another."""

from __future__ import annotations

import numpy as np

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.lanes import Floats, Ints

FEWEST_PAIRS = 3  # of stretches, to say anything


@compiled
def measure_wander(values: Floats, offsets: Ints, held: int, span: int, lag: int, variances: Floats) -> None:
    """Half the variance of S(t + lag) - S(t) over the history of each series, where S sums `span` periods.

    Where demand is independent from period to period and lag at least span, this is the variance of S. A steady trend
    is no part of it, nor a season whose length divides the lag.

    Args:
        values: demand of all series, one after the other, oldest first.
        offsets: where each series begins, shape (series + 1,).
        held: periods held back from the end.
        span: periods that are summed.
        lag: periods from one sum to the other.
        variances: written, shape (series,); infinite where history has fewer than FEWEST_PAIRS of them.
    """
    for i in range(len(offsets) - 1):
        first, stop = offsets[i], offsets[i + 1] - held
        pairs = stop - first - span - lag + 1
        if pairs < FEWEST_PAIRS:
            variances[i] = np.inf
            continue
        change = 0.0
        for t in range(first, first + span):
            change += values[t + lag] - values[t]
        mean = squares = 0.0
        for n in range(pairs):
            step = change - mean
            mean += step / (n + 1.0)
            squares += step * (change - mean)
            if n + 1 < pairs:
                t = first + n
                change += values[t + lag + span] - values[t + lag] - values[t + span] + values[t]
        variances[i] = squares / pairs / 2.0
