"""What a spreadsheet does: nothing, the last value, the textbook formula, the sums that were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from accuracy.scores import LEVELS, Forecast
from accuracy.sets import DataSet
from batchcast.forecast.panel import Panel

Floats = NDArray[np.float64]
Z = np.array([NormalDist().inv_cdf(level) for level in LEVELS])


def zero(panel: Panel, chosen: DataSet) -> Forecast:
    """Nothing will be wanted."""
    return _certain(np.zeros((len(panel), chosen.horizon)))


def naive(panel: Panel, chosen: DataSet) -> Forecast:
    """Every period will be as the last one was."""
    last = panel.values[panel.offsets[1:] - 1]
    return _certain(np.repeat(last[:, None], chosen.horizon, axis=1))


def textbook(panel: Panel, chosen: DataSet) -> Forecast:
    """Mean and standard deviation of all periods, demand of periods independent, the sum normal."""
    mean = np.array([panel.series(i).mean() for i in range(len(panel))])
    deviation = np.array([panel.series(i).std(ddof=1) for i in range(len(panel))])
    sums = chosen.horizon * mean[:, None] + np.sqrt(chosen.horizon) * deviation[:, None] * Z
    return Forecast(quantiles=np.maximum(sums, 0.0), means=np.repeat(mean[:, None], chosen.horizon, axis=1))


def empirical(panel: Panel, chosen: DataSet) -> Forecast:
    """Quantiles of the sums of all overlapping windows of history."""
    quantiles = np.empty((len(panel), len(LEVELS)))
    mean = np.empty(len(panel))
    for i in range(len(panel)):
        series = panel.series(i)
        width = min(chosen.horizon, len(series))
        sums = np.convolve(series, np.ones(width), "valid") * chosen.horizon / width
        quantiles[i], mean[i] = np.quantile(sums, LEVELS, method="inverted_cdf"), sums.mean()
    return Forecast(quantiles=quantiles, means=np.repeat(mean[:, None] / chosen.horizon, chosen.horizon, axis=1))


def spreadsheet(panel: Panel, chosen: DataSet) -> Mapping[str, Forecast]:
    """All of them."""
    ways = {"zero": zero, "naive": naive, "textbook mean + z sd": textbook, "empirical windows": empirical}
    return {name: way(panel, chosen) for name, way in ways.items()}


SIMPLE: Mapping[str, Callable[[Panel, DataSet], Mapping[str, Forecast]]] = {"spreadsheet": spreadsheet}


def _certain(steps: Floats) -> Forecast:
    return Forecast(quantiles=np.repeat(steps.sum(axis=1)[:, None], len(LEVELS), axis=1), means=steps)
