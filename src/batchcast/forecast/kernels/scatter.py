# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments
"""Writes sparse daily demand into the periods of a panel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def scatter_demand(
    periods: NDArray[np.int32],
    quantities: Floats,
    bounds: NDArray[np.int64],
    starts: NDArray[np.int64],
    offsets: NDArray[np.int64],
    values: Floats,
    last_demand: NDArray[np.int32],
) -> None:
    """Add the quantities of each series to its periods, in the order given.

    Args:
        periods: period of each day with demand, series after series; those after the end of a series are left out.
        quantities: net total of that day, may be negative.
        bounds: where the days of each series begin, shape (series + 1,).
        starts: first period of each series.
        offsets: where its values begin, shape (series + 1,).
        values: zeros; becomes the totals of the periods, those under 0 set to 0.
        last_demand: becomes the last period with a total over 0; left as it is where there is none.
    """
    for i in range(len(starts)):
        base, length = offsets[i], offsets[i + 1] - offsets[i]
        for k in range(bounds[i], bounds[i + 1]):
            at = periods[k] - starts[i]
            if at < length:
                values[base + at] += quantities[k]
        for t in range(length):
            if values[base + t] > 0.0:
                last_demand[i] = starts[i] + t
            else:
                values[base + t] = 0.0  # also turns a negative zero into zero
