"""Day first or month first: decided on the whole column, by the values that read only one way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain.calendar import date_of
from batchcast.domain.errors import N_, InternalError, Message
from batchcast.domain.settings import DateOrder
from batchcast.ingest.arrow import numbers_of
from batchcast.ingest.cells import date_text, locator, read_cells
from batchcast.ingest.dates import WrittenDate, read_date
from batchcast.ingest.limits import EARLIEST_DAY, LATEST_DAY
from batchcast.ingest.problems import AmbiguousDates, MixedDateOrders
from batchcast.ingest.source import Block, ColumnSource

NO_DAY = np.int32(-(2**31))  # where a date can't be read
_MOST_REMEMBERED = 500_000  # written dates kept with their meaning; time stamps can be many
_LONGEST_REMEMBERED = 64  # characters

Locate = Callable[[str], Message]  # where a written value stands first in the rows at hand


class ReadAgain(Exception):
    """The column turns out to read the other way than was supposed so far: start again with what is now known."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A value that reads only one way, and where it stands."""

    value: str
    location: Message


@dataclass
class DateReader:
    """Reads the date column, block by block, in the one order that all of it allows."""

    asked: DateOrder
    column: str = "date"  # its name in the file
    evidence: dict[str, Evidence] = field(default_factory=dict)  # order -> first value that allows only it
    order: str = "day_first"  # supposed until a evidence is met
    ambiguous: Evidence | None = None  # first value that reads both ways, to different days
    saw_month: bool = False  # some date was written as a month
    date_cell: Evidence | None = None  # first date cell of a workbook
    _days: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.asked != "auto":
            self.order = self.asked

    def second_pass(self) -> DateReader:
        """A reader for a second pass over the rows, with the evidence found so far."""
        return DateReader(self.asked, self.column, self.evidence, self.order)

    def days(self, texts: Sequence[str], locate: Locate) -> NDArray[np.int32]:
        """The day of each written date, `NO_DAY` where it is none.

        Raises:
            MixedDateOrders: if one value allows only one order and another only the other.
            ReadAgain: if earlier blocks were read in the wrong order.
        """
        known = self._days
        if len(known) > _MOST_REMEMBERED:
            known.clear()
        new = {text: read_date(text) for text in texts if text not in known}
        self._note_evidence(new, locate)
        for text, written in new.items():
            known[text] = self._resolve(written)
        days = np.fromiter((known[text] for text in texts), dtype=np.int32, count=len(texts))
        for text in [text for text in new if len(text) > _LONGEST_REMEMBERED]:
            del known[text]
        return days

    def explain(self, text: str) -> Message | None:
        """Why this written date is refused; None where it is a date."""
        written = read_date(text)
        if isinstance(written, Message):
            return written
        if self._resolve(written) != NO_DAY:
            return None
        if written.decides not in {None, self.order}:
            template = N_("is not a date in the order that was asked for, {order}")
            return Message(template, {"order": self.order})
        return Message(N_("is not a date: that month has no such day"))

    def decision(self) -> Message | None:
        """What a person should know of the order, once the whole column has been read.

        Raises:
            AmbiguousDates: if nothing decides the order and it matters.
            MixedDateOrders: if a workbook has both date cells and dates as text.
        """
        written = self.ambiguous or next(iter(self.evidence.values()), None)
        if self.date_cell is not None and written is not None and self.asked == "auto":
            raise self._half_converted(self.date_cell, written)
        if self.ambiguous is None:
            return None
        if self.asked != "auto":
            return Message(N_("Dates are read {order}, as asked for."), {"order": self.order})
        evidence = self.evidence.get(self.order)
        if evidence is None:
            raise self._question(self.ambiguous)
        template = N_("Dates are read {order}: {value!r} ({place}) allows nothing else.")
        return Message(template, {"order": self.order, "value": evidence.value, "place": evidence.location})

    def _resolve(self, written: WrittenDate | Message) -> int:
        if isinstance(written, Message):
            return int(NO_DAY)
        self.saw_month = self.saw_month or written.is_month
        day = written.day_first if self.order == "day_first" else written.month_first
        return int(NO_DAY) if day is None else day

    def _note_evidence(self, new: dict[str, WrittenDate | Message], locate: Locate) -> None:
        had_ambiguous = self.ambiguous is not None
        for text, written in new.items():
            if isinstance(written, Message) or written.day_first == written.month_first is not None:
                continue
            if written.decides is None:
                self.ambiguous = self.ambiguous or Evidence(text, locate(text))
            elif written.decides not in self.evidence and self.asked == "auto":
                self.evidence[written.decides] = Evidence(text, locate(text))
        if len(self.evidence) > 1:
            raise self._mixed()
        for order in self.evidence:
            if order != self.order:
                self.order = order
                if had_ambiguous:
                    raise ReadAgain

    def _mixed(self) -> MixedDateOrders:
        day, month = self.evidence["day_first"], self.evidence["month_first"]
        template = N_(
            "The dates of column {column} are in two orders: {day!r} ({day_place}) can only be day first, {month!r} "
            "({month_place}) only month first. Write them all in one order, or set date_order to day_first or "
            "month_first to have the others refused row by row."
        )
        values = {"column": self.column, "day": day.value, "day_place": day.location}
        return MixedDateOrders(Message(template, values | {"month": month.value, "month_place": month.location}))

    def _half_converted(self, cell: Evidence, text: Evidence) -> MixedDateOrders:
        """A spreadsheet that opened text in another order has swapped the dates it could and left the others."""
        template = N_(
            "Column {column} has date cells ({cell}, {cell_place}) and dates as text ({text!r}, {text_place}): a "
            "spreadsheet may have swapped day and month of those it took for dates. Export the column as text, or set "
            "date_order to day_first or month_first if the date cells are right."
        )
        values = {"column": self.column, "cell": cell.value, "cell_place": cell.location}
        return MixedDateOrders(Message(template, values | {"text": text.value, "text_place": text.location}))

    def _question(self, example: Evidence) -> AmbiguousDates:
        day, month = self._both_days(example.value)
        template = N_(
            "Every date of column {column} reads both ways: is {value!r} ({place}) {day_first} or {month_first}? "
            "Set date_order to day_first or to month_first."
        )
        values = {"column": self.column, "value": example.value, "place": example.location}
        readings = {"day_first": date_of(day), "month_first": date_of(month)}
        return AmbiguousDates(Message(template, values | readings))

    @staticmethod
    def _both_days(text: str) -> tuple[int, int]:
        written = read_date(text)
        if isinstance(written, Message) or written.day_first is None or written.month_first is None:
            raise InternalError(Message(N_("{text!r} was taken for a date that reads both ways"), {"text": text}))
        return written.day_first, written.month_first


