"""Holt's trend, damped: the level grows by a slope that fades with every period.

    forecast of one period     level + damping x slope
    after it                   level = forecast + gain x error,  slope = damping x slope + gain x trend share x error

The error is linear in the initial level and slope, so at a cutoff least squares give the best of both for every lane
exactly: each lane carries the errors that a start from (first value, 0) makes, and tables the same for all series hold
what a unit of initial level and of initial slope adds to each forecast. What statsforecast searches with five
parameters is a grid of three here, of which the most promising are then run with their initial state in full.

The trend of step h is the sum of damping^1 to damping^h. statsforecast, like the R package it follows, adds damping^1
twice and stops at damping^(h - 1), which is another model at every step but the first; so we differ there on purpose.
"""
# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments

from __future__ import annotations

import numpy as np

from batchcast.forecast.compiled import compiled, inlined
from batchcast.forecast.kernels.lanes import FLAT, START, Floats, Ints, KernelInput, Means, longest, trained, vertex

GAINS = np.array([0.001, 0.004, 0.015, 0.05, 0.12, 0.27, 0.55, 0.95])
SHARES = np.array([0.0, 0.0, 0.0, 0.1, 0.1, 0.1, 0.6, 1.0])  # of the error that goes into the slope; lanes of one gain,
DAMPINGS = np.array([0.8, 0.9, 0.98, 0.8, 0.9, 0.98, 0.95, 0.8])  # and the damping of each
TRENDS = len(SHARES)
LANES = len(GAINS) * TRENDS
ROWS = 8  # of the workspace: gain, slope gain, damping; level, slope; sums of products of error (E) and tables (U, V)
LEVEL, SLOPE, EE, EU, EV = range(3, ROWS)
FULL_LANES = 8  # of the second pass: two candidates a cutoff
FULL_ROWS = 15  # as above, and then the tables themselves, for parameters that are in none
UU, UV, VV, U_LEVEL, U_SLOPE, V_LEVEL, V_SLOPE = range(ROWS, FULL_ROWS)
STEADY_LEVEL, STEADY_SLOPE = 1e-3, 0.1  # weights of the initial state's squared distance from (first value, 0)


