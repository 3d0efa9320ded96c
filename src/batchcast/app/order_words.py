"""What a reader must know of orders, in sentences for every face."""

from __future__ import annotations

from batchcast.domain.errors import N_, Message
from batchcast.domain.inventory import Orders

_MOST_NAMED = 3


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
            "Parts with a lead time of their own: {count:,}. Their mean demand is scaled by its ratio to that of the "
            "batch, deviations from the mean by the square root of it."
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
