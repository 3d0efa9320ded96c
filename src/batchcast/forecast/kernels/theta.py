"""Theta, dynamic and optimised (Fiorucci et al. 2016): smoothing of the level, plus part of a running regression line.

    forecast of period i     level + (1 - 1/theta) x line(gain, i)

The line is that of the periods so far, so it is the same for every parameter but the gain; the forecast is linear in
(1 - 1/theta) and in the initial level. So each lane is a gain, and at a cutoff least squares give the best theta and
initial level of every lane exactly. Errors of the first three periods do not count, as in statsforecast.
"""
# ruff: noqa: PLR0917 -- kernels take arrays one by one, and numba has no keyword-only arguments

from __future__ import annotations

import numpy as np

from batchcast.forecast.compiled import compiled, inlined
from batchcast.forecast.kernels.lanes import FLAT, START, Floats, Ints, KernelInput, Means, longest, trained
from batchcast.forecast.kernels.seasons import MULTIPLICATIVE, NO_SEASON, add_products, find_season

LANES = 16
GRID = np.geomspace(0.1, 0.99, LANES)  # statsforecast's bounds; what lies between two fits 1e-4 better at best
FADED = 400  # periods after which nothing is left of the initial level: 0.9^400 is under the precision of numbers
BURN_IN = 3  # periods whose errors do not count
LARGEST_SHARE = 1.0 - 1e-10  # of the line: theta at most 1e10
STEADY = 1e-4  # weight of one squared unit of the initial level's distance from the first value: well-posed, no more
ROWS = 9  # of the workspace: gain, 1 / gain, level, fade, then sums of products of error (E), fade (F) and line (G)
INVERSE, LEVEL, FADE, EE, EF, EG, FG, GG = range(1, ROWS)


@compiled
def running_line(values: Floats, intercept: Floats, slope: Floats, means: Floats) -> None:
    """The regression line over the periods up to each, from running sums; its intercept is that of a period 0."""
    total, moment = 0.0, 0.0  # sums of y and of i x y
    for i in range(len(values)):
        total += values[i]
        moment += i * values[i]
        means[i], slope[i] = total, moment
    intercept[0], slope[0], means[0] = values[0], 0.0, values[0]
    for i in range(1, len(values)):
        n = i + 1.0
        b = (12.0 * slope[i] - 6.0 * i * means[i]) / (n * (n * n - 1.0))
        mean = means[i] / n
        intercept[i], slope[i], means[i] = mean - b * (0.5 * (n + 1.0)), b, mean


@compiled
def take_out(values: Floats, multiplicative: bool, indices: Floats, season: int, plain: Floats) -> None:
    """Values without their season."""
    j = 0
    for t in range(len(values)):
        plain[t] = values[t] / indices[j] if multiplicative else values[t] - indices[j]
        j = j + 1 if j + 1 < season else 0


@compiled
def start_theta(work: Floats, gains: Floats, values: Floats, intercept: Floats, slope: Floats) -> None:
    """Every lane after the burn-in, of which the errors are forgotten."""
    for j in range(LANES):
        work[j] = gains[j]
        work[INVERSE * LANES + j] = 1.0 / gains[j]
        work[LEVEL * LANES + j] = values[0]
        work[FADE * LANES + j] = 1.0 - gains[j]
    theta_lanes(work, values, intercept, slope, START + 1, min(BURN_IN, len(values)))
    for k in range(EE * LANES, ROWS * LANES):
        work[k] = 0.0


