"""Dates as people write them: one written date to its day, or to the reason why it is none.

The order of day and month is not this module's to guess: `12/05/2024` comes back with both readings, and
`dateorder.py` decides on the whole column.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import NamedTuple

from batchcast.domain.calendar import day_of
from batchcast.domain.errors import N_, Message
from batchcast.ingest.limits import EARLIEST_YEAR, LATEST_YEAR

# English and Indonesian, in full and as people shorten them.
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januari",
            "feb february februari peb pebruari",
            "mar march maret mrt",
            "apr april",
            "may mei",
            "jun june juni",
            "jul july juli",
            "aug august agu agt ags agustus",
            "sep sept september",
            "oct october okt oktober",
            "nov november nop nopember",
            "dec december des desember",
        ),
        start=1,
    )
    for name in names.split()
}
_CENTURY_TURNS = 69  # two-digit years: 00 to 68 are 2000 to 2068, 69 to 99 are 1969 to 1999 (as POSIX reads them)

_TIME = re.compile(
    r"(?:[ T]\s*)(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?$",
    re.ASCII,
)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})$", re.ASCII)
_YEAR_MONTH = re.compile(r"(\d{4})(?:[-/.](\d{1,2})|(\d{2}))$", re.ASCII)
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/.](\d{4})$", re.ASCII)
_TWO_WAYS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})$", re.ASCII)
_DAY_NAME_YEAR = re.compile(r"(\d{1,2})[-/. ]*([A-Za-z]+)\.?[-/., ]*(\d{4}|\d{2})$", re.ASCII)
_NAME_DAY_YEAR = re.compile(r"([A-Za-z]+)\.?[-/. ]*(\d{1,2})(?:,|[-/. ])\s*(\d{4})$", re.ASCII)
_YEAR_NAME_DAY = re.compile(r"(\d{4})[-/. ]([A-Za-z]+)\.?[-/. ](\d{1,2})$", re.ASCII)
_NAME_YEAR = re.compile(r"([A-Za-z]+)\.?[-/. ]*(\d{4}|\d{2})$", re.ASCII)
_YEAR_NAME = re.compile(r"(\d{4})[-/. ]?([A-Za-z]+)\.?$", re.ASCII)
_WEEK = re.compile(r"(\d{4})-?[Ww](\d{2})$", re.ASCII)

_NOT_A_DATE = N_("is not a date")
_NO_SUCH_DAY = N_("is not a date: that month has no such day")
_YEAR_OUTSIDE = N_("has the year {year}, which is outside {earliest} to {latest}")
_EMPTY = N_("is empty")


class WrittenDate(NamedTuple):
    """What one written date can mean: its day in each order, None where that order gives no date."""

    day_first: int | None
    month_first: int | None
    is_month: bool = False  # written as a month, without a day
    decides: str | None = None  # the only order its numbers allow: a 13..31 stands in the other's place


def read_date(text: str) -> WrittenDate | Message:
    """What `text` can mean as a date, or the reason why it is none."""
    text = text.strip()
    if not text:
        return Message(_EMPTY)
    time = _TIME.search(text)
    if time:
        if int(time["hour"]) > 24 or int(time["minute"]) > 59 or int(time["second"] or 0) > 60:
            return Message(_NOT_A_DATE)
        text = text[: time.start()]
    try:
        return _numeric(text) or _named(text) or Message(_NOT_A_DATE)
    except _OutOfRange as refused:
        return refused.reason


def empty() -> Message:
    """The reason of a blank cell."""
    return Message(_EMPTY)


class _OutOfRange(Exception):
    def __init__(self, reason: Message) -> None:
        self.reason = reason


def _numeric(text: str) -> WrittenDate | None:
    found = _TWO_WAYS.match(text)
    if found:
        return _both_orders(int(found[1]), int(found[3]), _full_year(found[4]))
    for pattern, day_of_groups in _CERTAIN:
        found = pattern.match(text)
        if found:
            return day_of_groups([int(group) for group in found.groups() if group and group.isdigit()])
    return None


def _named(text: str) -> WrittenDate | None:
    for pattern, order in (
        (_DAY_NAME_YEAR, "dny"),
        (_NAME_DAY_YEAR, "ndy"),
        (_YEAR_NAME_DAY, "ynd"),
        (_NAME_YEAR, "ny"),
        (_YEAR_NAME, "yn"),
    ):
        found = pattern.match(text)
        if found is None:
            continue
        parts = dict(zip(order, found.groups(), strict=True))
        month = _MONTHS.get(parts["n"].lower())
        if month is None:
            continue
        year = _full_year(parts["y"])
        return _certain(year, month, int(parts["d"])) if "d" in parts else _month(year, month)
    return None


def _full_year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + (1900 if year >= _CENTURY_TURNS else 2000)


def _day(year: int, month: int, day: int) -> int:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise _OutOfRange(Message(_YEAR_OUTSIDE, {"year": year, "earliest": EARLIEST_YEAR, "latest": LATEST_YEAR}))
    try:
        return day_of(dt.date(year, month, day))
    except ValueError:
        fits = 1 <= month <= 12 and 1 <= day <= 31
        raise _OutOfRange(Message(_NO_SUCH_DAY if fits else _NOT_A_DATE)) from None


def _day_or_none(year: int, month: int, day: int) -> int | None:
    try:
        return _day(year, month, day)
    except _OutOfRange:
        return None


def _certain(year: int, month: int, day: int) -> WrittenDate:
    number = _day(year, month, day)
    return WrittenDate(number, number)


def _month(year: int, month: int) -> WrittenDate:
    number = _day(year, month, 1)
    return WrittenDate(number, number, is_month=True)


def _iso_week(year: int, week: int) -> WrittenDate:
    _day(year, 1, 1)
    try:
        number = day_of(dt.date.fromisocalendar(year, week, 1))
    except ValueError:
        raise _OutOfRange(Message(_NOT_A_DATE)) from None
    return WrittenDate(number, number)


def _both_orders(first: int, second: int, year: int) -> WrittenDate:
    """The readings of `first/second/year`: a 13..31 in either place decides, even where that month has no such day."""
    _day(year, 1, 1)
    decides = None
    if 13 <= first <= 31 and 1 <= second <= 12:
        decides = "day_first"
    elif 13 <= second <= 31 and 1 <= first <= 12:
        decides = "month_first"
    readings = [_day_or_none(year, month, day) for day, month in ((first, second), (second, first))]
    if decides is None and readings == [None, None]:
        raise _OutOfRange(Message(_NOT_A_DATE))
    return WrittenDate(readings[0], readings[1], decides=decides)


_CERTAIN: tuple[tuple[re.Pattern[str], Callable[[list[int]], WrittenDate]], ...] = (
    (_YEAR_FIRST, lambda n: _certain(*n)),
    (_COMPACT, lambda n: _certain(*n)),
    (_YEAR_MONTH, lambda n: _month(*n)),
    (_MONTH_YEAR, lambda n: _month(n[1], n[0])),
    (_WEEK, lambda n: _iso_week(*n)),
)
