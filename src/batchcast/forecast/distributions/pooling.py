"""Parts with few demands: how often they are demanded and how much, pooled over like parts.

A part is in the file BECAUSE it was demanded. Its first demand is no fair sample of how often it is, nor is its age
before it: what is known of that starts after the first demand. One that is first demanded long after the file begins is
rare or new; of those of the first periods nearly all have few demands only because the file begins there.

    how often    gamma-Poisson: k demands in the E periods after the first are (shape + k) / (periods + E) a period,
                 less after a long quiet time, times factors of like parts: by number of demands and age, size, site,
                 and how long after the beginning of the file the first demand came
    how much     sizes are lognormal: the mean of the own logarithms, drawn towards that of like parts
    the sum      nothing with the chance of no demand; else lognormal with the mean and the variance of such a sum
    none at all  of parts with more demands more often than so, as some have ended: a share by age of the last one
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Frequency
from batchcast.forecast.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_FEW = 5  # demands that count as few
AGES = (1 / 3, 1.0, 2.0, 4.0)  # spans since the last demand at which a group of age ends
SIZES = (-0.75, 0.75, 2.0)  # deviations from the usual size at which a group of size ends
WAITS = (0.5, 1.0, 2.0, 4.0)  # spans from the beginning of the file to the first demand at which a group of these ends
GROUPS = (3, len(AGES) + 1)  # numbers of demands (1, 2, more), by ages
FEWEST_OWN = 3  # demands that tell of their own how likely none is; of up to MOST_FEW half
OWN_DEMANDS = 0.5  # demands, and periods without, that the own history of a part is thought to have had before

MOST_DRAWN = 0.9  # a size is drawn at most so far towards that of like parts, in logarithms: some parts are just large
FARTHEST = 2.5  # deviations above the usual size that one demand counts at most as, ...
FARTHER = 0.25  # ... so many times more with each further one, ...
LEAST_DEVIATION = 0.7  # ... which are at least this: a single one may be six times as large as usual

# Columns of the table of demands.
NUMBER, SINCE_FIRST, QUIET, LOG_SIZE, FIRST = range(5)
AHEAD_NUMBER, AHEAD_TOTAL = range(5, 7)
FIELDS = 7


@dataclass(frozen=True, kw_only=True)
class Pool:
    """What like parts teach of how often and how much parts with few demands are demanded, up to one time."""

    shape: float  # of the gamma distribution of rates
    periods: float  # that it counts as
    fading: float  # power of the share of its time that a part was not quiet
    span: int  # periods that ages are counted in
    usual: float | None = None  # mean logarithm of the sizes of like parts; None: none are known
    deviation: float = 0.0  # of these
    noise: float = 0.6  # variance of the sizes of one part, relative to that between parts
    level: float = 1.0  # mean size that comes relative to what is drawn
    variation: float = 0.6  # squared coefficient of variation of sizes
    by_group: tuple[tuple[float, ...], ...] = ((1.0,) * GROUPS[1],) * GROUPS[0]  # factor of the rate
    by_size: tuple[float, ...] = (1.0,) * (len(SIZES) + 1)
    by_site: Mapping[str, float] = field(default_factory=dict)
    by_wait: tuple[float, ...] = (1.0,) * (len(WAITS) + 1)
    by_end: tuple[float, ...] = (0.0,) * GROUPS[1]  # share of parts with more demands that have ended, by age
    began: int | None = None  # period in which the file begins; None: not known
    usual_by_site: Mapping[str, float] = field(default_factory=dict)

    def expect(self, demands: Floats, sites: Sequence[str], span: int) -> Expected:
        """What comes in the span after each cutoff.

        Args:
            demands: of `measure_demands`, shape (cutoffs, series, FIELDS).
            sites: of each series.
            span: periods.
        """
        usual = self.usual_of(sites)
        away = np.where(np.isnan(usual), 0.0, demands[..., LOG_SIZE] - usual)
        rate = self.rate(demands) * self.group_factor(demands) * self.size_factor(away)
        by_site = np.array([self.by_site.get(site, 1.0) for site in sites]) if self.by_site else 1.0
        rate *= by_site * self.wait_factor(demands)
        number = np.where(demands[..., NUMBER] > 0, span * np.minimum(rate, 1.0), 0.0)
        shape = self.shape + np.maximum(demands[..., NUMBER] - 1.0, 0.0)
        return Expected(number=number, shape=shape, size=self.size(demands, away), variation=np.array(self.variation))

    def none(self, demands: Floats, sites: Sequence[str], span: int) -> Floats:
        """The chance of no demand in the span after each cutoff, shape (cutoffs, series), of any number of demands.

        Of parts with more than MOST_FEW a share has ended, and the longer they are quiet the more of them.
        """
        share = np.array(self.by_end)[group_of(demands, self.span)[1]]
        share = np.where(demands[..., NUMBER] > MOST_FEW, share, 0.0)
        return share + (1.0 - share) * self.none_of_alive(demands, sites, span)

    def none_of_alive(self, demands: Floats, sites: Sequence[str], span: int) -> Floats:
        """The same if demand goes on, one a period at most.

        Of FEWEST_OWN to MOST_FEW demands it is half way, in logarithms, to what they show themselves: a new part with
        demand in each of its periods is not like those that had as many in years.
        """
        number, since = demands[..., NUMBER], demands[..., SINCE_FIRST]
        shape = np.maximum(number - 1.0, 0.0) + OWN_DEMANDS
        own = Expected(number=span * shape / (since + 2 * OWN_DEMANDS), shape=shape, size=shape, variation=shape)
        alike = self.expect(demands, sites, span).chance_within(span)
        is_shared = (number >= FEWEST_OWN) & (number <= MOST_FEW)
        return np.where(is_shared, np.sqrt(alike * own.chance_within(span)), alike)

    def rate(self, demands: Floats) -> Floats:
        """Demands a period, before the factors of like parts."""
        later, since = np.maximum(demands[..., NUMBER] - 1.0, 0.0), self.periods + demands[..., SINCE_FIRST]
        return (self.shape + later) / since * ((since - demands[..., QUIET]) / since) ** self.fading

    def usual_of(self, sites: Sequence[str]) -> Floats:
        """The usual logarithm of a size at the site of each series; NaN where none is known."""
        if self.usual is None or not self.usual_by_site:
            return np.full(len(sites), np.nan if self.usual is None else self.usual)
        return np.array([self.usual_by_site.get(site, self.usual) for site in sites])

    def group_factor(self, demands: Floats) -> Floats:
        """The factor of the number of demands and the age of the last one."""
        row, column = group_of(demands, self.span)
        return np.array(self.by_group)[row, column]

    def size_factor(self, away: Floats) -> Floats:
        """The factor of the size of the demands, by how far it is from the usual one."""
        return np.array(self.by_size)[size_group_of(away, self.deviation)]

    def wait_factor(self, demands: Floats) -> Floats:
        """The factor of how long after the beginning of the file the first demand came."""
        if self.began is None:
            return np.ones(demands.shape[:-1])
        return np.array(self.by_wait)[wait_group_of(demands, self.began, self.span)]

    def size(self, demands: Floats, away: Floats) -> Floats:
        """Mean size of a demand that comes."""
        number = np.maximum(demands[..., NUMBER], 1.0)
        beyond = np.maximum(away - self.farthest(number), 0.0)
        drawn = np.clip((away - beyond) * self.noise / (number + self.noise), -MOST_DRAWN, MOST_DRAWN)
        return np.where(demands[..., NUMBER] > 0, np.exp(demands[..., LOG_SIZE] - beyond - drawn) * self.level, 0.0)

    def is_unlike(self, demands: Floats, sites: Sequence[str]) -> NDArray[np.bool_]:
        """Whether a few demands are so far beyond the sizes of like parts that they count as smaller ones."""
        number, away = demands[..., NUMBER], demands[..., LOG_SIZE] - self.usual_of(sites)
        return (number > 0) & (number <= MOST_FEW) & (away > self.farthest(number))

    def farthest(self, number: Floats) -> Floats:
        """How far above the usual logarithm so many demands count at most."""
        return FARTHEST * (1.0 + FARTHER * (number - 1.0)) * max(self.deviation, LEAST_DEVIATION)

    def as_json(self) -> dict[str, Any]:
        """Plain values; `from_json` reads them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """What `as_json` gave."""
        lists: dict[str, Any] = {
            name: tuple(values[name]) for name in ("by_size", "by_wait", "by_end") if name in values
        }
        return cls(**{**values, **lists, "by_group": tuple(map(tuple, values["by_group"]))})