@inlined
def grid_parameters(work: Floats) -> None:
    """Gain, slope gain and damping of every lane."""
    for j in range(LANES):
        work[j] = GAINS[j // TRENDS]
        work[LANES + j] = GAINS[j // TRENDS] * SHARES[j % TRENDS]
        work[2 * LANES + j] = DAMPINGS[j % TRENDS]


@compiled
def fill_tables(work: Floats, level: Floats, slope: Floats, products: Floats) -> None:
    """What a unit of initial level, and of initial slope, adds to the forecast of each period, in every lane.

    `level` and `slope` have shape (periods, LANES); `products`, their running sums of squares and products before each
    period, (periods + 1, 3, LANES).
    """
    grid_parameters(work)
    for j in range(LANES):
        gain, slope_gain, damping = work[j], work[LANES + j], work[2 * LANES + j]
        u_level, u_slope, v_level, v_slope = 1.0, 0.0, 0.0, 1.0
        for row in range(3):
            products[0, row, j] = 0.0
        for t in range(len(level)):
            u, v = u_level + damping * u_slope, v_level + damping * v_slope
            u_level, u_slope = u - gain * u, damping * u_slope - slope_gain * u
            v_level, v_slope = v - gain * v, damping * v_slope - slope_gain * v
            level[t, j], slope[t, j] = u, v
            products[t + 1, 0, j] = products[t, 0, j] + u * u
            products[t + 1, 1, j] = products[t, 1, j] + u * v
            products[t + 1, 2, j] = products[t, 2, j] + v * v


@compiled
def trend_lanes(work: Floats, values: Floats, start: int, stop: int, u_table: Floats, v_table: Floats) -> None:
    """Smooth values[start:stop] in every lane of the grid."""
    t = start
    if (stop - start) % 2 == 1:
        y0 = values[t]
        for j in range(LANES):
            damped = work[2 * LANES + j] * work[SLOPE * LANES + j]
            forecast = work[LEVEL * LANES + j] + damped
            error = y0 - forecast
            work[LEVEL * LANES + j] = forecast + work[j] * error
            work[SLOPE * LANES + j] = damped + work[LANES + j] * error
            work[EE * LANES + j] += error * error
            work[EU * LANES + j] += error * u_table[t, j]
            work[EV * LANES + j] += error * v_table[t, j]
        t += 1
    while t < stop:
        y0, y1 = values[t], values[t + 1]
        for j in range(LANES):
            gain, slope_gain, damping = work[j], work[LANES + j], work[2 * LANES + j]
            damped = damping * work[SLOPE * LANES + j]
            forecast = work[LEVEL * LANES + j] + damped
            error = y0 - forecast
            damped = damping * (damped + slope_gain * error)
            forecast = (forecast + gain * error) + damped
            second = y1 - forecast
            work[LEVEL * LANES + j] = forecast + gain * second
            work[SLOPE * LANES + j] = damped + slope_gain * second
            # one after the other: a sum must not depend on where a pass stopped for a cutoff
            work[EE * LANES + j] = (work[EE * LANES + j] + error * error) + second * second
            work[EU * LANES + j] = (work[EU * LANES + j] + error * u_table[t, j]) + second * u_table[t + 1, j]
            work[EV * LANES + j] = (work[EV * LANES + j] + error * v_table[t, j]) + second * v_table[t + 1, j]
        t += 2


@compiled
def full_lanes(work: Floats, values: Floats, start: int, stop: int) -> None:
    """Smooth values[start:stop] in every lane of the second pass, and carry its own tables along."""
    lanes = FULL_LANES
    for t in range(start, stop):
        y = values[t]
        for j in range(lanes):
            gain, slope_gain, damping = work[j], work[lanes + j], work[2 * lanes + j]
            damped = damping * work[SLOPE * lanes + j]
            forecast = work[LEVEL * lanes + j] + damped
            error = y - forecast
            work[LEVEL * lanes + j] = forecast + gain * error
            work[SLOPE * lanes + j] = damped + slope_gain * error
            u_damped, v_damped = damping * work[U_SLOPE * lanes + j], damping * work[V_SLOPE * lanes + j]
            u, v = work[U_LEVEL * lanes + j] + u_damped, work[V_LEVEL * lanes + j] + v_damped
            work[U_LEVEL * lanes + j] = u - gain * u
            work[U_SLOPE * lanes + j] = u_damped - slope_gain * u
            work[V_LEVEL * lanes + j] = v - gain * v
            work[V_SLOPE * lanes + j] = v_damped - slope_gain * v
            work[EE * lanes + j] += error * error
            work[EU * lanes + j] += error * u
            work[EV * lanes + j] += error * v
            work[UU * lanes + j] += u * u
            work[UV * lanes + j] += u * v
            work[VV * lanes + j] += v * v


@inlined
def best_start(eu: float, ev: float, uu: float, uv: float, vv: float) -> tuple[float, float]:
    """Shift of the initial level and slope that fit best."""
    uu += STEADY_LEVEL
    vv += STEADY_SLOPE
    determinant = uu * vv - uv * uv
    return (vv * eu - uv * ev) / determinant, (uu * ev - uv * eu) / determinant


@inlined
def shifted(ee: float, eu: float, ev: float, uu: float, uv: float, vv: float, level: float, slope: float) -> float:
    """Sum of squared errors with a shift of the initial level and slope."""
    linear = level * eu + slope * ev
    return max(ee - 2.0 * linear + level * level * uu + 2.0 * level * slope * uv + slope * slope * vv, 0.0)


@compiled
def promising(work: Floats, products: Floats, errors: Floats) -> tuple[int, float]:
    """The lane that fits best, the steadiest of those as good as each other, and a gain between its neighbours'."""
    best = 0
    for j in range(LANES):
        ee, eu, ev = work[EE * LANES + j], work[EU * LANES + j], work[EV * LANES + j]
        uu, uv, vv = products[0, j], products[1, j], products[2, j]
        level, slope = best_start(eu, ev, uu, uv, vv)
        errors[j] = shifted(ee, eu, ev, uu, uv, vv, level, slope)
        if errors[j] < errors[best] * (1.0 - FLAT):
            best = j
    gain = GAINS[best // TRENDS]
    if best // TRENDS in (0, len(GAINS) - 1):
        return best, gain
    step = vertex(errors[best - TRENDS], errors[best], errors[best + TRENDS])
    towards = GAINS[best // TRENDS + 1] if step > 0.0 else GAINS[best // TRENDS - 1]
    return best, gain * (towards / gain) ** abs(step)


@compiled
def start_candidate(work: Floats, j: int, gain: float, slope_gain: float, damping: float, level: float) -> None:
    """A lane of the second pass before its first period."""
    for row in range(FULL_ROWS):
        work[row * FULL_LANES + j] = 0.0
    work[j], work[FULL_LANES + j], work[2 * FULL_LANES + j] = gain, slope_gain, damping
    work[LEVEL * FULL_LANES + j] = level
    work[U_LEVEL * FULL_LANES + j] = 1.0
    work[V_SLOPE * FULL_LANES + j] = 1.0


@compiled
def take_better(
    work: Floats, lane: int, n: int, first: float, given: Floats, chosen: Floats, mean: Floats, mse: Floats
) -> None:
    """Of two candidates beside each other, forecast with the one that fits better."""
    least = np.inf
    for j in range(lane, lane + 2):
        ee, eu, ev = work[EE * FULL_LANES + j], work[EU * FULL_LANES + j], work[EV * FULL_LANES + j]
        uu, uv, vv = work[UU * FULL_LANES + j], work[UV * FULL_LANES + j], work[VV * FULL_LANES + j]
        level, slope = best_start(eu, ev, uu, uv, vv)
        if given[0] > 0.0:
            level, slope = (given[3] - 1.0) * first, given[4] * first
        squares = shifted(ee, eu, ev, uu, uv, vv, level, slope)
        if squares < least * (1.0 - FLAT):
            least = squares
            mse[0] = squares / n
            for k in range(3):
                chosen[k] = work[k * FULL_LANES + j]
            chosen[3], chosen[4] = first + level, slope
            u_level, u_slope = work[U_LEVEL * FULL_LANES + j], work[U_SLOPE * FULL_LANES + j]
            v_level, v_slope = work[V_LEVEL * FULL_LANES + j], work[V_SLOPE * FULL_LANES + j]
            now = work[LEVEL * FULL_LANES + j] + level * u_level + slope * v_level
            change = work[SLOPE * FULL_LANES + j] + level * u_slope + slope * v_slope
            for step in range(len(mean)):
                change *= chosen[2]
                now += change
                mean[step] = now


@compiled
def run_holt(
    values: Floats, offsets: Ints, held: Ints, given: Floats, chosen: Floats, mean: Floats, mse: Floats
) -> None:
    """Choose parameters at each cutoff, unless given, and forecast.

    Args:
        values: demand of all series.
        offsets: where each series begins, shape (series + 1,).
        held: periods held back at each cutoff, ascending.
        given: gain, slope gain, damping, and initial level and slope as shares of the first value; a gain of 0: choose.
        chosen: becomes the gain, slope gain, damping, initial level and slope used, shape (cutoffs, series, 5).
        mean: becomes the forecasts, shape (cutoffs, series, steps).
        mse: becomes the mean squared one-step error, shape (cutoffs, series).
    """
    most = longest(offsets)
    u_table, v_table, products = np.empty((most, LANES)), np.empty((most, LANES)), np.empty((most + 1, 3, LANES))
    work, full, errors = np.empty(ROWS * LANES), np.zeros(FULL_ROWS * FULL_LANES), np.empty(LANES)
    fill_tables(work, u_table, v_table, products)
    for i in range(len(offsets) - 1):
        y = values[offsets[i] : offsets[i + 1]]
        if len(y) == 0:
            continue
        for last in range(len(held) - 1, -1, -FULL_LANES // 2):
            stop = max(last - FULL_LANES // 2, -1)
            for k in range(LANES):
                work[LEVEL * LANES + k] = y[0]
            for k in range(SLOPE * LANES, ROWS * LANES):
                work[k] = 0.0
            seen = START
            for c in range(last, stop, -1):
                n = trained(len(y), held[c])
                lane = 2 * (last - c)
                if given[0] > 0.0:
                    start_candidate(full, lane, given[0], given[1], given[2], y[0])
                    start_candidate(full, lane + 1, given[0], given[1], given[2], y[0])
                    continue
                trend_lanes(work, y, seen, n, u_table, v_table)
                seen = n
                best, gain = promising(work, products[n], errors)
                share, damping = SHARES[best % TRENDS], DAMPINGS[best % TRENDS]
                start_candidate(full, lane, GAINS[best // TRENDS], GAINS[best // TRENDS] * share, damping, y[0])
                start_candidate(full, lane + 1, gain, gain * share, damping, y[0])
            seen = START
            for c in range(last, stop, -1):
                n = trained(len(y), held[c])
                full_lanes(full, y, seen, n)
                seen = n
                if n > 0:
                    take_better(full, 2 * (last - c), n, y[0], given, chosen[c, i], mean[c, i], mse[c, i : i + 1])


def forecast(given: KernelInput) -> Means:
    """Holt's damped trend, with the parameters and the initial state that fit best."""
    mean, mse = np.zeros((*given.shape, given.steps)), np.zeros(given.shape)
    chosen, choose = np.zeros((*given.shape, 5)), np.zeros(5)
    run_holt(given.values, given.offsets, given.held, choose, chosen, mean, mse)
    return {"holt_damped": mean}
