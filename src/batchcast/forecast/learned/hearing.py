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


def with_learned(evidence: Evidence, said: Prediction | None) -> Evidence:
    """The evidence with what was learned in it; NaN where nothing was.

    Args:
        evidence: that the trees looked at.
        said: by them, of the sum over its span.
    """
    shaped = evidence.means[SHAPED_BY]
    if said is None:
        return replace(evidence, means={**evidence.means, MEAN: np.full_like(shaped, np.nan)})
    held = hold_means(_steps(evidence, said.mean), fence_of_sums(evidence.moments), evidence.skip, evidence.span)
    return replace(evidence, means={**evidence.means, MEAN: held}, learned=said.quantiles)


def _steps(evidence: Evidence, total: Floats) -> Floats:
    """Mean of each step, shape (cutoffs, series, steps), where `total` is expected over the span.

    Within the span in the proportions of what shapes them; beyond it, of which the total says nothing, each as far from
    what shapes it as the span is on average, by its weight in the week: a day on which nothing is wanted stays one.
    """
    shaped = evidence.means[SHAPED_BY]
    flat = np.ones_like(shaped) if evidence.weights is None else evidence.weights
    shape = np.where(np.isnan(shaped).any(axis=2, keepdims=True), flat, shaped)
    rate = (total / evidence.span)[:, :, None]
    end = evidence.skip + evidence.span
    usual = shape[:, :, evidence.skip : end].mean(axis=2, keepdims=True)
    within = np.where(usual > 0, rate * shape / np.where(usual > 0, usual, 1.0), rate * flat)
    weight = flat[:, :, evidence.skip : end].mean(axis=2, keepdims=True)
    off = np.where(weight > 0, (rate - usual) / np.where(weight > 0, weight, 1.0), 0.0)
    beyond = np.maximum(shape + off * flat, 0.0)
    return np.concatenate([within[:, :, :end], beyond[:, :, end:]], axis=2)
