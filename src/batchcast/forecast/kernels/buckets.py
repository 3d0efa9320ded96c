"""ADIDA and IMAPA: sum the demand over buckets of several periods, smooth the sums, spread the result.

    adida   buckets as long as the mean gap between demands
    imapa   every length from one period to that, averaged

Buckets end at the cutoff, so each cutoff has its own; a first bucket that is not full is left out. Gains are chosen
within statsforecast's bounds, and its rules are kept: one bucket forecasts itself, and where every gain fits equally
well (two buckets) it is the middle of the bounds.
"""
# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments

from __future__ import annotations

import numpy as np

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.events import longest
from batchcast.forecast.kernels.lanes import FLAT, START, Floats, Ints, smooth_lanes, start_lanes, trained, vertex

LANES = 16
GIVEN = LANES - 1  # the lane of a gain that is not searched for: where it is given, or where all fit equally well
SEARCHED = np.linspace(0.1, 0.3, GIVEN)
NO_EVIDENCE = 0.2
ADIDA, IMAPA = range(2)  # rows of what `run_buckets` fills


@compiled
def sum_buckets(
    running: Floats, squares: Floats, start: int, stop: int, length: int, sums: Floats, rest: Floats
) -> int:
    """Sum of each bucket of [start, stop), from running totals; returns how many there are.

    `rest[b]` becomes the squared deviations from their bucket's mean over all periods of the buckets up to `b`, but
    not of the first: what no forecast of sums can explain.
    """
    count = (stop - start) // length
    before = start
    unexplained = 0.0
    for b in range(count):
        after = before + length
        total = running[after] - running[before]
        if b > 0 and length > 1:
            unexplained += max(squares[after] - squares[before] - total * total / length, 0.0)
        sums[b] = total
        rest[b] = unexplained
        before = after
    return count


@compiled
def best_level(work: Floats, search: bool) -> tuple[float, float]:
    """Level and squared error at the gain of least squared error, refined between the gains of the grid.

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
        return levels[GIVEN], errors[GIVEN]
    if best in (0, GIVEN - 1):
        return levels[best], errors[best]
    step = vertex(errors[best - 1], errors[best], errors[best + 1])
    slope = 0.5 * (levels[best + 1] - levels[best - 1])
    remap_quantiles = levels[best + 1] - 2.0 * levels[best] + levels[best - 1]
    return levels[best] + step * (slope + 0.5 * step * remap_quantiles), errors[best]


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
def run_buckets(values: Floats, offsets: Ints, held: Ints, gain: float, levels: Floats, mse: Floats) -> None:
    """Forecasts and mean squared errors of both models at each cutoff.

    Args:
        values: demand of all series.
        offsets: where each series begins, shape (series + 1,).
        held: periods held back at each cutoff, ascending.
        gain: of every bucket length; 0 chooses the one of least squared error for each.
        levels: zeros; becomes the forecast of every step, shape (2, cutoffs, series).
        mse: zeros; becomes the mean squared error of a period forecast by the bucket before it, same shape; for IMAPA
            the mean over its lengths, which is at least its own (a mean of forecasts errs no more than they do).
    """
    most = longest(offsets)
    running, squares = np.zeros(most + 1), np.zeros(most + 1)
    sums, rest = np.empty(most), np.empty(most)
    work, gains = np.empty(3 * LANES), np.empty(LANES)
    for j in range(GIVEN):
        gains[j] = SEARCHED[j]
    gains[GIVEN] = gain if gain > 0.0 else NO_EVIDENCE
    buckets, open_cutoffs = np.empty(len(held), np.int64), np.empty(len(held), np.bool_)
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        for t in range(len(y)):
            running[t + 1] = running[t] + y[t]
            squares[t + 1] = squares[t] + y[t] * y[t]
        longest_bucket = longest_buckets(y, held, buckets)
        for length in range(1, longest_bucket + 1):
            for c in range(len(held)):
                open_cutoffs[c] = length <= buckets[c]
            for latest in range(len(held)):  # cutoffs whose buckets lie alike share a pass
                if not open_cutoffs[latest]:
                    continue
                n = trained(len(y), held[latest])
                sum_buckets(running, squares, n % length, n, length, sums, rest)
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
                    level, error = best_level(work, gain == 0.0)
                    error = (rest[count - 1] + error / length) / max((count - 1) * length, 1)
                    levels[IMAPA, c, i] += level / length / buckets[c]
                    mse[IMAPA, c, i] += error / buckets[c]
                    if length == buckets[c]:
                        levels[ADIDA, c, i], mse[ADIDA, c, i] = level / length, error
