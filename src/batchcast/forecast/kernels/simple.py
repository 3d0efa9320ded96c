# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments
"""Models without a parameter to choose: naive, mean, moving average, seasonal naive. One pass, every cutoff."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.lanes import Floats, Ints, trained

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
