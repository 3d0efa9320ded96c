"""Stand-ins for periods out of stock: what was wanted then is not known, so the periods around them speak for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.lanes import Floats, Ints

Flags = NDArray[np.bool_]


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
