"""Reversals: returns that take back exactly what was booked before, counted on the day of the booking.

A booking of 1,000 that is reversed a month later was never demanded. Netted within its own period only, the reversal
would leave 1,000 in the month of the booking, and nothing in its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import date_of
from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.names import shortened
from batchcast.ingest.history.accumulate import DAY_BITS, Totals, Whole
from batchcast.ingest.history.stockouts import Answers
from batchcast.ingest.rows.runs import FileRows
from batchcast.ingest.values.keys import Codes
from batchcast.ingest.values.numberstyle import Quantities

WINDOW_DAYS = 92  # from a booking to its reversal, at most: a quarter
_MOST_ROWS = 1 << 23  # that are kept for comparison, of 16 bytes each


class _Rows(NamedTuple):
    """Rows in any order, shape (rows,) each."""

    series: Any  # numbers
    days: Any  # by their number, or since 1970-01-01
    quantities: Any


class _Pairs(NamedTuple):
    """Bookings and their reversals, shape (pairs,) each."""

    series: Whole
    booked: Whole  # days since 1970-01-01
    reversed: Whole
    quantities: Quantities


class Reversals:
    """The rows of an input among which bookings and their reversals are found, once all are read."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, _Rows]] = []  # with their file
        self._lines: list[Codes] = []  # of tables with several quantities a line: the line of each row
        self._count = 0
        self._returned: list[Codes] = []  # series that have returns

    def add(
        self,
        file: str,
        series: Codes,
        days: NDArray[np.int32],
        quantities: Quantities,
        lines: Codes | None = None,
    ) -> None:
        """Add rows of a file: shape (rows,) each, days by their number; `lines` where a line has several of them."""
        is_return = quantities < 0
        if is_return.any():
            self._returned.append(np.unique(series[is_return]))
        self._count += len(series)
        self._rows.append((file, _Rows(series, days, quantities)))
        if lines is not None:
            self._lines.append(lines)
        if self._count > _MOST_ROWS:
            self._rows, self._lines = [], []

    def rows_of_one_file(self) -> FileRows | None:
        """All rows in the order of the file; None where there are several files, or too many rows."""
        if not self._rows or len({file for file, _ in self._rows}) > 1:
            return None
        series, days, quantities = (
            np.concatenate(column) for column in zip(*(rows for _, rows in self._rows), strict=True)
        )
        lines = np.concatenate(self._lines) if self._lines else np.arange(len(series))
        order = np.argsort(lines, kind="stable") if self._lines else slice(None)
        return FileRows(
            series.astype(np.int64)[order],
            days.astype(np.int64)[order],
            quantities[order],
            lines.astype(np.int64)[order],
        )

    def settle(
        self, totals: Totals, days: Whole, taken_off: Mapping[str, Whole], name_of: Callable[[int], dict[str, str]]
    ) -> list[Message]:
        """Move each return that reverses a booking to the day of the booking; no sum over all days changes.

        Args:
            totals: of all rows; changed.
            days: since 1970-01-01, by their number.
            taken_off: by file, the rows that do not count: their `series << DAY_BITS | day`, ascending.
            name_of: the part and site of a series by its number, for a sentence.

        Returns:
            What a person should know.
        """
        if not self._returned:
            return []
        if self._count > _MOST_ROWS:
            template = N_(
                "Returns are netted in their own period: {count:,} rows are too many to look for the bookings that "
                "they reverse."
            )
            return [Message(template, {"count": self._count})]
        pairs = _pair(self._rows_of_returned(taken_off), days)
        if not len(pairs.series):
            return []
        order = np.argsort(days)
        booked, back = (
            order[np.searchsorted(days[order], at)].astype(np.int32) for at in (pairs.booked, pairs.reversed)
        )
        series = pairs.series.astype(np.int32)
        totals.add(series, back, pairs.quantities)
        totals.add(series, booked, -pairs.quantities)
        totals.finish()
        return [_note(pairs, name_of)]

    def _rows_of_returned(self, taken_off: Mapping[str, Whole]) -> _Rows:
        """The rows that count, of the series that have returns."""
        returned = np.unique(np.concatenate(self._returned))
        found = []
        for file, rows in self._rows:
            kept = np.isin(rows.series, returned) & (rows.quantities != 0)
            if file in taken_off:
                kept &= ~np.isin((rows.series.astype(np.int64) << DAY_BITS) | rows.days, taken_off[file])
            found.append([column[kept] for column in rows])
        return _Rows(*(np.concatenate(columns) for columns in zip(*found, strict=True)))


