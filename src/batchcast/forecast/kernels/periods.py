"""From days to the periods of a panel: demand summed by period, and demand that stands in for periods out of stock.

What was demanded while a part was out of stock is not known; the demand of periods in stock stands in for it.
"""

# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.lanes import Floats, Ints

Flags = NDArray[np.bool_]


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


@compiled
def mark_periods(periods: NDArray[np.int32], bounds: Ints, starts: Ints, offsets: Ints, flags: Flags) -> None:
    """Flag the periods that hold a day out of stock.

    Args:
        periods: period of each such day, series after series.
        bounds: where those of each series begin, shape (series + 1,).
        starts: first period of each series.
        offsets: where its values begin, shape (series + 1,).
        flags: False; one for each value.
    """
    for i in range(len(starts)):
        for k in range(bounds[i], bounds[i + 1]):
            at = offsets[i] + periods[k] - starts[i]
            if offsets[i] <= at < offsets[i + 1]:
                flags[at] = True


@compiled
def fill_stand_ins(values: Floats, offsets: Ints, flags: Flags) -> None:
    """Put the demand of other periods where it was not met, and keep what was sold if that was more.

    A run of such periods gets the periods in stock before it, the nearest first, from the first again where they
    are too few; a run with none before it those after it. So sizes, zeros and whole numbers stay as they are. A
    series never in stock is left as it is, and not flagged.
    """
    longest = 0
    for i in range(len(offsets) - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    known = np.empty(longest)
    for i in range(len(offsets) - 1):
        count = 0
        for t in range(offsets[i], offsets[i + 1]):
            if not flags[t]:
                known[count] = values[t]
                count += 1
        if count == 0:
            flags[offsets[i] : offsets[i + 1]] = False
            continue
        before, run = 0, 0
        for t in range(offsets[i], offsets[i + 1]):
            if not flags[t]:
                before, run = before + 1, 0
                continue
            stand_in = known[before - 1 - run % before] if before > 0 else known[run % count]
            values[t] = max(values[t], stand_in)
            run += 1
