"""Models without a parameter to choose: naive, mean, moving average, seasonal naive. One pass, every cutoff."""

# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.lanes import Floats, Ints, trained

# Writes sparse daily demand into the periods of a panel.


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


Flags = NDArray[np.bool_]
LARGEST = float(np.finfo(np.float64).max)
ZERO, NAIVE, MEAN, MOVING_AVERAGE = range(4)  # rows of what `run_simple` fills


@compiled
def normalise(values: Floats, offsets: Ints, scaled: Floats, scales: Floats) -> None:
    """Divide each series by the power of two above its largest value: exact, and no square overflows afterwards."""
    for i in range(len(offsets) - 1):
        largest = 0.0
        for t in range(offsets[i], offsets[i + 1]):
            largest = max(largest, values[t])
        scale = 1.0
        while scale < largest and scale < 1e300:
            scale *= 2.0
        while scale > 1e-300 and 0.0 < largest <= 0.5 * scale:
            scale *= 0.5
        scales[i] = scale
        for t in range(offsets[i], offsets[i + 1]):
            scaled[t] = values[t] / scale


@compiled
def run_simple(values: Floats, offsets: Ints, held: Ints, window: int, levels: Floats, mse: Floats) -> None:
    """Level and mean squared one-step error of the four flat models at each cutoff.

    Args:
        values: demand of all series.
        offsets: where each series begins, shape (series + 1,).
        held: periods held back at each cutoff, ascending.
        window: periods of the moving average; all there are, where there are fewer.
        levels: becomes the forecast of every step, shape (4, cutoffs, series).
        mse: becomes the mean squared error over the second and later periods; 0 where there are fewer than two.
    """
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        total = 0.0  # of all periods so far
        recent = 0.0  # of the last `window` of them
        squares_zero = squares_naive = squares_mean = squares_moving = 0.0
        t = 0
        for c in range(len(held) - 1, -1, -1):
            n = trained(len(y), held[c])
            while t < n:
                if t > 0:
                    squares_zero += y[t] ** 2
                    squares_naive += (y[t] - y[t - 1]) ** 2
                    squares_mean += (y[t] - total / t) ** 2
                    squares_moving += (y[t] - recent / min(t, window)) ** 2
                total += y[t]
                recent += y[t]
                if t >= window:
                    recent -= y[t - window]
                t += 1
            if n == 0:
                continue
            first = max(n - window, 0)
            average = 0.0
            for k in range(first, n):
                average += y[k]
            levels[NAIVE, c, i] = y[n - 1]
            levels[MEAN, c, i] = total / n
            levels[MOVING_AVERAGE, c, i] = average / (n - first)
            errors = max(n - 1, 1)
            mse[ZERO, c, i] = squares_zero / errors
            mse[NAIVE, c, i] = squares_naive / errors
            mse[MEAN, c, i] = squares_mean / errors
            mse[MOVING_AVERAGE, c, i] = squares_moving / errors


@compiled
def run_seasonal_naive(values: Floats, offsets: Ints, held: Ints, season: int, mean: Floats, mse: Floats) -> None:
    """The value of the same period of the last season, for every step, shape (cutoffs, series, steps)."""
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        squares = 0.0
        t = season
        for c in range(len(held) - 1, -1, -1):
            n = trained(len(y), held[c])
            if n < season:
                continue
            while t < n:
                squares += (y[t] - y[t - season]) ** 2
                t += 1
            mse[c, i] = squares / max(n - season, 1)
            for step in range(mean.shape[2]):
                mean[c, i, step] = y[n - season + step % season]


@compiled
def finish(
    levels: Floats, errors: Floats, scales: Floats, usable: Flags, mean: Floats, mse: Floats, valid: Flags
) -> None:
    """Scale forecasts back and keep those that are sound; the others stay 0 and not valid.

    Args:
        levels: forecasts of the normalised series, shape (cutoffs, series, steps), or 1 for the same at every step.
        errors: their mean squared errors, shape (cutoffs, series).
        scales: what each series was divided by.
        usable: whether the history is long enough, shape (cutoffs, series).
        mean: zeros; becomes the forecasts, never negative, shape (cutoffs, series, steps).
        mse: zeros; becomes the mean squared errors in the unit of the series.
        valid: False; becomes True where every step is finite.
    """
    flat = levels.shape[2] == 1
    for c in range(mean.shape[0]):
        for i in range(mean.shape[1]):
            if not usable[c, i]:
                continue
            sound = np.isfinite(errors[c, i])
            for step in range(levels.shape[2]):
                sound &= np.isfinite(levels[c, i, step] * scales[i])
            if not sound:
                continue
            valid[c, i] = True
            mse[c, i] = min(errors[c, i] * scales[i] * scales[i], LARGEST)
            for step in range(mean.shape[2]):
                mean[c, i, step] = max(levels[c, i, 0 if flat else step], 0.0) * scales[i]


# Sums of the demand of recent stretches of history.


@compiled
def sum_stretches(values: Floats, offsets: Ints, held: Ints, starts: Ints, stops: Ints, sums: Floats) -> None:
    """Mean demand of a period in each stretch before each cutoff.

    Args:
        values: demand of all series, one after the other, oldest first.
        offsets: where each series begins, shape (series + 1,).
        held: periods held back at each cutoff.
        starts: how many periods before the cutoff each stretch begins, shape (stretches,).
        stops: how many before it ends, same shape; 0 is the cutoff itself.
        sums: becomes the means, shape (cutoffs, series, stretches); NaN where history does not reach as far back.
    """
    for c in range(len(held)):
        for i in range(len(offsets) - 1):
            end = offsets[i + 1] - held[c]
            for k in range(len(starts)):
                if end - starts[k] < offsets[i]:
                    sums[c, i, k] = np.nan
                    continue
                total = 0.0
                for t in range(end - starts[k], end - stops[k]):
                    total += values[t]
                sums[c, i, k] = total / (starts[k] - stops[k])


# How far the level of demand wanders from one stretch of history to another.

FEWEST_PAIRS = 3  # of stretches, to say anything


@compiled
def measure_level_variance(values: Floats, offsets: Ints, held: int, span: int, lag: int, variances: Floats) -> None:
    """Half the variance of S(t + lag) - S(t) over the history of each series, where S sums `span` periods.

    Where demand is independent from period to period and lag at least span, this is the variance of S. A steady trend
    is no part of it, nor a season whose length divides the lag.

    Args:
        values: demand of all series, one after the other, oldest first.
        offsets: where each series begins, shape (series + 1,).
        held: periods held back from the end.
        span: periods that are summed.
        lag: periods from one sum to the other.
        variances: written, shape (series,); infinite where history has fewer than FEWEST_PAIRS of them.
    """
    for i in range(len(offsets) - 1):
        first, stop = offsets[i], offsets[i + 1] - held
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
