"""The family of the quantiles that trees have learned across series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.distributions.bend import bend
from batchcast.forecast.evidence import Evidence
from batchcast.forecast.families.around_means import NegativeBinomial, negbin_sums
from batchcast.forecast.families.shares import LEARNED_MEAN, share_of
from batchcast.forecast.family import DEFAULT_SPREAD, Calibration, Levels, Rows
from batchcast.forecast.learned.learned import LEVELS as LEARNED_LEVELS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LearnedQuantiles:
    """Quantiles of the sum that trees have learned across series; between and beyond those levels it
    has the shape of a negative binomial around the mean they learned.
    """

    name: str = "lightgbm_quantile"
    kin: str = "learned_quantiles"
    has_mean: bool = False

    @property
    def share(self) -> float:
        """The largest: on sets it was not chosen on as on the others, this was best."""
        return share_of(self.name)

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """NaN where nothing was learned."""
        steps = evidence.steps(LEARNED_MEAN, count)
        if evidence.learned is None:
            return np.full((*steps.shape[:2], len(levels)), np.nan), steps
        mean = evidence.steps(LEARNED_MEAN, evidence.span).sum(axis=2)
        every = tuple(sorted({*LEARNED_LEVELS, *levels}))
        shape = negbin_sums(mean, evidence.dispersion * DEFAULT_SPREAD, evidence.moments.unit, every)
        own = shape[:, :, [every.index(level) for level in LEARNED_LEVELS]]
        wanted = shape[:, :, [every.index(level) for level in levels]]
        quantiles = bend(wanted, levels, own, _with_tail_of(own, evidence.learned), LEARNED_LEVELS)
        unit = evidence.moments.unit[:, :, None]
        return np.where(unit > 0, np.floor(quantiles + 0.5), quantiles), steps

    def steps(self, evidence: Evidence, calibration: Calibration, rows: Rows, count: int, levels: Levels) -> Floats:
        """A negative binomial step around the learned mean: what is learned is the sum."""
        return NegativeBinomial(LEARNED_MEAN, self.kin).steps(evidence, calibration, rows, count, levels)


def _with_tail_of(shape: Floats, learned: Floats) -> Floats:
    """Learned quantiles, the highest at least as far above the next as in the shape, both of shape (..., levels).

    So few cases lie beyond the highest that trees see too short a tail: one in a hundred, at the least forty in a leaf.
    """
    highest = np.maximum(learned[..., -1], learned[..., -2] + shape[..., -1] - shape[..., -2])
    return np.concatenate([learned[..., :-1], highest[..., None]], axis=-1)
