"""What a backtest says in units, and against the naive forecast: the figures that a planner sorts a spreadsheet by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.accuracy import LEAST_LOSS
from batchcast.forecast.backtest import Picture

Floats = NDArray[np.float64]

_DECIMALS = 9


def units_short(picture: Picture) -> Floats:
    """Demand beyond the stock at the service level, summed over the folds of each series; NaN where it has none."""
    return _summed(picture, picture.actual - picture.stock)


def units_over(picture: Picture) -> Floats:
    """Stock beyond the demand, summed over the folds of each series; NaN where it has none."""
    return _summed(picture, picture.stock - picture.actual)


def value_added(pinball: Floats, naive: Floats) -> Floats:
    """1 - loss / naive loss of each series, negative where naive is better; NaN where naive is never wrong."""
    is_known = naive > LEAST_LOSS  # NaN is not
    return np.where(is_known, 1.0 - pinball / np.where(is_known, naive, 1.0), np.nan)


def _summed(picture: Picture, beyond: Floats) -> Floats:
    total = np.where(picture.scored, np.maximum(beyond, 0.0), 0.0).sum(axis=0)
    return np.where(picture.scored.any(axis=0), np.round(total, _DECIMALS), np.nan)
