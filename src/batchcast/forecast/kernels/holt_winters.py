"""Holt and Winters: level, trend and season, each smoothed; the season adds to the level or multiplies it.

    additive          forecast = level + damping x slope + index
    multiplicative    forecast = (level + damping x slope) x index, tried where every demand is positive

Parameters are chosen on a grid whose initial state comes from the first seasons of the history (FIRST_SEASONS at most):
indices from their classical decomposition, level and slope from a regression on what is left. Cutoffs after these
seasons start alike and so share a pass. Two additive candidates at each cutoff, the best of all and the best whose
season stays as it is, are then run again from the initial state that fits each of them best (`free_start.py`).
"""
# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments

from __future__ import annotations

import numpy as np

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.events import longest
from batchcast.forecast.kernels.free_start import (
    BLOCK,
    LONGEST_SEASON,
    factorise,
    moments,
    remember_sums,
    solve,
    unit_effects,
    width_of,
)
from batchcast.forecast.kernels.lanes import FLAT, Floats, Ints, inlined, trained
from batchcast.forecast.kernels.seasons import SMALLEST_INDEX, seasonal_indices

GAINS = np.array([0.004, 0.015, 0.04, 0.08, 0.15, 0.3, 0.55, 0.85])
SEASON_GAINS = np.array([0.0, 0.05, 0.25])  # x (1 - gain)
SHARES = np.array([0.0, 0.05])  # of the error that goes into the slope
DAMPINGS = np.array([0.995, 0.98])  # of it
LANES = len(GAINS) * len(SEASON_GAINS) * len(SHARES)
SLOPE_GAIN, DAMPING, SEASON_GAIN, LEVEL, SLOPE, EE = range(1, 7)
ROWS = 7  # of the workspace; the first is the gain
CANDIDATES = 8  # lanes of the second pass: two a cutoff
FIRST_SEASONS = 26
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
        has_slope = work[SLOPE_GAIN * LANES + j] > 0.0
        work[LEVEL * LANES + j] = mean - slope * middle if has_slope else mean
        work[SLOPE * LANES + j] = slope if has_slope else 0.0
        work[EE * LANES + j] = 0.0
        for s in range(season):
            lanes_season[s, j] = indices[s]


@inlined
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


@inlined
def add_candidates(
    work: Floats, indices: Floats, season: int, values: Floats, start: int, stop: int, errors: Floats
) -> None:
    """As `add_lanes` with the lanes of the candidates, and write each error, shape (periods, CANDIDATES)."""
    lanes = CANDIDATES
    s = start % season
    for t in range(start, stop):
        y, index, error_row = values[t], indices[s], errors[t]
        for j in range(lanes):
            damped = work[DAMPING * lanes + j] * work[SLOPE * lanes + j]
            base = work[LEVEL * lanes + j] + damped
            error = y - base - index[j]
            work[LEVEL * lanes + j] = base + work[j] * error
            work[SLOPE * lanes + j] = damped + work[SLOPE_GAIN * lanes + j] * error
            index[j] += work[SEASON_GAIN * lanes + j] * error
            work[EE * lanes + j] += error * error
            error_row[j] = error
        s = s + 1 if s + 1 < season else 0


@inlined
def multiply_lanes(work: Floats, indices: Floats, season: int, values: Floats, start: int, stop: int) -> None:
    """Smooth values[start:stop] in every lane of the grid with a multiplicative season."""
    s = start % season
    for t in range(start, stop):
        y, index = values[t], indices[s]
        for j in range(LANES):
            damped = work[DAMPING * LANES + j] * work[SLOPE * LANES + j]
            base = max(work[LEVEL * LANES + j] + damped, SMALLEST_BASE)
            error = y - base * index[j]
            per_index = error / max(index[j], SMALLEST_INDEX)
            work[LEVEL * LANES + j] = base + work[j] * per_index
            work[SLOPE * LANES + j] = damped + work[SLOPE_GAIN * LANES + j] * per_index
            index[j] += work[SEASON_GAIN * LANES + j] * error / base
            work[EE * LANES + j] += error * error
        s = s + 1 if s + 1 < season else 0


