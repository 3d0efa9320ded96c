"""Lanes: one pass over time carries a whole grid of parameters.

A lane is one set of parameters with its state. All lanes live in one workspace, row after row (`lanes` entries of the
first variable, then of the second, ...). The loop over lanes is inside the loop over time, and several periods are
unrolled inside it, so that the compiler keeps a lane's state in registers and works on eight lanes at a time. Rows of
one array at distances known when compiling tell it that they do not overlap.

A cutoff is a place where the pass stops for a moment to look at its lanes, never a second pass. Every sum is added up
period after period, however many are unrolled, so that no bit depends on where the pass stopped.

Counters that are handed on begin as START, not 0: the compiler would make one more version of the called function for a
literal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.compiled import inlined

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CUTOFF_LANES = 8  # lanes of a pass with one lane a cutoff: as many as a vector register holds
START = cast(int, np.int64(0))  # the first period, or none yet
FLAT = 1e-6  # relative difference of squared errors under which parameters are as good as each other


@dataclass(frozen=True, kw_only=True)
class KernelInput:
    """What the `forecast` of every kernel is given: histories divided by a power of two near their largest values."""

    values: Floats  # demand of all series, one after the other, oldest first
    offsets: Ints  # shape (series + 1,): series i is values[offsets[i]:offsets[i + 1]]
    held: Ints  # periods held back at the end at each cutoff, ascending
    steps: int  # to forecast
    season_length: int  # periods; 1: there is no season

    @property
    def shape(self) -> tuple[int, int]:
        """Cutoffs, series."""
        return len(self.held), len(self.offsets) - 1


Means = dict[str, Floats]  # by model: expected demand of each step, (cutoffs, series, steps), or 1 step for all alike


@inlined
def trained(length: int, held: int) -> int:
    """Periods left to learn from when `held` periods at the end are held back."""
    return max(length - held, 0)


@inlined
def vertex(left: float, middle: float, right: float) -> float:
    """Where the parabola through three equidistant points is lowest, in steps from the middle one, within ±1."""
    curvature = left - 2.0 * middle + right
    if not curvature > FLAT * middle:
        return 0.0
    step: float = 0.5 * (left - right) / curvature
    return min(max(step, -1.0), 1.0)


@inlined
def best_of_grid(errors: Floats, grid: Floats, middle: float) -> float:
    """The parameter of least error on a geometric grid, refined by a parabola through its neighbours.

    `middle` where every one is as good: there is no evidence, and the choice must not hang on rounding.
    """
    last = len(grid) - 1
    best = 0
    worst = errors[0]
    for j in range(1, last + 1):
        if errors[j] < errors[best]:
            best = j
        worst = max(worst, errors[j])
    if not worst - errors[best] > FLAT * worst:
        return middle
    chosen: float = grid[best]
    if 0 < best < last:
        chosen *= (grid[best + 1] / grid[best]) ** vertex(errors[best - 1], errors[best], errors[best + 1])
    return chosen


@inlined
def smooth_lanes(work: Floats, lanes: int, values: Floats, start: int, stop: int) -> None:
    """Simple exponential smoothing of values[start:stop] in every lane. Rows: gain, level, squared errors."""
    t = start
    while t + 4 <= stop:
        y0, y1, y2, y3 = values[t], values[t + 1], values[t + 2], values[t + 3]
        for j in range(lanes):
            gain, level, squares = work[j], work[lanes + j], work[2 * lanes + j]
            error = y0 - level
            level += gain * error
            squares += error * error
            error = y1 - level
            level += gain * error
            squares += error * error
            error = y2 - level
            level += gain * error
            squares += error * error
            error = y3 - level
            level += gain * error
            squares += error * error
            work[lanes + j] = level
            work[2 * lanes + j] = squares
        t += 4
    while t < stop:
        y0 = values[t]
        for j in range(lanes):
            error = y0 - work[lanes + j]
            work[lanes + j] += work[j] * error
            work[2 * lanes + j] += error * error
        t += 1


@inlined
def start_lanes(work: Floats, lanes: int, gains: Floats, level: float) -> None:
    """Give every lane of `smooth_lanes` its gain and the same level, with no error yet."""
    for j in range(lanes):
        work[j] = gains[j]
        work[lanes + j] = level
        work[2 * lanes + j] = 0.0


@inlined
def longest(offsets: Ints) -> int:
    """Periods of the longest series."""
    most = 0
    for i in range(len(offsets) - 1):
        most = max(most, offsets[i + 1] - offsets[i])
    return most
