"""Patterns of dates: one a month or one a week, of a site and of each of its parts; a few may not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Frequency

Days = NDArray[np.int32]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
LEAST_MONTHS = 6  # dates of one site that make its months certain
LEAST_WEEKS = 8  # likewise, where all are on one weekday
_LEAST_WEEKS_WITH_STRAYS = 12
_FEW_DATES, _FEW = 0.1, 0.05  # shares of dates and observations that may not fit; two always may, three of ...
_MANY_DATES = 15
REGULAR = 0.7  # share of the months or weeks of a part that have its date
YEAR = 12  # months
NEARLY_ALL = 0.9  # share of the months of a part that have its one date, on whatever day


@dataclass(frozen=True, kw_only=True, slots=True)
class PartDates:
    """The dates with demand of some parts of a site."""

    parts: Sequence[str]
    position: NDArray[np.int64]  # of the part of each date
    days: Days  # same shape, ascending within a part


@dataclass(frozen=True, kw_only=True, slots=True)
class DateCounts:
    """How often each date occurs: an observation is a series that has a row on it."""

    days: Days  # since 1970-01-01, by their number, in any order
    sites: Sequence[str]
    of_sites: Counts  # (sites, days), observations
    dates_are_months: bool  # some date was written without a day
    of_parts: Callable[[int], PartDates] | None = None  # of some parts of a site, by its row
    quantities: NDArray[np.float64] | None = None  # (sites, days), sums on the last days; 0 on those before


@dataclass(frozen=True, slots=True)
class Pattern:
    """The finest frequency that the dates of one site, or of all, show."""

    frequency: Frequency
    fits: Flags  # (days,)


def frequencies_of_parts(given: PartDates) -> dict[int, Frequency]:
    """The frequency of each part, by its position, where it has dates enough to show one.

    Monthly: one date a month, always on the same day of it or the same day before its end, or on any day where nearly
    all of many months have it. Weekly: always one weekday.
    """
    months = given.days.astype("datetime64[D]").astype("datetime64[M]")
    from_start = given.days - months.astype("datetime64[D]").astype(np.int32)
    to_end = (months + 1).astype("datetime64[D]").astype(np.int32) - given.days
    parts, first, counts = np.unique(given.position, return_index=True, return_counts=True)
    if not len(parts):
        return {}
    monthly = _constant(from_start, first) | _constant(to_end, first)
    month_numbers = months.astype(np.int64)
    span = month_numbers[first + counts - 1] - month_numbers[first] + 1
    monthly |= (counts >= YEAR) & (counts >= NEARLY_ALL * span)
    monthly &= are_regular(month_numbers, first, counts, 1)
    weekly = (counts >= LEAST_WEEKS) & are_regular(given.days, first, counts, 7)
    coarse = np.where(monthly, 0, np.where(weekly, 1, 2))
    kinds = (Frequency.MONTHLY, Frequency.WEEKLY, Frequency.DAILY)
    enough = counts >= LEAST_MONTHS
    return {int(part): kinds[kind] for part, kind in zip(parts[enough], coarse[enough].tolist(), strict=True)}


def _constant(values: NDArray[Any], first: NDArray[Any]) -> Flags:
    """Which groups hold one value alone; a group begins at each place of `first`."""
    same: Flags = np.maximum.reduceat(values, first) == np.minimum.reduceat(values, first)
    return same


def are_regular(periods: NDArray[Any], first: NDArray[Any], counts: Counts, length: int) -> Flags:
    """In which groups ascending numbers are multiples of a length apart, and few of them are missing."""
    steps = np.diff(periods, prepend=periods[0])
    is_off = (steps <= 0) | (steps % length != 0)
    is_off[first] = False
    span = (periods[first + counts - 1] - periods[first]) // length + 1
    regular: Flags = ~np.logical_or.reduceat(is_off, first) & (counts >= REGULAR * span)
    return regular


def find_pattern(days: Days, counts: Counts) -> Pattern | None:
    """One date a month or a week, but for a few; None where most dates are neither."""
    present = counts > 0
    monthly = max(_monthly(days, counts), key=lambda fits: int(counts[fits].sum()))
    if np.count_nonzero(monthly & present) >= LEAST_MONTHS and are_few(counts, present & ~monthly):
        return Pattern(Frequency.MONTHLY, monthly)
    weekdays = (days + 3) % 7  # 1970-01-01 was a Thursday
    weekly = weekdays == int(np.argmax(np.bincount(weekdays, weights=counts, minlength=7)))
    strays = present & ~weekly
    least = _LEAST_WEEKS_WITH_STRAYS if strays.any() else LEAST_WEEKS
    if np.count_nonzero(weekly & present) >= least and are_few(counts, strays):
        return Pattern(Frequency.WEEKLY, weekly)
    return None


def _monthly(days: Days, counts: Counts) -> Iterable[Flags]:
    """Which days are the one of their month, for each rule that a month can be dated by."""
    dates: Any = days.astype("datetime64[D]")
    first = dates.astype("datetime64[M]").astype("datetime64[D]")
    last = (dates.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1
    numbers = (dates - first).astype(np.int64)
    usual = int(np.argmax(np.bincount(numbers, weights=counts)))
    anchor = np.minimum(first + usual, last)
    for day in (anchor, last, first):
        weekday = (day.astype(np.int64) + 3) % 7
        yield dates == day
        yield dates == day - np.maximum(weekday - 4, 0)  # the business day before
        yield dates == day + np.where(weekday > 4, 7 - weekday, 0)  # and after


def are_few(counts: Counts, strays: Flags) -> bool:
    """Whether so few dates and observations are strays that they may be corrections, slips or holidays."""
    dates, observations = np.count_nonzero(counts), int(counts.sum())
    of_strays = np.count_nonzero(strays), int(counts[strays].sum())
    least = 3 if dates >= _MANY_DATES else 2
    return bool(of_strays[0] <= max(least, _FEW_DATES * dates) and of_strays[1] <= max(least, _FEW * observations))
