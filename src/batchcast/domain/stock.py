"""The mathematics of stock: from quantiles of the demand over the lead time to every figure of a stock.

The demand D is read off its quantiles Q at some levels. Q is 0 at level 0, linear in -log(1 - level) between two levels
(the chance P(D > x) falls exponentially there), and beyond the last level what it is at the last; where the mean is
more than all that, the chance falls exponentially there too. Where demand is in whole units D is still read so; stock
is raised to whole units. Of that one distribution are, for a stock of S units,

    units short        E[max(D - S, 0)], the area under P(D > x) from S on
    fill rate          1 - E[max(D - S, 0)] / E[D], the expected share of the demand that is served
    value of u more    E[max(D - S, 0)] - E[max(D - S - u, 0)], units that they keep from being short
    reorder point      Q at the service level, raised to a whole number
    safety stock       what of Q at the service level is beyond the mean
    order up to        the reorder point and the mean demand of one period, that as the nearest whole number
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

# Levels at which the demand over the lead time is kept, beside the service level.
LEVELS = (
    *(0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95),
    *(0.97, 0.98, 0.99, 0.995, 0.999, 0.9999),
)
LARGEST_FACTOR = 2.0  # by which quantiles are stretched at most, to bring a distribution to its mean
ROUNDING_ERROR = 1e-9  # of a unit: what computing with binary fractions leaves
DECIMALS = 9  # of every published figure: a dead part is 0, not 0.00000000000000000009
MOST_ROUNDED = 1e6  # above it a float has no more decimals to lose than rounding would cost it


def levels_with(service_level: float) -> tuple[float, ...]:
    """LEVELS with the service level among them, ascending."""
    return tuple(sorted({*LEVELS, service_level}))


def round_figures(values: Floats) -> Floats:
    """Forecasts and stock figures as they are published."""
    return np.where(values < MOST_ROUNDED, np.round(values, DECIMALS), values)


def raise_to_whole(quantile: Floats) -> Floats:
    """The reorder point of a quantile: the next whole number at or above it, but for a rounding error."""
    return np.asarray(np.ceil(quantile - ROUNDING_ERROR) + 0.0)  # a minus zero becomes zero


def order_up_to(reorder_point: Floats, mean: Floats, lead_time: Floats) -> Floats:
    """The stock that an order brings a part to, when it has fallen under the reorder point.

    The mean of a period is added as the nearest whole number: else a part that hardly moves would be held twice.
    """
    return np.asarray(reorder_point + np.floor(mean / lead_time + 0.5))


class LeadTimeDemand:
    """The distribution of the demand over the lead time of some series.

    Args:
        levels: ascending, in (0, 1), shape (levels,).
        quantiles: at these levels, at least 0, never descending, shape (series, levels).
        mean: that is published, shape (series,): what of it the quantiles lack lies beyond the last; None: nothing.
    """

    def __init__(self, levels: Floats, quantiles: Floats, mean: Floats | None = None) -> None:
        self.levels = levels
        self.quantiles = quantiles
        self._depths = np.concatenate([[0.0], -np.log1p(-levels)])
        self._chances = np.append(np.exp(-self._depths), 0.0)  # P(D > x) just above each knot
        self._knots = np.concatenate([np.zeros((len(quantiles), 1)), quantiles], axis=1)
        scales = np.diff(self._knots, axis=1) / np.diff(self._depths)  # units in which the chance falls e-fold
        areas = scales * -np.diff(self._chances[:-1])
        last = np.zeros(len(quantiles)) if mean is None else _lacking(mean, _sum(areas[:, ::-1]))
        self._scales = np.concatenate([scales, (last / self._chances[-2])[:, None]], axis=1)
        pieces = np.concatenate([areas, last[:, None]], axis=1)
        beyond = np.cumsum(pieces[:, ::-1], axis=1)[:, ::-1]  # a running sum: the same for a series among any others
        self._beyond = np.concatenate([beyond, np.zeros((len(quantiles), 1))], axis=1)

    @property
    def mean(self) -> Floats:
        """E[D], shape (series,)."""
        return self._beyond[:, 0]

    @property
    def none(self) -> Floats:
        """P(D = 0), shape (series,)."""
        return 1.0 - self.chance_above(np.zeros(len(self.quantiles)))

    @property
    def variance(self) -> Floats:
        """Of D, shape (series,)."""
        lengths = np.append(np.diff(self._depths), np.inf)
        left = np.exp(-lengths)
        bounded = np.where(np.isfinite(lengths), lengths, 0.0)
        first = 1.0 - left * (1.0 + bounded)  # integrals of t exp(-t) and of its square, over a piece
        second = 2.0 - left * (bounded * (bounded + 2.0) + 2.0)
        squares = self._knots**2 * (1.0 - left) + 2.0 * self._knots * self._scales * first + self._scales**2 * second
        return np.maximum(_sum(squares * np.exp(-self._depths)) - self.mean**2, 0.0)

    def at_depths(self, depths: Floats) -> Floats:
        """Q at 1 - exp(-depth), shape (series, depths); 0 at a depth under 0.

        Args:
            depths: of each series, shape (series, depths).
        """
        lengths = np.append(np.diff(self._depths), np.inf)
        found = np.zeros(depths.shape)
        for place, (start, length) in enumerate(zip(self._depths, lengths, strict=True)):
            found += self._scales[:, [place]] * np.clip(depths - start, 0.0, length)
        return found

    def quantile(self, level: float) -> Floats:
        """Q at a level, shape (series,)."""
        left = int(np.searchsorted(self.levels, level, side="right"))
        if left == len(self.levels):
            return np.asarray(self._knots[:, left])
        share = (-np.log1p(-level) - self._depths[left]) / (self._depths[left + 1] - self._depths[left])
        return np.asarray(self._knots[:, left] + share * (self._knots[:, left + 1] - self._knots[:, left]))

    def short_of(self, stock: Floats, rows: Rows | None = None) -> Floats:
        """E[max(D - S, 0)]: units short on average.

        Args:
            stock: S of each series, or of those in `rows`; less than 0 counts as 0.
            rows: places of the series; None: all of them.
        """
        every, beyond = np.arange(len(stock)), self._beyond if rows is None else self._beyond[rows]
        left, scale, chance = self._at(stock, rows)
        return np.asarray(beyond[every, left + 1] + scale * np.maximum(chance - self._chances[left + 1], 0.0))

    def chance_above(self, stock: Floats, rows: Rows | None = None) -> Floats:
        """P(D > S), the chance of being short. Takes what `short_of` takes."""
        return self._at(stock, rows)[2]

    def fill_rate(self, stock: Floats, rows: Rows | None = None) -> Floats:
        """Expected share of the demand that a stock serves, 0 to 1; 1 where there is no demand.

        Takes what `short_of` takes.
        """
        mean = self.mean if rows is None else self.mean[rows]
        short = np.where(stock > 0, self.short_of(stock, rows), mean)
        return np.clip(1.0 - np.divide(short, mean, out=np.zeros_like(short), where=mean > 0), 0.0, 1.0)

    def value_of(self, units: Floats, stock: Floats, rows: Rows | None = None) -> Floats:
        """Units short that some more units in stock save on average. Takes what `short_of` takes.

        Units that a stock below 0 is short of already are saved too.
        """
        short_now = np.minimum(stock + units, 0.0) - np.minimum(stock, 0.0)
        return np.asarray(self.short_of(stock, rows) - self.short_of(stock + units, rows) + short_now)

    def _at(self, stock: Floats, rows: Rows | None) -> tuple[Rows, Floats, Floats]:
        """Where each stock lies: the knot at or under it, the scale of the piece after that knot, and P(D > S)."""
        every = np.arange(len(stock))
        knots, scales = (array if rows is None else array[rows] for array in (self._knots, self._scales))
        stock = np.maximum(stock, 0.0)
        left = (knots <= stock[:, None]).sum(axis=1) - 1
        scale, past = scales[every, left], np.maximum(stock - knots[every, left], 0.0)
        fallen = np.exp(-np.divide(past, scale, out=np.full_like(past, np.inf), where=scale > 0))
        return left, scale, np.asarray(self._chances[left] * fallen)


@dataclass(frozen=True, kw_only=True)
class Stock:
    """Stock figures of some series at a service level, shape (series,), in the unit of demand."""

    quantile: Floats  # of the demand over the lead time, at the service level
    safety_stock: Floats  # what of the quantile is beyond the mean; 0 where the mean is beyond it
    reorder_point: Floats  # the quantile raised to a whole number
    fill_rate: Floats  # expected share of the demand that the reorder point serves, 0 to 1


def stock_at(demand: LeadTimeDemand, mean: Floats, service_level: float, is_whole: bool = False) -> Stock:
    """The stock figures of a service level, which is in (0, 1).

    Args:
        demand: over the lead time.
        mean: as published, shape (series,); that of `demand` can be another where it could not be fitted.
        is_whole: raise the quantile to a whole number too.
    """
    quantile = demand.quantile(service_level)
    reorder_point = raise_to_whole(quantile)
    if is_whole:
        quantile = reorder_point
    return Stock(
        quantile=quantile,
        safety_stock=np.maximum(quantile - mean, 0.0),
        reorder_point=reorder_point,
        fill_rate=demand.fill_rate(reorder_point),
    )


def fit_to_mean(quantiles: Floats, levels: Floats, mean: Floats, service_level: float) -> Floats:
    """The quantiles, changed so that the mean of their distribution is a given one and that at the service level stays.

    Under the service level quantiles are multiplied by a factor, up to the quantile at that level; above it, what they
    are beyond that quantile is. Where LARGEST_FACTOR is not enough, a tail that falls exponentially is added above the
    service level. Where even a factor of 0 leaves more than the mean (a mean of less than about (1 - service level)
    times the quantile), it stays at that.

    Args:
        quantiles: at least 0, never descending, shape (series, levels).
        levels: ascending, in (0, 1), the service level among them.
        mean: at least 0, shape (series,).
        service_level: one of the levels.
    """
    own = int(np.argmin(np.abs(levels - service_level)))
    weights = _weights(levels)
    held = quantiles[:, [own]]
    under, over = quantiles[:, :own], quantiles[:, own:] - held
    fixed, excess = _sum(held * weights[own:]), _sum(over * weights[own:])
    factor = np.zeros(len(quantiles))
    for _ in range(own + 2):  # the mean is concave in the factor, with at most `own` bends: each step passes one
        scaled = factor[:, None] * under
        missing = mean - fixed - factor * excess - _sum(np.minimum(scaled, held) * weights[:own])
        slope = excess + _sum(np.where(scaled < held, under, 0.0) * weights[:own])
        step = np.divide(missing, slope, out=np.zeros_like(missing), where=(slope > 0) & (missing > 0))
        before, factor = factor, np.minimum(factor + step, LARGEST_FACTOR)
        if (factor == before).all():
            break
    fitted = np.concatenate([np.minimum(factor[:, None] * under, held), held + factor[:, None] * over], axis=1)
    rise = np.maximum(np.log1p(-service_level) - np.log1p(-levels), 0.0)
    missing, tail = np.maximum(mean - _sum(fitted * weights), 0.0), float(np.cumsum(rise * weights)[-1])
    return np.asarray(fitted + (missing[:, None] / tail) * rise if tail > 0 else fitted)


def _lacking(mean: Floats, found: Floats) -> Floats:
    """What of a mean is not in a distribution whose mean is `found`, but for a rounding error; shape (series,)."""
    lacking = mean - found
    return np.where(lacking > ROUNDING_ERROR * (1.0 + mean), lacking, 0.0)


def _weights(levels: Floats) -> Floats:
    """What each quantile weighs in the mean: E[D] is the sum of the quantiles times these, all above 0."""
    depths = np.concatenate([[0.0], -np.log1p(-levels)])
    heights = -np.diff(np.exp(-depths)) / np.diff(depths)  # mean chance in each piece
    return np.asarray(heights - np.append(heights[1:], 0.0))


def _sum(values: Floats) -> Floats:
    """Sums of rows, shape (rows,), each as a running sum: the same for a series among any others."""
    return np.asarray(np.cumsum(values, axis=1)[:, -1]) if values.shape[1] else np.zeros(len(values))
