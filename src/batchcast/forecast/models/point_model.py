"""What is known of each point model: its name, what it is, and how much history it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class PointModel:
    """A model that forecasts the mean of every step, one series at a time."""

    name: str
    family: str  # in a forecaster's words
    periods: int = 1  # the fewest it can learn from
    seasons: int = 0  # whole seasons it needs besides

    @property
    def needs_season(self) -> bool:
        """It can't be used where there is no season (season length 1)."""
        return self.seasons > 0

    def is_usable(self, periods: Ints, season_length: int) -> Flags:
        """Whether it can forecast from histories of so many periods, element by element."""
        if self.needs_season and season_length == 1:
            return np.zeros(periods.shape, dtype=np.bool_)
        return np.asarray(periods >= max(self.periods, self.seasons * season_length))


_ALL = (
    PointModel(name="zero", family="no demand at all"),
    PointModel(name="naive", family="the last period again"),
    PointModel(name="seasonal_naive", family="the last season again", seasons=1),
    PointModel(name="mean", family="mean of the whole history"),
    PointModel(name="moving_average", family="mean of the recent periods"),
    PointModel(name="ses", family="simple exponential smoothing"),
    PointModel(name="holt_damped", family="level and a trend that fades (Holt)", periods=8),
    PointModel(name="holt_winters", family="level, trend and season (Holt and Winters)", periods=8, seasons=2),
    PointModel(name="theta", family="smoothed level and part of the trend line (dynamic optimised theta)", periods=4),
    PointModel(name="croston", family="size of a demand over the gap between demands"),
    PointModel(name="sba", family="Croston without his bias (Syntetos and Boylan)"),
    PointModel(name="tsb", family="probability of a demand times its size (Teunter, Syntetos and Babai)"),
    PointModel(name="adida", family="smoothed sums over the mean gap between demands"),
    PointModel(name="imapa", family="smoothed sums over many lengths, averaged"),
    PointModel(name="linear_decay", family="Croston that fades to zero in finite time (obsolescence)"),
)
POINT_MODELS: Mapping[str, PointModel] = MappingProxyType({model.name: model for model in _ALL})
