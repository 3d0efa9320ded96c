"""Sentences about a column of dates: why it can't be read in one order, each with a way out; and what it holds."""

from __future__ import annotations

from collections.abc import Sequence

from batchcast.domain.calendar import date_of
from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.problems import MixedDateOrders, UnreadablePeriods
from batchcast.ingest.common.source import LocatedValue
from batchcast.ingest.values.possibleorders import PossibleOrders


def mixed_orders(column: str, orders: PossibleOrders) -> MixedDateOrders:
    """The dates of one shape are in several orders."""
    found = orders.evidence
    pairs = [(a, b) for a in found for b in found if not a & b]
    pairs = pairs or [(a, b) for a in found for b in found if a != b]
    one, other = min(pairs, key=lambda pair: (len(pair[0]) + len(pair[1]), sorted(pair[0])))
    names = {"one": named_orders(sorted(one)), "other": named_orders(sorted(other))}
    if {one, other} == {frozenset({"day_first"}), frozenset({"month_first"})}:
        template = N_(
            "The dates of column {column} are in two orders: {day!r} ({day_place}) can only be day first, "
            "{month!r} ({month_place}) only month first. Write them all in one order, or set "
            "{@date_order=day_first} or {@date_order=month_first} to have the others refused row by row."
        )
        return MixedDateOrders(
            Message(
                template,
                {
                    "column": column,
                    "day": found[one].value,
                    "day_place": found[one].location,
                    "month": found[other].value,
                    "month_place": found[other].location,
                },
            )
        )
    template = N_(
        "The dates of column {column} are in several orders: {first!r} ({first_place}) can only be {one}, "
        "{second!r} ({second_place}) only {other}. Write them all in one order, or set {@date_order} to one "
        "of these to have the others refused row by row."
    )
    values = {"column": column, "first": found[one].value, "first_place": found[one].location}
    values |= {"second": found[other].value, "second_place": found[other].location}
    return MixedDateOrders(Message(template, values | names))


def half_converted(column: str, cell: LocatedValue, text: LocatedValue) -> MixedDateOrders:
    """A spreadsheet that opened text in another order has swapped the dates it could and left the others."""
    template = N_(
        "Column {column} has date cells ({cell}, {cell_place}) and dates as text ({text!r}, {text_place}): "
        "a spreadsheet may have swapped day and month of those it took for dates. Export the column as "
        "text, or set {@date_order=day_first} or {@date_order=month_first} if the date cells are right."
    )
    values = {"column": column, "cell": cell.value, "cell_place": cell.location}
    return MixedDateOrders(Message(template, values | {"text": text.value, "text_place": text.location}))


def without_zeros(column: str, seven: LocatedValue, six: LocatedValue) -> MixedDateOrders:
    """Digits that end in their year, some so few that day and month are written without zeros: 112026."""
    template = N_(
        "The dates of column {column} are digits with the year at their end, {value!r} ({place}), and some have six, "
        "{short!r} ({short_place}): day and month are written without zeros, and 1112026 may be two days. Write them "
        "with signs, such as 2026-01-31."
    )
    values = {"column": column, "value": seven.value, "place": seven.location}
    return MixedDateOrders(Message(template, values | {"short": six.value, "short_place": six.location}))


def thirteen_periods(column: str, thirteenth: LocatedValue, *, is_header: bool) -> UnreadablePeriods:
    """Periods of which a year has thirteen: they are no months."""
    template = N_(
        "The dates of column {column} have thirteen periods in a year, such as {value!r} ({place}): they are no "
        "months. Send weeks, or the date of each issue. If the thirteenth is only that of the closing of the books, "
        "set {@date_order=year_month}, which refuses its rows."
    )
    if is_header:
        template = N_(
            "The periods of the header are thirteen in a year, such as {value!r} ({place}): they are no months. Send "
            "weeks, or the date of each issue. If the thirteenth is only that of the closing of the books, leave it "
            "out with {@ignore_columns=$value}."
        )
    values = {"column": column, "value": thirteenth.value, "place": thirteenth.location}
    return UnreadablePeriods(Message(template, values))


def note_on_seconds(first: LocatedValue, day: int) -> Message:
    """What to say of dates that are numbers of seconds since 1970."""
    template = N_(
        "Dates are seconds since 1970, or thousandths of them: {value!r} ({place}), the first, is read as {day}."
    )
    return Message(template, {"value": first.value, "place": first.location, "day": date_of(day)})


def named_orders(orders: Sequence[str]) -> Message:
    """Orders of dates, each as the setting that asks for it."""
    return Message(" | ".join(f"{{@date_order={order}}}" for order in orders))
