"""What the lead time of one series may bring: the chance of each amount, and how it adds up from day to day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.stock import ROUNDING_ERROR, LeadTimeDemand, raise_to_whole
from batchcast.domain.sums import over_windows
from batchcast.results.inventory import PublishedDemand

Floats = NDArray[np.float64]

_FEW = 8  # units up to which each has a bin of its own
_EDGES = (1, 2, 4, 8, 12, 20, 30)  # of the bins, in round units: they grow, so that the tail is seen
_ROUND = (1, 2, 5)
_TOP = 0.99  # the level up to which there are bins; the last one is open
_POINTS = 60  # of the running totals, at most
_USUAL = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """Amounts of whole units, and how likely they are."""

    first: int
    last: int | None  # None: and more
    chance: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningTotal:
    """Demand added up over the first periods of the lead time."""

    periods: float
    mean: float
    middle: float  # demand stays at or under it eight times in ten
    high: float  # ... as often as the service level says


@dataclass(frozen=True, kw_only=True, slots=True)
class LeadTime:
    """What the lead time may bring, in whole units."""

    bins: tuple[Bin, ...]  # ascending: 0 first, the open one last
    none: float  # chance of no demand at all
    usual: float | None  # the median of the demand, if there is any
    short: float  # chance that demand is beyond the reorder point
    totals: tuple[RunningTotal, ...]


def look_ahead(published: PublishedDemand, reorder_point: float, service_level: float) -> LeadTime:
    """What the lead time of one series may bring, at a service level."""
    demand = published.at_lead_time
    edges = _edges(float(raise_to_whole(demand.quantile(_TOP))[0]))
    above = _above(demand, np.array([0.0, *edges]))
    chances = [1 - above[0], *(above[:-1] - above[1:]), above[-1]]
    bounds = [
        (0, 0),
        *((last + 1, edge) for last, edge in zip([0, *edges], edges, strict=False)),
        (edges[-1] + 1, None),
    ]
    none = float(1 - above[0])
    return LeadTime(
        bins=tuple(
            Bin(first=first, last=last, chance=float(chance))
            for (first, last), chance in zip(bounds, chances, strict=True)
        ),
        none=none,
        usual=_usual(demand, none),
        short=float(_above(demand, np.array([reorder_point]))[0]),
        totals=_totals(published, service_level),
    )


def _above(demand: LeadTimeDemand, units: Floats) -> Floats:
    """The chance of more than so many whole units, each of the first series."""
    return demand.chance_above(units + ROUNDING_ERROR, np.zeros(len(units), dtype=np.int64))


def _usual(demand: LeadTimeDemand, none: float) -> float | None:
    if none >= 1 - ROUNDING_ERROR:
        return None
    return float(raise_to_whole(demand.quantile(none + (1 - none) * _USUAL))[0])


def _edges(top: float) -> list[int]:
    """The last amount of each bin after that of 0."""
    if top <= _FEW:
        return list(range(1, max(int(top), 1) + 1))
    unit = next(unit for unit in _round_units() if _EDGES[-1] * unit >= top)
    edges = [edge * unit for edge in _EDGES]
    reached = next(place for place, edge in enumerate(edges) if edge >= top)
    return edges[: reached + 1]


def _round_units() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50, ..."""
    return (k * 10**power for power in count() for k in _ROUND)


def _totals(published: PublishedDemand, service_level: float) -> tuple[RunningTotal, ...]:
    """Demand added up from the first period to the last of the lead time."""
    lead_time = float(published.lead_time[0])
    periods = np.linspace(0.0, lead_time, min(int(np.ceil(lead_time)), _POINTS) + 1)[1:]
    many = published.repeated(len(periods))
    demand, means = many.over(periods), many.mean_over(periods)
    middle, high = (demand.quantile(level) for level in (0.8, service_level))
    return tuple(
        RunningTotal(periods=float(p), mean=float(m), middle=float(x), high=float(h))
        for p, m, x, h in zip(periods, means, middle, high, strict=True)
    )


def band_of(published: PublishedDemand, means: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    """Quantiles of the demand of steps whose means are known, at two levels, shape (steps,)."""
    if published.mean[0] <= 0:
        return np.zeros_like(means), np.zeros_like(means)
    ratio = means / published.mean[0]
    many = published.repeated(len(means)).at_lead_time
    demand = LeadTimeDemand(published.levels, over_windows(many, ratio), means)
    return demand.quantile(low), demand.quantile(high)
