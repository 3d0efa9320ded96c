"""Families that spread demand around the mean of a point model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.distributions.conformal import conformal_quantiles, typical_deviation
from batchcast.forecast.distributions.negbin import negbin_quantiles
from batchcast.forecast.evidence import FEW_DEMANDS, Calibration, Evidence, Levels, Rows
from batchcast.forecast.families.shares import share_of

Floats = NDArray[np.float64]

STEP_SPREAD = 0.5  # power of the factor for sums that single periods get: their errors have less in common


@dataclass(frozen=True)
class NegativeBinomial:
    """Negative binomial around the mean of a point model."""

    model: str
    group: str
    has_mean: bool = True

    @property
    def name(self) -> str:
        """`negbin_` and the point model."""
        return f"negbin_{self.model}"

    @property
    def share(self) -> float:
        """0, unless the mean is a learned one."""
        return share_of(self.model)

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """Dispersion is that of past sums, times the factor that fitted the sample."""
        mean = evidence.steps(self.model, evidence.span).sum(axis=2)
        dispersion = evidence.dispersion * calibration.spread_of(self.name, evidence.classes)
        return negbin_sums(mean, dispersion, evidence.moments.unit, levels), evidence.steps(self.model, count)

    def steps(self, evidence: Evidence, calibration: Calibration, rows: Rows, count: int, levels: Levels) -> Floats:
        """Dispersion is that of single periods, times a lesser factor; it grows towards that of sums."""
        mean = evidence.steps(self.model, count)[-1, rows]
        factor = calibration.spread_of(self.name, evidence.classes[-1, rows])
        single = _step_dispersion(evidence, rows) * factor**STEP_SPREAD
        of_sums = np.minimum(
            evidence.dispersion[-1, rows] * factor, evidence.level_variance[rows] * np.maximum(factor, 1.0)
        )
        excess = np.maximum(of_sums - single, 0.0)
        dispersion = single[:, None] + excess[:, None] * _growth(evidence, count)
        unit = np.repeat(evidence.moments.unit[-1, rows], count)
        quantiles = negbin_quantiles(mean.ravel(), dispersion.ravel(), unit, levels)
        return quantiles.reshape(len(rows), count, len(levels))


@dataclass(frozen=True)
class Conformal:
    """A point model and the errors it made on the sample of the batch, in standard deviations."""

    model: str
    group: str = "conformal"
    share: float = 0.0
    has_mean: bool = True

    @property
    def name(self) -> str:
        """`conformal_` and the point model."""
        return f"conformal_{self.model}"

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """At each fold with the errors of the other folds."""
        mean, deviation = self.centre(evidence)
        table = calibration.residuals[self.name][evidence.folds[:, None], evidence.classes]
        quantiles = conformal_quantiles(mean, deviation, table, evidence.moments.unit, levels)
        return quantiles, evidence.steps(self.model, count)

    def centre(self, evidence: Evidence) -> tuple[Floats, Floats]:
        """Mean of the sum and the deviation its errors are measured in, shape (cutoffs, series)."""
        mean = evidence.steps(self.model, evidence.span).sum(axis=2)
        usual = evidence.moments.mean * evidence.span
        return mean, typical_deviation(mean, usual, evidence.dispersion, evidence.moments.unit)

    def steps(self, evidence: Evidence, calibration: Calibration, rows: Rows, count: int, levels: Levels) -> Floats:
        """A negative binomial step: errors are pooled for sums only."""
        return NegativeBinomial(self.model, self.group).steps(evidence, calibration, rows, count, levels)


@dataclass(frozen=True)
class PointMass:
    """A point model taken at its word, every quantile its mean: a baseline to stand beside, never a candidate."""

    model: str

    @property
    def name(self) -> str:
        """That of the point model."""
        return self.model

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """The mean, at every level."""
        mean = evidence.steps(self.model, evidence.span).sum(axis=2)
        return np.repeat(mean[:, :, None], len(levels), axis=2), evidence.steps(self.model, count)


def negbin_sums(mean: Floats, dispersion: Floats, unit: Floats, levels: Levels) -> Floats:
    """Quantiles of the sum around each mean, shape (cutoffs, series, levels); NaN where the mean is."""
    quantiles = negbin_quantiles(mean.ravel(), dispersion.ravel(), unit.ravel(), levels)
    quantiles[np.isnan(mean.ravel())] = np.nan
    return quantiles.reshape(*mean.shape, len(levels))


def _growth(evidence: Evidence, count: int) -> Floats:
    """How much of what sums over the span are dispersed more than its periods each step has, shape (count,).

    A level that wanders adds as much to the variance at every step, and to that of a sum about the cube of its span.
    """
    return np.minimum(np.arange(evidence.skip, evidence.skip + count) / evidence.span**2, 1.0)


def _step_dispersion(evidence: Evidence, rows: Rows) -> Floats:
    """Variance of single periods divided by their mean; the mean demand where there are few demands.

    Half the mean square of the steps from one period to the next is the variance too where periods are independent. It
    counts where it is less: a trend or a season is in the mean already, and no noise.
    """
    moments = evidence.moments
    mean, steps = moments.mean[-1, rows], moments.periods[-1, rows] - 1.0
    variance = moments.variance[-1, rows]
    halved = np.where(steps > 1, moments.naive_squares[-1, rows] / (2.0 * np.maximum(steps, 1.0)), variance)
    single = np.where(mean > 0, np.minimum(variance, halved) / np.where(mean > 0, mean, 1.0), 0.0)
    lump = np.where(moments.demands[-1, rows] < FEW_DEMANDS, moments.size_mean[-1, rows], 0.0)
    return np.maximum(single, lump)
