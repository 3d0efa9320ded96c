"""The initial state of additive Holt-Winters that fits best: level, slope and every index at once, by least squares.

The errors are linear in the initial state. What a unit of each part of it takes from the error of each period does not
depend on the data, so it is worked out once for each lane that is ever chosen, and its normal equations once for each
length of history; a series only adds its own errors. This is what statsforecast's search approaches from afar.
"""

# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments

from __future__ import annotations

import numpy as np

from batchcast.forecast.compiled import compiled, inlined
from batchcast.forecast.kernels.lanes import FLAT, START, Floats, Ints, longest, trained

LONGEST_SEASON = 24  # beyond it there are too many indices to be told from so few seasons
LANES = 8  # of the second pass: two candidates a cutoff
SLOPE_GAIN, DAMPING, SEASON_GAIN, LEVEL, SLOPE, EE = range(1, 7)  # rows of the workspace; the first is the gain
ROWS = 7
BLOCK = 64  # periods between two remembered sums
STEADY = 1e-3  # weight of the squared initial state: well-posed, no more


@inlined
def width_of(season: int) -> int:
    """Entries of a row of the tables: level, slope, all indices but the last, and zeros up to a full register."""
    return (season + 8) // 8 * 8


@compiled
def unit_effects(parameters: Floats, indices: Floats, table: Floats) -> None:
    """What a unit of each part of the initial state takes from each error, shape (periods, width).

    The last index is minus the sum of the others. `parameters`: gain, slope gain, damping, season gain; `indices` is
    workspace, shape (season,).
    """
    gain, slope_gain, damping, season_gain = parameters[0], parameters[1], parameters[2], parameters[3]
    season = len(indices)
    for t in range(len(table)):
        for k in range(season + 1, table.shape[1]):
            table[t, k] = 0.0
    for part in range(season + 1):
        level = 1.0 if part == 0 else 0.0
        slope = 1.0 if part == 1 else 0.0
        for s in range(season):
            indices[s] = 0.0
        if part > 1:
            indices[part - 2], indices[season - 1] = 1.0, -1.0
        s = 0
        for t in range(len(table)):
            damped = damping * slope
            effect = level + damped + indices[s]
            level += damped - gain * effect
            slope = damped - slope_gain * effect
            indices[s] -= season_gain * effect
            table[t, part] = effect
            s = s + 1 if s + 1 < season else 0


@compiled
def sum_products(table: Floats, start: int, stop: int, sums: Floats) -> None:
    """Add the products of all parts with each other over some periods, shape (parts, width)."""
    for t in range(start, stop):
        for a in range(len(sums)):
            effect = table[t, a]
            for b in range(table.shape[1]):
                sums[a, b] += effect * table[t, b]


@compiled
def make_tables(parameters: Floats, season: int, tables: Floats, sums: Floats) -> None:
    """Tables of `unit_effects` for each row of parameters, and running sums of their products.

    Args:
        parameters: gain, slope gain, damping and season gain, shape (lanes, 4).
        season: periods of a season.
        tables: becomes the tables, shape (lanes, periods, width).
        sums: zeros; becomes the products of all parts over the periods before every BLOCK-th one, shape (lanes,
            blocks, parts, width).
    """
    indices = np.empty(season)
    for lane in range(len(parameters)):
        unit_effects(parameters[lane], indices, tables[lane])
        for block in range(1, sums.shape[1]):
            for a in range(sums.shape[2]):
                for b in range(sums.shape[3]):
                    sums[lane, block, a, b] = sums[lane, block - 1, a, b]
            sum_products(tables[lane], (block - 1) * BLOCK, block * BLOCK, sums[lane, block])


@compiled
def factorise(table: Floats, sums: Floats, periods: int, factor: Floats) -> None:
    """Cholesky factor of the normal equations over the first periods, into the lower triangle, shape (parts, width)."""
    parts = len(factor)
    block = periods // BLOCK
    for a in range(parts):
        for b in range(factor.shape[1]):
            factor[a, b] = sums[block, a, b]
    sum_products(table, block * BLOCK, periods, factor)
    for a in range(parts):
        factor[a, a] += STEADY
        for b in range(a):
            for k in range(b):
                factor[a, b] -= factor[a, k] * factor[b, k]
            factor[a, b] /= factor[b, b]
        for k in range(a):
            factor[a, a] -= factor[a, k] * factor[a, k]
        factor[a, a] = max(factor[a, a], 0.1 * STEADY) ** 0.5


@compiled
def solve(factor: Floats, parts: int, right: Floats) -> None:
    """Solve the normal equations in place."""
    for a in range(parts):
        for k in range(a):
            right[a] -= factor[a, k] * right[k]
        right[a] /= factor[a, a]
    for a in range(parts - 1, -1, -1):
        for k in range(a + 1, parts):
            right[a] -= factor[k, a] * right[k]
        right[a] /= factor[a, a]


@compiled
def moments(table: Floats, errors: Floats, lane: int, start: int, stop: int, right: Floats) -> None:
    """Add products of a lane's errors, shape (periods, LANES), with what the parts of the state take from them.

    Period after period, so that it does not matter where an earlier call stopped.
    """
    for t in range(start, stop):
        error = errors[t, lane]
        for k in range(table.shape[1]):
            right[k] += error * table[t, k]


