"""Pooled conformal residuals: the errors a point model made on like series, in standard deviations of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Levels the residuals are kept at; between them quantiles are linear.
RESIDUAL_LEVELS = np.array(
    [0.001, 0.005, 0.01, 0.02, *np.arange(0.05, 0.951, 0.025), 0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.999]
)
FEWEST_RESIDUALS = 50  # of a demand class; under them those of all classes stand in


def standardise(actual: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """Errors in standard deviations, same shape; NaN where the mean is not above 0 or unknown."""
    known = mean > 0
    return np.where(known, (actual - mean) / np.sqrt(_variance(np.where(known, mean, 1.0), dispersion)), np.nan)


def residual_table(residuals: Floats) -> Floats:
    """Quantiles of the residuals that are not NaN, at RESIDUAL_LEVELS; there must be one.

    At level q of n residuals: the one at place q (n + 1), the largest beyond the last (split conformal).
    """
    ordered = np.sort(residuals[~np.isnan(residuals)])
    places = np.clip(RESIDUAL_LEVELS * (len(ordered) + 1) - 1, 0, len(ordered) - 1)
    return np.interp(places, np.arange(len(ordered)), ordered)


def conformal_quantiles(
    mean: Floats, dispersion: Floats, table: Floats, unit: Floats, levels: tuple[float, ...]
) -> Floats:
    """Quantiles of the sum: the mean plus the residual at that level, in standard deviations of the series.

    Args:
        mean: shape (cutoffs, series); NaN where the model failed.
        dispersion: variance divided by mean, same shape.
        table: residuals at RESIDUAL_LEVELS, shape (cutoffs, series, RESIDUAL_LEVELS).
        unit: what every demand is a whole multiple of, shape (cutoffs, series); 0 where demand is fractional.
        levels: ascending, in (0, 1).

    Returns:
        Shape (cutoffs, series, levels), never under 0; whole numbers where demand is.
    """
    residuals = _at_levels(table, np.array(levels))
    known = np.where(np.isnan(mean), 0.0, mean)
    deviation = np.where(known > 0, np.sqrt(_variance(known, dispersion)), 0.0)
    quantiles = np.maximum(mean[:, :, None] + deviation[:, :, None] * residuals, 0.0)
    return np.where(unit[:, :, None] > 0, np.ceil(quantiles - 0.5), quantiles)


def _variance(mean: Floats, dispersion: Floats) -> Floats:
    return mean * np.maximum(dispersion, 1e-9 * np.maximum(mean, 1e-300))


def _at_levels(table: Floats, levels: Floats) -> Floats:
    """The table read off at other levels, linear between its own, its ends beyond them."""
    right = np.clip(np.searchsorted(RESIDUAL_LEVELS, levels), 1, len(RESIDUAL_LEVELS) - 1)
    left = right - 1
    share = (levels - RESIDUAL_LEVELS[left]) / (RESIDUAL_LEVELS[right] - RESIDUAL_LEVELS[left])
    share = np.clip(share, 0.0, 1.0)
    return (1.0 - share) * table[..., left] + share * table[..., right]
