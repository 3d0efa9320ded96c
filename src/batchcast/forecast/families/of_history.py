"""Families that take demand as it came, without a model of its mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.distributions.empirical import window_quantiles
from batchcast.forecast.distributions.wss import bootstrap_quantiles, mixture_quantiles
from batchcast.forecast.evidence import Calibration, Evidence, Levels, Rows
from batchcast.forecast.moments import LONG_INTERVAL, demand_interval

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EmpiricalWindows:
    """The sums of past windows, as they were."""

    name: str = "empirical"
    group: str = "history"
    share: float = 0.0
    has_mean: bool = True

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """Of the most recent overlapping windows."""
        quantiles, means = window_quantiles(
            evidence.values, evidence.offsets, evidence.held, evidence.span, evidence.moments.unit, levels
        )
        return quantiles, evidence.spread(means, count)

    def steps(self, evidence: Evidence, calibration: Calibration, rows: Rows, count: int, levels: Levels) -> Floats:
        """Of single periods of the past, times the weekday weight of the step."""
        unit = evidence.moments.unit[-1:]
        quantiles, _ = window_quantiles(evidence.values, evidence.offsets, evidence.held[-1:], 1, unit, levels)
        steps = np.repeat(quantiles[0, rows, None, :], count, axis=1)
        if evidence.weights is None:
            return steps
        weighted = steps * evidence.weights[-1, rows, evidence.skip : evidence.skip + count, None]
        return _to_units(weighted, unit[0, rows, None, None])


@dataclass(frozen=True)
class Bootstrap:
    """WSS bootstrap; of intermittent demand only, unless it was asked for by name."""

    everywhere: bool = False
    name: str = "wss"
    group: str = "bootstrap"
    share: float = 0.0
    has_mean: bool = True

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """Of sums drawn for the span."""
        wanted = (demand_interval(evidence.moments) >= LONG_INTERVAL) | self.everywhere
        quantiles, means = bootstrap_quantiles(
            evidence.values,
            evidence.offsets,
            evidence.held,
            evidence.skip,
            evidence.span,
            evidence.moments.unit,
            levels,
            evidence.keys,
            wanted,
        )
        return quantiles, evidence.spread(means, count)

    def steps(self, evidence: Evidence, calibration: Calibration, rows: Rows, count: int, levels: Levels) -> Floats:
        """Nothing with the chain's chance, else one of the sizes seen."""
        unit = evidence.moments.unit[-1, rows]
        quantiles = mixture_quantiles(evidence.values, evidence.offsets, rows, evidence.skip, unit, levels, count)
        if evidence.weights is None:
            return quantiles
        weighted = quantiles * evidence.weights[-1, rows, evidence.skip : evidence.skip + count, None]
        return _to_units(weighted, unit[:, None, None])


def _to_units(values: Floats, unit: Floats) -> Floats:
    """Values raised to the next multiple of the unit, where there is one."""
    grain = np.where(unit > 0, unit, 1.0)
    return np.where(unit > 0, np.ceil(values / grain - 1e-9) * grain, values)
