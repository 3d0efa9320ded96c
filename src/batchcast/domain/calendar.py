"""Days and periods: a period is an integer, so that every step of time is an addition.

A day is the number of days since 1970-01-01. A period is counted from the one that holds that day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message

IntArray = NDArray[np.int32]

_EPOCH = dt.date(1970, 1, 1)
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday, Monday is 0
DAYS_IN_WEEK = 7


class Frequency(StrEnum):
    """Length of a period."""

    DAILY = "D"
    WEEKLY = "W"
    MONTHLY = "M"

    @property
    def season_length(self) -> int:
        """Periods in the season that models of this frequency use."""
        return {"D": 7, "W": 52, "M": 12}[self.value]

    @property
    def periods_in_year(self) -> int:
        """Whole periods in a year, one less than some years have."""
        return {"D": 365, "W": 52, "M": 12}[self.value]

    @property
    def days_in_period(self) -> float:
        """Days in a period, of a month on average."""
        return {"D": 1.0, "W": 7.0, "M": 30.4375}[self.value]

    @property
    def default_horizon(self) -> int:
        """Periods that are forecast where nothing is asked for."""
        return {"D": 7, "W": 8, "M": 12}[self.value]

    @property
    def longest_horizon(self) -> int:
        """The most periods that may be asked for."""
        return {"D": 365, "W": 104, "M": 60}[self.value]


def day_of(date: dt.date) -> int:
    """Days since 1970-01-01."""
    return (date - _EPOCH).days


def date_of(day: int) -> dt.date:
    """The date of a day number; the inverse of `day_of`."""
    return _EPOCH + dt.timedelta(days=int(day))


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """Turns days into periods of one frequency and back."""

    frequency: Frequency
    week_start: int = 0  # weekday a week starts on, Monday is 0; only weekly periods use it

    def period_of_day(self, day: int) -> int:
        """The period that holds one day."""
        return int(self.periods_of_days(np.array([day], dtype=np.int32))[0])

    def periods_of_days(self, days: IntArray) -> IntArray:
        """The period that holds each day: shape and order as given, int32."""
        match self.frequency:
            case Frequency.DAILY:
                return days.astype(np.int32, copy=False)
            case Frequency.WEEKLY:
                return np.floor_divide(days + (_EPOCH_WEEKDAY - self.week_start), DAYS_IN_WEEK).astype(np.int32)
            case Frequency.MONTHLY:
                months = days.astype("datetime64[D]").astype("datetime64[M]")
                return cast(IntArray, months.astype(np.int32))

    def first_day(self, period: int) -> int:
        """The first day of a period: its date in every table."""
        return int(self.first_days(np.array([period], dtype=np.int32))[0])

    def first_days(self, periods: IntArray) -> IntArray:
        """The first day of each period: shape and order as given, int32."""
        match self.frequency:
            case Frequency.DAILY:
                return periods.astype(np.int32, copy=False)
            case Frequency.WEEKLY:
                return (periods * DAYS_IN_WEEK - (_EPOCH_WEEKDAY - self.week_start)).astype(np.int32)
            case Frequency.MONTHLY:
                days = periods.astype("datetime64[M]").astype("datetime64[D]")
                return cast(IntArray, days.astype(np.int32))

    def last_day(self, period: int) -> int:
        """The last day of a period."""
        return self.first_day(period + 1) - 1


# Days, months and spans of time in words: what a planner calls the periods of a backtest.

_MONTHS = (
    N_("Jan"),
    N_("Feb"),
    N_("Mar"),
    N_("Apr"),
    N_("May"),
    N_("Jun"),
    N_("Jul"),
    N_("Aug"),
    N_("Sept"),
    N_("Oct"),
    N_("Nov"),
    N_("Dec"),
)
_LENGTHS = {
    Frequency.DAILY: (N_("1 day"), N_("{count:,} days")),
    Frequency.WEEKLY: (N_("1 week"), N_("{count:,} weeks")),
    Frequency.MONTHLY: (N_("1 month"), N_("{count:,} months")),
}
_EACH = {Frequency.DAILY: N_("a day"), Frequency.WEEKLY: N_("a week"), Frequency.MONTHLY: N_("a month")}
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
            return Message(N_("in {months}"), {"months": self.said})
        if first == last:
            return Message(N_("on {day}"), {"day": last})
        if self.first == self.last:
            begin = date_of(self.calendar.first_day(self.first))
            return Message(N_("in the week of {day}"), {"day": _day(begin)})
        return Message(N_("between {first} and {last}"), {"first": first, "last": last})

    def _ends(self) -> tuple[Message, Message]:
        """The first and the last month or day, the first without what the last says again."""
        days = date_of(self.calendar.first_day(self.first)), date_of(self.calendar.last_day(self.last))
        is_monthly = self.calendar.frequency is Frequency.MONTHLY
        first, last = (month_in_words(day) if is_monthly else _day(day) for day in days)
        return (last if first == last else _short(first, last)), last


def length_in_words(calendar: Calendar, count: float) -> Message:
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


def month_in_words(date: dt.date) -> Message:
    """`Mar 2002`."""
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
