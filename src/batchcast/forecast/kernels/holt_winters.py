"""Holt and Winters: level, trend and season, each smoothed; the season adds to the level or multiplies it.

    additive          forecast = level + damping x slope + index
    multiplicative    forecast = (level + damping x slope) x index, tried where every demand is positive

Parameters are chosen on a grid whose initial state comes from the first seasons of the history (FIRST_SEASONS at most):
indices from their classical decomposition, level and slope from a regression on what is left. Cutoffs after these
seasons start alike and so share a pass. Two additive candidates at each cutoff, the best of all and the best whose
season stays as it is, are then run again from the initial state that fits each of them best (`initial_state.py`).
"""
# ruff: noqa: PLR0917, PLR0912 -- kernels take arrays one by one (numba has no keyword-only arguments), and are long where a call costs

from __future__ import annotations

import numpy as np

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.initial_state import (
    BLOCK,
    LONGEST_SEASON,
    make_tables,
    project,
    run_free,
    width_of,
)
from batchcast.forecast.kernels.lanes import FLAT, START, Floats, Ints, KernelInput, Means, trained
from batchcast.forecast.kernels.seasons import SMALLEST_INDEX, seasonal_indices

GAINS = (0.004, 0.015, 0.04, 0.08, 0.15, 0.3, 0.55, 0.85)
SEASON_GAINS = (0.0, 0.05, 0.25)  # x (1 - gain)
SHARES = (0.0, 0.05)  # of the error that goes into the slope
DAMPINGS = (0.995, 0.98)  # of it
GRID = np.array(  # of each lane: gain, slope gain, damping, season gain
    [
        (gain, gain * share, damping, (1.0 - gain) * season_gain)
        for gain in GAINS
        for season_gain in SEASON_GAINS
        for share, damping in zip(SHARES, DAMPINGS, strict=True)
    ]
)
LANES = len(GAINS) * len(SEASON_GAINS) * len(SHARES)
SLOPE_GAIN, DAMPING, SEASON_GAIN, LEVEL, SLOPE, EE = range(1, 7)
ROWS = 7  # of the workspace; the first is the gain
FIRST_SEASONS = 26
FEWEST = 10  # periods of the regression that starts level and slope
SMALLEST_BASE = 1e-6  # of the level that a multiplicative series starts from: what it is never taken to fall under


@compiled
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
        has_slope = work[SLOPE_GAIN * LANES + j] > 0.0
        work[LEVEL * LANES + j] = mean - slope * middle if has_slope else mean
        work[SLOPE * LANES + j] = slope if has_slope else 0.0
        work[EE * LANES + j] = 0.0
        for s in range(season):
            lanes_season[s, j] = indices[s]


@compiled
def add_lanes(work: Floats, indices: Floats, season: int, values: Floats, start: int, stop: int) -> None:
    """Smooth values[start:stop] in every lane with an additive season; indices have shape (season, LANES)."""
    s = start % season
    for t in range(start, stop):
        y, index = values[t], indices[s]
        for j in range(LANES):
            damped = work[DAMPING * LANES + j] * work[SLOPE * LANES + j]
            base = work[LEVEL * LANES + j] + damped
            error = y - base - index[j]
            work[LEVEL * LANES + j] = base + work[j] * error
            work[SLOPE * LANES + j] = damped + work[SLOPE_GAIN * LANES + j] * error
            index[j] += work[SEASON_GAIN * LANES + j] * error
            work[EE * LANES + j] += error * error
        s = s + 1 if s + 1 < season else 0


@compiled
def multiply_lanes(
    work: Floats, indices: Floats, season: int, values: Floats, start: int, stop: int, smallest: float
) -> None:
    """Smooth values[start:stop] in every lane of the grid with a multiplicative season."""
    s = start % season
    for t in range(start, stop):
        y, index = values[t], indices[s]
        for j in range(LANES):
            damped = work[DAMPING * LANES + j] * work[SLOPE * LANES + j]
            base = max(work[LEVEL * LANES + j] + damped, smallest)
            error = y - base * index[j]
            per_index = error / max(index[j], SMALLEST_INDEX)
            work[LEVEL * LANES + j] = base + work[j] * per_index
            work[SLOPE * LANES + j] = damped + work[SLOPE_GAIN * LANES + j] * per_index
            index[j] += work[SEASON_GAIN * LANES + j] * error / base
            work[EE * LANES + j] += error * error
        s = s + 1 if s + 1 < season else 0


@compiled
def best_lanes(work: Floats) -> tuple[int, int]:
    """The best lane, and the best other one whose season stays as it is; the steadiest of those as good as another."""
    best, steady, least, least_steady = 0, 0, np.inf, np.inf
    for j in range(LANES):
        if work[EE * LANES + j] < least * (1.0 - FLAT):
            best, least = j, work[EE * LANES + j]
    for j in range(LANES):
        fixed = work[SEASON_GAIN * LANES + j] == 0.0
        if fixed and j != best and work[EE * LANES + j] < least_steady * (1.0 - FLAT):
            steady, least_steady = j, work[EE * LANES + j]
    return best, steady


