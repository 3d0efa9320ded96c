"""The date column, read in the one order that all of it allows: decided by its values, their span, and today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain.calendar import date_of, day_of
from batchcast.domain.errors import N_, Choice, InvalidInput, Message
from batchcast.domain.settings import BatchSettings, DateOrder, Era
from batchcast.ingest.common.arrow import numbers_of
from batchcast.ingest.common.limits import EARLIEST_DAY, LATEST_DAY
from batchcast.ingest.common.problems import AmbiguousDates
from batchcast.ingest.common.source import Block, ColumnSource, LocatedValue, ReadAgain
from batchcast.ingest.values.bands import bands_in
from batchcast.ingest.values.cells import date_text, locator, read_cells
from batchcast.ingest.values.dateproblems import (
    half_converted,
    mixed_orders,
    named_orders,
    note_on_seconds,
    thirteen_periods,
    without_zeros,
)
from batchcast.ingest.values.dates import (
    NO_YEAR,
    SEVERAL_MONTHS,
    Shape,
    WrittenDate,
    has_short_year,
    has_year_last,
    in_common_era,
    lacks_zeros,
    no_year,
    not_a_date,
    period_of_year,
    read_date,
)
from batchcast.ingest.values.fiscal import FiscalYears, choices_of_periods
from batchcast.ingest.values.implausible import Reasons
from batchcast.ingest.values.months import language_of
from batchcast.ingest.values.possibleorders import DAY_ORDERS, ORDERS, Locate, PossibleOrders, ends_now, named_key
from batchcast.ingest.values.zones import StampZone

NO_DAY = np.int32(-(2**31))  # where a date can't be read
_MOST_REMEMBERED = 500_000  # written dates kept with their meaning; time stamps can be many
_MOST_SHORT = 5_000  # dates with a year of two digits that are kept; they are enough to tell its calendar
_UNIX_DIGITS = 10  # of seconds since 1970; no other date with a time begins with so many
_LONGEST_REMEMBERED = 64  # characters
_DAY_SECONDS = 86_400
_ZONES = 4096  # more than the minutes between any two zones
_WRITTEN_OUT = "written_out"  # in place of `serial`, where other dates are
_READ_AS = {
    "day_first": N_("day first, from {first} to {last}"),
    "month_first": N_("month first, from {first} to {last}"),
    "year_first": N_("year first, from {first} to {last}"),
    "year_month": N_("as months, from {first} to {last}"),
    "year_week": N_("as weeks, from {first} to {last}"),
    "serial": N_("as days, from {first} to {last}"),
    "year_day": N_("as days of a year, from {first} to {last}"),
}
_NUMBERED = {
    "serial": N_("Dates are day numbers of a spreadsheet: {value!r} ({place}), the first, is read {reading}."),
    "year_day": N_(
        "Dates are a year and the number of a day in it: {value!r} ({place}), the first, is read {reading}."
    ),
}


@dataclass
class DateReader:
    """Reads the date column, block by block, in the one order that all of it allows."""

    asked: DateOrder
    column: str = "date"  # its name in the file
    today: dt.date | None = None  # None: no reading is unlikely for being long past or still to come
    saw_month: bool = False  # some date was written as a month
    date_cell: LocatedValue | None = None  # first date cell of a workbook
    saw_written: bool = False  # some date is no day number of a spreadsheet
    zone: StampZone = field(default_factory=StampZone)
    refused: Reasons = field(default_factory=dict)  # by day: why its rows are refused, once all dates are known
    era: Era = "common"  # in which years of four digits are counted
    fiscal: FiscalYears = field(default_factory=FiscalYears)  # of periods of a year
    language: str | None = None  # of the names of months, where they differ by language
    unix: LocatedValue | None = None  # first that is a number of seconds since 1970
    is_header: bool = False  # of a wide table
    year_last: LocatedValue | None = None  # first of digits that end in their year, and can be nothing else: 1012026
    _short: dict[str, LocatedValue] = field(default_factory=dict)  # with years of two digits that may be Buddhist
    _orders: dict[Shape, PossibleOrders] = field(default_factory=dict)
    _days: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: BatchSettings, column: str, zone: StampZone | None = None) -> DateReader:
        """A reader of a column as some settings say."""
        fiscal = FiscalYears.of(settings)
        reader = cls(settings.date_order, column, settings.today, era=settings.era, fiscal=fiscal)
        return reader if zone is None else replace(reader, zone=zone)

    @classmethod
    def of_header(cls, settings: BatchSettings) -> DateReader:
        """A reader of the header of a wide table, whose years are of the common era by now."""
        return replace(cls.of(settings, "header"), era="common", is_header=True)

    def second_pass(self) -> DateReader:
        """A reader for a second pass over the rows, with what is known of the orders so far."""
        return replace(self, saw_month=False, date_cell=None, _days={})

    def days(self, texts: Sequence[str], locate: Locate) -> NDArray[np.int32]:
        """The day of each written date, `NO_DAY` where it is none.

        Raises:
            MixedDateOrders: if one value allows only one order and another only another.
            ReadAgain: if earlier blocks were read in the wrong order.
        """
        known = self._days
        if len(known) > _MOST_REMEMBERED:
            known.clear()
        self._look_for_years(texts, locate)
        new = {text: self._read(text) for text in texts if text not in known}
        unclear = [text for text, written in new.items() if _is_unclear(written)]
        if unclear and self.language is None:
            self.language = language_of(texts)
            new |= {text: self._read(text) for text in unclear}
        self._note_orders(new, locate)
        for text, written in new.items():
            known[text] = self._resolve(written)
        days = np.fromiter((known[text] for text in texts), dtype=np.int32, count=len(texts))
        for text in [text for text in new if len(text) > _LONGEST_REMEMBERED]:
            del known[text]
        return days

    def _look_for_years(self, texts: Sequence[str], locate: Locate) -> None:
        """Note whether digits end in their year.

        Raises:
            ReadAgain: if some do, and earlier blocks were read without knowing it.
            MixedDateOrders: if some are so few that day and month are written without zeros.
        """
        if self.year_last is None:
            first = next((text for text in texts if has_year_last(text)), None)
            if first is None:
                return
            self.year_last = LocatedValue(first, locate(first))
            if self._days:
                raise ReadAgain
        short = next((text for text in texts if lacks_zeros(text)), None)
        if short is not None:
            raise without_zeros(self.column, self.year_last, LocatedValue(short, locate(short)))

    def _read(self, text: str) -> WrittenDate | Message:
        """What a written date can mean, its years counted as was said."""
        text = in_common_era(text) if self.era == "buddhist" else text
        if not self.is_header and (period := period_of_year(text)) is not None:
            text = f"{period[1]:03d}.{period[0]}"
        return read_date(text, self.language, is_year_last=self.year_last is not None)

    def explain(self, text: str) -> Message | None:
        """Why this written date is refused; None where it is a date."""
        written = self._read(text)
        if isinstance(written, Message):
            return written
        day = self._day(written)
        return self._explain(written) if day is None else self.refused.get(day)

    def _explain(self, written: WrittenDate) -> Message:
        """Why a date has no day in the order of its shape."""
        order = self._orders[written.shape].order
        if written.shape == "serial":
            template = N_("is a day number of a spreadsheet ({day}), and other dates of the column are written out")
            return Message(template, {"day": date_of((written.readings or {})["serial"] or 0)})
        if written.shape == "ordinal" and order == "year_month":
            return Message(N_("is a period of the closing of a fiscal year, which is no month"))
        if written.shape == "month" and self.asked == "auto":
            return not_a_date()
        if order in (written.readings or {}) and order != NO_YEAR:
            return Message(N_("is not a date: that month has no such day"))
        if written.shape == "name":
            return no_year()
        return Message(N_("is not a date in the order that was asked for, {order}"), {"order": order})

    def notes(self) -> list[Message]:
        """What a person should know of the order, once the whole column has been read.

        Raises:
            AmbiguousDates: if nothing decides the order and it matters.
            MixedDateOrders: if a workbook has both date cells and dates as text.
        """
        self.check_thirteen()
        numbers = self._orders.get("numbers")
        if self.date_cell is not None and numbers is not None and self.asked == "auto":
            written = numbers.ambiguous or next(iter(numbers.evidence.values()))
            raise half_converted(self.column, self.date_cell, written)
        found = [self._note_of(one) for one in self._orders.values()]
        if self.unix is not None:
            found.append(note_on_seconds(self.unix, self._resolve(self._read(self.unix.value))))
        return [note for note in (*found, self.zone.note()) if note is not None]

    def check_thirteen(self) -> None:
        """Refuse periods of which a year has thirteen, unless it was said that they are months.

        Raises:
            UnreadablePeriods: if that is so.
        """
        if self.asked != "auto" or self.fiscal.is_chosen:
            return
        for orders in self._orders.values():
            if orders.thirteenth is not None and orders.order != "year_day" and orders.has_thirteen():
                raise thirteen_periods(self.column, orders.thirteenth, is_header=self.is_header)

    def ask_about_era(self, settings: BatchSettings) -> None:
        """Ask whether years of two digits, such as 67, are of the Buddhist calendar.

        Raises:
            AmbiguousDates: if a history that is sent today ends on the last of them in that calendar, and only there.
        """
        read = sum(day != NO_DAY for day in self._days.values())
        if bands_in(self._short):
            return
        if self.today is None or 2 * len(self._short) <= min(read, _MOST_SHORT) or settings.future_rows == "keep":
            return
        spans: dict[Era, tuple[int, int]] = {}
        eras: tuple[Era, ...] = ("common", "buddhist")
        for era in eras:
            reader = DateReader(self.asked, self.column, era=era, language=self.language)
            with suppress(InvalidInput):
                days = reader.days(list(self._short), Message)
                known = days[days != NO_DAY].tolist()
                spans |= {era: (min(known), max(known))} if known else {}
        fits = {era: ends_now(last, day_of(self.today)) for era, (_, last) in spans.items()}
        if not fits.get("buddhist") or fits.get("common"):
            return
        example = next(iter(self._short.values()))
        span = {name: date_of(day) for name, day in zip(("first", "last"), spans["buddhist"], strict=True)}
        choices = [as_buddhist(span)]
        if "common" in spans:
            first, last = (date_of(day) for day in spans["common"])
            reading = Message(
                N_("years of the common calendar, from {first} to {last}"), {"first": first, "last": last}
            )
            choices.append(Choice(settings={"future_rows": "keep"}, reading=reading))
        template = N_(
            "The dates of column {column}, such as {value!r} ({place}), have years of two digits. If they are counted "
            "as in Thailand, from {first} to {last}, set {@era=buddhist}."
        )
        values = {"column": self.column, "value": example.value, "place": example.location}
        raise AmbiguousDates(Message(template, values | span), setting="era", choices=choices)

    def _note_of(self, orders: PossibleOrders) -> Message | None:
        is_fiscal = self.fiscal.is_chosen and orders.shape != "month"
        if is_fiscal and orders.order == "year_month" and orders.days.get("year_month"):
            span = min(orders.days["year_month"]), max(orders.days["year_month"])
            self.fiscal.check(*span)
            return self.fiscal.note(*span)
        return self._note_of_periods(orders) if self._are_periods(orders) else self._note(orders)

    def _note_orders(self, new: dict[str, WrittenDate | Message], locate: Locate) -> None:
        """Learn from values that were not met before, and choose the orders and the zone again."""
        had_times, shifted = bool(self.zone.times), self.zone.shifts
        were_ambiguous = {shape for shape, orders in self._orders.items() if orders.ambiguous or shape == "serial"}
        for text, written in new.items():
            if self.era == "common" and len(self._short) < _MOST_SHORT and has_short_year(text):
                self._short[text] = LocatedValue(text, locate(text))
            if isinstance(written, Message):
                continue
            if written.time is not None:
                if self.unix is None and text.strip()[:_UNIX_DIGITS].isdecimal():
                    self.unix = LocatedValue(text, locate(text))
                self.zone.add(*written.time)
            if written.readings is not None:
                self._of_shape(written.shape).add(text, written, locate)
            self.saw_written = self.saw_written or written.shape != "serial"
        for shape, orders in self._orders.items():
            chosen = self._choose(orders)
            if chosen != orders.order:
                orders.order = chosen
                if shape in were_ambiguous:
                    raise ReadAgain

        if had_times and self.zone.shifts != shifted:
            raise ReadAgain

    def _of_shape(self, shape: Shape) -> PossibleOrders:
        if shape not in self._orders:
            self._orders[shape] = PossibleOrders(shape, ORDERS[shape][0])
        return self._orders[shape]

    def _asked_of(self, orders: PossibleOrders) -> str | None:
        """The order that was asked for, where it is one of this shape."""
        if self.fiscal.is_chosen and orders.shape in ("ordinal", "key") and "year_month" in orders.allowed:
            return "year_month"
        if self.asked == "auto":
            return None
        if orders.shape == "name":
            return "year_first"
        if orders.shape == "ordinal":
            return self.asked if self.asked in ORDERS["ordinal"] else None
        keys_are_days = not {"year_month", "year_week"} & orders.allowed
        is_asked = self.asked in ORDERS[orders.shape] and (orders.shape == "numbers" or self.asked not in DAY_ORDERS)
        return self.asked if is_asked or keys_are_days else None

    def _likely(self, orders: PossibleOrders) -> list[str]:
        today = None if self.today is None else day_of(self.today)
        likely = orders.likely(today, self.column)
        return [order for order in likely if self.asked == "auto" or order not in DAY_ORDERS] or likely

    def _choose(self, orders: PossibleOrders) -> str:
        if orders.shape == "serial":
            return _WRITTEN_OUT if self.saw_written else "serial"
        asked = self._asked_of(orders)
        if asked:
            return asked
        likely = self._likely(orders)
        if likely:
            return likely[0]
        if orders.shape == "name":
            return NO_YEAR if orders.allowed else "year_first"
        raise mixed_orders(self.column, orders)

    def _resolve(self, written: WrittenDate | Message) -> int:
        if isinstance(written, Message):
            return int(NO_DAY)
        day = self._day(written)
        is_month = written.unit == "month" or written.shape == "name"
        is_month |= written.shape in ("key", "month", "ordinal") and self._orders[written.shape].order == "year_month"
        self.saw_month = self.saw_month or is_month
        return int(NO_DAY) if day is None or day in self.refused else day

    def _day(self, written: WrittenDate) -> int | None:
        day = written.day
        if written.readings is not None:
            order = self._orders[written.shape].order
            day = written.readings.get(order)
            if day is not None and order == "year_month" and written.shape != "month":
                day = self.fiscal.day(day)
        return day if day is None or written.time is None else self.zone.day(day, *written.time)

    def _note(self, orders: PossibleOrders) -> Message | None:
        """What decided the order of one shape; None where it makes no difference."""
        ambiguous, order = orders.ambiguous, orders.order
        if order == "serial" or (order == "year_day" and ambiguous is None):
            first = next(iter(orders.evidence.values()))
            reading = _read_as(orders, order)
            return Message(_NUMBERED[order], {"value": first.value, "place": first.location, "reading": reading})
        if ambiguous is None or order == NO_YEAR or (orders.shape == "month" and order == "year_month"):
            return None
        if self._asked_of(orders):
            return Message(N_("Dates are read {order}, as asked for."), {"order": order})
        likely = self._likely(orders)
        is_a_day = orders.shape == "name" and NO_YEAR in orders.allowed
        today = None if self.today is None else day_of(self.today)
        if len(likely) > 1 or (is_a_day and not orders.fits(order, today)):
            raise self._question(orders, ambiguous, likely)
        if orders.shape == "name":
            return self._note_of_names(orders, ambiguous)
        decisive = orders.evidence.get(frozenset({order}))
        if decisive is not None:
            template = N_("Dates are read {order}: {value!r} ({place}) allows nothing else.")
            return Message(template, {"order": order, "value": decisive.value, "place": decisive.location})
        return self._note_of_span(orders)

    def _are_periods(self, orders: PossibleOrders) -> bool:
        return orders.shape == "ordinal" and orders.order == "year_month" and len(self._likely(orders)) == 1

    def _note_of_periods(self, orders: PossibleOrders) -> Message:
        """What to say of periods of a year; asked, unless the last is the month of today or the column is of months."""
        today = None if self.today is None else day_of(self.today)
        first = next(iter(orders.evidence.values()))
        values = {"column": self.column, "value": first.value, "place": first.location, **_span(orders, "year_month")}
        if self._asked_of(orders):
            return Message(N_("Dates are read {order}, as asked for."), {"order": orders.order})
        if orders.end_now(today) or named_key(self.column) == "year_month":
            template = N_(
                "The dates of column {column} are periods of a year, such as {value!r} ({place}): they are read as "
                "calendar months, from {first} to {last}."
            )
            return Message(template, values)
        template = N_(
            "The dates of column {column} are periods of a year, such as {value!r} ({place}). If they are calendar "
            "months, from {first} to {last}, set {@date_order=year_month}; if the fiscal year begins in another month, "
            "say in which with {@fiscal_year_start}."
        )
        choices = choices_of_periods(min(orders.days["year_month"]), max(orders.days["year_month"]), self.today)
        raise AmbiguousDates(Message(template, values), setting="date_order", choices=choices)

    def _note_of_names(self, orders: PossibleOrders, example: LocatedValue) -> Message | None:
        if NO_YEAR not in orders.allowed:
            return None
        template = N_("Two-digit years: {value!r} ({place}) is read as a month, from {first} to {last}.")
        return Message(template, {"value": example.value, "place": example.location, **_span(orders, "year_first")})

    def _note_of_span(self, orders: PossibleOrders) -> Message:
        others = [one for one in ORDERS[orders.shape] if one in orders.allowed and one in orders.days]
        others = [one for one in others if not orders.is_alike(one, orders.order)]
        values: dict[str, object] = {"column": self.column, "chosen": _read_as(orders, orders.order)}
        if not others:
            template = N_("The dates of column {column} are read {chosen}: no other order fits all of them.")
            return Message(template, values)
        template = N_("The dates of column {column} are read {chosen}; {unlikely} is unlikely.")
        if orders.shape in ("key", "month") and named_key(self.column):
            template = N_("The dates of column {column} are read {chosen}, as its name says; not {unlikely}.")
        return Message(template, values | {"unlikely": _read_as(orders, others[0])})

    def _question(self, orders: PossibleOrders, example: LocatedValue, likely: Sequence[str]) -> AmbiguousDates:
        """Which of the orders the column is in, or whether two digits are a year at all."""
        written = self._read(example.value)
        readings = {} if isinstance(written, Message) else written.readings or {}
        values: dict[str, object] = {"column": self.column, "value": example.value, "place": example.location}
        choices = [Choice(settings={"date_order": order}, reading=_read_as(orders, order)) for order in likely]
        both = {order: readings.get(order) for order in ("day_first", "month_first")}
        if orders.shape == "name":
            template = N_(
                "The dates of column {column}, such as {value!r} ({place}), have two digits beside the month's "
                "name: as years they run from {first} to {last}. Write the year with four digits, or set "
                "{@date_order=year_first} if they are years."
            )
            values |= _span(orders, "year_first")
        elif list(likely) == list(both) and None not in both.values():
            template = N_(
                "Every date of column {column} reads both ways: is {value!r} ({place}) {day_first} or "
                "{month_first}? Set {@date_order=day_first} or {@date_order=month_first}."
            )
            values |= {order: date_of(day) for order, day in both.items() if day is not None}
        else:
            template = N_(
                "The dates of column {column}, such as {value!r} ({place}), read in more than one way: "
                "{first_reading}; or {second_reading}. Set {orders}."
            )
            values |= {"first_reading": choices[0].reading, "second_reading": choices[1].reading}
            values |= {"orders": named_orders(likely)}
        return AmbiguousDates(Message(template, values), setting="date_order", choices=choices)


def as_buddhist(span: Mapping[str, object]) -> Choice:
    """The choice of the Buddhist calendar, with the `first` and the `last` date that it gives."""
    reading = Message(N_("years of the Buddhist calendar, from {first} to {last}"), span)
    return Choice(settings={"era": "buddhist"}, reading=reading)


def _read_as(orders: PossibleOrders, order: str) -> Message:
    return Message(_READ_AS[order], _span(orders, order))


def _is_unclear(written: WrittenDate | Message) -> bool:
    return isinstance(written, Message) and written.template == SEVERAL_MONTHS


def _span(orders: PossibleOrders, order: str) -> dict[str, object]:
    days = orders.days.get(order, {0})
    return {"first": date_of(min(days)), "last": date_of(max(days))}


# The days of a date column, whatever it is made of: written dates, date cells of a workbook, or a typed column.


def read_days(block: Block, source: ColumnSource, dates: DateReader, sheet: str | None) -> NDArray[np.int32]:
    """The day of each row of a block, NO_DAY where it is none; raises as `DateReader.days`."""
    column = block.column(source.indices[0]) if len(source.indices) == 1 else None
    if column is not None and not isinstance(column, list) and pa.types.is_temporal(column.type):
        days = _typed_days(column, dates)
        return np.where(np.isin(days, list(dates.refused)), NO_DAY, days) if dates.refused else days
    cells = read_cells(block, source)
    texts = [date_text(cell) for cell in cells.cells]
    locate = locator(block, cells, sheet)
    typed = next((text for text, cell in zip(texts, cells.cells, strict=True) if isinstance(cell, dt.date)), None)
    if typed is not None and dates.date_cell is None:
        dates.date_cell = LocatedValue(typed, locate(typed))
    return dates.days(texts, locate)[cells.index]


def _typed_days(column: Any, dates: DateReader) -> NDArray[np.int32]:
    """Days of a date or time stamp column: those of the zone that was asked for, else the local date of its own."""
    if pa.types.is_timestamp(column.type):
        if column.type.tz is not None:
            return _zoned_days(column, dates)
        column = column.cast(pa.timestamp("s"), safe=False)
    return _possible(numbers_of(column.cast(pa.date32(), safe=False).cast(pa.int32()).fill_null(int(NO_DAY))))


def _zoned_days(column: Any, dates: DateReader) -> NDArray[np.int32]:
    """Days of time stamps with a zone; where all are at one hour, they may be midnight of another one."""
    import pyarrow.compute as pc

    local = pc.local_timestamp(column).cast(pa.timestamp("s"), safe=False)
    known = ~np.asarray(pc.is_null(column))
    seconds = numbers_of(local.cast(pa.int64()).fill_null(0)).astype(np.int64)[known]
    utc = numbers_of(column.cast(pa.timestamp("s", tz=column.type.tz), safe=False).cast(pa.int64()).fill_null(0))[known]
    stamps, index = np.unique(seconds * _ZONES + (seconds - utc) // 60 + _ZONES // 2, return_inverse=True)
    whole, zones = np.divmod(stamps, _ZONES)
    pairs = zip(whole.tolist(), zones.tolist(), strict=True)
    distinct = [(*divmod(at, _DAY_SECONDS), minutes - _ZONES // 2) for at, minutes in pairs]
    had_times, shifted = bool(dates.zone.times), dates.zone.shifts
    for at, minutes in {(at, minutes) for _, at, minutes in distinct}:
        dates.zone.add(at, minutes)
    if had_times and dates.zone.shifts != shifted:
        raise ReadAgain
    days = np.full(len(known), NO_DAY, dtype=np.int64)
    days[known] = np.array([dates.zone.day(*one) for one in distinct], dtype=np.int64)[index]
    return _possible(days)


def _possible(days: NDArray[Any]) -> NDArray[np.int32]:
    return np.where((days >= EARLIEST_DAY) & (days <= LATEST_DAY), days, NO_DAY).astype(np.int32)
