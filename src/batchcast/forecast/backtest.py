"""The backtest: forecasts from past cutoffs, and the demand that followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.cutoffs import LEAST_PERIODS
from batchcast.forecast.compiled import compiled
from batchcast.forecast.distributions.candidate import Calibration, Distribution
from batchcast.forecast.evidence import Evidence
from batchcast.forecast.metrics import MEASURED, ErrorTally, score_forecasts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOW, MEDIAN, HIGH = 0.1, 0.5, 0.9  # levels at which a fold_forecasts shows what was forecast


@dataclass(frozen=True, kw_only=True)
class FoldForecasts:
    """The forecasts of `auto` of lead-time demand at each fold, and the demand; arrays of shape (folds, series)."""

    held: Ints  # periods held back at each fold, shape (folds,)
    scored: NDArray[np.bool_]  # where not, the other arrays have no meaning
    actual: Floats
    forecast: Floats  # the mean
    low: Floats
    median: Floats
    high: Floats
    stock: Floats  # the quantile at the service level


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """What candidates are scored on: the evidence at every fold, and the demand that followed."""

    levels: tuple[float, ...]  # of the quantiles, ascending
    service_level: float
    evidence: Evidence
    actuals: Floats  # shape (folds, series, lead time)
    usable: NDArray[np.bool_]  # is there a backtest, shape (folds, series)

    def score(self, quantiles: Floats, means: Floats, tally: ErrorTally) -> Floats:
        """Scaled lead-time pinball, shape (folds, series), NaN where there is none; the tally counts it."""
        moments = self.evidence.measure
        pinball = np.empty(self.usable.shape)
        score_forecasts(
            quantiles,
            np.array([self.levels.index(level) for level in MEASURED], dtype=np.int64),
            self.levels.index(self.service_level),
            means,
            self.actuals,
            self.usable,
            moments.scale,
            np.ascontiguousarray(moments.naive_squares),
            np.ascontiguousarray(moments.naive_errors),
            np.ascontiguousarray(moments.periods),
            np.array(self.levels),
            pinball,
            tally.limbs,
            tally.counts,
        )
        return pinball

    def score_shapes(self, shapes: Floats) -> Floats:
        """How far demand came in other proportions than the steps of a shape, shape (folds, series).

        Squares of what is left of demand spread by the shape, relative to the variance of as many periods; NaN where
        the shape is not known, or nothing came.

        Args:
            shapes: of the steps, shape (folds, series, lead time).
        """
        came, sums = self.actuals.sum(axis=2), shapes.sum(axis=2)
        usual = came * self.evidence.step_dispersion
        known = self.usable & (usual > 0) & (sums > 0)
        share = np.where(known, came / np.where(known, sums, 1.0), 0.0)
        left = ((self.actuals - share[:, :, None] * np.where(known[:, :, None], shapes, 0.0)) ** 2).sum(axis=2)
        return np.where(known, left / np.where(known, usual, 1.0), np.nan)

    def fold_forecasts(self, scored: NDArray[np.bool_], quantiles: Floats, means: Floats) -> FoldForecasts:
        """One forecast beside the demand, by its quantiles at `levels` and its means, shape (folds, series, ...)."""
        low, median, high, stock = (
            quantiles[:, :, self.levels.index(level)] for level in (LOW, MEDIAN, HIGH, self.service_level)
        )
        return FoldForecasts(
            held=self.evidence.held,
            scored=scored,
            actual=self.actuals.sum(axis=2),
            forecast=means.sum(axis=2),
            low=low,
            median=median,
            high=high,
            stock=stock,
        )


def measured_levels(service_level: float) -> tuple[float, ...]:
    """The levels a backtest needs quantiles at."""
    return tuple(sorted({*MEASURED, LOW, MEDIAN, HIGH, service_level}))


def take_actuals(values: Floats, offsets: Ints, held: Sequence[int] | Ints, span: int) -> Floats:
    """The demand of the `span` steps after each cutoff: shape (folds, series, span).

    Zeros where the series had not begun.
    """
    last = offsets[1:]
    ahead = np.arange(span)
    places = last[None, :, None] - np.array(held, dtype=np.int64)[:, None, None] + ahead[None, None, :]
    begun = places >= offsets[:-1][None, :, None]
    padded = np.append(values, 0.0)
    return np.where(begun, padded[np.where(begun, places, len(values))], 0.0)


def is_usable(evidence: Evidence, out_of_stock: NDArray[np.bool_] | None, least_demands: int) -> NDArray[np.bool_]:
    """Where a fold can be judged: enough history at its cutoff, in stock in all periods after it; (folds, series).

    Args:
        evidence: at the folds.
        out_of_stock: of each value of the panel; None where that is not known.
        least_demands: that the history has.
    """
    moments = evidence.moments
    usable = (moments.periods >= LEAST_PERIODS) & (moments.demands >= least_demands)
    if out_of_stock is None:
        return usable
    flags = take_actuals(out_of_stock.astype(np.float64), evidence.offsets, evidence.held, evidence.span)
    return np.asarray(usable & (flags.sum(axis=2) == 0))


def run_candidates(
    candidates: Sequence[Distribution],
    evidence: Evidence,
    calibration: Calibration,
    levels: tuple[float, ...],
    count: int,
) -> tuple[Floats, Floats]:
    """The forecast of every candidate at every cutoff.

    Returns:
        Quantiles of the sum, shape (candidates, cutoffs, series, levels), and means of `count` steps, shape
        (candidates, cutoffs, series, count); NaN where a candidate has no forecast.
    """
    shape = (len(candidates), len(evidence.held), len(evidence.offsets) - 1)
    quantiles, means = np.empty((*shape, len(levels))), np.empty((*shape, count))
    for k, candidate in enumerate(candidates):
        quantiles[k], means[k] = candidate.sums(evidence, calibration, levels, count)
        blank_unknown(quantiles[k], means[k])
    return quantiles, means


@compiled
def blank_unknown(quantiles: NDArray[np.float64], means: NDArray[np.float64]) -> None:
    """Make both NaN where one of them is not finite anywhere; shapes (cutoffs, series, levels) and (..., steps)."""
    for c in range(quantiles.shape[0]):
        for i in range(quantiles.shape[1]):
            known = True
            for j in range(quantiles.shape[2]):
                known = known and np.isfinite(quantiles[c, i, j])
            for j in range(means.shape[2]):
                known = known and np.isfinite(means[c, i, j])
            if not known:
                quantiles[c, i, :] = np.nan
                means[c, i, :] = np.nan
