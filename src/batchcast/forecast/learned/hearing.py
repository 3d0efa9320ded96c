"""Evidence with what the trees say in it: their mean as a point model, their quantiles beside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.evidence import Evidence
from batchcast.forecast.fence import fence_of_sums, hold_means
from batchcast.forecast.learned.learned import Prediction

Floats = NDArray[np.float64]

MEAN = "lightgbm_tweedie"
SHAPED_BY = "theta"  # gives the steps their season and trend: trees learn only the sum


def with_learned(evidence: Evidence, said: Prediction | None, horizon: int) -> Evidence:
    """The evidence with a point model more, NaN where nothing was learned.

    Args:
        evidence: for the sum over any span.
        said: of the demand over the horizon.
        horizon: periods; where the span is another, only the mean can be used: demand goes on at its rate.
    """
    shaped = evidence.means[SHAPED_BY]
    if said is None:
        return replace(evidence, means={**evidence.means, MEAN: np.full_like(shaped, np.nan)})
    steps = (said.mean / horizon)[:, :, None] * _profile(evidence, horizon)
    ceiling = fence_of_sums(evidence.moments)
    held = hold_means(steps, ceiling, evidence.skip, evidence.span)
    quantiles = said.quantiles if evidence.span == horizon else None
    return replace(evidence, means={**evidence.means, MEAN: held}, learned=quantiles)


def _profile(evidence: Evidence, horizon: int) -> Floats:
    """Share of each step in the mean step of the horizon, 1 on average, shape (cutoffs, series, steps)."""
    shaped = evidence.means[SHAPED_BY]
    flat = np.ones_like(shaped) if evidence.weights is None else evidence.weights
    profile = np.where(np.isnan(shaped).any(axis=2, keepdims=True), flat, shaped)
    mean = profile[:, :, evidence.skip : evidence.skip + horizon].mean(axis=2, keepdims=True)
    return np.asarray(np.where(mean > 0, profile / np.where(mean > 0, mean, 1.0), flat))
