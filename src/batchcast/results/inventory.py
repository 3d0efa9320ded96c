"""What to order of each part, and which unit to buy next, from the ladders of a result and the stock that is held.

Where the lead time L' of a part is not that of the batch, L, its demand over the lead time is scaled: the mean by
L' / L, deviations from the mean by the root of it, as if the demand of each period were independent of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Self

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.inventory import MOST_PURCHASES, NextUnit, OrderLine, StockItem
from batchcast.results.shortage import Shortage, next_purchases

Floats = NDArray[np.float64]

_DUST = 1e-9  # of a unit: what computing with binary fractions leaves


@dataclass(frozen=True, kw_only=True, slots=True)
class LadderTable:
    """Demand over the lead time of the batch of some series, as published; each of shape (series,)."""

    levels: Floats  # ascending, in (0, 1), shape (levels,)
    quantiles: Floats  # never descending, shape (series, levels)
    mean: Floats
    quantile: Floats  # at the service level
    lead_time: Floats  # periods

    def scaled(self, lead_time: Floats) -> Self:
        """The table for other lead times, shape (series,)."""
        ratio = lead_time / self.lead_time
        mean = self.mean * ratio
        root = np.sqrt(ratio)
        same = ratio == 1.0
        quantiles = np.maximum(mean[:, None] + (self.quantiles - self.mean[:, None]) * root[:, None], 0.0)
        quantile = np.maximum(mean + (self.quantile - self.mean) * root, 0.0)
        return type(self)(
            levels=self.levels,
            quantiles=np.where(same[:, None], self.quantiles, quantiles),
            mean=mean,
            quantile=np.where(same, self.quantile, quantile),
            lead_time=lead_time,
        )


class Inventory:
    """The parts of a stock file with the demand to come.

    Args:
        items: of the stock file, by site and part.
        ladders: of the same series in the same order, as published.
    """

    def __init__(self, items: Sequence[StockItem], ladders: LadderTable) -> None:
        self._items = items
        own = [item.lead_time for item in items]
        lead_time = np.array([of_batch if t is None else t for t, of_batch in zip(own, ladders.lead_time, strict=True)])
        self._ladders = ladders.scaled(lead_time.astype(np.float64))
        self._shortage = Shortage.of(self._ladders.quantiles, self._ladders.levels, self._ladders.mean)
        self._pack = np.array([item.pack_size or 1.0 for item in items], dtype=np.float64)
        self._on_hand = np.array([np.nan if i.on_hand is None else i.on_hand for i in items], dtype=np.float64)

    def lines(self) -> tuple[OrderLine, ...]:
        """What to order, a line an item.

        The reorder point is the quantile of the lead-time demand at the service level, raised to a whole number. Below
        it, as many packs are ordered as it takes to get to the reorder point and one period's mean demand, that as the
        nearest whole number: else a part that hardly moves would always be held twice.
        """
        ladders, pack, on_hand = self._ladders, self._pack, self._on_hand
        reorder_point = np.ceil(ladders.quantile - _DUST) + 0.0
        up_to = reorder_point + np.floor(ladders.mean / ladders.lead_time + 0.5)
        known = np.nan_to_num(on_hand, nan=0.0)
        order = np.where(known >= reorder_point, 0.0, _raised(up_to - known, pack))
        now, after = self._served(known), self._served(known + order)
        safety = np.maximum(ladders.quantile - ladders.mean, 0.0)
        return tuple(
            OrderLine(
                site_code=item.site_code,
                partnumber=item.partnumber,
                on_hand=item.on_hand,
                pack_size=float(pack[i]),
                lead_time=float(ladders.lead_time[i]),
                reorder_point=float(reorder_point[i]),
                safety_stock=float(safety[i]),
                order_up_to=float(up_to[i]),
                order_qty=None if item.on_hand is None else float(order[i]),
                fill_rate_now=None if item.on_hand is None else float(now[i]),
                fill_rate_after=None if item.on_hand is None else float(after[i]),
            )
            for i, item in enumerate(self._items)
        )

    def next_units(self, most: int = MOST_PURCHASES) -> tuple[NextUnit, ...]:
        """The packs to buy next: each time the one that avoids most units short for its cost, from what is on hand.

        A part without a cost counts as one of the median cost of the others, or 1 where none is known. Parts whose
        stock is unknown are not in the list. Of equally good packs that of the first site comes first, then that of
        the first part. It ends where no unit avoids any shortage.
        """
        cost = np.array([np.nan if i.unit_cost is None else i.unit_cost for i in self._items], dtype=np.float64)
        cost[np.isnan(cost)] = np.nanmedian(cost) if not np.isnan(cost).all() else 1.0
        bought: list[NextUnit] = []
        spent = 0.0
        for one in islice(next_purchases(self._shortage, self._on_hand, self._pack, cost), most):
            item, here = self._items[one.series], np.array([one.series])
            before, after = (float(self._served(np.array([s]), here)[0]) for s in (one.stock, one.stock + one.units))
            spent += 0.0 if item.unit_cost is None else one.cost
            bought.append(
                NextUnit(
                    rank=len(bought) + 1,
                    site_code=item.site_code,
                    partnumber=item.partnumber,
                    units=one.units,
                    cost=None if item.unit_cost is None else one.cost,
                    cumulative_cost=spent,
                    avoided_short=one.avoided,
                    fill_rate_before=before,
                    fill_rate_after=after,
                )
            )
        return tuple(bought)

    def _served(self, stock: Floats, rows: NDArray[np.int64] | None = None) -> Floats:
        """Expected share of the lead-time demand that a stock serves, 0 to 1; 1 where there is no demand."""
        demand = self._shortage.mean if rows is None else self._shortage.mean[rows]
        short = self._shortage.at(stock, rows)
        return np.clip(1.0 - np.divide(short, demand, out=np.zeros_like(short), where=demand > 0), 0.0, 1.0)


def _raised(units: Floats, pack: Floats) -> Floats:
    """Units raised to whole packs; what is missing is at least one, however large it is."""
    packs = np.where(units > _DUST, np.maximum(np.ceil(units / pack - _DUST), 1.0), 0.0)
    return np.asarray(packs * pack)
