"""The passes over demand that the yearly profile takes: what was seen and expected by place, and demand without it."""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

FEWEST_KNOWN = 4.0  # periods of a series that says anything
UNLIKE = 0.25  # squared relative difference between the profiles of two series: a steady one counts as few, not many
STEADIEST = 0.05  # relative variance of a period under which a series is not taken to be known any better
TREND_CASES = 8.0  # periods as variable as their mean, a year apart, at which a trend of one series counts half
NO_NOISE = 1e-9  # of the variance between months, that within them is at least
CLOSED = 0.2  # factor under which a period carries on the one before instead of being divided


@compiled
def sum_pool(
    values: Floats,
    offsets: Ints,
    unknown: Flags,
    held: int,
    places: Ints,
    shifts: Ints,
    usual: Floats,
    rows: Ints,
    seen: Floats,
    expected: Floats,
    of_time: Floats,
) -> None:
    """Add what was seen and what was expected of each series, in units of information.

    Args:
        values: demand of all series, one after the other, oldest first.
        offsets: where each series begins, shape (series + 1,).
        unknown: of each value: it is not to be looked at.
        held: periods at the end of each series that are not to be looked at.
        places: in the year, of the newest period of the panel, of the one before and so on.
        shifts: how many periods before it each series ends, shape (series,).
        usual: factor of each period counted back, from `held` before the newest on.
        rows: of each series: its row in `seen` and `expected`, which are added to, shape (rows, places).
        of_time: added to, shape (2, periods): what was seen and expected of each period, as in `usual`.
    """
    for i in range(len(offsets) - 1):
        first, last = offsets[i], offsets[i + 1] - 1 - held
        shift = shifts[i]
        known = total = factors = squares = products = factor_squares = 0.0
        for t in range(first, last + 1):
            if not unknown[t]:
                y, u = values[t], usual[shift + last - t]
                known += 1.0
                total += y
                factors += u
                squares += y * y
                products += y * u
                factor_squares += u * u
        if not (known >= FEWEST_KNOWN and total > 0.0 and factors > 0.0):
            continue
        rate = factors / total
        error = max(squares * rate * rate - 2.0 * products * rate + factor_squares, 0.0)
        weight = 1.0 / (error / known + UNLIKE)
        if not weight > 0.0:
            continue
        for t in range(first, last + 1):
            if not unknown[t]:
                back = shift + last - t
                came, wanted, place = weight * rate * values[t], weight * usual[back], places[held + back]
                seen[rows[i], place] += came
                expected[rows[i], place] += wanted
                of_time[0, back] += came
                of_time[1, back] += wanted


