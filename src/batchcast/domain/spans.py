"""Days, months and spans of time in words: what a planner calls the periods of a backtest."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from batchcast.domain.calendar import Calendar, Frequency, date_of, day_of
from batchcast.domain.message import Message, mark

_MONTHS = (
    mark("Jan"),
    mark("Feb"),
    mark("Mar"),
    mark("Apr"),
    mark("May"),
    mark("Jun"),
    mark("Jul"),
    mark("Aug"),
    mark("Sept"),
    mark("Oct"),
    mark("Nov"),
    mark("Dec"),
)
_LENGTHS = {
    Frequency.DAILY: (mark("1 day"), mark("{count:,} days")),
    Frequency.WEEKLY: (mark("1 week"), mark("{count:,} weeks")),
    Frequency.MONTHLY: (mark("1 month"), mark("{count:,} months")),
}
_EACH = {Frequency.DAILY: mark("a day"), Frequency.WEEKLY: mark("a week"), Frequency.MONTHLY: mark("a month")}
_DAY, _MONTH, _FROM_TO = "{day} {month} {year}", "{month} {year}", "{first} – {last}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Some periods, one after the other."""

    calendar: Calendar
    first: int  # period
    last: int  # period, the first one or a later

    @property
    def length(self) -> Message:
        """`3 months`."""
        return length_in_words(self.calendar, self.last - self.first + 1)

    @property
    def said(self) -> Message:
        """`Mar 2002`, `Mar – May 2002`, `28 Feb – 5 Mar 2002`: months by name, weeks and days by their days."""
        first, last = self._ends()
        return last if first == last else Message(_FROM_TO, {"first": first, "last": last})

    @property
    def when(self) -> Message:
        """`in Mar – May 2002`, `in the week of 4 Mar 2002`, `on 3 Mar 2002`, `between 28 Feb and 5 Mar 2002`."""
        first, last = self._ends()
        if self.calendar.frequency is Frequency.MONTHLY:
            return Message(mark("in {months}"), {"months": self.said})
        if first == last:
            return Message(mark("on {day}"), {"day": last})
        if self.first == self.last:
            begin = date_of(self.calendar.first_day(self.first))
            return Message(mark("in the week of {day}"), {"day": _day(begin)})
        return Message(mark("between {first} and {last}"), {"first": first, "last": last})

    def _ends(self) -> tuple[Message, Message]:
        """The first and the last month or day, the first without what the last says again."""
        days = date_of(self.calendar.first_day(self.first)), date_of(self.calendar.last_day(self.last))
        is_monthly = self.calendar.frequency is Frequency.MONTHLY
        first, last = (_month(day) if is_monthly else _day(day) for day in days)
        return (last if first == last else _short(first, last)), last


def length_in_words(calendar: Calendar, count: int) -> Message:
    """So many periods: `1 week`, `12 weeks`."""
    one, many = _LENGTHS[calendar.frequency]
    return Message(one) if count == 1 else Message(many, {"count": count})


def each_period(calendar: Calendar) -> Message:
    """`a month`, of what there is in every one."""
    return Message(_EACH[calendar.frequency])


def span_of_days(calendar: Calendar, first: dt.date, last: dt.date) -> Span:
    """The periods from that of one day to that of another."""
    return Span(
        calendar=calendar, first=calendar.period_of_day(day_of(first)), last=calendar.period_of_day(day_of(last))
    )


def _day(date: dt.date) -> Message:
    return Message(_DAY, {"day": date.day, "month": Message(_MONTHS[date.month - 1]), "year": date.year})


def _month(date: dt.date) -> Message:
    return Message(_MONTH, {"month": Message(_MONTHS[date.month - 1]), "year": date.year})


def _short(first: Message, last: Message) -> Message:
    """The first without what the last one says again: its year, and its month."""
    values = dict(first.values)
    shown = first.template
    for name in ("year", "month"):
        if values[name] != last.values[name] or shown == f"{{{name}}}":
            break
        shown = shown.removesuffix(f" {{{name}}}")
        del values[name]
    return Message(shown, values)
