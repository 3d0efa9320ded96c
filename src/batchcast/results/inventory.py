"""The stock figures of a published result at any service level, what to order of each part, which unit to buy next."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.inventory import MOST_PURCHASES, NextUnit, OrderLine, StockItem
from batchcast.domain.stock import (
    LEVELS,
    ROUNDING_ERROR,
    LeadTimeDemand,
    fit_to_mean,
    order_up_to,
    round_figures,
    stock_at,
)
from batchcast.domain.sums import means_of, over_windows

Floats = NDArray[np.float64]

LEAST_SAVED = 1e-9  # units that a pack must save to be bought: less is what computing with binary fractions leaves


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedDemand:
    """The demand over the lead time of some series, as published."""

    levels: Floats  # ascending, in (0, 1), the service level among them, shape (levels,)
    quantiles: Floats  # never descending, shape (series, levels)
    mean: Floats  # shape (series,)
    lead_time: Floats  # periods, shape (series,)
    service_level: float
    windows: Floats | None = None  # periods, ascending, the lead time among them; None: an earlier version kept none
    window_means: Floats | None = None  # mean of the demand summed over each, shape (series, windows)

    @property
    def at_lead_time(self) -> LeadTimeDemand:
        """The demand over the lead time."""
        return LeadTimeDemand(self.levels, self.quantiles, self.mean)

    def mean_over(self, periods: Floats) -> Floats:
        """Mean of the demand summed over a window of each series, shape (series,)."""
        if self.windows is None or self.window_means is None:
            return np.asarray(self.mean * (periods / self.lead_time))
        means, own = (means_of(self.windows, self.window_means, each) for each in (periods, self.lead_time))
        straight = periods / self.lead_time
        return np.asarray(self.mean * np.where(own > 0, means / np.where(own > 0, own, 1.0), straight))

    def over(self, periods: Floats) -> LeadTimeDemand:
        """The demand summed over a window of each series: one joint answer, which never falls as the window grows.

        Args:
            periods: of each window, above 0, shape (series,).
        """
        mean = self.mean_over(periods)
        known = self.mean > 0
        ratio = np.where(known, mean / np.where(known, self.mean, 1.0), 1.0)
        return LeadTimeDemand(self.levels, over_windows(self.at_lead_time, ratio), mean)

    def repeated(self, times: int) -> PublishedDemand:
        """Each series so many times, one after the other."""
        means = self.window_means
        return replace(
            self,
            quantiles=np.repeat(self.quantiles, times, axis=0),
            mean=np.repeat(self.mean, times),
            lead_time=np.repeat(self.lead_time, times),
            window_means=None if means is None else np.repeat(means, times, axis=0),
        )


def published_demand(
    levels: Floats,
    quantiles: Floats,
    *,
    mean: Floats,
    quantile: Floats,
    lead_time: Floats,
    service_level: float,
    windows: Floats | None = None,
    window_means: Floats | None = None,
) -> PublishedDemand:
    """The demand over the lead time from the tables of a result.

    Up to version 0.1 the quantiles were kept from level 0.5 on, and not fitted to the mean: that is done here.

    Args:
        levels: as kept, shape (levels,).
        quantiles: as kept, shape (series, levels).
        mean: as published, shape (series,); so are the next two.
        quantile: at the service level.
        lead_time: in periods.
        service_level: of the batch.
        windows: as kept, shape (windows,); None: none were.
        window_means: as kept, shape (series, windows).
    """
    if len(levels) and levels[0] > LEVELS[0]:
        own = int(np.abs(levels - service_level).argmin())
        quantiles = quantiles.copy()
        quantiles[:, :own] = np.minimum(quantiles[:, :own], quantile[:, None])
        quantiles[:, own] = quantile
        quantiles = np.maximum.accumulate(np.maximum(quantiles, 0.0), axis=1)
        quantiles = fit_to_mean(quantiles, levels, mean, service_level)
    return PublishedDemand(
        levels=levels,
        quantiles=quantiles,
        mean=mean,
        lead_time=lead_time,
        service_level=service_level,
        windows=windows,
        window_means=window_means,
    )


def lead_time_demand_of(kept: Mapping[str, Any], published: Mapping[str, Any]) -> PublishedDemand:
    """The demand of one series over the lead time, from its row of the figures and that of the index."""
    mean, quantile, lead_time = (
        np.array([published[name]], dtype=np.float64)
        for name in (columns.LEAD_TIME_MEAN, columns.LEAD_TIME_QUANTILE, columns.LEAD_TIME)
    )
    return published_demand(
        np.array(kept[columns.LEVELS]),
        np.array([kept[columns.QUANTILES]]),
        mean=mean,
        quantile=quantile,
        lead_time=lead_time,
        service_level=published[columns.SERVICE_LEVEL],
        windows=np.array(kept[columns.WINDOWS], dtype=np.float64) if kept.get(columns.WINDOWS) else None,
        window_means=np.array([kept[columns.WINDOW_MEANS]]) if kept.get(columns.WINDOWS) else None,
    )


def stock_figures_at(kept: Mapping[str, Any], published: Mapping[str, Any], service_level: float) -> dict[str, Any]:
    """Stock figures of one series at a service level, by column; never descending in it.

    Args:
        kept: its row of the figures.
        published: its row of the index. Where its quantile is a whole number, so is that at any other level.
        service_level: in (0, 1).
    """
    demand = lead_time_demand_of(kept, published)
    is_whole = float(published[columns.LEAD_TIME_QUANTILE]).is_integer() and service_level != demand.service_level
    stock = stock_at(demand.at_lead_time, demand.mean, service_level, is_whole)
    figures = {
        columns.LEAD_TIME_QUANTILE: stock.quantile,
        columns.SAFETY_STOCK: stock.safety_stock,
        columns.REORDER_POINT: stock.reorder_point,
        columns.FILL_RATE: stock.fill_rate,
    }
    rounded = {name: float(round_figures(values)[0]) for name, values in figures.items()}
    return {columns.SERVICE_LEVEL: service_level, columns.LEAD_TIME_MEAN: float(demand.mean[0]), **rounded}


class Inventory:
    """The parts of a stock file with the demand to come.

    Args:
        items: of the stock file, by site and part.
        published: the demand of the same series in the same order.
        holds: why each is held, "" where it isn't; None: none is.
    """

    def __init__(
        self, items: Sequence[StockItem], published: PublishedDemand, holds: Sequence[str] | None = None
    ) -> None:
        self._items = items
        self._holds = [""] * len(items) if holds is None else holds
        own = [item.lead_time for item in items]
        of_batch = published.lead_time.tolist()
        self._lead_time = np.array(
            [b if t is None else t for t, b in zip(own, of_batch, strict=True)], dtype=np.float64
        )
        self._mean, self._service_level = published.mean_over(self._lead_time), published.service_level
        self._demand = published.over(self._lead_time)
        self._pack = np.array([item.pack_size or 1.0 for item in items], dtype=np.float64)
        self._position = np.array(
            [np.nan if i.on_hand is None else i.on_hand + (i.on_order or 0.0) for i in items], dtype=np.float64
        )  # on hand and on order

    def lines(self) -> tuple[OrderLine, ...]:
        """Orders, a line a part: whole packs to `order_up_to` where the position is below the reorder point."""
        stock, pack, position = stock_at(self._demand, self._mean, self._service_level), self._pack, self._position
        up_to = order_up_to(stock.reorder_point, self._mean, self._lead_time)
        known = np.nan_to_num(position, nan=0.0)
        wanted = np.where(known >= stock.reorder_point, 0.0, _raised(up_to - known, pack))
        order = np.where(self._is_held, 0.0, wanted)
        now, after = self._demand.fill_rate(known), self._demand.fill_rate(known + order)
        return tuple(
            OrderLine(
                site_code=item.site_code,
                partnumber=item.partnumber,
                on_hand=item.on_hand,
                on_order=item.on_order,
                pack_size=float(pack[i]),
                lead_time=float(self._lead_time[i]),
                reorder_point=float(stock.reorder_point[i]),
                safety_stock=float(stock.safety_stock[i]),
                order_up_to=float(up_to[i]),
                order_qty=None if item.on_hand is None else float(order[i]),
                hold=self._holds[i] or None,
                held_qty=float(wanted[i]) if self._holds[i] and item.on_hand is not None else None,
                fill_rate_now=None if item.on_hand is None else float(now[i]),
                fill_rate_after=None if item.on_hand is None else float(after[i]),
                lead_time_mean=float(self._mean[i]),
                order_cost=None
                if None in (item.on_hand, item.unit_cost)
                else float(order[i]) * (item.unit_cost or 0.0),
                supplier=item.supplier,
            )
            for i, item in enumerate(self._items)
        )

    @property
    def _is_held(self) -> NDArray[np.bool_]:
        return np.array([bool(hold) for hold in self._holds], dtype=np.bool_)

    def next_units(self, most: int = MOST_PURCHASES) -> tuple[NextUnit, ...]:
        """The packs to buy next: each time the one that avoids most units short for its cost, from the position on.

        A part without a cost counts as one of the median cost of the others, or 1 where none is known. Parts whose
        stock is unknown are not in the list. Of equally good packs that of the first site comes first, then that of
        the first part. It ends where no unit avoids any shortage.
        """
        cost = np.array([np.nan if i.unit_cost is None else i.unit_cost for i in self._items], dtype=np.float64)
        cost[np.isnan(cost)] = np.nanmedian(cost) if not np.isnan(cost).all() else 1.0
        bought: list[NextUnit] = []
        spent = 0.0
        position = np.where(self._is_held, np.nan, self._position)  # nothing is bought of what is held
        for one in islice(next_purchases(self._demand, position, self._pack, cost), most):
            item, here = self._items[one.series], np.array([one.series, one.series])
            before, after = self._demand.fill_rate(np.array([one.stock, one.stock + one.units]), here).tolist()
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
                    supplier=item.supplier,
                )
            )
        return tuple(bought)


def _raised(units: Floats, pack: Floats) -> Floats:
    """Units raised to whole packs; what is missing is at least one, however large it is."""
    packs = np.where(units > ROUNDING_ERROR, np.maximum(np.ceil(units / pack - ROUNDING_ERROR), 1.0), 0.0)
    return np.asarray(packs * pack)


@dataclass(frozen=True, kw_only=True, slots=True)
class Purchase:
    """One pack to buy."""

    series: int  # its position
    units: float  # of the pack
    cost: float  # of the pack
    avoided: float  # units short that it saves on average in a lead time
    stock: float  # of the series before it


def next_purchases(
    demand: LeadTimeDemand, position: Floats, pack_size: Floats, unit_cost: Floats
) -> Iterator[Purchase]:
    """Packs in the order in which money is best spent: the most units short avoided for their cost, one after another.

    Args:
        demand: of each series over the lead time.
        position: stock on hand and on order of each series, shape (series,); NaN: unknown, nothing is bought of it.
        pack_size: units that are bought at once, over 0, same shape.
        unit_cost: money a unit, over 0, same shape.

    A part is done where its next pack saves no more than LEAST_SAVED, however little it costs; the list ends where all
    are. Of equal ones the first series comes first.
    """
    cost = unit_cost * pack_size
    stock = position.copy()
    saved = demand.value_of(pack_size, np.nan_to_num(stock))
    waiting = [(-saved[i] / cost[i], i) for i in range(len(stock)) if not np.isnan(stock[i]) and saved[i] > LEAST_SAVED]
    heapq.heapify(waiting)
    while waiting:
        gain, i = heapq.heappop(waiting)
        avoided = float(-gain * cost[i])
        yield Purchase(series=i, units=float(pack_size[i]), cost=float(cost[i]), avoided=avoided, stock=float(stock[i]))
        stock[i] += pack_size[i]
        row = np.array([i])
        more = demand.value_of(pack_size[row], stock[row], row)
        if more[0] > LEAST_SAVED:
            heapq.heappush(waiting, (-float(more[0]) / cost[i], i))
