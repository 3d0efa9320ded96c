"""A distribution bent so that it goes through quantiles known better than it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def bend(
    wanted: Floats, levels: tuple[float, ...], own: Floats, known: Floats, known_levels: tuple[float, ...]
) -> Floats:
    """Quantiles at `levels`: what the distribution says plus how far it is off at the known levels beside them.

    Below the lowest and above the highest known level it is stretched in proportion.

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
    bent = wanted + (1.0 - share) * off[..., right - 1] + share * off[..., right]
    for outside, end in ((places < ends[0], 0), (places > ends[-1], -1)):
        base = own[..., end : end + 1] if end == 0 else own[..., -1:]
        target = known[..., end : end + 1] if end == 0 else known[..., -1:]
        factor = np.where(base > 0, target / np.where(base > 0, base, 1.0), 0.0)
        stretched = np.where(base > 0, wanted * factor, wanted * 0.0 + target if end == 0 else wanted + target)
        bent = np.where(outside, stretched, bent)
    bent = np.where(places < ends[0], np.minimum(bent, known[..., :1]), bent)
    return np.asarray(np.maximum.accumulate(np.maximum(bent, 0.0), axis=-1))
