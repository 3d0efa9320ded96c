"""The weekday profile of daily demand: a weight for each weekday, pooled over many series.

Point models are given demand divided by these weights, and their forecasts are multiplied by them: a quiet Sunday is
not a fall of the level. Weights average to 1.
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import DAYS_IN_WEEK
from batchcast.forecast.compiled import compiled
from batchcast.forecast.panel import Panel

Floats = NDArray[np.float64]
Periods = NDArray[np.int32]  # the last one of each series

ENOUGH_DEMANDS = 1000  # non-zero days at which the data weigh half; with fewer the weights are closer to 1
ENOUGH_SITE_DEMANDS = 2000  # ... at which a site's own week weighs as much as that of all sites
SHORTEST_HISTORY = 56  # days: eight weeks
CLOSED = 0.2  # weight under which a weekday counts as closed: it carries on the day before instead of being divided


@dataclass(frozen=True, kw_only=True, slots=True)
class WeekdayProfile:
    """Weights of the seven weekdays, Monday first, for each site and for sites without one of their own."""

    overall: tuple[float, ...]
    sites: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def of_series(self, site_codes: Sequence[str]) -> Floats:
        """Weights of each series, shape (series, 7)."""
        return np.array([self.sites.get(site, self.overall) for site in site_codes]).reshape(-1, DAYS_IN_WEEK)


def learn_profile(panel: Panel, held: int) -> WeekdayProfile | None:
    """The profile of a daily panel, from all but the last `held` days; None where that is too short.

    Each series counts by its demand divided by its mean, so that a few large ones do not decide.
    """
    lengths = panel.lengths - held
    if not len(lengths) or lengths.max() < SHORTEST_HISTORY:
        return None
    totals, days, demands = (np.zeros((len(panel), DAYS_IN_WEEK)) for _ in range(3))
    _sum_weekdays(panel.values, panel.offsets, held, panel.last_periods, totals, days, demands)
    overall = _weights(totals, days, demands, np.ones(DAYS_IN_WEEK), ENOUGH_DEMANDS)
    codes, index = np.unique(np.array(panel.site_codes), return_inverse=True)
    sites = {}
    for number, code in enumerate(codes):
        mine = index == number
        weights = _weights(totals[mine], days[mine], demands[mine], overall, ENOUGH_SITE_DEMANDS)
        sites[str(code)] = tuple(float(w) for w in weights)
    return WeekdayProfile(overall=tuple(float(w) for w in overall), sites=sites)


def flatten_week(panel: Panel, weights: Floats) -> Panel:
    """The panel as if every weekday were alike: each value divided by the weight of its day."""
    values = np.empty_like(panel.values)
    _divide(panel.values, panel.offsets, panel.last_periods, weights, values)
    return replace(panel, values=values)


def weights_of_steps(weights: Floats, last_periods: Periods, cutoffs: Sequence[int], steps: int) -> Floats:
    """Weight of each step after each cutoff, shape (cutoffs, series, steps)."""
    first = last_periods[None, :] + 1 - np.array(cutoffs, dtype=np.int64)[:, None]
    weekdays = (first[:, :, None] + np.arange(steps) + 3) % DAYS_IN_WEEK  # 1970-01-01 was a Thursday
    return np.asarray(weights[np.arange(len(weights))[None, :, None], weekdays])


def _weights(totals: Floats, days: Floats, demands: Floats, prior: Floats, enough: int) -> Floats:
    """Weights averaging to 1: those of the data, and the prior's where the data have few demands."""
    means = totals.sum(axis=0) / np.maximum(days.sum(axis=0), 1.0)
    if means.sum() <= 0:
        return prior
    weight = demands.sum() / (demands.sum() + enough)
    return np.asarray(weight * means * (DAYS_IN_WEEK / means.sum()) + (1.0 - weight) * prior)


@compiled
def _sum_weekdays(
    values: Floats,
    offsets: NDArray[np.int64],
    held: int,
    last_periods: Periods,
    totals: Floats,
    days: Floats,
    demands: Floats,
) -> None:
    for i in range(len(offsets) - 1):
        end = offsets[i + 1] - held
        if end - offsets[i] < DAYS_IN_WEEK:
            continue
        mean = np.mean(values[offsets[i] : end])
        if not mean > 0.0:
            continue
        for t in range(offsets[i], end):
            weekday = (last_periods[i] - (offsets[i + 1] - 1 - t) + 3) % DAYS_IN_WEEK
            totals[i, weekday] += values[t] / mean
            days[i, weekday] += 1.0
            demands[i, weekday] += values[t] > 0.0


@compiled
def _divide(values: Floats, offsets: NDArray[np.int64], last_periods: Periods, weights: Floats, flat: Floats) -> None:
    for i in range(len(offsets) - 1):
        for t in range(offsets[i], offsets[i + 1]):
            weight = weights[i, (last_periods[i] - (offsets[i + 1] - 1 - t) + 3) % DAYS_IN_WEEK]
            if weight >= CLOSED:
                flat[t] = values[t] / weight
            else:
                flat[t] = flat[t - 1] if t > offsets[i] else values[t]
