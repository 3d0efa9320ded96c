"""Negative binomial around a mean: how demand that comes in lumps spreads.

    variance > mean     negative binomial with that mean and variance
    variance <= mean    its limit, Poisson
    fractional demand   its limit for ever finer units, gamma
    a common unit       every demand is a multiple of, say, 500: the distribution of S / 500, times 500

Small quantiles are read off the exact cumulative sum of probabilities. Large ones, where that sum is long and one
unit is little, are those of the gamma distribution with the same mean, variance and skewness, shifted (Pearson's
type III), to the nearest unit.
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.compiled import compiled
from batchcast.forecast.distributions.candidate import Calibration, Candidate, Distribution, Levels, Rows
from batchcast.forecast.distributions.gamma import gamma_table, standard_gamma_quantile
from batchcast.forecast.evidence import Evidence

Floats = NDArray[np.float64]

LONGEST_SUM = 100.0  # units up to which probabilities are summed exactly


def negbin_quantiles(mean: Floats, dispersion: Floats, unit: Floats, levels: tuple[float, ...]) -> Floats:
    """Quantiles of the negative binomial around each mean.

    Args:
        mean: shape (n,), at least 0.
        dispersion: variance divided by mean, in the unit of the demand, shape (n,).
        unit: what every demand is a whole multiple of, shape (n,); 0 where demand is fractional.
        levels: ascending, in (0, 1).

    Returns:
        Shape (n, levels), never under 0, never descending; multiples of the unit where dispersion is above it,
        whole numbers where it is not.
    """
    quantiles = np.zeros((len(mean), len(levels)))
    fill_negbin(mean, dispersion, np.ascontiguousarray(unit), np.array(levels), gamma_table(levels), quantiles)
    return quantiles


@compiled
def fill_negbin(
    mean: Floats, dispersion: Floats, unit: Floats, levels: Floats, table: Floats, quantiles: Floats
) -> None:
    """Write the quantiles of each row into `quantiles`, which holds zeros."""
    for i in range(len(mean)):
        mu, ratio, grain = mean[i], dispersion[i], unit[i]
        if not mu > 0.0:
            continue
        if grain == 0.0:
            _fill_gamma(mu, ratio, levels, table, quantiles[i])
            continue
        if grain > 1.0 and not ratio > grain:
            grain = 1.0  # steadier than whole units could be: let quantiles fall between them
        mu, ratio = mu / grain, max(ratio / grain, 1.0)
        if mu + 4.0 * math.sqrt(mu * ratio) <= LONGEST_SUM:
            _fill_exact(mu, ratio, grain, levels, quantiles[i])
        else:
            _fill_shifted_gamma(mu, ratio, grain, levels, table, quantiles[i])


@compiled
def _fill_gamma(mu: float, ratio: float, levels: Floats, table: Floats, row: Floats) -> None:
    ratio = max(ratio, 1e-9 * mu)
    shape = mu / ratio
    for j in range(len(levels)):
        row[j] = max(mu + math.sqrt(mu * ratio) * standard_gamma_quantile(table, j, shape), 0.0)


@compiled
def _fill_exact(mu: float, ratio: float, grain: float, levels: Floats, row: Floats) -> None:
    if ratio > 1.0 + 1e-9:
        size = mu / (ratio - 1.0)
        chance = math.exp(-size * math.log(ratio))
        weight = (ratio - 1.0) / ratio
        gain, base = weight, weight * (size - 1.0)  # p(k) = p(k - 1) * (gain * k + base) / k
    else:
        chance = math.exp(-mu)
        gain, base = 0.0, mu
    below = chance
    k = 0.0
    for j in range(len(levels)):
        while below < levels[j] and k < 100.0 * LONGEST_SUM:
            k += 1.0
            chance *= gain + base / k
            below += chance
        row[j] = k * grain


@compiled
def _fill_shifted_gamma(mu: float, ratio: float, grain: float, levels: Floats, table: Floats, row: Floats) -> None:
    deviation = math.sqrt(mu * ratio)
    skewness = (2.0 * ratio - 1.0) / deviation
    shape = 4.0 / (skewness * skewness)
    lowest = 0.0
    for j in range(len(levels)):
        value = mu + deviation * standard_gamma_quantile(table, j, shape)
        lowest = max(math.ceil(value - 0.5), lowest)
        row[j] = lowest * grain


@dataclass(frozen=True)
class NegativeBinomial(Candidate):
    """Negative binomial around the mean of a point model."""

    @property
    def mean_model(self) -> str:
        """The point model itself."""
        return self.model.name

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """Dispersion is that of past sums, times the factor that fitted the sample."""
        mean = evidence.steps(self.mean_model, evidence.span).sum(axis=2)
        dispersion = evidence.dispersion * calibration.spread_of(self.name, evidence.classes)
        return negbin_sums(mean, dispersion, evidence.moments.unit, levels), evidence.steps(self.mean_model, count)


@dataclass(frozen=True)
class PointMass(Distribution):
    """Every quantile is the mean of a point model: a baseline for comparison, never a candidate."""

    @property
    def name(self) -> str:
        """That of the point model."""
        return self.model.name

    @property
    def mean_model(self) -> str:
        """The point model itself."""
        return self.model.name

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """The mean, at every level."""
        mean = evidence.steps(self.model.name, evidence.span).sum(axis=2)
        return np.repeat(mean[:, :, None], len(levels), axis=2), evidence.steps(self.model.name, count)


def negbin_sums(mean: Floats, dispersion: Floats, unit: Floats, levels: Levels) -> Floats:
    """Quantiles of the sum around each mean, shape (cutoffs, series, levels); NaN where the mean is."""
    quantiles = negbin_quantiles(mean.ravel(), dispersion.ravel(), unit.ravel(), levels)
    quantiles[np.isnan(mean.ravel())] = np.nan
    return quantiles.reshape(*mean.shape, len(levels))


def step_quantiles(
    evidence: Evidence,
    cutoff: int,
    means: Floats,
    spread: tuple[Floats, Floats],
    levels: Levels,
    places: Rows | None = None,
) -> Floats:
    """Quantiles of each step around its mean, shape (series, steps, levels).

    The dispersion is that of single periods, and grows towards that of sums: a random walk of the level adds the same
    variance at each step, and to a sum about the cube of its span.

    Args:
        evidence: of the series.
        cutoff: place among its cutoffs.
        means: of each step after the cutoff, shape (series, steps).
        spread: by demand class, the factor of the dispersion of single periods, and that of its growth.
        levels: ascending, in (0, 1).
        places: of the steps that are wanted; None: all.
    """
    steps = np.arange(means.shape[1]) if places is None else places
    means, (factor, growth) = means[:, steps], (part[evidence.classes[cutoff]] for part in spread)
    single = evidence.step_dispersion[cutoff]
    of_sums = np.minimum(evidence.dispersion[cutoff], evidence.level_variance[cutoff])
    grown = np.minimum(steps / evidence.span**2 * growth[:, None], np.maximum(growth, 1.0)[:, None])
    dispersion = (single * factor)[:, None] + np.maximum(of_sums - single, 0.0)[:, None] * grown
    unit = np.repeat(evidence.moments.unit[cutoff], len(steps))
    return negbin_quantiles(means.ravel(), dispersion.ravel(), unit, levels).reshape(*means.shape, len(levels))