# The days of a date column, whatever it is made of: written dates, date cells of a workbook, or a typed column.


def read_days(block: Block, source: ColumnSource, orders: DateReader, sheet: str | None) -> NDArray[np.int32]:
    """The day of each row of a block, NO_DAY where it is none; raises as `DateReader.days`."""
    column = block.column(source.indices[0]) if len(source.indices) == 1 else None
    if column is not None and not isinstance(column, list) and pa.types.is_temporal(column.type):
        return _typed_days(column)
    cells = read_cells(block, source)
    texts = [date_text(cell) for cell in cells.cells]
    locate = locator(block, cells, sheet)
    typed = next((text for text, cell in zip(texts, cells.cells, strict=True) if isinstance(cell, dt.date)), None)
    if typed is not None and orders.date_cell is None:
        orders.date_cell = Evidence(typed, locate(typed))
    return orders.days(texts, locate)[cells.index]


def _typed_days(column: Any) -> NDArray[np.int32]:
    """Days of a date or time stamp column: the local date where it has a zone."""
    if pa.types.is_timestamp(column.type):
        if column.type.tz is not None:
            import pyarrow.compute as pc

            column = pc.local_timestamp(column)
        column = column.cast(pa.timestamp("s"), safe=False)
    days = numbers_of(column.cast(pa.date32(), safe=False).cast(pa.int32()).fill_null(int(NO_DAY)))
    return np.where((days >= EARLIEST_DAY) & (days <= LATEST_DAY), days, NO_DAY).astype(np.int32)
