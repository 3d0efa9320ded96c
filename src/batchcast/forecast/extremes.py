"""Extremes: one order, or the few of one project, far beyond all other demand of a series; and slips of typing.

An extreme says little of what comes: on real parts, half its size or more came again within a horizon after one of
twenty, and what came was on average near the other demand (decision 0019). So it counts as what the other demand
makes plausible: a small multiple of the largest of it. That is decided at each cutoff, from the history of the series
up to it. Demand that comes again at such a size more than a quarter later is no extreme, nor are several periods in a
row after which the usual demand has not come back: that is a new level.
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Frequency
from batchcast.forecast.compiled import compiled
from batchcast.forecast.panel import Panel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FAR_BEYOND = 8.0  # times the largest other demand, from which one demand is an extreme, where ENOUGH others are known
UNSETTLED = 20.0  # the same where no other demand has come after it, or where it is spread over several periods
FAR_BEYOND_FEW = 200.0  # the same where fewer than ENOUGH others are known
FAR_BEYOND_ONE = 10_000.0  # the same where one other is known; where none is, nothing is an extreme
ENOUGH = 5  # others
LONGEST_EVENT = 3  # periods with demand that one order may be spread over, within a quarter; ENOUGH others for each
PLAUSIBLE = 2.0  # an extreme counts as so many times the largest other demand
QUARTER = {Frequency.DAILY: 92, Frequency.WEEKLY: 13, Frequency.MONTHLY: 3}  # periods


def largest_plausible(values: Floats, offsets: Ints, held: Ints, frequency: Frequency) -> Floats:
    """What a demand of each series counts as at most, at each cutoff; infinite where there is no extreme.

    Args:
        values: demand of all series, one after the other, oldest first.
        offsets: shape (series + 1,): series i is `values[offsets[i]:offsets[i + 1]]`.
        held: periods held back from the end at each cutoff.
        frequency: of the periods.

    Returns:
        Shape (cutoffs, series).
    """
    limits = np.full((len(held), len(offsets) - 1), np.inf)
    _find_limits(values, offsets, held, np.argsort(-held, kind="stable"), QUARTER[frequency], limits)
    return limits


@compiled
def _find_limits(values: Floats, offsets: Ints, held: Ints, order: Ints, quarter: int, limits: Floats) -> None:
    """Write the limit of every series at every cutoff; `order` has the cutoffs, the earliest first."""
    sizes, places = np.empty(LONGEST_EVENT + 1), np.empty(LONGEST_EVENT + 1, dtype=np.int64)
    for i in range(len(offsets) - 1):
        sizes[:] = 0.0
        places[:] = -1
        demands, position = 0, offsets[i]
        for c in order:
            end = offsets[i + 1] - held[c]
            while position < end:
                if values[position] > 0.0:
                    demands += 1
                    _rank(sizes, places, values[position], position)
                position += 1
            limits[c, i] = _limit_of(
                values[offsets[i] : max(end, offsets[i])], sizes, places - offsets[i], demands, quarter
            )


@compiled
def _rank(sizes: Floats, places: Ints, size: float, position: int) -> None:
    """Take one more demand into the largest ones, in descending order."""
    k = len(sizes)
    while k > 0 and sizes[k - 1] < size:
        k -= 1
    for j in range(len(sizes) - 1, k, -1):
        sizes[j], places[j] = sizes[j - 1], places[j - 1]
    if k < len(sizes):
        sizes[k], places[k] = size, position


@compiled
def _limit_of(history: Floats, sizes: Floats, places: Ints, demands: int, quarter: int) -> float:
    """The limit of one series; `sizes` and `places` are of its largest demands, the largest first."""
    for count in range(LONGEST_EVENT, 0, -1):
        others = demands - count
        if others < (1 if count == 1 else ENOUGH * count) or not sizes[count - 1] > FAR_BEYOND * sizes[count]:
            continue
        first, last = places[:count].min(), places[:count].max()
        back = _demands_after(history, last)
        is_one = count == 1 or (last - first < quarter and back >= count)
        if not (is_one or _are_apart(sizes, count)):
            continue
        multiple = FAR_BEYOND if count == 1 and back > 0 else UNSETTLED
        if others < ENOUGH:
            multiple = FAR_BEYOND_FEW if others > 1 else FAR_BEYOND_ONE
        if sizes[count - 1] > multiple * sizes[count]:
            return float(PLAUSIBLE * sizes[count])
    return np.inf


@compiled
def _are_apart(sizes: Floats, count: int) -> bool:
    """Whether each of the largest demands is far beyond the next: slips of typing, each an extreme by itself."""
    apart = True
    for k in range(count):
        apart &= sizes[k] > UNSETTLED * sizes[k + 1]
    return apart


@compiled
def _demands_after(history: Floats, last: int) -> int:
    found = 0
    for t in range(last + 1, len(history)):
        found += history[t] > 0.0
    return found


def cut_to_limits(panel: Panel, held: int, limits: Floats, rows: Ints) -> Panel:
    """Some series up to a cutoff, with their extremes as what they count as.

    Args:
        panel: the histories.
        held: periods held back from the end.
        limits: what a demand of each series counts as at most, shape (series,).
        rows: which series; each must have a period up to the cutoff.
    """
    starts, ends = panel.offsets[:-1][rows], panel.offsets[1:][rows] - held
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(ends - starts, out=offsets[1:])
    at = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], ends - starts)
    return replace(
        panel,
        values=np.minimum(panel.values[at], np.repeat(limits[rows], ends - starts)),
        offsets=offsets,
        site_codes=[panel.site_codes[i] for i in rows],
        partnumbers=[panel.partnumbers[i] for i in rows],
        last_demand=panel.last_demand[rows],
        out_of_stock=None if panel.out_of_stock is None else panel.out_of_stock[at],
        ends=panel.last_periods[rows] - np.int32(held),
    )


def bound_extremes(panel: Panel, frequency: Frequency, held: int = 0) -> Panel:
    """The whole panel with its extremes as what they count as, by the history up to a cutoff."""
    limits = largest_plausible(panel.values, panel.offsets, np.array([held], dtype=np.int64), frequency)[0]
    if not np.isfinite(limits).any():
        return panel
    return replace(panel, values=np.minimum(panel.values, np.repeat(limits, panel.lengths)))


@dataclass(frozen=True, kw_only=True)
class Extremes:
    """The extremes of a chunk of series at the end of history; arrays have shape (extremes,), one a series at most."""

    rows: Ints  # of the chunk, ascending
    periods: NDArray[np.int32]  # of the largest demand of each
    quantities: Floats  # that demand
    counted: Floats  # what it counts as

    def limits(self, count: int) -> Floats:
        """What a demand of each of so many series counts as at most; infinite where it has no extreme."""
        limits = np.full(count, np.inf)
        limits[self.rows] = self.counted
        return limits


def find_extremes(panel: Panel, frequency: Frequency) -> Extremes:
    """The extremes of a panel at its end."""
    limits = largest_plausible(panel.values, panel.offsets, np.zeros(1, dtype=np.int64), frequency)[0]
    rows = np.flatnonzero(np.isfinite(limits))
    places = np.array([int(np.argmax(panel.series(i))) for i in rows.tolist()], dtype=np.int64)
    after = panel.lengths[rows] - 1 - places
    return Extremes(
        rows=rows,
        periods=(panel.last_periods[rows] - after).astype(np.int32),
        quantities=panel.values[panel.offsets[:-1][rows] + places],
        counted=limits[rows],
    )
