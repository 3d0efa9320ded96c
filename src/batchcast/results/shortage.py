"""Units of lead-time demand that a stock leaves short on average, and what one pack more saves.

From quantiles of the demand comes its chance of being beyond x, P(D > x): 1 - level at each quantile, linear between,
and falling to 0 at TAIL times the last quantile. What is short of a stock s is the area under it from s on. Below the
first quantile one more knot makes the whole area the mean demand, as nearly as a falling chance can.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TAIL = 1.5  # times the last quantile: what demand is believed to stay within
LEAST_SAVED = 1e-9  # units that a pack must save to be bought: less is what computing with binary fractions leaves


@dataclass(frozen=True, kw_only=True)
class Shortage:
    """The chance of demand beyond x of many series, as knots; arrays of shape (series, knots)."""

    places: Floats  # x of each knot, ascending from 0
    chances: Floats  # P(D > x) there, descending from 1 to 0
    areas: Floats  # under the chance from each knot on: units short of a stock of that size

    @classmethod
    def of(cls, quantiles: Floats, levels: Floats, mean: Floats) -> Shortage:
        """From lead-time demand.

        Args:
            quantiles: never descending, shape (series, levels).
            levels: ascending, in (0, 1).
            mean: shape (series,).
        """
        count = len(quantiles)
        places = np.concatenate([np.zeros((count, 2)), quantiles, TAIL * quantiles[:, -1:]], axis=1)
        chances = np.tile(np.concatenate([[1.0, 1.0], 1.0 - levels, [0.0]]), (count, 1))
        places[:, 1], chances[:, 0], chances[:, 1] = _start(places[:, 2:], chances[:, 2:], mean)
        slices = np.diff(places, axis=1) * (chances[:, :-1] + chances[:, 1:]) / 2.0
        areas = np.concatenate([np.cumsum(slices[:, ::-1], axis=1)[:, ::-1], np.zeros((count, 1))], axis=1)
        return cls(places=places, chances=chances, areas=areas)

    @property
    def mean(self) -> Floats:
        """Mean demand that these chances amount to, shape (series,)."""
        return self.areas[:, 0]

    def at(self, stock: Floats, rows: NDArray[np.int64] | None = None) -> Floats:
        """Units short on average of a stock of each series, or of some; shape (series,)."""
        rows = np.arange(len(self.places)) if rows is None else rows
        places, chances, areas = self.places[rows], self.chances[rows], self.areas[rows]
        stock = np.maximum(stock, 0.0)
        right = np.minimum((places <= stock[:, None]).sum(axis=1), places.shape[1] - 1)
        every = np.arange(len(rows))
        width = places[every, right] - places[every, right - 1]
        share = np.where(width > 0, (stock - places[every, right - 1]) / np.where(width > 0, width, 1.0), 1.0)
        share = np.clip(share, 0.0, 1.0)
        chance = (1.0 - share) * chances[every, right - 1] + share * chances[every, right]
        rest = np.maximum(places[every, right] - stock, 0.0)
        return np.asarray(areas[every, right] + rest * (chance + chances[every, right]) / 2.0)


def _start(places: Floats, chances: Floats, mean: Floats) -> tuple[Floats, Floats, Floats]:
    """Where the chance begins to fall, and the chances at 0 and there, so that the whole area is the mean.

    Args:
        places: of the knots from the first quantile on, shape (series, knots).
        chances: there.
        mean: shape (series,).
    """
    first, least = places[:, 0], chances[:, 0]
    beyond = (np.diff(places, axis=1) * (chances[:, :-1] + chances[:, 1:]) / 2.0).sum(axis=1)
    height = np.divide(mean - beyond, first, out=np.ones_like(mean), where=first > 0)  # mean chance below the quantile
    height = np.clip(height, least, 1.0)
    even = (1.0 + least) / 2.0  # of a straight fall from 1
    begins = first * np.clip((height - even) / (1.0 - even), 0.0, 1.0)
    at_none = np.clip(2.0 * height - least, least, 1.0)
    return begins, at_none, at_none


@dataclass(frozen=True, kw_only=True, slots=True)
class Purchase:
    """One pack to buy."""

    series: int  # its place
    units: float  # of the pack
    cost: float  # of the pack
    avoided: float  # units short that it saves on average in a lead time
    stock: float  # of the series before it


def next_purchases(shortage: Shortage, on_hand: Floats, pack_size: Floats, unit_cost: Floats) -> Iterator[Purchase]:
    """Packs in the order in which money is best spent: the most units short avoided for their cost, one after another.

    Args:
        shortage: of each series.
        on_hand: stock of each series, shape (series,); NaN where unknown, and then nothing is bought of it.
        pack_size: units that are bought at once, over 0, same shape.
        unit_cost: money a unit, over 0, same shape.

    A part is done where its next pack saves no more than LEAST_SAVED, however little it costs; the list ends where all
    are. Of equal ones the first series comes first.
    """
    cost = unit_cost * pack_size
    stock = on_hand.copy()
    saved = shortage.at(np.nan_to_num(stock)) - shortage.at(np.nan_to_num(stock) + pack_size)
    waiting = [(-saved[i] / cost[i], i) for i in range(len(stock)) if not np.isnan(stock[i]) and saved[i] > LEAST_SAVED]
    heapq.heapify(waiting)
    while waiting:
        gain, i = heapq.heappop(waiting)
        avoided = float(-gain * cost[i])
        yield Purchase(series=i, units=float(pack_size[i]), cost=float(cost[i]), avoided=avoided, stock=float(stock[i]))
        stock[i] += pack_size[i]
        row = np.array([i])
        more = shortage.at(stock[row], row) - shortage.at(stock[row] + pack_size[row], row)
        if more[0] > LEAST_SAVED:
            heapq.heappush(waiting, (-float(more[0]) / cost[i], i))
