"""What is known of the stock of a part, what to order of it, and which units to buy next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from batchcast.domain.errors import Message

MOST_PURCHASES = 1000  # units to buy next that are ranked
MOST_UNKNOWN = 100  # parts of a stock file without a forecast that are named


@dataclass(frozen=True, kw_only=True, slots=True)
class StockItem:
    """What a stock file says of a part; what it leaves open is None."""

    site_code: str
    partnumber: str
    lead_time: float | None = None  # periods, above 0; None: that of the batch
    unit_cost: float | None = None  # above 0, in any currency
    on_hand: float | None = None  # units, 0 or more
    pack_size: float | None = None  # units that are bought at once, above 0; None: 1


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldStock:
    """What a stock file says."""

    items: tuple[StockItem, ...]  # one a series, in the order of the file
    notes: tuple[Message, ...] = ()  # what a person should know of how it was read


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderLine:
    """What to order of one part, in units; what needs the stock on hand is None where that is unknown."""

    site_code: str
    partnumber: str
    on_hand: float | None
    pack_size: float
    lead_time: float  # periods
    reorder_point: float
    safety_stock: float
    order_up_to: float
    order_qty: float | None
    fill_rate_now: float | None  # expected share of the demand over the lead time that is served, 0 to 1
    fill_rate_after: float | None  # with the order


@dataclass(frozen=True, kw_only=True, slots=True)
class NextUnit:
    """One purchase of the ranked list: a pack of one part."""

    rank: int  # from 1
    site_code: str
    partnumber: str
    units: float
    cost: float | None  # of the pack
    cumulative_cost: float  # of the list so far; purchases without a cost add nothing
    avoided_short: float  # units of demand per lead time that it is expected to serve
    fill_rate_before: float
    fill_rate_after: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """What the stock figures promise, beside what they would have kept in the backtests."""

    service_level: float
    achieved_level: float | None  # share of folds with no unit short; None where nothing could be judged
    fill_rate: float  # expected, over the series weighted by their demand
    achieved_fill_rate: float | None  # served / demanded over all folds
    folds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders:
    """The answer to a stock file: its lines and its list, or the first of them, with what all of them amount to."""

    lines: tuple[OrderLine, ...]  # by site and part
    next_units: tuple[NextUnit, ...]  # the best first
    parts: int  # of the file that the result has
    to_order: int  # of them: something is ordered
    without_on_hand: int  # of them: the stock is unknown, so nothing is ordered
    scaled: int  # of them: the lead time is not that of the batch
    without_cost: int  # parts of the list whose cost is unknown
    unknown: int  # parts of the file that the result does not have
    unknown_named: tuple[tuple[str, str], ...]  # the first of them: site and part, in the file's order
    promise: Promise | None = None  # None where the result has no series
    notes: tuple[Message, ...] = ()  # what a person should know of how the stock file was read

    def brief(self, most: int) -> Orders:
        """The first lines to order and the first of the list, at most so many of each."""
        ordered = (line for line in self.lines if line.order_qty)
        return replace(self, lines=tuple(islice(ordered, most)), next_units=self.next_units[:most])
