"""Simple exponential smoothing: the level moves towards each value by a share of the error."""

from __future__ import annotations

import numpy as np

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.lanes import (
    CUTOFF_LANES,
    START,
    Floats,
    Ints,
    KernelInput,
    Means,
    best_of_grid,
    smooth_lanes,
    start_lanes,
    trained,
)

LANES = 32
GRID = np.geomspace(0.01, 0.99, LANES)
NO_EVIDENCE = 0.2  # the gain where every gain fits equally well


@compiled
def choose_ses(values: Floats, offsets: Ints, held: Ints, gains: Floats) -> None:
    """The gain of least squared one-step error at each cutoff, into shape (cutoffs, series)."""
    work = np.empty(3 * LANES)
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        if len(y) == 0:
            continue
        start_lanes(work, LANES, GRID, y[0])
        t = START + 1
        for c in range(len(held) - 1, -1, -1):
            n = trained(len(y), held[c])
            if n < 1:
                continue
            smooth_lanes(work, LANES, y, t, n)
            t = n
            gains[c, i] = best_of_grid(work[2 * LANES :], GRID, NO_EVIDENCE)


@compiled
def run_ses(values: Floats, offsets: Ints, held: Ints, gains: Floats, levels: Floats) -> None:
    """Level of given gains at each cutoff, both of shape (cutoffs, series).

    The level starts at the first value, as in statsforecast.
    """
    work = np.empty(3 * CUTOFF_LANES)
    lane_gains = np.zeros(CUTOFF_LANES)
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        if len(y) == 0:
            continue
        for last in range(len(held) - 1, -1, -CUTOFF_LANES):
            stop = max(last - CUTOFF_LANES, -1)
            for c in range(last, stop, -1):
                lane_gains[last - c] = gains[c, i]
            start_lanes(work, CUTOFF_LANES, lane_gains, y[0])
            t = START + 1
            for c in range(last, stop, -1):
                n = trained(len(y), held[c])
                if n < 1:
                    continue
                smooth_lanes(work, CUTOFF_LANES, y, t, n)
                t = n
                levels[c, i] = work[CUTOFF_LANES + last - c]


def forecast(given: KernelInput) -> Means:
    """The level, with the gain that fits best."""
    gains, levels = np.zeros(given.shape), np.zeros((*given.shape, 1))
    choose_ses(given.values, given.offsets, given.held, gains)
    run_ses(given.values, given.offsets, given.held, gains, levels[..., 0])
    return {"ses": levels}
