"""The measures of the explanation, the same for every method: quantiles and means in, one row of numbers out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.accuracy import MEASURED_QUANTILES
from batchcast.forecast.moments import measure_history
from batchcast.forecast.panel import Panel

Floats = NDArray[np.float64]
LEVELS = np.array(MEASURED_QUANTILES)
SERVICE = MEASURED_QUANTILES.index(0.95)


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What one method says at one origin."""

    quantiles: Floats  # of the sum over the horizon at MEASURED_QUANTILES, shape (series, levels)
    means: Floats  # of each step, shape (series, horizon)


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The measures of one method on one data set, every origin together."""

    pinball: float  # scaled lead-time pinball, mean over levels, series and origins
    by_level: tuple[float, ...]
    coverage: tuple[float, ...]  # share of sums at or under the quantile, by level
    under: tuple[float, ...]  # share of sums strictly under it: demand is whole, so many sums are equal to it
    bias: float  # sum of forecast / sum of actual - 1
    rmsse: float  # pooled
    fill_rate: float  # share of demand served from the quantile at 0.95

    def gap(self, level: int) -> float:
        """How far the nominal level lies outside [under, coverage]; negative where too little is covered."""
        nominal = float(LEVELS[level])
        if self.coverage[level] < nominal:
            return self.coverage[level] - nominal
        return max(self.under[level] - nominal, 0.0)


def score(panels: list[Panel], actuals: list[Floats], forecasts: list[Forecast]) -> Scores:
    """Scores over all origins; series weigh alike."""
    losses, at, below, names = [], [], [], []
    for panel, actual, forecast in zip(panels, actuals, forecasts, strict=True):
        horizon = actual.shape[1]
        moments = measure_history(panel.values, panel.offsets, np.zeros(1, dtype=np.int64), horizon)
        total = actual.sum(axis=1)[:, None]
        error = total - forecast.quantiles
        losses.append(np.maximum(LEVELS * error, (LEVELS - 1.0) * error) / moments.scale[0][:, None])
        at.append(error <= 0)
        below.append(error < 0)
        squares = ((forecast.means - actual) ** 2).sum()
        served = np.minimum(total[:, 0], forecast.quantiles[:, SERVICE]).sum()
        naive = moments.naive_squares[0].sum(), np.maximum(moments.periods[0] - 1, 0).sum()
        names.append((forecast.means.sum(), total.sum(), squares, actual.size, *naive, served))
    expected, came, squares, steps, naive_squares, naive_steps, served = np.array(names).sum(axis=0)
    by_level = np.concatenate(losses).mean(axis=0)
    return Scores(
        pinball=float(by_level.mean()),
        by_level=tuple(by_level.tolist()),
        coverage=tuple(np.concatenate(at).mean(axis=0).tolist()),
        under=tuple(np.concatenate(below).mean(axis=0).tolist()),
        bias=float(expected / came - 1.0),
        rmsse=float(np.sqrt((squares / steps) / (naive_squares / naive_steps))),
        fill_rate=float(served / came),
    )