@compiled
def theta_lanes(work: Floats, values: Floats, intercept: Floats, slope: Floats, start: int, stop: int) -> None:
    """Smooth values[start:stop] in every lane."""
    t = start
    stop_early = min(stop, FADED)
    while t < stop_early:
        two = t + 1 < stop_early
        y0, a0, b0 = values[t], intercept[t - 1], slope[t - 1]
        if two:
            y1, a1, b1 = values[t + 1], intercept[t], slope[t]
            for j in range(LANES):
                gain, inverse = work[j], work[INVERSE * LANES + j]
                level, fade = work[LEVEL * LANES + j], work[FADE * LANES + j]
                left = 1.0 - gain
                next_fade = fade * left
                line = fade * a0 + (b0 - b0 * next_fade) * inverse
                error = y0 - level
                level += gain * error
                next_line = next_fade * a1 + (b1 - b1 * (next_fade * left)) * inverse
                next_error = y1 - level
                work[LEVEL * LANES + j] = level + gain * next_error
                work[FADE * LANES + j] = next_fade * left
                work[EE * LANES + j] = (work[EE * LANES + j] + error * error) + next_error * next_error
                work[EF * LANES + j] = (work[EF * LANES + j] + error * fade) + next_error * next_fade
                work[EG * LANES + j] = (work[EG * LANES + j] + error * line) + next_error * next_line
                work[FG * LANES + j] = (work[FG * LANES + j] + fade * line) + next_fade * next_line
                work[GG * LANES + j] = (work[GG * LANES + j] + line * line) + next_line * next_line
            t += 2
            continue
        for j in range(LANES):
            level, fade = work[LEVEL * LANES + j], work[FADE * LANES + j]
            next_fade = fade * (1.0 - work[j])
            line = fade * a0 + (b0 - b0 * next_fade) * work[INVERSE * LANES + j]
            error = y0 - level
            work[LEVEL * LANES + j] = level + work[j] * error
            work[FADE * LANES + j] = next_fade
            work[EE * LANES + j] += error * error
            work[EF * LANES + j] += error * fade
            work[EG * LANES + j] += error * line
            work[FG * LANES + j] += fade * line
            work[GG * LANES + j] += line * line
        t += 1
    while t < stop:
        y0, b0 = values[t], slope[t - 1]
        for j in range(LANES):
            level = work[LEVEL * LANES + j]
            line = b0 * work[INVERSE * LANES + j]
            error = y0 - level
            work[LEVEL * LANES + j] = level + work[j] * error
            work[EE * LANES + j] += error * error
            work[EG * LANES + j] += error * line
            work[GG * LANES + j] += line * line
        t += 1
    if stop > FADED:
        for j in range(LANES):
            work[FADE * LANES + j] = 0.0


@inlined
def faded(gain: float, n: int) -> float:
    """Sum of squares of the initial level's share in the forecasts that count."""
    left = (1.0 - gain) ** 2
    squares: float = left**BURN_IN * (1.0 - left ** (n - BURN_IN)) / (1.0 - left)
    return squares


@inlined
def squared_error(work: Floats, j: int, n: int, shift: float, share: float) -> float:
    """Sum of squared errors of lane j with a shift of the initial level and a share of the line."""
    ee, ef, eg = work[EE * LANES + j], work[EF * LANES + j], work[EG * LANES + j]
    fg, gg, ff = work[FG * LANES + j], work[GG * LANES + j], faded(work[j], n)
    linear = shift * ef + share * eg
    squares: float = max(ee - 2.0 * linear + shift * shift * ff + 2.0 * shift * share * fg + share * share * gg, 0.0)
    return squares


@inlined
def best_line(work: Floats, j: int, n: int) -> tuple[float, float]:
    """Shift of the initial level and share of the line that fit lane j best."""
    ef, eg = work[EF * LANES + j], work[EG * LANES + j]
    fg, gg, ff = work[FG * LANES + j], work[GG * LANES + j], faded(work[j], n) + STEADY
    determinant = ff * gg - fg * fg
    share = 0.5  # theta 2, the classic, where the line can't be told from the level
    if determinant > 1e-12 * ff * gg:
        share = min(max((ff * eg - fg * ef) / determinant, 0.0), LARGEST_SHARE)
    return (ef - share * fg) / ff, share


@compiled
def best_lane(work: Floats, n: int) -> tuple[int, float, float, float]:
    """The lane that fits best with its shift, share and squared error; the steadiest of those as good as each other."""
    best, best_shift, best_share, least = 0, 0.0, 0.0, np.inf
    for j in range(LANES):
        shift, share = best_line(work, j, n)
        squares = squared_error(work, j, n, shift, share)
        if squares < least * (1.0 - FLAT):
            best, best_shift, best_share, least = j, shift, share, squares
    return best, best_shift, best_share, least


@compiled
def put_back(mean: Floats, multiplicative: bool, indices: Floats, season: int, n: int) -> float:
    """Give forecasts their season back; returns what the mean squared error is to be multiplied by."""
    for step in range(len(mean)):
        index = indices[(n + step) % season]
        mean[step] = mean[step] * index if multiplicative else mean[step] + index
    if not multiplicative:
        return 1.0
    squares = 0.0
    for j in range(season):
        squares += indices[j] * indices[j] / season
    return squares


