"""Holt and Winters: level, trend and season, each smoothed; the season adds to the level or multiplies it.

    additive          forecast = level + damping x slope + index
    multiplicative    forecast = (level + damping x slope) x index, tried where every demand is positive

The initial state comes from the first seasons of the history (at most FIRST_SEASONS): indices from their classical
decomposition, level and slope from a regression on what is left. Cutoffs after these seasons start alike and so share
a pass; statsforecast decomposes the whole history instead and then searches through every initial index as well.
"""
# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments

from __future__ import annotations

import numpy as np

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.lanes import FLAT, Floats, Ints, inlined, trained
from batchcast.forecast.kernels.seasons import SMALLEST_INDEX, seasonal_indices

GAINS = np.array([0.005, 0.02, 0.05, 0.1, 0.2, 0.35, 0.6, 0.9])
SEASON_GAINS = np.array([0.0, 0.02, 0.08, 0.25])  # x (1 - gain)
SHARES = np.array([0.0, 0.05])  # of the error that goes into the slope
DAMPINGS = np.array([0.0, 0.98])  # 0: no slope at all
LANES = len(GAINS) * len(SEASON_GAINS) * len(SHARES)
SLOPE_GAIN, DAMPING, SEASON_GAIN, LEVEL, SLOPE, EE = range(1, 7)
ROWS = 7  # of the workspace; the first is the gain
FIRST_SEASONS = 8
FEWEST = 10  # periods of the regression that starts level and slope
SMALLEST_BASE = 1e-9  # of a series whose largest value is about 1


