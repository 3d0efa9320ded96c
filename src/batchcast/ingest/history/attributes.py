"""What else the rows of a file say of each part: family, supplier, description, cost; one value a series is kept.

Where rows of a series differ, the value of its latest day counts; on one day that of most rows, then the first by its
letters. So the order of the rows changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.names import named_columns, shortened
from batchcast.ingest.common.source import Block
from batchcast.ingest.values.cells import DistinctCells, distinct
from batchcast.ingest.values.keys import Codes, key_text
from batchcast.ingest.values.numbers import read_number

MOST_CHARACTERS = 500  # of a value
_MOST_BYTES = 1 << 26  # of the distinct values of a column
_MOST_OTHERS = 1 << 21  # further values of series, of one column
_WAITING = 1 << 18  # rows before they are merged
_MOST_DIFFERING = 0.1  # share of the series with several rows that may differ, where the column was not asked for
_VALUE = (1 << 32) - 1  # the value in a pair of series and value


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """One column of attributes, once all rows are read."""

    name: str  # of the column in the file
    texts: Sequence[str]  # its distinct values
    values: Codes  # (series,), into the texts; -1 where no row says anything

    def of_series(self, chosen: NDArray[np.int64]) -> list[str | None]:
        """The value of some series."""
        texts = [*self.texts, None]
        return [texts[value] for value in self.values[chosen].tolist()]


@dataclass(frozen=True, kw_only=True, slots=True)
class Attributes:
    """What is kept of each series besides its demand."""

    texts: tuple[Attribute, ...] = ()
    costs: NDArray[np.float64] | None = None  # (series,), of a unit; NaN where it is unknown

    def tables(self, chosen: NDArray[np.int64]) -> Iterator[tuple[str, str, list[Any]]]:
        """Name of the column, `text` or `number`, and the values of some series."""
        for one in self.texts:
            yield columns.attribute_column(one.name), "text", one.of_series(chosen)
        if self.costs is not None:
            found = self.costs[chosen].tolist()
            yield columns.UNIT_COST, "number", [cost if cost == cost else None for cost in found]  # noqa: PLR0124 NaN


@dataclass
class AttributeColumn:
    """The values of one column, by series, as rows are read."""

    name: str
    is_asked: bool  # by a person: it is kept however much it differs
    _texts: list[str] = field(default_factory=list)
    _codes: dict[object, int] = field(default_factory=dict)
    _bytes: int = 0
    _lost: Message | None = None  # why it can't be kept
    _value: Codes = field(default_factory=lambda: np.empty(0, dtype=np.int32))  # the first that was met of each series
    _day: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))  # the latest that has it
    _rows: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    _others: list[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]] = field(default_factory=list)
    _waiting: int = 0

    def take(self, series: Codes, days: NDArray[np.int32], cells: DistinctCells) -> None:
        """Add the cells of some rows, with their series, -1 where it is none, and their days; shape (rows,) each."""
        if self._lost is not None:
            return
        codes = np.array([self._code(cell) for cell in cells.cells], dtype=np.int32)[cells.index]
        good = (codes >= 0) & (series >= 0)
        if self._lost is not None or not good.any():
            return
        if not good.all():
            series, days, codes = series[good], days[good], codes[good]
        self._grow(int(series.max()) + 1)
        is_new = self._value[series] < 0
        if is_new.any():
            self._value[series[is_new]] = codes[is_new]
        same = self._value[series] == codes
        if not same.all():
            other = ~same
            keys = (series[other].astype(np.int64) << 32) | codes[other]
            self._others.append((keys, days[other], np.ones(len(keys), dtype=np.int64)))
            self._waiting += len(keys)
            if self._waiting > _WAITING:
                self._merge()
            series, days = series[same], days[same]
        np.maximum.at(self._day, series, days)
        if len(series):
            first = int(series.min())
            counts = np.bincount(series - first)
            self._rows[first : first + len(counts)] += counts

    def settled(self, count: int, *, is_dated: bool) -> tuple[Attribute | None, tuple[int, int] | None, Message | None]:
        """The attribute of so many series, or None where it is none.

        Returns:
            The attribute; how many series differ, and one that does, where some do; and why it is lost, where it is.
        """
        self._merge()
        self._grow(count)  # the last ones may have no value
        if self._lost is not None:
            return None, None, self._lost if self.is_asked else None
        keys, days, rows = self._others[0]
        differing = np.unique(keys >> 32)
        known = np.flatnonzero(self._value >= 0)
        if not self.is_asked and not self._is_constant(differing, known, is_dated=is_dated):
            return None, None, None
        values = self._value.copy()
        if len(differing):
            pairs = np.concatenate([keys, (differing << 32) | values[differing]])
            days = np.concatenate([days, self._day[differing]])
            rows = np.concatenate([rows, self._rows[differing]])
            last = np.lexsort((-self._ranks()[pairs & _VALUE], rows, days, pairs >> 32))
            ends = np.flatnonzero(np.diff(pairs[last] >> 32, append=-1))
            best = pairs[last[ends]]
            values[best >> 32] = (best & _VALUE).astype(np.int32)
        told = (len(differing), int(differing[0])) if len(differing) else None
        return Attribute(name=self.name, texts=self._texts, values=values), told, None

    def _is_constant(self, differing: NDArray[np.int64], known: NDArray[np.int64], *, is_dated: bool) -> bool:
        """Whether it tells series apart, and nearly each of them has one value."""
        distinct = len(np.unique(self._value[known]))
        several = np.count_nonzero(self._rows[known] > 1) + np.count_nonzero(self._rows[differing] == 1)
        if distinct < 2 or len(differing) > _MOST_DIFFERING * several:
            return False
        return bool(several) or not is_dated or 2 * distinct <= len(known)

    def _code(self, cell: object) -> int:
        """The number of a value, -1 where the cell is blank."""
        code = self._codes.get(cell)
        if code is None:
            text = key_text(cell).strip()
            code = self._codes.get(("text", text), -1) if text else -1
            if text and code < 0:
                code = len(self._texts)
                self._texts.append(text)
                self._codes["text", text] = code
                self._bytes += len(text)
                self._check(text)
            self._codes[cell] = code
        return code

    def _check(self, text: str) -> None:
        if len(text) > MOST_CHARACTERS:
            template = N_("Column {column!r} is not kept: a value has {found:,} characters; at most {most:,} are kept.")
            values = {"column": self.name, "found": len(text), "most": MOST_CHARACTERS}
            self._lose(Message(template, values))
        elif self._bytes > _MOST_BYTES:
            template = N_("Column {column!r} is not kept: its different values have more than {most:,} characters.")
            self._lose(Message(template, {"column": self.name, "most": _MOST_BYTES}))

    def _lose(self, reason: Message) -> None:
        self._lost = self._lost or reason
        self._texts, self._codes, self._bytes, self._others, self._waiting = [], {}, 0, [], 0

    def _merge(self) -> None:
        """Bring further values of series together: each once, with its latest day and its rows."""
        empty = np.empty(0, dtype=np.int64)
        every = [*self._others, (empty, empty.astype(np.int32), empty)]
        keys, days, rows = (np.concatenate([one[place] for one in every]) for place in range(3))
        if len(keys):
            order = np.argsort(keys, kind="stable")
            keys = keys[order]
            starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
            days, rows = np.maximum.reduceat(days[order], starts), np.add.reduceat(rows[order], starts)
            keys = keys[starts]
        self._others, self._waiting = [(keys, days.astype(np.int32), rows)], 0
        if len(keys) > _MOST_OTHERS:
            template = N_("Column {column!r} is not kept: its value differs from row to row of most parts.")
            self._lose(Message(template, {"column": self.name}))

    def _ranks(self) -> NDArray[np.int64]:
        ranks = np.empty(len(self._texts), dtype=np.int64)
        encoded = [text.encode() for text in self._texts]
        ranks[sorted(range(len(encoded)), key=encoded.__getitem__)] = np.arange(len(encoded))
        return ranks

    def _grow(self, series: int) -> None:
        room = len(self._value)
        if series > room:
            more = max(2 * room, series) - room
            self._value = np.pad(self._value, (0, more), constant_values=-1)
            self._day = np.pad(self._day, (0, more), constant_values=np.iinfo(np.int32).min)
            self._rows = np.pad(self._rows, (0, more))


class AttributeColumns:
    """The columns of a file that are kept with its parts, as its rows are read."""

    def __init__(self, header: Sequence[str], attributes: Sequence[int], cost: int | None, *, is_asked: bool) -> None:
        self._columns = {index: AttributeColumn(header[index], is_asked) for index in attributes}
        if cost is not None:
            self._columns[cost] = AttributeColumn(header[cost], is_asked=True)
        self._cost = cost
        self._is_dated = False  # rows differ in their days

    def __bool__(self) -> bool:
        return bool(self._columns)

    def take(self, block: Block, series: Codes, days: NDArray[np.int32] | None) -> None:
        """Add the rows of a block with their series, -1 where it is none; the days are None where a row has several."""
        self._is_dated = self._is_dated or days is not None
        of_rows = np.zeros(len(series), dtype=np.int32) if days is None else days
        for index, column in self._columns.items():
            column.take(series, of_rows, distinct(block.column(index)))

    def settled(
        self, count: int, name_of: Callable[[int], Mapping[str, str]], style: str | None
    ) -> tuple[Attributes, list[Message]]:
        """What is kept of each series, once all rows are read, and what a person should know of it.

        Args:
            count: of all series.
            name_of: part and site of a series.
            style: the decimal sign of the quantities, where they show it.
        """
        kept: list[Attribute] = []
        notes: list[Message] = []
        costs: NDArray[np.float64] | None = None
        for index, column in self._columns.items():
            found, differing, lost = column.settled(count, is_dated=self._is_dated)
            notes += [lost] if lost is not None else []
            if found is None:
                continue
            if index == self._cost:
                costs, unread = _costs_of(found, style)
                notes += [] if unread is None else [unread]
                continue
            kept.append(found)
            if differing is not None:
                value = found.of_series(np.array([differing[1]]))[0] or ""
                named = name_of(differing[1])
                notes.append(_differing_note(found.name, differing[0], value, named, is_dated=self._is_dated))
        if kept:
            template = N_("Kept with each part, to filter and group by: {columns}.")
            notes.insert(0, Message(template, {"columns": named_columns([one.name for one in kept])}))
        return Attributes(texts=tuple(kept), costs=costs), notes


def _costs_of(found: Attribute, style: str | None) -> tuple[NDArray[np.float64] | None, Message | None]:
    """The cost of a unit of each series, NaN where there is none above 0; None with the reason where it can't be told.

    Args:
        found: the texts of the costs.
        style: the decimal sign of the quantities; None: they do not show it, so that the costs have to.
    """
    read = [read_number(text) for text in found.texts]
    written = [None if isinstance(one, Message) else one for one in read]
    both = [one.point is not None and one.comma is not None and one.point != one.comma for one in written if one]
    styles = {"comma" if one.point is None else "point" for one in written if one and None in (one.point, one.comma)}
    if style is None and (len(styles) > 1 or (any(both) and not styles)):
        template = N_(
            "Costs in column {column!r} are not used to rank the parts: their decimal sign can be read two ways. Set "
            "{@number_style} to say which."
        )
        return None, Message(template, {"column": found.name})
    chosen = style or next(iter(styles), "point")
    numbers = [None if one is None else one.comma if chosen == "comma" else one.point for one in written]
    values = [value if value is not None and value > 0 else np.nan for value in numbers]
    costs: NDArray[np.float64] = np.array([*values, np.nan])[found.values]
    return costs, None


def _differing_note(name: str, count: int, value: str, of: Mapping[str, str], *, is_dated: bool) -> Message:
    """What to say of a column whose value differs between the rows of some parts."""
    if is_dated:
        template = N_(
            "{column!r} differs between the rows of {count:,} parts, such as {part} ({site}); the latest value "
            "counts, {value!r} there."
        )
    else:
        template = N_(
            "{column!r} differs between the rows of {count:,} parts, such as {part} ({site}); the value of most rows "
            "counts, {value!r} there."
        )
    values = {"column": name, "count": count, **of, "value": shortened(value, 40)}
    return Message(template, values)
