"""The initial state of additive Holt-Winters that fits best: level, slope and every index at once, by least squares.

The errors are linear in the initial state. What a unit of each part of it takes from the error of each period does not
depend on the data, so it is worked out once for each lane that is ever chosen, and its normal equations once for each
length of history; a series only adds its own errors. This is what statsforecast's search approaches from afar.
"""
# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments

from __future__ import annotations

from batchcast.forecast.kernels.lanes import Floats, inlined

LONGEST_SEASON = 24  # beyond it there are too many indices to be told from so few seasons
BLOCK = 64  # periods between two remembered sums
STEADY = 1e-3  # weight of the squared initial state: well-posed, no more


@inlined
def width_of(season: int) -> int:
    """Entries of a row of the tables: level, slope, all indices but the last, and zeros up to a full register."""
    return (season + 8) // 8 * 8


@inlined
def unit_effects(parameters: Floats, indices: Floats, table: Floats) -> None:
    """What a unit of each part of the initial state takes from each error, shape (periods, width).

    The last index is minus the sum of the others. `parameters`: gain, slope gain, damping, season gain; `indices` is
    workspace, shape (season,).
    """
    gain, slope_gain, damping, season_gain = parameters[0], parameters[1], parameters[2], parameters[3]
    season = len(indices)
    table[:] = 0.0
    for part in range(season + 1):
        level = 1.0 if part == 0 else 0.0
        slope = 1.0 if part == 1 else 0.0
        indices[:] = 0.0
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


@inlined
def sum_products(table: Floats, start: int, stop: int, sums: Floats) -> None:
    """Add the products of all parts with each other over some periods, shape (parts, width)."""
    for t in range(start, stop):
        for a in range(len(sums)):
            effect = table[t, a]
            for b in range(table.shape[1]):
                sums[a, b] += effect * table[t, b]


@inlined
def remember_sums(table: Floats, sums: Floats) -> None:
    """The sums of `sum_products` before every BLOCK-th period, shape (blocks, parts, width)."""
    sums[0] = 0.0
    for block in range(1, len(sums)):
        sums[block] = sums[block - 1]
        sum_products(table, (block - 1) * BLOCK, block * BLOCK, sums[block])


@inlined
def factorise(table: Floats, sums: Floats, periods: int, products: Floats, factor: Floats) -> None:
    """Cholesky factor of the normal equations over the first periods, into the lower triangle, shape (parts, parts).

    `products` is workspace, shape (parts, width).
    """
    parts = len(factor)
    block = periods // BLOCK
    products[:] = sums[block]
    sum_products(table, block * BLOCK, periods, products)
    for a in range(parts):
        for b in range(a + 1):
            factor[a, b] = products[a, b] + (STEADY if a == b else 0.0)
    for a in range(parts):
        for b in range(a):
            for k in range(b):
                factor[a, b] -= factor[a, k] * factor[b, k]
            factor[a, b] /= factor[b, b]
        for k in range(a):
            factor[a, a] -= factor[a, k] * factor[a, k]
        factor[a, a] = max(factor[a, a], 0.1 * STEADY) ** 0.5


@inlined
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


@inlined
def moments(table: Floats, errors: Floats, lane: int, periods: int, right: Floats) -> None:
    """Products of a lane's errors, shape (periods, lanes), with what each part of the initial state takes from them."""
    right[:] = 0.0
    t = 0
    while t + 4 <= periods:
        e0, e1, e2, e3 = errors[t, lane], errors[t + 1, lane], errors[t + 2, lane], errors[t + 3, lane]
        for k in range(table.shape[1]):
            first, second = e0 * table[t, k] + e1 * table[t + 1, k], e2 * table[t + 2, k] + e3 * table[t + 3, k]
            right[k] += first + second
        t += 4
    while t < periods:
        for k in range(table.shape[1]):
            right[k] += errors[t, lane] * table[t, k]
        t += 1
