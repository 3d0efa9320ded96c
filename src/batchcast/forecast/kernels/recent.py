# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments
"""Sums of the demand of recent stretches of history."""

from __future__ import annotations

import numpy as np

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.lanes import Floats, Ints


@compiled
def sum_stretches(values: Floats, offsets: Ints, held: Ints, starts: Ints, stops: Ints, sums: Floats) -> None:
    """Mean demand of a period in each stretch before each cutoff.

    Args:
        values: demand of all series, one after the other, oldest first.
        offsets: where each series begins, shape (series + 1,).
        held: periods held back at each cutoff.
        starts: how many periods before the cutoff each stretch begins, shape (stretches,).
        stops: how many before it ends, same shape; 0 is the cutoff itself.
        sums: becomes the means, shape (cutoffs, series, stretches); NaN where history does not reach as far back.
    """
    for c in range(len(held)):
        for i in range(len(offsets) - 1):
            end = offsets[i + 1] - held[c]
            for k in range(len(starts)):
                if end - starts[k] < offsets[i]:
                    sums[c, i, k] = np.nan
                    continue
                total = 0.0
                for t in range(end - starts[k], end - stops[k]):
                    total += values[t]
                sums[c, i, k] = total / (starts[k] - stops[k])
