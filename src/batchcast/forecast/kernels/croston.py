"""Croston and its variants: demand as events, each with a size and a gap since the one before.

    croston        size / gap                                    both smoothed at each demand
    sba            croston x (1 - gain of the gap / 2)           Syntetos and Boylan's correction of its bias
    linear_decay   croston x (1 - gain of the gap x idle / (2 x gap)), at least 0; idle: periods since the last demand

All three change only at a demand, so the work grows with the number of demands instead of the number of periods.
"""
# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments

from __future__ import annotations

import numpy as np

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.lanes import (
    START,
    Floats,
    Ints,
    KernelInput,
    Means,
    best_of_grid,
    longest,
    smooth_lanes,
    start_lanes,
    trained,
)

LANES = 8
GRID = np.geomspace(0.1, 0.3, LANES)  # statsforecast's bounds
NO_EVIDENCE = 0.2  # the middle, where every gain fits equally well: what statsforecast does there
CROSTON, SBA, LINEAR_DECAY = range(3)  # rows of what `run_croston` fills


@compiled
def list_events(values: Floats, sizes: Floats, gaps: Floats) -> int:
    """Write the size of each demand and the periods since the one before (since the start, for the first)."""
    count = 0
    last = -1
    for t in range(len(values)):
        if values[t] > 0.0:
            sizes[count] = values[t]
            gaps[count] = t - last
            last = t
            count += 1
    return count


@compiled
def choose_croston(values: Floats, offsets: Ints, held: Ints, size_gains: Floats, gap_gains: Floats) -> None:
    """The gains that predict the next size, and the next gap, with least squared error, at each cutoff.

    Both become of shape (cutoffs, series). Sizes and gaps are fitted apart, as statsforecast's CrostonOptimized does.
    """
    size_work, gap_work = np.empty(3 * LANES), np.empty(3 * LANES)
    most = longest(offsets)
    sizes, gaps = np.empty(most), np.empty(most)
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        count = list_events(y, sizes, gaps)
        start_lanes(size_work, LANES, GRID, sizes[0] if count else 0.0)
        start_lanes(gap_work, LANES, GRID, gaps[0] if count else 0.0)
        seen, stop = START + 1, START  # events smoothed, events before the cutoff
        when = -1.0  # period of the last event before the cutoff
        for c in range(len(held) - 1, -1, -1):
            n = trained(len(y), held[c])
            while stop < count and when + gaps[stop] < n:
                when += gaps[stop]
                stop += 1
            if stop > seen:
                smooth_lanes(size_work, LANES, sizes, seen, stop)
                smooth_lanes(gap_work, LANES, gaps, seen, stop)
                seen = stop
            size_gains[c, i] = best_of_grid(size_work[2 * LANES :], GRID, NO_EVIDENCE)
            gap_gains[c, i] = best_of_grid(gap_work[2 * LANES :], GRID, NO_EVIDENCE)


@compiled
def run_croston(
    values: Floats, offsets: Ints, held: Ints, size_gains: Floats, gap_gains: Floats, levels: Floats
) -> None:
    """Forecast of the three models with given gains.

    Args:
        values: demand of all series.
        offsets: where each series begins, shape (series + 1,).
        held: periods held back at each cutoff, ascending.
        size_gains: how fast the size learns, shape (cutoffs, series).
        gap_gains: how fast the gap learns, same shape.
        levels: zeros; becomes the forecast of every step, shape (3, cutoffs, series); 0 before the first demand.
    """
    most = longest(offsets)
    sizes, gaps = np.empty(most), np.empty(most)
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        count = list_events(y, sizes, gaps)
        size_gain, gain = 0.0, 0.0  # of the cutoff before
        size, gap, when, k = 0.0, 0.0, 0, 0
        for c in range(len(held) - 1, -1, -1):
            n = trained(len(y), held[c])
            if count == 0 or gaps[0] > n:
                continue  # no demand yet
            if size_gain != size_gains[c, i] or gain != gap_gains[c, i]:  # else go on from there
                size_gain, gain = size_gains[c, i], gap_gains[c, i]
                size, gap, when, k = sizes[0], gaps[0], int(gaps[0]) - 1, 1
            while k < count and when + gaps[k] < n:
                size += size_gain * (sizes[k] - size)
                gap += gain * (gaps[k] - gap)
                when += int(gaps[k])
                k += 1
            inverse = 1.0 / gap
            rate, slope, idle = size * inverse, 0.5 * gain * inverse, n - 1 - when
            levels[CROSTON, c, i] = rate
            levels[SBA, c, i] = (1.0 - 0.5 * gain) * rate  # Syntetos and Boylan's factor
            levels[LINEAR_DECAY, c, i] = rate * max(1.0 - slope * idle, 0.0)


def forecast(given: KernelInput) -> Means:
    """Croston, SBA and linear decay, with the gains of size and gap that fit best."""
    size_gains, gap_gains, levels = np.zeros(given.shape), np.zeros(given.shape), np.zeros((3, *given.shape, 1))
    choose_croston(given.values, given.offsets, given.held, size_gains, gap_gains)
    run_croston(given.values, given.offsets, given.held, size_gains, gap_gains, levels[..., 0])
    return {"croston": levels[CROSTON], "sba": levels[SBA], "linear_decay": levels[LINEAR_DECAY]}
