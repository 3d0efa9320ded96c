"""The stock on hand of the parts, what to order of each, and which units to buy next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from batchcast.domain.errors import N_, Message

MOST_PURCHASES = 1000  # units to buy next that are ranked
RELEASE_ALL = "all"  # releases every part that is held
MOST_UNKNOWN = 100  # parts of a stock file without a forecast that are named


@dataclass(frozen=True, kw_only=True, slots=True)
class StockItem:
    """The row of a part in a stock file; None where it gives no value."""

    site_code: str
    partnumber: str
    lead_time: float | None = None  # periods, above 0; None: that of the batch
    lead_time_days: float | None = None  # the same in days, where the file gives it so
    unit_cost: float | None = None  # above 0, in any currency
    on_hand: float | None = None  # units; below 0 where more is promised than held
    on_order: float | None = None  # units that were ordered and have not come, 0 or more; None: 0
    pack_size: float | None = None  # units that are bought at once, above 0; None: 1
    supplier: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StockOnHand:
    """The contents of a stock file."""

    items: tuple[StockItem, ...]  # one a series, in the order of the file
    notes: tuple[Message, ...] = ()  # how it was read
    supposed_periods: str = ""  # the column of lead times that are supposed to be in periods, as its name says no unit
    release: tuple[str, ...] = ()  # parts that are ordered although they are held: PART, SITE=PART, or RELEASE_ALL

    def releases(self, item: StockItem) -> bool:
        """Whether a part is released."""
        names = {RELEASE_ALL, item.partnumber, f"{item.site_code}={item.partnumber}"}
        return not names.isdisjoint(self.release)


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderLine:
    """What to order of one part, in units; None where the stock file says nothing of it, or of the stock on hand."""

    site_code: str
    partnumber: str
    on_hand: float | None
    on_order: float | None
    pack_size: float
    lead_time: float  # periods
    reorder_point: float
    safety_stock: float
    order_up_to: float
    order_qty: float | None  # 0 where it is held
    fill_rate_now: float | None  # expected share of the demand over the lead time that is served, 0 to 1
    fill_rate_after: float | None  # with the order
    lead_time_mean: float | None = None  # expected demand over the lead time
    order_cost: float | None = None  # None where the cost of a unit is unknown
    hold: str | None = None  # why nothing is ordered until a person releases it: names of `columns.HOLDS`, with +
    held_qty: float | None = None  # what would be ordered then; None where it isn't held
    supplier: str | None = None  # as the stock file has it, else the history; None: it is not known

    @property
    def avoided_short(self) -> float:
        """Units of the demand over the lead time that the order is expected to serve."""
        if self.fill_rate_now is None or self.fill_rate_after is None or self.lead_time_mean is None:
            return 0.0
        return self.lead_time_mean * (self.fill_rate_after - self.fill_rate_now)


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
    supplier: str | None = None  # None: it is not known


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """The service of the stock figures: as expected, and as it would have been in the backtests."""

    service_level: float
    achieved_level: float | None  # share of folds with no unit short; None without a fold
    fill_rate: float  # expected, over the series weighted by their demand
    achieved_fill_rate: float | None  # demand served / demand, over all folds; None without demand
    folds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders:
    """What to order and to buy next for a stock file: all lines, or the first of them, and counts of all."""

    lines: tuple[OrderLine, ...]  # by site and part
    next_units: tuple[NextUnit, ...]  # the best first
    parts: int  # parts of the file that have a forecast
    to_order: int  # of them: something is ordered
    without_on_hand: int  # of them: the stock is unknown, so nothing is ordered
    scaled: int  # of them: the lead time is not that of the batch
    without_cost: int  # parts of the list whose cost is unknown
    unknown: int  # parts of the file without a forecast
    unknown_named: tuple[tuple[str, str], ...]  # the first of them: site and part, in the file's order
    promise: Promise | None = None  # None where the result has no series
    notes: tuple[Message, ...] = ()  # how the stock file was read
    demand: float = 0.0  # expected over the lead times, of the parts whose stock is known
    served: float = 0.0  # of it, with the stock as it is
    held_count: int = 0  # parts that are held back, and of which something would be ordered
    held: tuple[OrderLine, ...] = ()  # these, or the first of them
    unmatched: tuple[str, ...] = ()  # names to release that are of no part which is held

    def brief(self, most: int) -> Orders:
        """The first lines to order and the first of the list, at most so many of each."""
        ordered = (line for line in self.lines if line.order_qty)
        return replace(
            self, lines=tuple(islice(ordered, most)), held=self.held[:most], next_units=self.next_units[:most]
        )

    def of_supplier(self, supplier: str) -> Orders:
        """The same with the lines of one supplier alone; an empty name: those whose supplier is not known."""
        return replace(self, lines=tuple(line for line in self.lines if (line.supplier or "") == supplier))

    def within(self, budget: float) -> tuple[OrderLine, ...]:
        """The orders of known cost that a budget pays for: those first that serve most demand for their cost."""
        priced = [line for line in self.lines if line.order_qty and line.order_cost]
        priced.sort(key=lambda line: -line.avoided_short / (line.order_cost or 1.0))
        chosen, left = [], budget
        for line in priced:
            if line.order_cost is not None and line.order_cost <= left:
                chosen.append(line)
                left -= line.order_cost
        return tuple(chosen)

    def after(self, *notes: Message | None) -> Orders:
        """The same, with those of these notes that there are before its own."""
        return replace(self, notes=(*(note for note in notes if note is not None), *self.notes))


# What a reader must know of orders, in sentences for every face.

_MOST_NAMED = 3
HELD_BACK = N_(  # the page has a button beside each
    "Parts that are held back: {count:,} ({named}). Nothing is ordered of them, as neither their history nor like "
    "parts justify what is forecast; look at them, and release those that are right with {@release=PART}, SITE=PART "
    "or all."
)


def notes_of(orders: Orders) -> tuple[Message, ...]:
    """What is left out or supposed, one sentence each."""
    notes = list(orders.notes)
    if orders.unknown:
        named = ", ".join(f"{part} ({site})" for site, part in orders.unknown_named[:_MOST_NAMED])
        template = N_(
            "Parts of the stock file that are left out, since they are of no series with a forecast: {count:,} "
            "({named})."
        )
        values = {"count": orders.unknown, "named": named + (", …" * (orders.unknown > _MOST_NAMED))}
        notes.append(Message(template, values))
    if orders.held:
        named = ", ".join(f"{line.partnumber} ({line.site_code})" for line in orders.held[:_MOST_NAMED])
        template = HELD_BACK
        named += ", …" * (len(orders.held) > _MOST_NAMED)
        notes.append(Message(template, {"count": orders.held_count, "named": named}))
    if orders.unmatched:
        template = N_("To be released, but not held back, or not in the stock file: {names}.")
        notes.append(Message(template, {"names": ", ".join(orders.unmatched)}))
    if orders.without_on_hand:
        template = N_(
            "Parts whose stock on hand is unknown: {count:,}. Nothing is ordered of them, and they are not ranked."
        )
        notes.append(Message(template, {"count": orders.without_on_hand}))
    if orders.without_cost:
        template = N_(
            "Ranked parts whose cost is unknown: {count:,}. They count as of the median cost of the others, or 1 if "
            "none is known."
        )
        notes.append(Message(template, {"count": orders.without_cost}))
    if orders.scaled:
        template = N_(
            "Parts with a lead time of their own: {count:,}. Their figures are those of the demand summed over it, "
            "which were told from the lead time of the batch."
        )
        notes.append(Message(template, {"count": orders.scaled}))
    return tuple(notes)


def promise_of(orders: Orders) -> tuple[Message, ...]:
    """What the stock figures promise beside what they would have kept; nothing where no fold could be judged."""
    promise = orders.promise
    if promise is None or promise.achieved_level is None:
        return ()
    level = N_("Service level: {promised:.1%} promised, {achieved:.1%} achieved over {folds:,} backtests.")
    values = {"promised": promise.service_level, "achieved": promise.achieved_level, "folds": promise.folds}
    if promise.achieved_fill_rate is None:
        return (Message(level, values),)
    rate = N_("Demand served: {promised:.1%} promised, {achieved:.1%} achieved in the same backtests.")
    served = {"promised": promise.fill_rate, "achieved": promise.achieved_fill_rate}
    return (Message(level, values), Message(rate, served))
