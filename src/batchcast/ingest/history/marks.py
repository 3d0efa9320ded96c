"""What planners have marked on the history of a part: days that are not learned from, and days out of stock.

Both kinds of days count as out of stock in the history file: other demand stands in for them, and no backtest judges a
forecast by them. What was demanded on an excluded day is left out of what is learned from besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import DAYS_IN_WEEK, Frequency, day_of
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import EXCLUDE, HistoryMark, mark_of

_NAMED = 3  # marks that a note names


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkedDays:
    """The marks that concern a file, each with the number of its series."""

    series: tuple[int, ...] = ()
    marks: tuple[HistoryMark, ...] = ()  # of the same length
    frequency: Frequency = Frequency.DAILY  # of the dates of the file

    def __bool__(self) -> bool:
        return bool(self.marks)

    @property
    def excludes(self) -> bool:
        """Some of them leave demand out."""
        return any(mark.kind == EXCLUDE for mark in self.marks)

    def learned(
        self,
        chosen: NDArray[np.int64],
        position: NDArray[np.int64],
        days: NDArray[np.int32],
        quantities: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """The quantities without those of excluded days: shape (totals,).

        Args:
            chosen: numbers of series.
            position: of each total among them, ascending.
            days: of each total, since 1970-01-01, ascending within a position.
            quantities: of each total.
        """
        left = quantities.copy()
        for place, mark in self._of(chosen):
            if mark.kind == EXCLUDE:
                start, stop = np.searchsorted(position, [place, place + 1])
                begin, end = _dates_of(mark, self.frequency)
                low = start + np.searchsorted(days[start:stop], begin)
                left[low : start + np.searchsorted(days[start:stop], end, side="right")] = 0.0
        return left

    def beside(
        self, chosen: NDArray[np.int64], bounds: NDArray[np.int32], days: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Days out of stock of some series by their bounds, with the marked days among them, ascending in each."""
        places = [np.repeat(np.arange(len(chosen)), np.diff(bounds))]
        found = [days]
        for place, mark in self._of(chosen):
            found.append(np.arange(day_of(mark.first), day_of(mark.last) + 1, dtype=np.int32))
            places.append(np.full(len(found[-1]), place))
        pairs = np.unique(np.stack([np.concatenate(places), np.concatenate(found)], axis=1).astype(np.int64), axis=0)
        merged = np.zeros(len(chosen) + 1, dtype=np.int32)
        np.cumsum(np.bincount(pairs[:, 0], minlength=len(chosen)), out=merged[1:])
        return merged, pairs[:, 1].astype(np.int32)

    def notes(self) -> list[Message]:
        """What a person should know of them."""
        if not self.marks:
            return []
        template = N_("Marks of planners that are used: {count:,}, such as {marks}. {@use_marks=off} leaves them out.")
        named = "; ".join(map(str, islice(self.marks, _NAMED)))
        return [Message(template, {"count": len(self.marks), "marks": named})]

    def _of(self, chosen: NDArray[np.int64]) -> Iterator[tuple[int, HistoryMark]]:
        """The marks of some series, each with its place among them."""
        places = {int(number): place for place, number in enumerate(chosen)}
        for number, mark in zip(self.series, self.marks, strict=True):
            if number in places:
                yield places[number], mark


def find_marked(
    texts: Sequence[str],
    numbers_of: Callable[[], Mapping[tuple[str, str], int]],
    span: tuple[int, int],
    frequency: Frequency,
) -> MarkedDays:
    """The marks that concern the parts and days of a file.

    Args:
        texts: the marks.
        numbers_of: gives the number of each series by site and part; asked where there are marks.
        span: the first and the last day of the file, since 1970-01-01.
        frequency: of its dates.
    """
    marks = [mark for mark in map(mark_of, texts) if mark is not None]
    if not marks:
        return MarkedDays()
    (first, last), numbers = span, numbers_of()
    found = []
    for mark in marks:
        number = numbers.get((mark.site_code, mark.partnumber))
        begin, end = _dates_of(mark, frequency)
        if number is not None and end >= first and begin <= last:
            found.append((number, mark))
    return MarkedDays(
        series=tuple(number for number, _ in found), marks=tuple(mark for _, mark in found), frequency=frequency
    )


def _dates_of(mark: HistoryMark, frequency: Frequency) -> tuple[int, int]:
    """The first and the last day that demand of its periods is dated on: a month or week on its first day."""
    if frequency is Frequency.MONTHLY:
        return day_of(mark.first.replace(day=1)), day_of(mark.last)
    return day_of(mark.first) - (DAYS_IN_WEEK - 1 if frequency is Frequency.WEEKLY else 0), day_of(mark.last)
