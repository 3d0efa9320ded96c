"""Quantiles of lead-time demand that trees have learned across series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.distributions.candidate import DEFAULT_SPREAD, Calibration, Candidate, Levels
from batchcast.forecast.distributions.negbin import negbin_sums
from batchcast.forecast.evidence import Evidence
from batchcast.forecast.learned.learned import LEVELS as LEARNED_LEVELS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LearnedQuantiles(Candidate):
    """Quantiles of the sum that trees have learned across series.

    Between and beyond the levels that are learned it has the shape of a negative binomial around the learned mean.
    """

    has_own_mean: ClassVar[bool] = False

    @property
    def mean_model(self) -> str:
        """The model of the learned mean."""
        return self.model.mean_of

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """NaN where nothing was learned."""
        steps = evidence.steps(self.mean_model, count)
        if evidence.learned is None:
            return np.full((*steps.shape[:2], len(levels)), np.nan), steps
        mean = evidence.steps(self.mean_model, evidence.span).sum(axis=2)
        every = tuple(sorted({*LEARNED_LEVELS, *levels}))
        shape = negbin_sums(mean, evidence.dispersion * DEFAULT_SPREAD, evidence.moments.unit, every)
        own = shape[:, :, [every.index(level) for level in LEARNED_LEVELS]]
        wanted = shape[:, :, [every.index(level) for level in levels]]
        quantiles = remap_quantiles(wanted, levels, own, _with_tail_of(own, evidence.learned), LEARNED_LEVELS)
        unit = evidence.moments.unit[:, :, None]
        return np.where(unit > 0, np.floor(quantiles + 0.5), quantiles), steps


def _with_tail_of(shape: Floats, learned: Floats) -> Floats:
    """Learned quantiles, the highest at least as far above the next as in the shape, both of shape (..., levels).

    One case in a hundred lies beyond the highest level, of at least forty in a leaf: trees alone give too short a tail.
    """
    highest = np.maximum(learned[..., -1], learned[..., -2] + shape[..., -1] - shape[..., -2])
    return np.concatenate([learned[..., :-1], highest[..., None]], axis=-1)


def remap_quantiles(
    wanted: Floats, levels: tuple[float, ...], own: Floats, known: Floats, known_levels: tuple[float, ...]
) -> Floats:
    """Quantiles of a distribution, moved so that at some levels they are those known from elsewhere.

    Between known levels the shift is linear in the level; below the lowest and above the highest one the quantiles are
    scaled in proportion.

    Args:
        wanted: quantiles of the distribution at `levels`, shape (..., levels).
        levels: ascending, in (0, 1).
        own: its quantiles at `known_levels`, shape (..., known_levels).
        known: what they should be, same shape; NaN where unknown, and so is the result.
        known_levels: ascending, in (0, 1).

    Returns:
        The shape of `wanted`, never under 0, never descending.
    """
    places = np.array(levels)
    right = np.clip(np.searchsorted(known_levels, places), 1, len(known_levels) - 1)
    ends = np.array(known_levels)
    share = np.clip((places - ends[right - 1]) / (ends[right] - ends[right - 1]), 0.0, 1.0)
    off = known - own
    remapped = wanted + (1.0 - share) * off[..., right - 1] + share * off[..., right]
    for outside, end in ((places < ends[0], 0), (places > ends[-1], -1)):
        base = own[..., end : end + 1] if end == 0 else own[..., -1:]
        target = known[..., end : end + 1] if end == 0 else known[..., -1:]
        factor = np.where(base > 0, target / np.where(base > 0, base, 1.0), 0.0)
        stretched = np.where(base > 0, wanted * factor, wanted * 0.0 + target if end == 0 else wanted + target)
        remapped = np.where(outside, stretched, remapped)
    remapped = np.where(places < ends[0], np.minimum(remapped, known[..., :1]), remapped)
    return np.asarray(np.maximum.accumulate(np.maximum(remapped, 0.0), axis=-1))
