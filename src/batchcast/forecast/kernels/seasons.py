"""Is there a season, and what is it: the test and the classical decomposition that statsforecast's Theta uses."""

from __future__ import annotations

from batchcast.forecast.compiled import compiled
from batchcast.forecast.kernels.lanes import Floats

NO_SEASON, ADDITIVE, MULTIPLICATIVE = range(3)
SIGNIFICANT = 1.6448536269514722  # standard normal quantile 0.95
SMALLEST_INDEX = 0.01  # a multiplicative index under it would blow up what it divides
FEWEST_PERIODS = 4  # in a season that is tested for


@compiled
def add_products(values: Floats, season: int, start: int, stop: int, products: Floats) -> None:
    """Add, for values[start:stop], each one's product with those up to a season before; entry j is lag season - j."""
    t = start
    while t < min(season, stop):
        for lag in range(t + 1):
            products[season - lag] += values[t] * values[t - lag]
        t += 1
    while t + 4 <= stop:
        y0, y1, y2, y3 = values[t], values[t + 1], values[t + 2], values[t + 3]
        for j in range(season + 1):
            k = t - season + j
            total = (products[j] + y0 * values[k]) + y1 * values[k + 1]
            products[j] = (total + y2 * values[k + 2]) + y3 * values[k + 3]
        t += 4
    while t < stop:
        y = values[t]
        for j in range(season + 1):
            products[j] += y * values[t - season + j]
        t += 1


@compiled
def is_seasonal(values: Floats, season: int, products: Floats) -> bool:
    """Does demand correlate with that of a season before, more than chance and the shorter lags explain?"""
    n = len(values)
    if season < FEWEST_PERIODS or n < 2 * season:
        return False
    total = 0.0
    for t in range(n):
        total += values[t]
    mean = total / n
    variance = products[season] - mean * total
    if not variance > 1e-12 * products[season]:
        return False  # constant
    explained, front, back, correlation = 0.0, total, total, 0.0  # sums without the last, and the first, `lag` values
    for lag in range(1, season + 1):
        front -= values[n - lag]
        back -= values[lag - 1]
        correlation = (products[season - lag] - mean * (front + back) + (n - lag) * mean * mean) / variance
        if lag < season:
            explained += correlation * correlation
    limit: float = SIGNIFICANT * ((1.0 + 2.0 * explained) / n) ** 0.5
    return abs(correlation) > limit


@compiled
def seasonal_indices(values: Floats, season: int, multiplicative: bool, indices: Floats, counts: Floats) -> None:
    """Index of each place in the season: the mean distance (or ratio) of its values from a centred moving average.

    Indices sum to 0 (or have mean 1); place t % season belongs to period t. `counts` is workspace, both (season,).
    Needs at least two seasons, or one period more where the season is odd.
    """
    n, half = len(values), season // 2
    even = season % 2 == 0
    for j in range(season):
        indices[j] = 0.0
        counts[j] = 0.0
    window = 0.0  # of the `season` values from t - half on
    for t in range(season):
        window += values[t]
    j = half
    for t in range(half, n - half):
        trend = window - 0.5 * values[t - half] + 0.5 * values[t + half] if even else window
        trend /= season
        if multiplicative:
            indices[j] += values[t] / trend
        else:
            indices[j] += values[t] - trend
        counts[j] += 1.0
        j = j + 1 if j + 1 < season else 0
        if t + half + 1 < n + (1 if even else 0):
            ahead = t + half if even else t + half + 1
            window += values[ahead] - values[t - half]
    mean = 0.0
    for j in range(season):
        indices[j] /= max(counts[j], 1.0)
        mean += indices[j] / season
    for j in range(season):
        indices[j] = indices[j] / mean if multiplicative else indices[j] - mean


@compiled
def find_season(values: Floats, season: int, products: Floats, indices: Floats, counts: Floats) -> int:
    """Which kind of season the values have, with its indices: multiplicative where all demand is positive.

    `products` are those of `add_products` over the values; `indices` and `counts` have season + 1 entries.
    """
    if not is_seasonal(values, season, products):
        return NO_SEASON
    positive = True
    for t in range(len(values)):
        positive &= values[t] > 0.0
    while True:
        seasonal_indices(values, season, positive, indices, counts)
        if not positive:
            return ADDITIVE
        for j in range(season):
            positive &= indices[j] >= SMALLEST_INDEX
        if positive:
            return MULTIPLICATIVE