@inlined
def best_lane(work: Floats, every: int, but: int) -> int:
    """The best of every `every`-th pair of lanes, `but` left out; the steadiest of those as good as each other."""
    best, least = 0, np.inf
    for j in range(LANES):
        if j // len(SHARES) % every == 0 and j != but and work[EE * LANES + j] < least * (1.0 - FLAT):
            best, least = j, work[EE * LANES + j]
    return best


@inlined
def project(work: Floats, indices: Floats, lanes: int, j: int, n: int, multiplicative: bool, mean: Floats) -> None:
    """Forecast every step with lane j."""
    level, slope = work[LEVEL * lanes + j], work[SLOPE * lanes + j]
    season = len(indices)
    for step in range(len(mean)):
        slope *= work[DAMPING * lanes + j]
        level += slope
        index = indices[(n + step) % season, j]
        mean[step] = max(level, 0.0) * index if multiplicative else level + index


@inlined
def start_candidate(work: Floats, indices: Floats, lane: int, grid: Floats, j: int, state: Floats) -> None:
    """Lane `lane` of the candidates: the parameters of lane j of the grid, and an initial state."""
    last = 0.0
    for row in range(LEVEL):
        work[row * CANDIDATES + lane] = grid[row * LANES + j]
    work[LEVEL * CANDIDATES + lane], work[SLOPE * CANDIDATES + lane] = state[0], state[1]
    work[EE * CANDIDATES + lane] = 0.0
    for s in range(len(indices) - 1):
        indices[s, lane] = state[2 + s]
        last -= state[2 + s]
    indices[len(indices) - 1, lane] = last


@inlined
def grid_pass(
    y: Floats,
    held: Ints,
    multiplicative: bool,
    work: Floats,
    indices: Floats,
    start: Floats,
    picks: Ints,
    chosen: Floats,
    mean: Floats,
    mse: Floats,
) -> None:
    """Run the grid over one series, and forecast at each cutoff where it fits better than what is there.

    `start` is workspace, shape (2, season). `picks` become the best lane of all, the best other one whose season stays
    as it is, and the kind of season that won.
    """
    season = len(indices)
    window, seen, checked = 0, 0, 0
    level, slope = 0.0, 0.0
    for c in range(len(held) - 1, -1, -1):
        n = trained(len(y), held[c])
        if n < 2 * season:
            continue
        while multiplicative and checked < n:
            if y[checked] <= 0.0:
                return
            checked += 1
        if window != min(n, FIRST_SEASONS * season):
            window, seen = min(n, FIRST_SEASONS * season), 0
            start_state(work, indices, y[:window], season, multiplicative, start[0], start[1])
            level, slope = work[LEVEL * LANES + LANES - 1], work[SLOPE * LANES + LANES - 1]
        if multiplicative:
            multiply_lanes(work, indices, season, y, seen, n)
        else:
            add_lanes(work, indices, season, y, seen, n)
        seen = n
        j = best_lane(work, 1, -1)
        if work[EE * LANES + j] / n < mse[c] * (1.0 - FLAT):
            mse[c] = work[EE * LANES + j] / n
            picks[c, 0], picks[c, 1], picks[c, 2] = j, best_lane(work, len(SEASON_GAINS), j), int(multiplicative)
            project(work, indices, LANES, j, n, multiplicative, mean[c])
            for k in range(4):
                chosen[c, k] = work[k * LANES + j]
            chosen[c, 4], chosen[c, 5], chosen[c, 6] = picks[c, 2], level, slope
            chosen[c, 7:] = start[0]


@inlined
def fit_start(
    y: Floats,
    n: int,
    lane: int,
    errors: Floats,
    grid: Floats,
    j: int,
    slot: int,
    tables: Floats,
    sums: Floats,
    products: Floats,
    factors: Floats,
    factored: Ints,
    start: Floats,
    state: Floats,
) -> None:
    """The initial state that fits the first n periods best with the parameters of lane j of the grid.

    `errors` of candidate `lane` are those of the start from (first value, no slope, no season). `factored[j, slot]` is
    the length that `factors[j, slot]` is for, 0 where there is none; `factored[j, -1]` says whether there is a table.
    """
    parts = len(start[0]) + 1
    if factored[j, -1] == 0:
        for k in range(4):
            state[k] = grid[k * LANES + j]
        unit_effects(state, start[0], tables[j])
        remember_sums(tables[j], sums[j])
        factored[j, -1] = 1
    if factored[j, slot] != n:
        factorise(tables[j], sums[j], n, products, factors[j, slot])
        factored[j, slot] = n
    moments(tables[j], errors, lane, n, state)
    solve(factors[j, slot], parts, state)
    state[0] += y[0]