@compiled
def sum_own(
    values: Floats,
    offsets: Ints,
    unknown: Flags,
    held: int,
    places: Ints,
    shifts: Ints,
    year: int,
    trend: float,
    pooled: Floats,
    seen: Floats,
    expected: Floats,
) -> None:
    """Add what was seen and expected of each series by place, shape (series, places), around a level for each year.

    Args:
        year: periods, counted back from `held` before the end of the series; within one the level has a trend.
        trend: change of the logarithm in a year, of all series.
        pooled: factors of each series that its own are beyond, shape (series, places).
        others: see `sum_pool`.
    """
    longest = 0
    for i in range(len(offsets) - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    sums, usuals = np.zeros(longest // year + 2), np.zeros(longest // year + 2)
    factors = np.empty(longest)
    for i in range(len(offsets) - 1):
        first, end = offsets[i], offsets[i + 1] - held
        known = total = usual = 0.0
        for t in range(first, end):
            factors[t - first] = pooled[i, places[shifts[i] + offsets[i + 1] - 1 - t]]
            if not unknown[t]:
                known += 1.0
                total += values[t]
                usual += factors[t - first]
        if not (known >= FEWEST_KNOWN and total > 0.0 and usual > 0.0):
            continue
        level, squares = total / usual, 0.0
        for t in range(first, end):
            if not unknown[t]:
                error = values[t] / level - factors[t - first]
                squares += error * error
        weight = 1.0 / max(squares / known, STEADIEST)
        rate = trend / year
        rate += _own_trend(values, first, end, unknown, factors, year, rate, weight, level, sums, usuals) / year
        stop = end
        while stop > first:
            start = max(stop - year, first)
            total = usual = 0.0
            for t in range(start, stop):
                if not unknown[t]:
                    total += values[t]
                    usual += factors[t - first] * np.exp(rate * (t - end))
            for t in range(start, stop):
                if total > 0.0 and usual > 0.0 and not unknown[t]:
                    place = places[shifts[i] + offsets[i + 1] - 1 - t]
                    span = weight * (stop - start)
                    seen[i, place] += span * values[t] / total
                    expected[i, place] += span * factors[t - first] * np.exp(rate * (t - end)) / usual
            stop = start


@compiled
def _own_trend(
    values: Floats,
    first: int,
    end: int,
    unknown: Flags,
    factors: Floats,
    year: int,
    rate: float,
    weight: float,
    level: float,
    sums: Floats,
    usuals: Floats,
) -> float:
    """Change of the logarithm of a series in a year beyond `rate` a period, from its years; 0 where it has only one."""
    count = (end - first + year // 4) // year
    if count < 2:
        return 0.0
    mean = total = 0.0
    for b in range(count):
        sums[b] = usuals[b] = 0.0
        for t in range(max(end - (b + 1) * year, first), end - b * year):
            if not unknown[t]:
                sums[b] += weight * values[t] / level
                usuals[b] += weight * factors[t - first] * np.exp(rate * (t - end))
        mean -= usuals[b] * b
        total += usuals[b]
    if not total > 0.0:
        return 0.0
    slope, spread = 0.0, TREND_CASES
    for b in range(count):
        away = -b - mean / total
        slope += usuals[b] * away * np.log((sums[b] + TREND_CASES) / (usuals[b] + TREND_CASES))
        spread += usuals[b] * away * away
    return float(slope / spread)


@compiled
def divide_year(
    values: Floats, offsets: Ints, places: Ints, shifts: Ints, table: Floats, shocks: Floats, flat: Floats
) -> None:
    """Write each value divided by the factor of its place and the shock of its period; both counted back as `places`.

    Where that is under CLOSED, the value before is carried on.
    """
    for i in range(len(offsets) - 1):
        for t in range(offsets[i], offsets[i + 1]):
            back = shifts[i] + offsets[i + 1] - 1 - t
            factor = table[i, places[back]] * shocks[back]
            if factor >= CLOSED:
                flat[t] = values[t] / factor
            else:
                flat[t] = flat[t - 1] if t > offsets[i] else values[t]


@compiled
def divide_periods(values: Floats, offsets: Ints, shifts: Ints, rows: Ints, factors: Floats, flat: Floats) -> None:
    """Write each value divided by the factor of its period; where that is under CLOSED, the value before is carried on.

    Args:
        values, offsets, shifts: see `sum_pool`.
        rows: of each series: its row of the factors.
        factors: of the newest period of the panel, of the one before and so on, shape (rows, periods).
        flat: written.
    """
    for i in range(len(offsets) - 1):
        for t in range(offsets[i], offsets[i + 1]):
            factor = factors[rows[i], shifts[i] + offsets[i + 1] - 1 - t]
            if factor >= CLOSED:
                flat[t] = values[t] / factor
            else:
                flat[t] = flat[t - 1] if t > offsets[i] else values[t]


@compiled
def compare_years(
    values: Floats,
    offsets: Ints,
    held: Ints,
    month: int,
    months: int,
    most: int,
    steady: float,
    ratios: Floats,
    years: Ints,
) -> None:
    """Compare the months of the year with each other, and with themselves in other years: the last ones of each series.

    Args:
        values, offsets: see `sum_pool`.
        held: periods held back from the end at each cutoff.
        month: periods that are summed to a month.
        months: of a year.
        most: years that are looked at.
        steady: share of the months with demand, at least.
        ratios: written, shape (cutoffs, series): variance between months over that within them, beside a trend and the
            level of each year (Fisher's F); as it is where demand is not steady enough.
        years: written, same shape: how many were looked at; as it is where there are fewer than two.
    """
    for i in range(len(offsets) - 1):
        for c in range(len(held)):
            stop = offsets[i + 1] - held[c]
            known = min((stop - offsets[i]) // (month * months), most)
            if known < 2:
                continue
            count = known * months
            away, usual = np.zeros(count), np.zeros(months)
            with_demand = 0.0
            for b in range(count):
                for t in range(stop - (count - b) * month, stop - (count - b - 1) * month):
                    away[b] += values[t]
                with_demand += away[b] > 0.0
            years[c, i] = known
            if with_demand < steady * count:
                continue
            slope = _trend_of_years(away, known, months)
            for y in range(known):
                one = away[y * months : (y + 1) * months]
                one -= one.mean() + slope * (np.arange(months) - (months - 1) / 2.0)
            between = within = 0.0
            for b in range(count):
                usual[b % months] += away[b] / known
            for b in range(count):
                between += usual[b % months] ** 2
                within += (away[b] - usual[b % months]) ** 2
            if between > 0.0:
                ratios[c, i] = between / max(within / (known - 1.0), NO_NOISE * between)


@compiled
def _trend_of_years(demand: Floats, years: int, months: int) -> float:
    """Change from one month to the next that is seen both within years and from year to year: the lesser of the two.

    A new level is no change within years, a season none from year to year.
    """
    inside = across = inside_spread = across_spread = 0.0
    for y in range(years):
        from_middle = y - (years - 1) / 2.0
        across += from_middle * demand[y * months : (y + 1) * months].mean()
        across_spread += from_middle * from_middle * months
        for m in range(months):
            inside += (m - (months - 1) / 2.0) * demand[y * months + m]
            inside_spread += (m - (months - 1) / 2.0) ** 2
    inside, across = inside / inside_spread, across / across_spread
    if inside * across <= 0.0:
        return 0.0
    return inside if abs(inside) < abs(across) else across
