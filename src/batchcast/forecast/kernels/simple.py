"""Models without a parameter to choose: naive, mean, moving average, seasonal naive. One pass, every cutoff."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.lanes import Floats, Ints, KernelInput, Means, trained

Flags = NDArray[np.bool_]
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
def run_simple(values: Floats, offsets: Ints, held: Ints, window: int, levels: Floats) -> None:
    """Level of the four flat models at each cutoff.

    Args:
        values: demand of all series.
        offsets: where each series begins, shape (series + 1,).
        held: periods held back at each cutoff, ascending.
        window: periods of the moving average; all there are, where there are fewer.
        levels: zeros; becomes the forecast of every step, shape (4, cutoffs, series).
    """
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        total = 0.0  # of all periods so far
        t = 0
        for c in range(len(held) - 1, -1, -1):
            n = trained(len(y), held[c])
            while t < n:
                total += y[t]
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


@compiled
def run_seasonal_naive(values: Floats, offsets: Ints, held: Ints, season: int, mean: Floats) -> None:
    """The value of the same period of the last season, for every step, shape (cutoffs, series, steps)."""
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        for c in range(len(held)):
            n = trained(len(y), held[c])
            if n >= season:
                for step in range(mean.shape[2]):
                    mean[c, i, step] = y[n - season + step % season]


@compiled
def finish(levels: Floats, scales: Floats, usable: Flags, mean: Floats, valid: Flags) -> None:
    """Scale forecasts back and keep those that are sound; the others stay 0 and not valid.

    Args:
        levels: forecasts of the normalised series, shape (cutoffs, series, steps), or 1 for the same at every step.
        scales: what each series was divided by.
        usable: whether the history is long enough, shape (cutoffs, series).
        mean: zeros; becomes the forecasts, never negative, shape (cutoffs, series, steps).
        valid: False; becomes True where every step is finite.
    """
    flat = levels.shape[2] == 1
    for c in range(mean.shape[0]):
        for i in range(mean.shape[1]):
            if not usable[c, i]:
                continue
            sound = True
            for step in range(levels.shape[2]):
                sound &= np.isfinite(levels[c, i, step] * scales[i])
            if not sound:
                continue
            valid[c, i] = True
            for step in range(mean.shape[2]):
                mean[c, i, step] = max(levels[c, i, 0 if flat else step], 0.0) * scales[i]


def moving_average_window(season_length: int) -> int:
    """Periods of the moving average: four weeks of days, a quarter of weeks, a year of months."""
    return {7: 28, 52: 13}.get(season_length, max(season_length, 4))


def forecast(given: KernelInput) -> Means:
    """Zero, naive, mean, moving average and seasonal naive."""
    levels, seasonal = np.zeros((4, *given.shape, 1)), np.zeros((*given.shape, given.steps))
    histories, season = (given.values, given.offsets, given.held), given.season_length
    run_simple(*histories, moving_average_window(season), levels[..., 0])
    run_seasonal_naive(*histories, season, seasonal)
    flat = {"zero": ZERO, "naive": NAIVE, "mean": MEAN, "moving_average": MOVING_AVERAGE}
    return {name: levels[row] for name, row in flat.items()} | {"seasonal_naive": seasonal}
