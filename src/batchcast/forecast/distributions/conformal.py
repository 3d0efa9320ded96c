"""Pooled conformal residuals: the errors of a point model on series of one class, in standard deviations of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.distributions.candidate import Calibration, Candidate, Levels
from batchcast.forecast.evidence import Evidence

Floats = NDArray[np.float64]

# Levels the residuals are kept at; between them quantiles are linear.
RESIDUAL_LEVELS = np.array(
    [0.001, 0.005, 0.01, 0.02, *np.round(np.arange(0.05, 0.951, 0.025), 3), 0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.999]
)
LEAST_MEAN = 0.1  # of the usual sum: errors of a forecast near 0 are not divided by next to nothing
LEAST_VARIATION = 0.1  # of the mean: even a constant history can change
FEWEST_RESIDUALS = 50  # of a demand class; under them those of all classes stand in


def typical_deviation(mean: Floats, usual: Floats, dispersion: Floats, unit: Floats) -> Floats:
    """Standard deviation of a sum to measure errors in; 0 only where there was no demand at all.

    Args:
        mean: what is forecast of the sum; NaN where the model failed.
        usual: mean sum of the history; a forecast under LEAST_MEAN of it counts as that much.
        dispersion: variance divided by mean.
        unit: what every demand is a whole multiple of: at least Poisson lumps of it; 0 where demand is fractional.

    All have the same shape, and so has the result.
    """
    anchor = np.fmax(mean, LEAST_MEAN * usual)
    return np.sqrt(anchor * np.maximum(dispersion, unit) + (LEAST_VARIATION * anchor) ** 2)


def standardise(actual: Floats, mean: Floats, deviation: Floats) -> Floats:
    """Errors in standard deviations, same shape; NaN where the mean is unknown or the deviation 0."""
    positive = deviation > 0
    return np.asarray(np.where(positive, (actual - mean) / np.where(positive, deviation, 1.0), np.nan))


def residual_table(residuals: Floats) -> Floats:
    """Quantiles of the residuals that are not NaN, at RESIDUAL_LEVELS; there must be one.

    At level q of n residuals: the one at place q (n + 1), the largest beyond the last (split conformal).
    """
    ordered = np.sort(residuals[~np.isnan(residuals)])
    places = np.clip(RESIDUAL_LEVELS * (len(ordered) + 1) - 1, 0, len(ordered) - 1)
    return np.asarray(np.interp(places, np.arange(len(ordered)), ordered))


def conformal_quantiles(
    mean: Floats, deviation: Floats, table: Floats, unit: Floats, levels: tuple[float, ...]
) -> Floats:
    """Quantiles of the sum: the mean plus the residual at that level, in standard deviations of the series.

    Args:
        mean: shape (cutoffs, series); NaN where the model failed.
        deviation: see `typical_deviation`, same shape.
        table: residuals at RESIDUAL_LEVELS, shape (cutoffs, series, RESIDUAL_LEVELS).
        unit: what every demand is a whole multiple of, shape (cutoffs, series); 0 where demand is fractional.
        levels: ascending, in (0, 1).

    Returns:
        Shape (cutoffs, series, levels), never under 0; whole numbers where demand is.
    """
    residuals = _at_levels(table, np.array(levels))
    quantiles = np.maximum(mean[:, :, None] + deviation[:, :, None] * residuals, 0.0)
    return np.asarray(np.where(unit[:, :, None] > 0, np.ceil(quantiles - 0.5), quantiles))


def _at_levels(table: Floats, levels: Floats) -> Floats:
    """The table read off at other levels, linear between its own, its ends beyond them."""
    right = np.clip(np.searchsorted(RESIDUAL_LEVELS, levels), 1, len(RESIDUAL_LEVELS) - 1)
    left = right - 1
    share = (levels - RESIDUAL_LEVELS[left]) / (RESIDUAL_LEVELS[right] - RESIDUAL_LEVELS[left])
    share = np.clip(share, 0.0, 1.0)
    return np.asarray((1.0 - share) * table[..., left] + share * table[..., right])


@dataclass(frozen=True)
class Conformal(Candidate):
    """A point model and the errors it made on the sample of the batch, in standard deviations."""

    @property
    def mean_model(self) -> str:
        """The point model."""
        return self.model.mean_of

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """At each fold with the errors of the other folds."""
        mean, deviation = self.centre(evidence)
        table = calibration.residuals[self.name][evidence.folds[:, None], evidence.classes]
        quantiles = conformal_quantiles(mean, deviation, table, evidence.moments.unit, levels)
        return quantiles, evidence.steps(self.mean_model, count)

    def centre(self, evidence: Evidence) -> tuple[Floats, Floats]:
        """Mean of the sum and the deviation its errors are measured in, shape (cutoffs, series)."""
        mean = evidence.steps(self.mean_model, evidence.span).sum(axis=2)
        usual = evidence.lifted(evidence.moments.mean * evidence.span)
        return mean, typical_deviation(mean, usual, evidence.dispersion, evidence.moments.unit)
