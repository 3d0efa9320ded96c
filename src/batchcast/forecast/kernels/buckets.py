"""ADIDA and IMAPA: sum the demand over buckets of several periods, smooth the sums, spread the result.

    adida   buckets as long as the mean gap between demands
    imapa   every length from one period to that, averaged

Buckets end at the cutoff, so each cutoff has its own; a first bucket that is not full is left out. Gains are chosen
within statsforecast's bounds, and its rules are kept: one bucket forecasts itself, and where every gain fits equally
well (two buckets) it is the middle of the bounds.
"""

from __future__ import annotations

import numpy as np

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.lanes import (
    FLAT,
    START,
    Floats,
    Ints,
    KernelInput,
    Means,
    longest,
    smooth_lanes,
    start_lanes,
    trained,
    vertex,
)

LANES = 16
GIVEN = LANES - 1  # the lane of a gain that is not searched for: where it is given, or where all fit equally well
SEARCHED = np.linspace(0.1, 0.3, GIVEN)
NO_EVIDENCE = 0.2
ADIDA, IMAPA = range(2)  # rows of what `run_buckets` fills


@compiled
def sum_buckets(running: Floats, start: int, stop: int, length: int, sums: Floats) -> None:
    """Sum of each bucket of [start, stop), from running totals."""
    for b in range((stop - start) // length):
        sums[b] = running[start + (b + 1) * length] - running[start + b * length]


@compiled
def best_level(work: Floats, search: bool) -> float:
    """Level at the gain of least squared error, refined between the gains of the grid.

    The level is a smooth function of the gain: the parabola through three neighbouring lanes gives it to about 1e-5.
    """
    levels, errors = work[LANES : 2 * LANES], work[2 * LANES : 3 * LANES]
    best, worst = 0, 0
    for j in range(1, GIVEN):
        if errors[j] < errors[best]:
            best = j
        if errors[j] > errors[worst]:
            worst = j
    if not (search and errors[worst] - errors[best] > FLAT * errors[worst]):
        return float(levels[GIVEN])
    if best in (0, GIVEN - 1):
        return float(levels[best])
    step = vertex(errors[best - 1], errors[best], errors[best + 1])
    slope = 0.5 * (levels[best + 1] - levels[best - 1])
    curvature = levels[best + 1] - 2.0 * levels[best] + levels[best - 1]
    return float(levels[best] + step * (slope + 0.5 * step * curvature))


@compiled
def longest_buckets(values: Floats, held: Ints, buckets: Ints) -> int:
    """The mean gap between demands at each cutoff, to the nearest period; 0 without demand. Returns the largest."""
    demands, last, t, most = 0, -1, 0, 0
    for c in range(len(held) - 1, -1, -1):
        n = trained(len(values), held[c])
        while t < n:
            if values[t] > 0.0:
                demands += 1
                last = t
            t += 1
        buckets[c] = int(np.rint((last + 1) / demands)) if demands else 0
        most = max(most, buckets[c])
    return most


@compiled
def run_buckets(values: Floats, offsets: Ints, held: Ints, gain: float, levels: Floats) -> None:
    """Forecasts of both models at each cutoff.

    Args:
        values: demand of all series.
        offsets: where each series begins, shape (series + 1,).
        held: periods held back at each cutoff, ascending.
        gain: of every bucket length; 0 chooses the one of least squared error for each.
        levels: zeros; becomes the forecast of every step, shape (2, cutoffs, series).
    """
    most = longest(offsets)
    running, sums = np.zeros(most + 1), np.empty(most)
    work, gains = np.empty(3 * LANES), np.empty(LANES)
    for j in range(GIVEN):
        gains[j] = SEARCHED[j]
    gains[GIVEN] = gain if gain > 0.0 else NO_EVIDENCE
    buckets, open_cutoffs = np.empty(len(held), np.int64), np.empty(len(held), np.bool_)
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        for t in range(len(y)):
            running[t + 1] = running[t] + y[t]
        longest_bucket = longest_buckets(y, held, buckets)
        for length in range(1, longest_bucket + 1):
            for c in range(len(held)):
                open_cutoffs[c] = length <= buckets[c]
            for latest in range(len(held)):  # cutoffs whose buckets lie alike share a pass
                if not open_cutoffs[latest]:
                    continue
                n = trained(len(y), held[latest])
                sum_buckets(running, n % length, n, length, sums)
                start_lanes(work, LANES, gains, sums[0])
                seen = START + 1
                for c in range(len(held) - 1, latest - 1, -1):
                    shorter = trained(len(y), held[c])
                    if not open_cutoffs[c] or shorter % length != n % length:
                        continue
                    open_cutoffs[c] = False
                    count = shorter // length
                    smooth_lanes(work, LANES, sums, seen, count)
                    seen = max(seen, count)
                    level = best_level(work, gain == 0.0)
                    levels[IMAPA, c, i] += level / length / buckets[c]
                    if length == buckets[c]:
                        levels[ADIDA, c, i] = level / length


def forecast(given: KernelInput) -> Means:
    """ADIDA and IMAPA, each bucket length with the gain that fits best."""
    levels = np.zeros((2, *given.shape, 1))
    run_buckets(given.values, given.offsets, given.held, 0.0, levels[..., 0])
    return {"adida": levels[ADIDA], "imapa": levels[IMAPA]}
