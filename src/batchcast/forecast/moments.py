"""Moments of the history of each series at each cutoff: what distributions, demand classes and scales follow from."""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Frequency
from batchcast.forecast.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Columns of the table that the kernel fills.
PERIODS, TOTAL, MEAN, VARIANCE, LARGEST, DEMANDS, FIRST, LAST, SIZE_MEAN, SIZE_VARIANCE = range(10)
SPANS, SPAN_MEAN, SPAN_VARIANCE, SPAN_LARGEST, SPAN_STEP, NAIVE_SQUARES, NAIVE_ERRORS, UNIT = range(10, 18)
FIELDS = 18
# Running sums that the kernel keeps behind them.
SQUARES, SIZE_SQUARES, SPAN_SQUARES, STEPS, FRACTIONS = range(18, 23)
SCRATCH = 5

FEWEST_PAIRS = 3  # of windows, to average how much they differ
_LARGEST_EXACT = 2.0**53  # beyond it a float64 is always a whole number, which says nothing


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Moments of every series at every cutoff, from the demand up to it and nothing after.

    Every property has shape (cutoffs, series); a series without any period at a cutoff has zeros there.
    """

    span: int  # periods that are summed
    table: Floats  # shape (cutoffs, series, FIELDS)

    def at(self, cutoffs: slice) -> Moments:
        """The moments at some of the cutoffs."""
        return replace(self, table=self.table[cutoffs])

    def with_counts_of(self, measure: Moments) -> Moments:
        """These moments with the counts, the unit and the scale of demand as it came."""
        table = self.table.copy()
        kept = [PERIODS, DEMANDS, FIRST, LAST, UNIT, SPAN_STEP]
        table[:, :, kept] = measure.table[:, :, kept]
        return replace(self, table=table)

    @property
    def periods(self) -> Floats:
        """Periods seen."""
        return self.table[:, :, PERIODS]

    @property
    def mean(self) -> Floats:
        """Mean demand of a period."""
        return self.table[:, :, MEAN]

    @property
    def variance(self) -> Floats:
        """Sample variance of the demand of a period; 0 under two periods."""
        return self.table[:, :, VARIANCE]

    @property
    def largest(self) -> Floats:
        """Largest demand of a period."""
        return self.table[:, :, LARGEST]

    @property
    def demands(self) -> Floats:
        """Periods with demand."""
        return self.table[:, :, DEMANDS]

    @property
    def first(self) -> Floats:
        """Position of the first period with demand, counted from 0; -1 where there is none."""
        return self.table[:, :, FIRST]

    @property
    def last(self) -> Floats:
        """Position of the last period with demand, counted from 0; -1 where there is none."""
        return self.table[:, :, LAST]

    @property
    def size_mean(self) -> Floats:
        """Mean demand of the periods with demand."""
        return self.table[:, :, SIZE_MEAN]

    @property
    def size_variance(self) -> Floats:
        """Sample variance of the demand of the periods with demand; 0 under two of them."""
        return self.table[:, :, SIZE_VARIANCE]

    @property
    def spans(self) -> Floats:
        """Overlapping windows of `span` periods."""
        return self.table[:, :, SPANS]

    @property
    def span_mean(self) -> Floats:
        """Mean sum of a window."""
        return self.table[:, :, SPAN_MEAN]

    @property
    def span_variance(self) -> Floats:
        """Variance of the sums of the windows; 0 under two windows."""
        return self.table[:, :, SPAN_VARIANCE]

    @property
    def span_largest(self) -> Floats:
        """Largest sum of a window; of what there is, stretched to `span` periods, where history is shorter."""
        return self.table[:, :, SPAN_LARGEST]

    @property
    def scale(self) -> Floats:
        """Mean |S(t + span) - S(t)| of the window sums S, at least 1 unit: what lead-time pinball is divided by.

        Where history is too short for FEWEST_PAIRS of them: that of the longest windows it is long enough for,
        stretched in proportion. Of a single demand it depends on where history begins; it is at least what that demand
        adds to the sum of a window on average.
        """
        share = np.minimum(self.span / np.maximum(self.periods, 1.0), 1.0)
        least = np.where(self.demands == 1, self.size_mean * share, 0.0)
        return np.maximum(np.maximum(self.table[:, :, SPAN_STEP], least), 1.0)

    @property
    def naive_squares(self) -> Floats:
        """Sum over t of (y(t) - y(t-1))²: squared errors of the in-sample naive forecast, periods - 1 of them."""
        return self.table[:, :, NAIVE_SQUARES]

    @property
    def naive_errors(self) -> Floats:
        """Sum over t of |y(t) - y(t-1)|."""
        return self.table[:, :, NAIVE_ERRORS]

    @property
    def unit(self) -> Floats:
        """Greatest number that every demand is a whole multiple of, where all are whole; 0 where any is not."""
        return self.table[:, :, UNIT]


def measure_history(values: Floats, offsets: Ints, held: Ints, span: int) -> Moments:
    """Moments at every cutoff from one pass over the values.

    Args:
        values: demand of all series, one after the other, oldest first.
        offsets: shape (series + 1,): series i is `values[offsets[i]:offsets[i + 1]]`.
        held: periods held back from the end at each cutoff, in any order.
        span: periods that are summed.
    """
    table = np.zeros((len(held), len(offsets) - 1, FIELDS))
    _measure(values, offsets, held, np.argsort(-held, kind="stable"), span, table)
    return Moments(span=span, table=table)


@compiled
def greatest_common_divisor(a: float, b: float) -> float:
    """Greatest common divisor of two whole numbers held as floats under 2**53."""
    while b > 0.0:
        a, b = b, a % b
    return a


@compiled
def _stretched_step(sums: Floats, end: int, span: int) -> float:
    """Mean |S(t + w) - S(t)| of the longest windows w that leave FEWEST_PAIRS, times span / w; from running totals."""
    width = (end + 1 - FEWEST_PAIRS) // 2
    if width < 1:
        return 0.0
    total = 0.0
    pairs = end - 2 * width + 1
    for t in range(pairs):
        total += abs(sums[t + 2 * width] - 2.0 * sums[t + width] + sums[t])
    return total / pairs * span / width


@compiled
def _measure(values: Floats, offsets: Ints, held: Ints, order: Ints, span: int, table: Floats) -> None:
    longest = 0
    for i in range(len(offsets) - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    sums = np.zeros(longest + 1)
    state = np.empty(FIELDS + SCRATCH)
    for i in range(len(offsets) - 1):
        history = values[offsets[i] : offsets[i + 1]]
        for field in range(len(state)):
            state[field] = 0.0
        state[FIRST] = state[LAST] = -1.0
        position = 0
        for c in order:
            end = len(history) - held[c]
            while position < end:
                sums[position + 1] = sums[position] + history[position]
                _add_period(state, history, position)
                position += 1
                if position >= span:
                    _add_window(state, sums, position, span)
            if end > 0:
                _settle(state, sums, end, span, table[c, i])


@compiled
def _add_period(state: Floats, history: Floats, position: int) -> None:
    """Take one more period into the running moments (Welford's updates)."""
    y = history[position]
    change = y - state[MEAN]
    state[MEAN] += change / (position + 1.0)
    state[SQUARES] += change * (y - state[MEAN])
    state[TOTAL] += y
    state[LARGEST] = max(state[LARGEST], y)
    if position > 0:
        step = y - history[position - 1]
        state[NAIVE_SQUARES] += step * step
        state[NAIVE_ERRORS] += abs(step)
    if y > 0.0:
        if state[FIRST] < 0.0:
            state[FIRST] = position
        state[LAST] = position
        state[DEMANDS] += 1.0
        change = y - state[SIZE_MEAN]
        state[SIZE_MEAN] += change / state[DEMANDS]
        state[SIZE_SQUARES] += change * (y - state[SIZE_MEAN])
        if y != np.floor(y) or y >= _LARGEST_EXACT:
            state[FRACTIONS] += 1.0
        elif state[UNIT] != 1.0:
            state[UNIT] = greatest_common_divisor(y, state[UNIT])


@compiled
def _add_window(state: Floats, sums: Floats, position: int, span: int) -> None:
    """Take the window that ends at `position` into the moments of windows; sums are running totals."""
    total = max(sums[position] - sums[position - span], 0.0)
    state[SPANS] += 1.0
    change = total - state[SPAN_MEAN]
    state[SPAN_MEAN] += change / state[SPANS]
    state[SPAN_SQUARES] += change * (total - state[SPAN_MEAN])
    state[SPAN_LARGEST] = max(state[SPAN_LARGEST], total)
    if position >= 2 * span:
        state[STEPS] += abs(total - max(sums[position - span] - sums[position - 2 * span], 0.0))


@compiled
def _settle(state: Floats, sums: Floats, end: int, span: int, row: Floats) -> None:
    """Write the moments as they stand after `end` periods."""
    for field in range(FIELDS):
        row[field] = state[field]
    row[PERIODS] = end
    row[VARIANCE] = state[SQUARES] / (end - 1.0) if end > 1 else 0.0
    row[SIZE_VARIANCE] = state[SIZE_SQUARES] / (state[DEMANDS] - 1.0) if state[DEMANDS] > 1.0 else 0.0
    row[SPAN_VARIANCE] = state[SPAN_SQUARES] / (state[SPANS] - 1.0) if state[SPANS] > 1.0 else 0.0
    row[UNIT] = 0.0 if state[FRACTIONS] > 0.0 else max(state[UNIT], 1.0)
    if end < span:
        row[SPAN_LARGEST] = state[TOTAL] * span / end
    pairs = end - 2 * span + 1
    row[SPAN_STEP] = state[STEPS] / pairs if pairs >= FEWEST_PAIRS else _stretched_step(sums, end, span)


@compiled
def measure_level_variance(values: Floats, starts: Ints, ends: Ints, span: int, lag: int, variances: Floats) -> None:
    """Half the variance of S(t + lag) - S(t) over the history of each series, where S sums `span` periods.

    Where demand is independent from period to period and lag at least span, this is the variance of S. A steady trend
    is no part of it, nor a season whose length divides the lag.

    Args:
        values: demand of all series, oldest first.
        starts: where the history of each series begins, shape (series,).
        ends: where it ends, same shape.
        span: periods that are summed.
        lag: periods from one sum to the other.
        variances: written, shape (series,); infinite where history has fewer than FEWEST_PAIRS of them.
    """
    for i in range(len(starts)):
        first, stop = starts[i], ends[i]
        pairs = stop - first - span - lag + 1
        if pairs < FEWEST_PAIRS:
            variances[i] = np.inf
            continue
        change = 0.0
        for t in range(first, first + span):
            change += values[t + lag] - values[t]
        mean = squares = 0.0
        for n in range(pairs):
            step = change - mean
            mean += step / (n + 1.0)
            squares += step * (change - mean)
            if n + 1 < pairs:
                t = first + n
                change += values[t + lag + span] - values[t + lag] - values[t + span] + values[t]
        variances[i] = squares / pairs / 2.0


# Demand classes: what kind of demand a series has. Shown and used to pool, never to choose a model by itself.
#
#     dead           never any demand, or none for at least half a year and for more than 4 of its mean intervals
#     seen once      else: a single demand
#     new            else: fewer than 6 periods of history
#     smooth         else: interval < 1.32 and CV² < 0.49       erratic        interval < 1.32, CV² at least 0.49
#     intermittent   interval at least 1.32, CV² < 0.49        lumpy          interval at least 1.32, CV² at least 0.49
#
# The interval (ADI) is the mean number of periods from one demand to the next: periods since the first demand divided
# by the periods with demand. CV² is the squared coefficient of variation of the demands that are not zero.
# Source: Syntetos, Boylan and Croston (2005), Journal of the Operational Research Society 56(5).

DEMAND_CLASSES = ("smooth", "erratic", "intermittent", "lumpy", "new", "dead", "seen_once")
SMOOTH, ERRATIC, INTERMITTENT, LUMPY, NEW, DEAD, SEEN_ONCE = range(7)

LONG_INTERVAL = 1.32
HIGH_VARIATION = 0.49
HALF_A_YEAR = {Frequency.DAILY: 182, Frequency.WEEKLY: 26, Frequency.MONTHLY: 6}  # periods
QUIET_INTERVALS = 4
NEW_PERIODS = 6


def classify(moments: Moments, frequency: Frequency) -> NDArray[np.int8]:
    """The class of every series at every cutoff, an index into DEMAND_CLASSES: shape (cutoffs, series)."""
    interval = demand_interval(moments)
    size = np.maximum(moments.size_mean, 1e-300)
    variation = moments.size_variance / size / size
    quiet = moments.periods - 1 - moments.last
    dead = (quiet >= HALF_A_YEAR[frequency]) & (quiet > QUIET_INTERVALS * interval)
    kind = np.where(variation < HIGH_VARIATION, SMOOTH, ERRATIC)
    kind = np.where(interval < LONG_INTERVAL, kind, kind + (INTERMITTENT - SMOOTH))
    kind = np.where(moments.periods < NEW_PERIODS, NEW, kind)
    kind = np.where(moments.demands == 1, SEEN_ONCE, kind)
    return np.where(dead | (moments.demands == 0), DEAD, kind).astype(np.int8)


def demand_interval(moments: Moments) -> NDArray[np.float64]:
    """Mean number of periods between demands (ADI), shape (cutoffs, series); 1 where there is no demand."""
    since_first = moments.periods - np.maximum(moments.first, 0)
    return np.where(moments.demands > 0, since_first / np.maximum(moments.demands, 1), 1.0)
