"""The measure of a backtest: losses of one candidate for each series, sums that merge exactly, and the leaderboard.

Scaled lead-time pinball selects and ranks. Bias is forecast / actual - 1: positive means over-forecast. MAE, WAPE
and MASE are for information: the all-zero forecast wins them on sparse parts.
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.accuracy import MEASURED_QUANTILES, LeaderboardRow
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


def exact_totals(limbs: Limbs) -> list[int]:
    """The sums held in `limbs`, shape (sums, _POWERS, 2), as counts of the smallest steps: add such counts freely."""
    totals = [0] * len(limbs)
    sums, powers = np.nonzero(limbs[:, :, 0] | limbs[:, :, 1])
    for number, power, (low, high) in zip(sums.tolist(), powers.tolist(), limbs[sums, powers].tolist(), strict=True):
        totals[number] += ((high << _HALF) + low) << power
    return totals


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


# Statistics of a backtest: sums that merge exactly over partitions, and the leaderboard that follows from them.


class ErrorTally:
    """Running statistics of one candidate within a partition."""

    def __init__(self) -> None:
        self.limbs: Limbs = empty_limbs(SUMS)
        self.counts: Ints = np.zeros(COUNTS, dtype=np.int64)

    def set_beside(self, losses: Floats, of_auto: Floats) -> None:
        """Count losses of the same shape, NaN where there is none, on the cases where both have one."""
        both = ~(np.isnan(losses) | np.isnan(of_auto))
        add_all_exactly(self.limbs[OWN_LOSSES], losses[both])
        add_all_exactly(self.limbs[LOSSES_OF_AUTO], of_auto[both])

    def as_json(self) -> dict[str, Any]:
        """Plain values that `merge_statistics` adds without rounding: sums in hexadecimal, counts as they are."""
        return {"sums": list(map(hex, exact_totals(self.limbs))), "counts": [int(n) for n in self.counts]}


class Tallies:
    """Running statistics of every candidate within a partition."""

    def __init__(self) -> None:
        self._by_model: dict[str, ErrorTally] = {}

    def of(self, model: str) -> ErrorTally:
        """The statistics of one model, begun where there are none yet."""
        return self._by_model.setdefault(model, ErrorTally())

    def as_json(self) -> dict[str, Any]:
        """Plain values by model, for `merge_statistics`."""
        return {model: tally.as_json() for model, tally in self._by_model.items()}


def rank_models(statistics: Mapping[str, Any]) -> tuple[LeaderboardRow, ...]:
    """Every candidate, the baselines and `auto`, best first, from what `merge_statistics` gave.

    By the loss relative to that of `auto` on the same cases, so that a candidate with few cases is compared on those
    alone; where that is unknown by the loss itself, and without one last.
    """
    return tuple(sorted((_row(model, entry) for model, entry in statistics.items()), key=_rank))


def merge_statistics(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add statistics of partitions, without rounding: the order and number of partitions changes nothing."""
    merged: dict[str, Any] = {}
    for part in parts:
        for model, entry in part.items():
            if model not in merged:
                merged[model] = {"sums": ["0x0"] * SUMS, "counts": [0] * COUNTS}
            mine = merged[model]
            sums = zip(mine["sums"], entry["sums"], strict=True)
            mine["sums"] = [hex(int(a, 16) + int(b, 16)) for a, b in sums]
            mine["counts"] = [a + b for a, b in zip(mine["counts"], entry["counts"], strict=True)]
    return {model: merged[model] for model in sorted(merged)}


def _rank(row: LeaderboardRow) -> tuple[float, float, str]:
    beside, loss = (math.inf if math.isnan(x) else x for x in (row.beside_auto, row.lead_time_pinball))
    return beside, loss, row.model


def _row(model: str, entry: Mapping[str, Any]) -> LeaderboardRow:
    counts: list[int] = entry["counts"]
    sums = [nearest_float(int(text, 16)) for text in entry["sums"]]
    cases = counts[CASES]
    at = [_ratio(total, cases) for total in sums[: len(MEASURED)]]
    squares = _ratio(sums[SQUARES], counts[STEPS])
    naive = _ratio(sums[NAIVE_SQUARES], counts[NAIVE_STEPS])
    return LeaderboardRow(
        model=model,
        cases=cases,
        lead_time_pinball=math.fsum(at) / len(at),
        pinball=dict(zip(MEASURED, at, strict=True)),
        coverage={level: _ratio(counts[k], cases) for k, level in enumerate(MEASURED)},
        bias=_ratio(sums[FORECAST], sums[ACTUAL]) - 1.0,
        rmsse=math.sqrt(_ratio(squares, naive)),
        fill_rate=_ratio(sums[SERVED], sums[ACTUAL]),
        mae=_ratio(sums[ERRORS], counts[STEPS]),
        wape=_ratio(sums[ERRORS], sums[ACTUAL]),
        mase=_ratio(sums[MASE], counts[SCALED]),
        beside_auto=_ratio(sums[OWN_LOSSES], sums[LOSSES_OF_AUTO]),
    )


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else math.nan
