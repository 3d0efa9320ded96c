"""The measure of a backtest: losses of one candidate for each series, and sums that merge exactly.

Scaled lead-time pinball selects and ranks. Bias is forecast / actual - 1: positive means over-forecast. MAE, WAPE
and MASE are for information: the all-zero forecast wins them on sparse parts.
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)
from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.accuracy import MEASURED_QUANTILES
from batchcast.forecast.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Sums of float64 that are exact, so that no order of adding and no cut into partitions changes a bit of them.
#
# A float64 is a whole number of 53 bits times a power of two. Whole numbers are added up for each power apart, in two
# halves that cannot overflow for the first 2**36 terms; the total is one (long) integer count of 2**-1126.

Limbs = NDArray[np.int64]

_LOWEST = 1073  # math.frexp of the smallest float64 has exponent -1073
_POWERS = 2100
_HALF = 26
_STEP = 1 << (_LOWEST + 53)  # one is this many of the smallest steps


def empty_limbs(*shape: int) -> Limbs:
    """Sums of nothing: `shape` of them."""
    return np.zeros((*shape, _POWERS, 2), dtype=np.int64)


@compiled
def add_exactly(limbs: Limbs, value: float) -> None:
    """Add a finite value to the sum held in `limbs`, shape (_POWERS, 2)."""
    if value != 0.0:
        part, power = math.frexp(value)
        whole = np.int64(part * 9007199254740992.0)
        limbs[power + _LOWEST, 0] += whole & ((1 << _HALF) - 1)
        limbs[power + _LOWEST, 1] += whole >> _HALF


@compiled
def add_all_exactly(limbs: Limbs, values: NDArray[np.float64]) -> None:
    """Add every value of a flat array, which must be finite."""
    for value in values:
        add_exactly(limbs, value)


def exact_total(limbs: Limbs) -> int:
    """The sum held in `limbs`, shape (_POWERS, 2), as a count of the smallest steps: add such counts freely."""
    powers = np.flatnonzero(limbs.any(axis=1))
    return sum(((int(limbs[p, 1]) << _HALF) + int(limbs[p, 0])) << int(p) for p in powers)


def nearest_float(total: int) -> float:
    """The float64 nearest to a count of smallest steps."""
    return total / _STEP


FOLD_DECAY = 0.5  # of the weight of a fold against the one after it


def fold_weights(folds: int) -> Floats:
    """The weight of each fold, the latest first, 1 on average: what came last is most like what comes."""
    weights = FOLD_DECAY ** np.arange(folds)
    return np.asarray(weights * folds / max(weights.sum(), 1.0))


MEASURED = MEASURED_QUANTILES

# Columns of the exact sums, over (fold, series): the first five are the scaled pinball losses at MEASURED.
FORECAST, ACTUAL, SERVED, ERRORS, SQUARES, NAIVE_SQUARES, MASE = range(5, 12)
OWN_LOSSES, LOSSES_OF_AUTO = range(12, 14)  # mean losses where both have one
SUMS = 14
# Columns of the counts: the first five are how often the sum was at or under the quantile at MEASURED.
CASES, STEPS, NAIVE_STEPS, SCALED = range(5, 9)
COUNTS = 9


@compiled
def pinball_loss(actual: float, forecast: float, level: float) -> float:
    """Cost of a quantile forecast: `level` a unit under-forecast, `1 - level` a unit over-forecast.

    Actual 10, forecast 8, level 0.9: 1.8. Source: Koenker and Bassett (1978), Econometrica 46(1); no factor 2.
    """
    error = actual - forecast
    return level * error if error > 0.0 else (level - 1.0) * error


@compiled
def score_forecasts(
    quantiles: Floats,
    measured: Ints,
    service: int,
    means: Floats,
    actuals: Floats,
    usable: NDArray[np.bool_],
    scale: Floats,
    naive_squares: Floats,
    naive_errors: Floats,
    periods: Floats,
    levels: Floats,
    pinball: Floats,
    limbs: Limbs,
    counts: Ints,
) -> None:
    """Score one candidate at every fold.

    Args:
        quantiles: of the lead-time demand, shape (folds, series, levels); NaN where the candidate has no forecast.
        measured: places of MEASURED among the levels.
        service: place of the service level: the stock held.
        means: mean of each step, shape (folds, series, lead time).
        actuals: the demand, same shape.
        usable: shape (folds, series): is there a backtest.
        scale: in-sample mean |S(t + h) - S(t)|, at least 1, same shape.
        naive_squares: sum of squared in-sample naive steps, same shape; `naive_errors` the sum of absolute ones.
        periods: in-sample periods, same shape.
        levels: of the quantiles, ascending.
        pinball: written: scaled pinball averaged over MEASURED, shape (folds, series); NaN where there is none.
        limbs: added to: exact sums, see SUMS.
        counts: added to, see COUNTS.
    """
    lead_time = actuals.shape[2]
    for f in range(quantiles.shape[0]):
        for i in range(quantiles.shape[1]):
            pinball[f, i] = np.nan
            if not usable[f, i] or np.isnan(quantiles[f, i, 0]):
                continue
            actual = forecast = errors = squares = 0.0
            for step in range(lead_time):
                error = means[f, i, step] - actuals[f, i, step]
                actual += actuals[f, i, step]
                forecast += means[f, i, step]
                errors += abs(error)
                squares += error * error
            total = 0.0
            for k in range(len(measured)):
                value = quantiles[f, i, measured[k]]
                loss = pinball_loss(actual, value, levels[measured[k]]) / scale[f, i]
                total += loss
                add_exactly(limbs[k], loss)
                counts[k] += actual <= value
            pinball[f, i] = total / len(measured)
            counts[CASES] += 1
            counts[STEPS] += lead_time
            counts[NAIVE_STEPS] += max(int(periods[f, i]) - 1, 0)
            add_exactly(limbs[FORECAST], forecast)
            add_exactly(limbs[ACTUAL], actual)
            add_exactly(limbs[SERVED], min(actual, quantiles[f, i, service]))
            add_exactly(limbs[ERRORS], errors)
            add_exactly(limbs[SQUARES], squares)
            add_exactly(limbs[NAIVE_SQUARES], naive_squares[f, i])
            if naive_errors[f, i] > 0.0:
                known = periods[f, i] - 1.0
                counts[SCALED] += 1
                add_exactly(limbs[MASE], errors / lead_time / (naive_errors[f, i] / known))