@compiled
def walk_on(
    mean: Floats, gain: float, share: float, level: float, intercept: float, slope: float, average: float, n: int
) -> None:
    """Forecast every step; each is taken for the demand of its period, and the line moves with it."""
    fade = (1.0 - gain) ** n
    for step in range(len(mean)):
        i = n + step
        value = level + share * (fade * intercept + slope * (1.0 - (1.0 - gain) * fade) / gain)
        level += gain * (value - level)
        slope = ((i - 1) * slope + 6.0 * (value - average) / (i + 1)) / (i + 2)
        average += (value - average) / (i + 1)
        intercept = average - slope * (i + 2) / 2.0
        fade *= 1.0 - gain
        mean[step] = value


@compiled
def run_theta(
    values: Floats, offsets: Ints, held: Ints, season: int, given: Floats, chosen: Floats, mean: Floats, mse: Floats
) -> None:
    """Choose parameters at each cutoff, unless given, and forecast.

    Args:
        values: demand of all series.
        offsets: where each series begins, shape (series + 1,).
        held: periods held back at each cutoff, ascending.
        season: periods of a season; where demand has one it is taken out before and put back after.
        given: gain, theta, and initial level as a share of the first (deseasonalised) value; a gain of 0: choose.
        chosen: becomes the gain, theta and initial level used, shape (cutoffs, series, 3).
        mean: becomes the forecasts, shape (cutoffs, series, steps); left as it is where there are under 4 periods.
        mse: becomes the mean squared error of the fourth and later periods, shape (cutoffs, series).
    """
    most = longest(offsets)
    without_season = np.empty(most)
    lines, own_lines = np.empty((3, most)), np.empty((3, most))
    products, indices, counts = np.empty(season + 1), np.empty(season + 1), np.empty(season + 1)
    shared, own = np.empty(ROWS * LANES), np.empty(ROWS * LANES)
    gains = GRID.copy()
    if given[0] > 0.0:
        for j in range(LANES):
            gains[j] = given[0]
    for i in range(len(offsets) - 1):
        series = values[offsets[i] : offsets[i + 1]]
        seen, multiplied = START, START  # periods that the lanes without season, and the products, have taken in
        for j in range(season + 1):
            products[j] = 0.0
        for c in range(len(held) - 1, -1, -1):
            n = trained(len(series), held[c])
            if n <= BURN_IN:
                continue
            y, line, work = series[:n], lines, shared
            add_products(series, season, multiplied, n, products)
            multiplied = n
            kind = find_season(y, season, products, indices, counts)
            if kind == NO_SEASON:
                if seen == 0:
                    running_line(series, line[0], line[1], line[2])
                    start_theta(work, gains, series, line[0], line[1])
                    seen = START + BURN_IN
                theta_lanes(work, y, line[0], line[1], seen, n)
                seen = n
            else:
                take_out(y, kind == MULTIPLICATIVE, indices, season, without_season)
                y, line, work = without_season[:n], own_lines, own
                running_line(y, line[0], line[1], line[2])
                start_theta(work, gains, y, line[0], line[1])
                theta_lanes(work, y, line[0], line[1], START + BURN_IN, n)
            j, shift, share, squares = best_lane(work, n)
            if given[0] > 0.0:
                shift, share = (given[2] - 1.0) * y[0], 1.0 - 1.0 / given[1]
                squares = squared_error(work, START, n, shift, share)
            chosen[c, i, 0], chosen[c, i, 1], chosen[c, i, 2] = gains[j], 1.0 / (1.0 - share), y[0] + shift
            mse[c, i] = squares / (n - BURN_IN)
            level = work[LEVEL * LANES + j] + shift * work[FADE * LANES + j]
            walk_on(mean[c, i], gains[j], share, level, line[0, n - 1], line[1, n - 1], line[2, n - 1], n)
            if kind != NO_SEASON:
                mse[c, i] *= put_back(mean[c, i], kind == MULTIPLICATIVE, indices, season, n)


def forecast(given: KernelInput) -> Means:
    """Theta, dynamic and optimised, on what is left when the season is taken out."""
    mean, mse = np.zeros((*given.shape, given.steps)), np.zeros(given.shape)
    chosen, choose = np.zeros((*given.shape, 3)), np.zeros(3)
    run_theta(given.values, given.offsets, given.held, given.season_length, choose, chosen, mean, mse)
    return {"theta": mean}