@inlined
def free_pass(
    y: Floats,
    held: Ints,
    last: int,
    grid: Floats,
    picks: Ints,
    work: Floats,
    indices: Floats,
    errors: Floats,
    tables: Floats,
    sums: Floats,
    products: Floats,
    factors: Floats,
    factored: Ints,
    start: Floats,
    state: Floats,
    chosen: Floats,
    mean: Floats,
    mse: Floats,
) -> None:
    """Run the two additive candidates of cutoffs `last`, `last` - 1, ... from the initial states that fit them best."""
    season = len(indices)
    stop = max(last - CANDIDATES // 2, -1)
    state[:] = 0.0
    state[0] = y[0]
    for c in range(last, stop, -1):
        for q in range(2):
            start_candidate(work, indices, 2 * (last - c) + q, grid, picks[c, q], state)
    add_candidates(work, indices, season, y, 0, trained(len(y), held[stop + 1]), errors)
    for c in range(last, stop, -1):
        n = trained(len(y), held[c])
        for q in range(2):
            if n >= 2 * season and picks[c, 2] == 0:
                lane, j = 2 * (last - c) + q, picks[c, q]
                fit_start(y, n, lane, errors, grid, j, c, tables, sums, products, factors, factored, start, state)
                start_candidate(work, indices, lane, grid, j, state)
                chosen[c, q, :] = state[: season + 1]
    seen = 0
    for c in range(last, stop, -1):
        n = trained(len(y), held[c])
        add_candidates(work, indices, season, y, seen, n, errors)
        seen = n
        if n < 2 * season or picks[c, 2] == 1:
            continue
        for q in range(2):
            lane = 2 * (last - c) + q
            error = work[EE * CANDIDATES + lane] / n
            if error < mse[c] * (1.0 - FLAT):
                mse[c] = error
                project(work, indices, CANDIDATES, lane, n, False, mean[c])


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
        given: gain, slope gain, damping and season gain, started from the first seasons; a gain of 0: choose.
        chosen: becomes the gain, slope gain, damping, season gain and kind of season (0 additive, 1 multiplicative)
            that fit best from the first seasons, with their level, slope and indices, shape (series, cutoffs,
            7 + season).
        mean: becomes the forecasts, shape (series, cutoffs, steps); left as it is under two seasons.
        mse: becomes the mean squared one-step error, shape (series, cutoffs); infinite under two seasons.
    """
    most, parts = longest(offsets), season + 1
    work, indices, start = np.empty(ROWS * LANES), np.empty((season, LANES)), np.empty((2, season))
    grid_parameters(work, given)
    free = given[0] == 0.0 and season <= LONGEST_SEASON
    table_length = most if free else 0
    width = width_of(season)
    few, few_indices = np.zeros(ROWS * CANDIDATES), np.zeros((season, CANDIDATES))
    errors, tables = np.empty((table_length, CANDIDATES)), np.empty((LANES, table_length, width))
    sums, products = np.empty((LANES, table_length // BLOCK + 1, parts, width)), np.empty((parts, width))
    factors, factored = np.empty((LANES, len(held), parts, parts)), np.zeros((LANES, len(held) + 1), np.int64)
    states, state = np.zeros((len(held), 2, parts)), np.zeros(width)
    mse[:] = np.inf
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        if trained(len(y), held[0]) < 2 * season:
            continue
        picks = np.zeros((len(held), 3), np.int64)
        for kind in range(2):
            if given[0] == 0.0 or kind == int(given[4]):
                grid_pass(y, held, kind == 1, work, indices, start, picks, chosen[i], mean[i], mse[i])
        for last in range(len(held) - 1, -1 if free else len(held), -CANDIDATES // 2):
            free_pass(
                y,
                held,
                last,
                work,
                picks,
                few,
                few_indices,
                errors,
                tables,
                sums,
                products,
                factors,
                factored,
                start,
                state,
                states,
                mean[i],
                mse[i],
            )