_HALF_A_YEAR = {Frequency.DAILY: 182.0, Frequency.WEEKLY: 26.0, Frequency.MONTHLY: 6.0}  # periods


def prior_pool(frequency: Frequency, span: int) -> Pool:
    """The pool of a part that nothing is like: averages over five sets of parts and products."""
    return Pool(shape=0.7, periods=_HALF_A_YEAR[frequency], fading=0.5, span=span)


def group_of(demands: Floats, span: int) -> tuple[Ints, Ints]:
    """Row and column of the group of each series: by number of demands and by age of the last one."""
    row = np.clip(demands[..., NUMBER].astype(np.int64), 1, GROUPS[0]) - 1
    return row, np.searchsorted(np.array(AGES) * span, demands[..., QUIET], side="right")


def size_group_of(away: Floats, deviation: float) -> Ints:
    """The group of size of each series."""
    return np.searchsorted(np.array(SIZES) * max(deviation, LEAST_DEVIATION), away, side="right")


def wait_group_of(demands: Floats, began: int, span: int) -> Ints:
    """The group of each series by the periods from the one in which the file begins to that of its first demand."""
    return np.searchsorted(np.array(WAITS) * span, demands[..., FIRST] - began, side="right")


def measure_demands(values: Floats, starts: Ints, ends: Ints, last: Ints, ahead: int = 0) -> Floats:
    """The demands of each series up to each cutoff, and in the `ahead` periods after it.

    Args:
        values: demand of all series, oldest first.
        starts: where the history of each series at each cutoff begins, shape (cutoffs, series).
        ends: where it ends, same shape; before its start: it had not begun.
        last: the period in which it ends, same shape.
        ahead: periods after it, all of which are there.

    Returns:
        Shape (cutoffs, series, FIELDS): number of demands, periods since the first and since the last, mean logarithm
        of their sizes, the period of the first; number and total of those that came.
    """
    table = np.zeros((*starts.shape, FIELDS))
    _measure(values, starts, ends, ahead, table)
    table[..., FIRST] = last - table[..., SINCE_FIRST]
    return table


