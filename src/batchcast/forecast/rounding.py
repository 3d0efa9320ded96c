"""Rounding: from the mean of each step to the planning figure, in whole units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.settings import Rounding

Floats = NDArray[np.float64]


def round_forecast(raw: Floats, rounding: Rounding, zero_threshold: float) -> Floats:
    """Round each step of each series.

    Args:
        raw: means, at least 0, shape (series, steps).
        rounding: `none`; `half_up`, `ceiling` or `floor` of each step; or `keep_total`, which rounds the running total,
            so that each series' total is its raw total rounded half up (half_up by the day makes nearly every
            sparse part zero).
        zero_threshold: with half_up, ceiling and floor, a raw forecast under it becomes 0.

    Returns:
        Shape as given, at least 0.
    """
    match rounding:
        case "none":
            return raw
        case "keep_total":
            totals = np.floor(np.cumsum(raw, axis=1) + 0.5)
            return np.diff(totals, axis=1, prepend=0.0)
        case "half_up":
            rounded = np.floor(raw + 0.5)
        case "ceiling":
            rounded = np.ceil(raw)
        case "floor":
            rounded = np.floor(raw)
    return np.where(raw < zero_threshold, 0.0, rounded)
