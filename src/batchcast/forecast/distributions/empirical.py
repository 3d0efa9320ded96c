"""Empirical windows: the sums that the most recent overlapping windows of history had."""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.forecast.compiled import compiled
from batchcast.forecast.distributions.candidate import Calibration, Candidate, Levels
from batchcast.forecast.evidence import Evidence

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_WINDOWS = 400  # of a long history, the most recent ones
FEWEST_WINDOWS = 3  # under them a quantile says nothing


def window_quantiles(
    values: Floats, starts: Ints, ends: Ints, span: int, unit: Floats, levels: tuple[float, ...]
) -> tuple[Floats, Floats]:
    """Quantiles and means of the sums of the last MOST_WINDOWS overlapping windows up to each cutoff.

    The quantile at level q of n sorted sums stands at place q (n + 1), between two sums where that falls between
    them, and is the largest sum beyond the last; then it is raised to the next multiple of the unit.

    Args:
        values: demand of all series, oldest first.
        starts: where the history of each series at each cutoff begins, shape (cutoffs, series).
        ends: where it ends, same shape.
        span: periods that are summed.
        unit: shape (cutoffs, series): what every demand is a whole multiple of; 0 where demand is fractional.
        levels: ascending, in (0, 1).

    Returns:
        Quantiles, shape (cutoffs, series, levels), and means, shape (cutoffs, series); NaN under FEWEST_WINDOWS.
    """
    shape = starts.shape
    quantiles, means = np.full((*shape, len(levels)), np.nan), np.full(shape, np.nan)
    _fill_windows(values, starts, ends, span, unit, np.array(levels), quantiles, means)
    return quantiles, means


@compiled
def sorted_quantile(ordered: Floats, count: int, level: float, unit: float) -> float:
    """Quantile of the first `count` of ascending numbers, raised to a multiple of the unit where there is one."""
    place = min(max(level * (count + 1) - 1.0, 0.0), count - 1.0)
    k = int(place)
    value = ordered[k]
    if k + 1 < count:
        value += (place - k) * (ordered[k + 1] - value)
    return float(math.ceil(value / unit - 1e-9) * unit if unit > 0.0 else value)


@compiled
def _fill_windows(
    values: Floats,
    starts: Ints,
    ends: Ints,
    span: int,
    unit: Floats,
    levels: Floats,
    quantiles: Floats,
    means: Floats,
) -> None:
    sums = np.empty(MOST_WINDOWS)
    for i in range(starts.shape[1]):
        for c in range(len(starts)):
            end = ends[c, i]
            count = min(end - starts[c, i] - span + 1, MOST_WINDOWS)
            if count < FEWEST_WINDOWS:
                continue
            total = mean = 0.0
            for t in range(end - count - span + 1, end):
                total += values[t]
                if t >= end - count:
                    k = t - end + count
                    sums[k] = total
                    mean += (total - mean) / (k + 1.0)
                    total = max(total - values[t - span + 1], 0.0)
            ordered = np.sort(sums[:count])
            means[c, i] = mean
            for j in range(len(levels)):
                quantiles[c, i, j] = sorted_quantile(ordered, count, levels[j], unit[c, i])


@dataclass(frozen=True)
class EmpiricalWindows(Candidate):
    """Quantiles of the sums of past windows."""

    def sums(self, evidence: Evidence, calibration: Calibration, levels: Levels, count: int) -> tuple[Floats, Floats]:
        """Of the most recent overlapping windows."""
        quantiles, means = window_quantiles(
            evidence.values, evidence.starts, evidence.ends, evidence.span, evidence.grain, levels
        )
        return evidence.whole(evidence.lifted(quantiles)), evidence.spread(means, count)