@inlined
def grid_parameters(work: Floats, given: Floats) -> None:
    """Parameters of every lane: those of the grid, or the given ones."""
    trends, seasons = len(SHARES), len(SEASON_GAINS)
    for j in range(LANES):
        gain = GAINS[j // (trends * seasons)]
        work[j] = gain
        work[SLOPE_GAIN * LANES + j] = gain * SHARES[j % trends]
        work[DAMPING * LANES + j] = DAMPINGS[j % trends]
        work[SEASON_GAIN * LANES + j] = (1.0 - gain) * SEASON_GAINS[j // trends % seasons]
        if given[0] > 0.0:
            work[j], work[SLOPE_GAIN * LANES + j], work[DAMPING * LANES + j] = given[0], given[1], given[2]
            work[SEASON_GAIN * LANES + j] = given[3]


@inlined
def start_state(
    work: Floats,
    lanes_season: Floats,
    values: Floats,
    season: int,
    multiplicative: bool,
    indices: Floats,
    counts: Floats,
) -> None:
    """The state of every lane before the first of `values`, which are the first seasons."""
    seasonal_indices(values, season, multiplicative, indices, counts)
    n = min(len(values), max(FEWEST, 2 * season))
    total, moment = 0.0, 0.0
    j = 0
    for t in range(n):
        if multiplicative:
            indices[j] = max(indices[j], SMALLEST_INDEX)
        left = values[t] / indices[j] if multiplicative else values[t] - indices[j]
        total += left
        moment += (t + 1.0) * left
        j = j + 1 if j + 1 < season else 0
    mean, middle = total / n, 0.5 * (n + 1.0)
    slope = (moment - middle * total) / (n * (n * n - 1.0) / 12.0)
    for j in range(LANES):
        has_slope = work[DAMPING * LANES + j] > 0.0
        work[LEVEL * LANES + j] = mean - slope * middle if has_slope else mean
        work[SLOPE * LANES + j] = slope if has_slope else 0.0
        work[EE * LANES + j] = 0.0
        for s in range(season):
            lanes_season[s, j] = indices[s]


@inlined
def season_lanes(
    work: Floats, lanes_season: Floats, season: int, values: Floats, start: int, stop: int, multiplicative: bool
) -> None:
    """Smooth values[start:stop] in every lane."""
    s = start % season
    for t in range(start, stop):
        y, index = values[t], lanes_season[s]
        if multiplicative:
            for j in range(LANES):
                damped = work[DAMPING * LANES + j] * work[SLOPE * LANES + j]
                base = max(work[LEVEL * LANES + j] + damped, SMALLEST_BASE)
                error = y - base * index[j]
                per_index = error / max(index[j], SMALLEST_INDEX)
                work[LEVEL * LANES + j] = base + work[j] * per_index
                work[SLOPE * LANES + j] = damped + work[SLOPE_GAIN * LANES + j] * per_index
                index[j] += work[SEASON_GAIN * LANES + j] * error / base
                work[EE * LANES + j] += error * error
        else:
            for j in range(LANES):
                damped = work[DAMPING * LANES + j] * work[SLOPE * LANES + j]
                base = work[LEVEL * LANES + j] + damped
                error = y - base - index[j]
                work[LEVEL * LANES + j] = base + work[j] * error
                work[SLOPE * LANES + j] = damped + work[SLOPE_GAIN * LANES + j] * error
                index[j] += work[SEASON_GAIN * LANES + j] * error
                work[EE * LANES + j] += error * error
        s = s + 1 if s + 1 < season else 0


@inlined
def best_lane(work: Floats) -> int:
    """The lane that fits best; the steadiest of those as good as each other."""
    best = 0
    for j in range(1, LANES):
        if work[EE * LANES + j] < work[EE * LANES + best] * (1.0 - FLAT):
            best = j
    return best


@inlined
def project(
    work: Floats, lanes_season: Floats, season: int, j: int, n: int, multiplicative: bool, mean: Floats
) -> None:
    """Forecast every step with lane j."""
    level, slope = work[LEVEL * LANES + j], work[SLOPE * LANES + j]
    for step in range(len(mean)):
        slope *= work[DAMPING * LANES + j]
        level += slope
        index = lanes_season[(n + step) % season, j]
        mean[step] = max(level, 0.0) * index if multiplicative else level + index


@compiled
def run_holt_winters(
    values: Floats, offsets: Ints, held: Ints, season: int, given: Floats, chosen: Floats, mean: Floats, mse: Floats
) -> None:
    """Choose parameters and the kind of season at each cutoff, unless given, and forecast.

    Args:
        values: demand of all series.
        offsets: where each series begins, shape (series + 1,).
        held: periods held back at each cutoff, ascending.
        season: periods of a season, at least 2.
        given: gain, slope gain, damping, season gain, and the kind of season (0 additive, 1 multiplicative); a gain
            of 0: choose.
        chosen: becomes the same as used, and the initial level and slope, shape (cutoffs, series, 7).
        mean: becomes the forecasts, shape (cutoffs, series, steps); left as it is under two seasons.
        mse: becomes the mean squared one-step error, shape (cutoffs, series); infinite at first.
    """
    work, lanes_season = np.empty(ROWS * LANES), np.empty((season, LANES))
    indices, counts = np.empty(season), np.empty(season)
    grid_parameters(work, given)
    mse[:] = np.inf
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        for kind in range(2):
            if given[0] > 0.0 and kind != int(given[4]):
                continue
            window, seen, positive, checked = 0, 0, True, 0
            first_level, first_slope = 0.0, 0.0
            for c in range(len(held) - 1, -1, -1):
                n = trained(len(y), held[c])
                if n < 2 * season:
                    continue
                while kind == 1 and checked < n:
                    positive &= y[checked] > 0.0
                    checked += 1
                if not positive:
                    break
                if window != min(n, FIRST_SEASONS * season):
                    window, seen = min(n, FIRST_SEASONS * season), 0
                    start_state(work, lanes_season, y[:window], season, kind == 1, indices, counts)
                    first_level, first_slope = work[LEVEL * LANES + LANES - 1], work[SLOPE * LANES + LANES - 1]
                season_lanes(work, lanes_season, season, y, seen, n, kind == 1)
                seen = n
                j = best_lane(work)
                error = work[EE * LANES + j] / n
                if not error < mse[c, i] * (1.0 - FLAT):
                    continue
                mse[c, i] = error
                project(work, lanes_season, season, j, n, kind == 1, mean[c, i])
                for k in range(4):
                    chosen[c, i, k] = work[k * LANES + j]
                chosen[c, i, 4], chosen[c, i, 5], chosen[c, i, 6] = kind, first_level, first_slope