@compiled
def all_moments(
    tables: Floats, errors: Floats, picks: Ints, held: Ints, last: int, length: int, rights: Floats
) -> None:
    """Moments of every lane at its cutoff; lanes with the same parameters go on from each other.

    `picks` are those of one series, shape (cutoffs, 3); lanes 0 and 1 are the candidates of cutoff `last`, the next
    two those of the one after it, and so on. `rights` becomes the moments, shape (lanes, width).
    """
    for lane in range(len(rights)):
        c = last - lane // 2
        pick, start = picks[c, lane % 2], START
        for k in range(rights.shape[1]):
            rights[lane, k] = 0.0
        for other in range(lane):
            if picks[last - other // 2, other % 2] == pick:
                start = trained(length, held[last - other // 2])
                for k in range(rights.shape[1]):
                    rights[lane, k] = rights[other, k]
        moments(tables[pick], errors, lane, start, trained(length, held[c]), rights[lane])


@compiled
def free_lanes(
    work: Floats, indices: Floats, season: int, values: Floats, start: int, stop: int, errors: Floats
) -> None:
    """Smooth values[start:stop] in every lane and write each error, shape (periods, LANES)."""
    s = start % season
    for t in range(start, stop):
        y, index, error_row = values[t], indices[s], errors[t]
        for j in range(LANES):
            damped = work[DAMPING * LANES + j] * work[SLOPE * LANES + j]
            base = work[LEVEL * LANES + j] + damped
            error = y - base - index[j]
            work[LEVEL * LANES + j] = base + work[j] * error
            work[SLOPE * LANES + j] = damped + work[SLOPE_GAIN * LANES + j] * error
            index[j] += work[SEASON_GAIN * LANES + j] * error
            work[EE * LANES + j] += error * error
            error_row[j] = error
        s = s + 1 if s + 1 < season else 0


@compiled
def start_lane(work: Floats, indices: Floats, lane: int, parameters: Floats, state: Floats) -> None:
    """A lane with its parameters and initial state, and no error yet."""
    season, last = len(indices), 0.0
    for row in range(LEVEL):
        work[row * LANES + lane] = parameters[row]
    work[LEVEL * LANES + lane], work[SLOPE * LANES + lane], work[EE * LANES + lane] = state[0], state[1], 0.0
    for s in range(season - 1):
        indices[s, lane] = state[2 + s]
        last -= state[2 + s]
    indices[season - 1, lane] = last


@inlined
def project(slope: float, level: float, damping: float, indices: Floats, j: int, n: int, mean: Floats) -> None:
    """Forecast every step with an additive season; indices have shape (season, lanes)."""
    season = len(indices)
    s = n % season
    for step in range(len(mean)):
        slope *= damping
        level += slope
        mean[step] = level + indices[s, j]
        s = s + 1 if s + 1 < season else 0


@compiled
def run_free(
    values: Floats,
    offsets: Ints,
    held: Ints,
    season: int,
    parameters: Floats,
    picks: Ints,
    tables: Floats,
    sums: Floats,
    mean: Floats,
    mse: Floats,
) -> None:
    """Run two candidates a cutoff from the initial state that fits them best; forecast where that fits better.

    Args:
        values: demand of all series.
        offsets: where each series begins, shape (series + 1,).
        held: periods held back at each cutoff, ascending.
        season: periods of a season, at most LONGEST_SEASON.
        parameters: gain, slope gain, damping and season gain of every candidate, shape (lanes, 4).
        picks: the two candidates of each series and cutoff, and the kind of season that fits it: where it is 1,
            multiplicative, nothing is done; shape (series, cutoffs, 3).
        tables: of `make_tables`, as long as the longest series at least.
        sums: of `make_tables`.
        mean: forecasts so far, improved; shape (series, cutoffs, steps).
        mse: mean squared one-step errors of these, improved; shape (series, cutoffs).
    """
    parts, width, group = season + 1, tables.shape[2], LANES // 2
    work, indices, errors = np.zeros(ROWS * LANES), np.zeros((season, LANES)), np.empty((longest(offsets), LANES))
    factors, factored = (
        np.empty((len(parameters), len(held), parts, width)),
        np.zeros((len(parameters), len(held)), np.int64),
    )
    origin, rights = np.zeros(width), np.zeros((LANES, width))
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        for last in range(len(held) - 1, -1, -group):
            stop = max(last - group, -1)
            longest_left = trained(len(y), held[stop + 1])
            if longest_left < 2 * season:
                continue
            origin[0] = y[0]
            for c in range(last, stop, -1):
                for q in range(2):
                    start_lane(work, indices, 2 * (last - c) + q, parameters[picks[i, c, q]], origin)
            free_lanes(work, indices, season, y, START, longest_left, errors)
            lanes = 2 * (last - stop)
            all_moments(tables, errors, picks[i], held, last, len(y), rights[:lanes])
            for lane in range(lanes):
                c, state = last - lane // 2, rights[lane]
                n, pick = trained(len(y), held[c]), picks[i, c, lane % 2]
                if factored[pick, c] != n:
                    factored[pick, c] = n
                    factorise(tables[pick], sums[pick], n, factors[pick, c])
                solve(factors[pick, c], parts, state)
                state[0] += y[0]
                start_lane(work, indices, lane, parameters[pick], state)
            seen = START
            for lane in range(lanes):
                c = last - lane // 2
                n = trained(len(y), held[c])
                if n < 2 * season or picks[i, c, 2] == 1:
                    continue
                free_lanes(work, indices, season, y, seen, n, errors)
                seen = n
                if work[EE * LANES + lane] / n < mse[i, c] * (1.0 - FLAT):
                    mse[i, c] = work[EE * LANES + lane] / n
                    damping, level = work[DAMPING * LANES + lane], work[LEVEL * LANES + lane]
                    project(work[SLOPE * LANES + lane], level, damping, indices, lane, n, mean[i, c])