@compiled
def _measure(values: Floats, starts: Ints, ends: Ints, ahead: int, table: Floats) -> None:
    for c in range(starts.shape[0]):
        for i in range(starts.shape[1]):
            row, end = table[c, i], ends[c, i]
            for t in range(starts[c, i], end):
                if values[t] > 0.0:
                    if row[NUMBER] == 0.0:
                        row[SINCE_FIRST] = end - 1 - t
                    row[QUIET] = end - 1 - t
                    row[NUMBER] += 1.0
                    row[LOG_SIZE] += (math.log(values[t]) - row[LOG_SIZE]) / row[NUMBER]
            if row[NUMBER] > 0.0:
                for t in range(end, end + ahead):
                    row[AHEAD_NUMBER] += values[t] > 0.0
                    row[AHEAD_TOTAL] += values[t]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Demand to come; arrays of one shape, such as (cutoffs, series)."""

    number: Floats  # mean number of demands
    shape: Floats  # of the gamma distribution of that mean
    size: Floats  # mean size of one
    variation: Floats  # its squared coefficient of variation

    @property
    def mean(self) -> Floats:
        """Mean demand."""
        return self.number * self.size

    @property
    def chance_of_none(self) -> Floats:
        """P(no demand), of the negative binomial number of demands."""
        return (1.0 + self.number / self.shape) ** -self.shape

    def chance_within(self, span: int) -> Floats:
        """P(no demand) in so many periods where each has one demand at most: of many demands that is far less.

        The chance of a period is beta distributed, as the rate of rare demand is gamma distributed.
        """
        rate = np.clip(self.number / span, 1e-12, 1.0 - 1e-12)
        other = self.shape * (1.0 - rate) / rate
        logs = np.zeros(np.broadcast(rate, other).shape)
        for k in range(span):
            logs += np.log1p(-self.shape / (self.shape + other + k))
        return np.exp(logs)

    def quantiles(self, levels: Sequence[float]) -> Floats:
        """Quantiles of the sum, a last axis for the levels: 0 up to the chance of none, then lognormal."""
        none = self.chance_of_none
        some = np.maximum(1.0 - none, 1e-12)
        mean = self.mean / some
        squares = (self.number * (1.0 + self.variation) + self.number**2 * (1.0 + 1.0 / self.shape)) * self.size**2
        positive = mean > 0
        relative = np.where(positive, squares / some / np.where(positive, mean, 1.0) ** 2, 1.0)
        deviation = np.sqrt(np.log(np.maximum(relative, 1.0)))
        place = (np.array(levels) - none[..., None]) / some[..., None]
        normal = normal_quantile(np.clip(place, 1e-9, 1.0 - 1e-9))
        sums = mean[..., None] * np.exp(deviation[..., None] * normal - deviation[..., None] ** 2 / 2.0)
        return np.where((place > 0) & positive[..., None], sums, 0.0)


# Coefficients of a rational approximation of the quantile of the standard normal distribution, relative error under
# 1.2e-9. Source: P. J. Acklam (2003), An algorithm for computing the inverse normal cumulative distribution function.
_A = (
    -39.69683028665376,
    220.9460984245205,
    -275.9285104469687,
    138.3577518672690,
    -30.66479806614716,
    2.506628277459239,
)
_B = (-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1.0)
_C = (
    *(-0.007784894002430293, -0.3223964580411365, -2.400758277161838),
    *(-2.549732539343734, 4.374664141464968, 2.938163982698783),
)
_D = (0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1.0)
_EDGE = 0.02425


def normal_quantile(level: Floats) -> Floats:
    """Quantiles of the standard normal distribution at levels in (0, 1)."""
    middle = level - 0.5
    square = middle**2
    central = middle * np.polyval(_A, square) / np.polyval(_B, square)
    outer = np.sqrt(-2.0 * np.log(np.minimum(level, 1.0 - level)))
    tail = np.polyval(_C, outer) / np.polyval(_D, outer)
    return np.asarray(np.where(np.abs(middle) <= 0.5 - _EDGE, central, np.where(middle < 0, tail, -tail)))
