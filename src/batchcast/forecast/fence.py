"""The plausibility fence: nothing is forecast beyond a multiple of what history has ever seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.moments import Moments

Floats = NDArray[np.float64]

FENCE = 5.0  # times the largest ever seen
FENCED = "fenced"  # the flag of a series whose quantiles were held back


def fence_of_sums(moments: Moments) -> Floats:
    """What the demand over the span is believed to stay within: FENCE times its largest sum; (cutoffs, series)."""
    return FENCE * moments.span_largest


def fence_of_steps(moments: Moments) -> Floats:
    """The same of a single period, shape (cutoffs, series)."""
    return FENCE * moments.largest


def hold_back(quantiles: Floats, ceiling: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Quantiles held back at a ceiling, and which series had any beyond it.

    Args:
        quantiles: shape (series, ...).
        ceiling: shape (series,).
    """
    limit = ceiling.reshape(-1, *[1] * (quantiles.ndim - 1))
    beyond = (quantiles > limit).any(axis=tuple(range(1, quantiles.ndim)))
    return np.minimum(quantiles, limit), np.asarray(beyond)


def hold_means(steps: Floats, ceiling: Floats, skip: int, span: int) -> Floats:
    """Means made at least 0, NaN where not finite, scaled down where their sum over the span is beyond the ceiling.

    Args:
        steps: shape (cutoffs, series, steps).
        ceiling: shape (cutoffs, series).
        skip: steps before the span.
        span: steps that are summed.
    """
    steps = np.maximum(steps, 0.0)
    total = steps[:, :, skip : skip + span].sum(axis=2)
    over = total > ceiling
    if over.any():
        steps = steps * np.where(over, ceiling / np.where(over, total, 1.0), 1.0)[:, :, None]
    return np.where(np.isfinite(steps), steps, np.nan)
