"""Stock figures from the distribution of the demand over the lead time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The tail above the service level, cut into strata: the middle of each as a share of the tail, and its width.
_TAIL_MIDDLES = (0.75, 0.35, 0.125, 0.025)
_TAIL_WIDTHS = (0.5, 0.3, 0.15, 0.05)

# Levels that a person may look at instead of the service level; between them quantiles can be read off.
LADDER = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999, 0.9999)


@dataclass(frozen=True, kw_only=True)
class Stock:
    """Stock figures of each series, shape (series,), in the unit of its demand."""

    mean: Floats  # expected demand over the lead time
    quantile: Floats  # its quantile at the service level
    safety_stock: Floats  # what of the quantile is beyond the mean; 0 where the mean is beyond it
    reorder_point: Floats  # the quantile raised to a whole number
    fill_rate: Floats  # expected share of the demand over the lead time that the reorder point serves, 0 to 1


def stock_levels(service_level: float) -> tuple[float, ...]:
    """The levels that `stock_figures` needs quantiles at: the service level and four above it, ascending."""
    return (service_level, *(1.0 - (1.0 - service_level) * share for share in _TAIL_MIDDLES))


def ladder_levels(service_level: float) -> tuple[float, ...]:
    """LADDER with `stock_levels` in it, ascending."""
    return tuple(sorted({*LADDER, *stock_levels(service_level)}))


def stock_figures(mean: Floats, quantiles: Floats, service_level: float) -> Stock:
    """Stock figures from the mean and the quantiles of lead-time demand.

    Args:
        mean: shape (series,).
        quantiles: at `stock_levels(service_level)`, shape (series, levels).
        service_level: probability that lead-time demand is served in full.

    The demand not served is that beyond the reorder point, which happens only above the service level: the mean
    excess there, of four strata of the tail. What is served is the rest of the mean, and at least the quantile as often
    as demand goes beyond it: mean and quantiles are averages of their own, and the tail alone may amount to more
    than the mean. No stock serves none.
    """
    quantile = quantiles[:, 0]
    reorder_point = np.ceil(quantile)
    excess = np.maximum(quantiles[:, 1:] - reorder_point[:, None], 0.0)
    mean_excess = sum(width * excess[:, k] for k, width in enumerate(_TAIL_WIDTHS))  # in one order: no matrix product
    short = (1.0 - service_level) * mean_excess
    served = np.maximum(mean - short, (1.0 - service_level) * quantile)
    share = np.divide(short, served + short, out=np.zeros_like(short), where=served + short > 0)
    return Stock(
        mean=mean,
        quantile=quantile,
        safety_stock=np.maximum(quantile - mean, 0.0),
        reorder_point=reorder_point,
        fill_rate=np.where((reorder_point > 0) | (mean <= 0), np.clip(1.0 - share, 0.0, 1.0), 0.0),
    )