def _pair(rows: _Rows, days: Whole) -> _Pairs:
    """Each return with the latest earlier booking of its quantity that no other return has; those of other days."""
    size, is_return, day = np.abs(rows.quantities), rows.quantities < 0, days[rows.days]
    order = np.lexsort((is_return, day, size, rows.series))  # bookings of a day before its returns
    series, size, day, is_return = rows.series[order], size[order], day[order], is_return[order]
    group = np.cumsum(np.append(True, (series[1:] != series[:-1]) | (size[1:] != size[:-1]))) - 1
    has_both = (np.bincount(group, is_return) > 0) & (np.bincount(group, ~is_return) > 0)
    at = np.flatnonzero(has_both[group])
    booked, back = _latest_first(group[at].tolist(), day[at].tolist(), is_return[at].tolist())
    first, second = at[booked], at[back]
    other_day = day[first] != day[second]
    first, second = first[other_day], second[other_day]
    return _Pairs(series[first].astype(np.int64), day[first], day[second], size[first])


def _latest_first(groups: list[int], days: list[int], is_return: list[bool]) -> tuple[Whole, Whole]:
    """Positions of bookings and of the returns that reverse them, of rows in the order of group and day."""
    pairs: list[tuple[int, int]] = []
    waiting: list[int] = []  # bookings of the group, the latest last
    for at, group in enumerate(groups):
        if at and group != groups[at - 1]:
            waiting = []
        if not is_return[at]:
            waiting.append(at)
        elif waiting and days[at] - days[waiting[-1]] <= WINDOW_DAYS:
            pairs.append((waiting.pop(), at))
    positions = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return positions[:, 0], positions[:, 1]


def _note(pairs: _Pairs, name_of: Callable[[int], dict[str, str]]) -> Message:
    largest = int(np.lexsort((pairs.series, pairs.booked, -pairs.quantities))[0])
    template = N_(
        "Returns that reverse an earlier booking of the same quantity are netted on its day: {count:,}, {total:,.15g} "
        "units in all. The largest: {quantity:,.15g} of part {part!r} at site {site!r}, booked on {booked}, reversed "
        "on {reversed}."
    )
    values = {
        "count": len(pairs.series),
        "total": float(pairs.quantities.sum()),
        "quantity": float(pairs.quantities[largest]),
        "booked": date_of(int(pairs.booked[largest])),
        "reversed": date_of(int(pairs.reversed[largest])),
    }
    return Message(
        template, values | {kind: shortened(text) for kind, text in name_of(int(pairs.series[largest])).items()}
    )


# Rows that are in the history but are not learned from, as a column says: planned demand, projects, mistakes.


class Exclusions(Answers):
    """The rows that are excluded, with series and days numbered from 0 as they are met."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, Codes, NDArray[np.int32], Quantities]] = []  # with their file

    def add(self, file: str, series: Codes, days: NDArray[np.int32], quantities: Quantities) -> None:
        """Add excluded rows of a file: shape (rows,) each."""
        if len(series):
            self._rows.append((file, series, days, quantities))

    def without(self, totals: Totals, taken_off: Mapping[str, Whole]) -> Totals | None:
        """The totals without what is excluded, exactly; None where nothing is.

        Args:
            totals: of all rows.
            taken_off: by file, the rows that are not among them: their `series << DAY_BITS | day`.
        """
        if not self._rows:
            return None
        learned = deepcopy(totals)
        for file, series, days, quantities in self._rows:
            counted = ~np.isin((series.astype(np.int64) << DAY_BITS) | days, taken_off.get(file, ()))
            learned.add(series[counted], days[counted], -quantities[counted])
        learned.finish()
        return learned

    def notes(self, column: str) -> list[Message]:
        """What a person should know of them; `column` is the name of the one that says so."""
        found = []
        if self._rows:
            template = N_(
                "Rows that stay in the history and are not learned from, as column {column} says: {count:,}, "
                "{total:,.15g} units in all."
            )
            count, total = (sum(measure(rows[3]) for rows in self._rows) for measure in (len, np.sum))
            found.append(Message(template, {"count": count, "column": column, "total": float(total)}))
        if self.unclear:
            template = N_("{count} cells of {column} say neither yes nor no, such as {example!r}; they count as no.")
            found.append(Message(template, {"count": self.unclear, "column": column, "example": self.example}))
        return found