@compiled
def run_grid(
    values: Floats,
    offsets: Ints,
    held: Ints,
    season: int,
    parameters: Floats,
    multiplicative: bool,
    picks: Ints,
    chosen: Floats,
    mean: Floats,
    mse: Floats,
) -> None:
    """Choose parameters at each cutoff, and forecast where they fit better than what is there.

    Args:
        values: demand of all series.
        offsets: where each series begins, shape (series + 1,).
        held: periods held back at each cutoff, ascending.
        season: periods of a season, at least 2.
        parameters: to choose from: gain, slope gain, damping and season gain, shape (LANES, 4).
        multiplicative: the kind of season; series with a period without demand are then left as they are.
        picks: becomes the best lane of all, the best other one whose season stays as it is, and the kind of season,
            shape (series, cutoffs, 3).
        chosen: becomes the gain, slope gain, damping and season gain, and the level, slope and indices that the first
            seasons give, shape (series, cutoffs, 6 + season).
        mean: becomes the forecasts, shape (series, cutoffs, steps); left as it is under two seasons.
        mse: infinite, or that of the other kind of season; becomes the mean squared one-step error, (series, cutoffs).
    """
    work, indices = np.empty(ROWS * LANES), np.empty((season, LANES))
    first, counts = np.empty(season), np.empty(season)
    for j in range(LANES):
        for k in range(4):
            work[k * LANES + j] = parameters[j, k]
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        window, seen, checked = 0, START, 0
        level, slope, smallest = 0.0, 0.0, 0.0
        for c in range(len(held) - 1, -1, -1):
            n = trained(len(y), held[c])
            if n < 2 * season:
                continue
            while multiplicative and checked < n and y[checked] > 0.0:
                checked += 1
            if multiplicative and checked < n:
                break
            if window != min(n, FIRST_SEASONS * season):
                window, seen = min(n, FIRST_SEASONS * season), START
                start_state(work, indices, y[:window], season, multiplicative, first, counts)
                level, slope = work[LEVEL * LANES + LANES - 1], work[SLOPE * LANES + LANES - 1]
                smallest = SMALLEST_BASE * work[LEVEL * LANES]
            if multiplicative:
                multiply_lanes(work, indices, season, y, seen, n, smallest)
            else:
                add_lanes(work, indices, season, y, seen, n)
            seen = n
            j, steady = best_lanes(work)
            if not work[EE * LANES + j] / n < mse[i, c] * (1.0 - FLAT):
                continue
            mse[i, c] = work[EE * LANES + j] / n
            picks[i, c, 0], picks[i, c, 1], picks[i, c, 2] = j, steady, int(multiplicative)
            for k in range(4):
                chosen[i, c, k] = work[k * LANES + j]
            chosen[i, c, 4], chosen[i, c, 5] = level, slope
            for s in range(season):
                chosen[i, c, 6 + s] = first[s]
            damping = work[DAMPING * LANES + j]
            now, change = work[LEVEL * LANES + j], work[SLOPE * LANES + j]
            if not multiplicative:
                project(change, now, damping, indices, j, n, mean[i, c])
                continue
            for step in range(mean.shape[2]):
                change *= damping
                now += change
                mean[i, c, step] = max(now, 0.0) * indices[(n + step) % season, j]


def forecast(given: KernelInput) -> Means:
    """Holt and Winters, additive or multiplicative; NaN where neither could be fitted."""
    mean, mse = fit(given)
    mean[~np.isfinite(mse)] = np.nan
    return {"holt_winters": mean}


def fit(given: KernelInput) -> tuple[Floats, Floats]:
    """Forecasts, shape (cutoffs, series, steps), and mean squared one-step errors; infinite where it is not fitted."""
    (cutoffs, series), season = given.shape, given.season_length
    mean, mse = np.zeros((series, cutoffs, given.steps)), np.full((series, cutoffs), np.inf)
    picks = np.zeros((series, cutoffs, 3), dtype=np.int64)
    histories = given.values, given.offsets, given.held
    if season > 1:
        chosen = np.zeros((series, cutoffs, 6 + season))
        for multiplicative in (False, True):
            run_grid(*histories, season, GRID, multiplicative, picks, chosen, mean, mse)
    if 1 < season <= LONGEST_SEASON:
        _improve_start(given, picks, mean, mse)
    return mean.swapaxes(0, 1), mse.swapaxes(0, 1)


def _improve_start(given: KernelInput, picks: Ints, mean: Floats, mse: Floats) -> None:
    """Improve additive forecasts by the initial state that fits best."""
    season, periods = given.season_length, int(np.diff(given.offsets).max(initial=0))
    used, places = np.unique(picks[:, :, :2], return_inverse=True)
    parameters = GRID[used]
    tables = np.empty((len(used), periods, width_of(season)))
    sums = np.zeros((len(used), periods // BLOCK + 1, season + 1, width_of(season)))
    make_tables(parameters, season, tables, sums)
    candidates = np.concatenate([places.reshape(picks[:, :, :2].shape), picks[:, :, 2:]], axis=2)
    run_free(given.values, given.offsets, given.held, season, parameters, candidates, tables, sums, mean, mse)
