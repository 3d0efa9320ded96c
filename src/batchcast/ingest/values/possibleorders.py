"""The orders that all dates of one shape allow; the likeliest by their span, by today and by the name of the column."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from batchcast.domain.calendar import date_of
from batchcast.domain.errors import Message
from batchcast.ingest.common.source import LocatedValue
from batchcast.ingest.values.dates import LAST_PERIOD, Shape, WrittenDate
from batchcast.ingest.values.implausible import DAYS_AFTER_TODAY

_BEFORE_TODAY = 3653  # days that a history may end before today and still be likelier than another reading
_LONG_SPAN = 3653  # days; a longer reading is unlikely beside one that is _TIMES_SHORTER
_TIMES_SHORTER = 3
_SLIPS = 0.04  # share of the days at either end that decides nothing
_FEW_WEEKS = 0.25  # share of keys over 12: with fewer, they may be slips in a column of months
_LEAST_WEEKS = 4  # keys over 16 that make a column of months one of weeks
THIRTEEN = 13
DAY_ORDERS = ("day_first", "month_first", "year_first")
ORDERS: dict[Shape, tuple[str, ...]] = {  # by the shape of a date, the likeliest first
    "numbers": DAY_ORDERS,
    "key": ("year_month", "year_week", "year_day", *DAY_ORDERS),
    "month": ("year_month", "year_week"),
    "name": ("year_first",),
    "serial": ("serial",),
    "ordinal": ("year_day", "year_month"),
}
_AGO = 45  # days before today at which a file of some first days of a year does not end
_NAMES_OF_WEEKS = re.compile(r"week|minggu|pekan|woche|semaine|semana|(^|[^a-z])(wk|kw)([^a-z]|$)", re.IGNORECASE)
_NAMES_OF_MONTHS = re.compile(r"month|bulan|monat|mois|maand|(^|[^a-z])(bln|mes)([^a-z]|$)", re.IGNORECASE)
Locate = Callable[[str], Message]  # where a written value stands first in the rows at hand


@dataclass
class PossibleOrders:
    """How the dates of one shape can read: the orders that all of them allow, and the days that each would give."""

    shape: Shape
    order: str  # that the rows are read in
    allowed: frozenset[str] = frozenset()
    evidence: dict[frozenset[str], LocatedValue] = field(default_factory=dict)  # first value that allows just these
    days: dict[str, set[int]] = field(default_factory=dict)  # that each order gives
    ambiguous: LocatedValue | None = None  # first value that means different days in orders it allows
    differing: set[frozenset[str]] = field(default_factory=set)  # pairs of orders in which a value differs
    months: set[int] = field(default_factory=set)  # keys that can be months, by their day
    weeks: set[int] = field(default_factory=set)  # keys that can only be weeks
    periods: set[tuple[int, int]] = field(default_factory=set)  # year and number of each
    thirteenth: LocatedValue | None = None  # first that is the thirteenth of a year
    is_dotted: bool = True  # all are written 31.12.2025, as is done where the day comes first

    def add(self, text: str, written: WrittenDate, locate: Locate) -> None:
        """One more value."""
        readings = written.readings or {}
        names = frozenset(readings)
        self.is_dotted = self.is_dotted and text.count(".") > 1
        if names not in self.evidence:
            self.allowed = self.allowed & names if self.evidence else names
            self.evidence[names] = LocatedValue(text, locate(text))
        if written.period is not None:
            self.periods.add(written.period)
            if written.period[1] == THIRTEEN and self.thirteenth is None:
                self.thirteenth = LocatedValue(text, locate(text))
        days = {order: day for order, day in readings.items() if day is not None}
        for order, day in days.items():
            self.days.setdefault(order, set()).add(day)
        if len(set(readings.values())) > 1:
            self.ambiguous = self.ambiguous or LocatedValue(text, locate(text))
            self.differing |= {frozenset((a, b)) for a in days for b in days if days[a] != days[b]}
        if "year_month" in days:
            self.months.add(days["year_month"])
        elif "year_week" in days:
            self.weeks.add(days["year_week"])

    def likely(self, today: int | None, column: str) -> list[str]:
        """The orders that the column may be in, the likeliest first; empty where no order fits all of it."""
        orders = [order for order in ORDERS[self.shape] if order in self.allowed]
        if self.shape == "key":
            orders = self._of_keys(orders, column)
        if self.shape == "month":
            orders = [self._month_or_week(column)]
        if self.shape == "ordinal" and self._may_be_periods():
            orders = ["year_month"] if self._are_periods(today) else ["year_day", "year_month"]
        if self.is_dotted and "day_first" in orders:
            orders = [order for order in orders if order != "month_first"]
        past = [order for order in orders if order in self.days and not self._is_to_come(order, today)]
        dense = [order for order in past if not self._is_long(order, past)]
        likely = [order for order in dense if self.fits(order, today)] or dense or orders
        return [one for i, one in enumerate(likely) if not any(self.is_alike(one, other) for other in likely[:i])]

    def fits(self, order: str, today: int | None) -> bool:
        """Whether a history that is sent today would end on the last of these days."""
        _, last = self._bulk(order)
        return today is None or ends_now(last, today)

    def _bulk(self, order: str) -> tuple[int, int]:
        """The first and the last day but for a few at either end, which may be slips."""
        days = sorted(self.days[order])
        few = int(_SLIPS * len(days))
        return days[few], days[len(days) - 1 - few]

    def _is_to_come(self, order: str, today: int | None) -> bool:
        return today is not None and self._bulk(order)[1] > today + DAYS_AFTER_TODAY

    def is_alike(self, one: str, other: str) -> bool:
        """Whether both orders give the same days."""
        return one in self.days and other in self.days and frozenset((one, other)) not in self.differing

    def _is_long(self, order: str, orders: Sequence[str]) -> bool:
        """Whether the dates spread over many years in this order, and over few in another."""
        lengths = {one: last - first for one in orders for first, last in [self._bulk(one)]}
        return lengths[order] > max(_LONG_SPAN, _TIMES_SHORTER * min(lengths.values()))

    def _may_be_periods(self) -> bool:
        """Whether numbers of days may be those of fiscal periods: none of them is higher, and some can be months."""
        numbers = {date_of(day).timetuple().tm_yday for day in self.days.get("year_day", ())}
        return "year_month" in self.days and max(numbers, default=1) <= LAST_PERIOD

    def _are_periods(self, today: int | None) -> bool:
        """Whether such numbers are no days: of several years, or of one that did not just begin."""
        days = self.days.get("year_day")
        if not days or len({date_of(day).year for day in days}) > 1:
            return True
        return today is not None and max(days) < today - _AGO

    def end_now(self, today: int | None) -> bool:
        """Whether the last month is that of today, or the one before."""
        if today is None:
            return False
        last, now = date_of(max(self.days["year_month"])), date_of(today)
        return 12 * (now.year - last.year) + now.month - last.month in (0, 1)

    def has_thirteen(self) -> bool:
        """Whether the years have thirteen periods, which are no months: each that has the twelfth has one more."""
        numbers = {number for _, number in self.periods}
        with_last = {year for year, number in self.periods if number == THIRTEEN}
        before = {year for year, number in self.periods if number == THIRTEEN - 1}
        is_whole = numbers == set(range(1, THIRTEEN + 1)) and before <= with_last
        return is_whole and (len(with_last) > 1 or self.shape == "ordinal")

    def _month_or_week(self, column: str) -> str:
        """Months, unless the column is named for weeks or many of its numbers are no month nor fiscal period."""
        beyond = sum(date_of(day).isocalendar().week > LAST_PERIOD for day in self.weeks)
        are_many = beyond >= (_LEAST_WEEKS if self.months else 1) and not self._are_slips()
        are_weeks = named_key(column) == "year_week" or are_many
        return "year_week" if are_weeks else "year_month"

    def _are_slips(self) -> bool:
        """Whether so few keys are no months that they may be slips."""
        return 0 < len(self.weeks) < _FEW_WEEKS * (len(self.weeks) + len(self.months))

    def _of_keys(self, orders: list[str], column: str) -> list[str]:
        """Months or weeks: by the name of the column, by numbers over 12, by years that never go beyond 12."""
        if named_key(column) in orders:
            return [named_key(column)]
        if "year_month" in orders and len({date_of(day).year for day in self.months}) > 1:
            return [order for order in orders if order != "year_week"]
        return [*orders, "year_month"] if self._are_slips() and "year_week" in orders else orders


def ends_now(last: int, today: int) -> bool:
    """Whether a history that is sent today may end on a day."""
    return today - _BEFORE_TODAY <= last <= today + DAYS_AFTER_TODAY


def named_key(column: str) -> str:
    """The order of keys that the name of a column says; nothing where it says none."""
    if _NAMES_OF_WEEKS.search(column):
        return "year_week"
    return "year_month" if _NAMES_OF_MONTHS.search(column) else ""
