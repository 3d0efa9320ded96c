"""Quantiles of the gamma distribution, tabulated once a process for the levels in use.

A quantile is found by Newton steps on the logarithm of x, kept inside a bracket; the table is cubic in the
logarithm of the shape. Relative error under 1e-3, under 1e-5 from a shape of 0.5 on (tested against scipy).
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.compiled import compiled

Floats = NDArray[np.float64]

LOG_SMALLEST = math.log(1e-3)  # shapes below it have next to nothing under their 0.9 quantile
LOG_LARGEST = math.log(1e5)  # a standardised gamma variable of a larger shape is read off here: normal to 3 digits
KNOTS = 320
NEGLIGIBLE = -300.0  # logarithm under which a quantile counts as zero


@cache
def gamma_table(levels: tuple[float, ...]) -> Floats:
    """Logarithms of the quantiles of gamma distributions with scale 1.

    Returns:
        Shape (levels, KNOTS): at shapes whose logarithms are evenly spaced from LOG_SMALLEST to LOG_LARGEST.
    """
    table = np.empty((len(levels), KNOTS))
    _fill_table(np.array(levels), table)
    return table


@compiled
def gamma_quantile(table: Floats, level: int, shape: float) -> float:
    """Quantile of a gamma distribution with scale 1, read off the table: cubic between its knots."""
    place = (math.log(max(shape, 1e-300)) - LOG_SMALLEST) * ((KNOTS - 1) / (LOG_LARGEST - LOG_SMALLEST))
    place = min(max(place, 1.0), KNOTS - 3.0)
    k = int(place)
    t = place - k
    a, b, c, d = table[level, k - 1], table[level, k], table[level, k + 1], table[level, k + 2]
    slope_b, slope_c = 0.5 * (c - a), 0.5 * (d - b)
    value = b + t * (slope_b + t * (3 * (c - b) - 2 * slope_b - slope_c + t * (2 * (b - c) + slope_b + slope_c)))
    return math.exp(value) if value > NEGLIGIBLE else 0.0


@compiled
def regularised_gamma(shape: float, x: float) -> float:
    """P(shape, x): probability that a gamma variable of that shape and scale 1 is at most x.

    By its power series where x < shape + 1, by its continued fraction (Lentz) elsewhere.
    """
    if x <= 0.0:
        return 0.0
    factor = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1.0:
        term = total = 1.0 / shape
        n = shape
        while term > total * 1e-16:
            n += 1.0
            term *= x / n
            total += term
        return total * factor
    b = x + 1.0 - shape
    c = 1e300
    d = 1.0 / b
    fraction = d
    for i in range(1, 100_000):
        a = -i * (i - shape)
        b += 2.0
        d = 1.0 / (a * d + b)
        c = b + a / c
        fraction *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return 1.0 - factor * fraction


@compiled
def log_quantile(shape: float, level: float, guess: float) -> float:
    """Logarithm of the quantile, by Newton steps from `guess` that never leave their bracket."""
    log_gamma = math.lgamma(shape)
    small = (math.log(level) + math.lgamma(shape + 1.0)) / shape  # P(shape, x) is near x**shape / gamma(shape + 1)
    if small < NEGLIGIBLE - 10.0:
        return small
    low, high = min(small, guess) - 1e-9, max(math.log(shape + 40.0 * math.sqrt(shape) + 40.0), guess)
    y = guess if low < guess < high else 0.5 * (low + high)
    for _ in range(200):
        error = regularised_gamma(shape, math.exp(y)) - level
        if error > 0.0:
            high = y
        else:
            low = y
        density = math.exp(shape * y - math.exp(y) - log_gamma)
        following = y - error / density if density > 1e-300 else low - 1.0
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - y) < 1e-13 * max(1.0, abs(y)):
            return following
        y = following
    return y


@compiled
def _fill_table(levels: Floats, table: Floats) -> None:
    for level in range(len(levels)):
        guess = math.log(1e-3)
        for k in range(KNOTS):
            shape = math.exp(LOG_SMALLEST + k * ((LOG_LARGEST - LOG_SMALLEST) / (KNOTS - 1)))
            guess = log_quantile(shape, levels[level], guess)
            table[level, k] = guess


@compiled
def standard_gamma_quantile(table: Floats, level: int, shape: float) -> float:
    """Quantile of a gamma variable less its mean, in standard deviations; near normal for a large shape."""
    bounded = min(max(shape, 1.1e-3), 8e4)  # a knot inside the ends of the table
    return (gamma_quantile(table, level, bounded) - bounded) / math.sqrt(bounded)
