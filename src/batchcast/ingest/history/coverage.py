"""What a history does not cover: stretches without any row where there usually are some, and sites that end early.

A stretch is told from chance by the rows that would be usual in it, by the weekday, and by how evenly they come. The
bounds: a pass over the periods of each site.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import DAYS_IN_WEEK, Calendar, Frequency, date_of
from batchcast.domain.errors import N_, Message, listed
from batchcast.domain.history import Gap
from batchcast.ingest.history.patterns import DateCounts

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_LEAST_USUAL = 5.0  # rows that would be usual in a stretch, and ...
_LEAST_SERIES = 5  # rows of one period: of fewer series all may have no demand
_FEWEST = 3  # of both, where nearly every period has the same rows: then one without any stands out
_NEARLY_ALL = 0.9  # share of the periods
_LIKELY = 20.0  # of so many files, chance explains the end of a site in one; divided by the number of sites
_LONGER_PAUSE = 1.25  # than any before, that it is at least where it is unlikely and not ruled out; and as long as ...
_SHORTEST_END = {Frequency.DAILY: 5, Frequency.WEEKLY: 1, Frequency.MONTHLY: 1}  # so many periods
_UNLIKELY = 12.0  # -log of the chance of none, of a Poisson distribution; divided by how much more unevenly rows come
_MOST_EVEN = 0.1  # variance of the rows of a period, divided by their mean
_LEAST_PERIODS = 6  # with rows, of a site that shows what is usual
_AROUND = {Frequency.DAILY: 91, Frequency.WEEKLY: 26, Frequency.MONTHLY: 12}  # periods that show it before and after
_SHORTEST_GAP = 14  # days of daily rows: shorter stretches are holidays
_LONGEST_GAP = 93  # days of one site: it may have had no demand for longer, as a closed one
_YEAR, _SHIFT = 365, 21  # days: a stretch that comes each year is a pause, though feasts move
_RECENT = 25  # weeks or months
_LEAST_DAYS = 7  # of the last month of daily dates, that are compared with the same days of others
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Periods without a row."""

    start: int  # position of the first one
    stop: int  # and of the one after the last
    usual: float  # rows that would be usual

    @property
    def length(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteCoverage:
    """Where the rows of one site end."""

    last_date: dt.date
    ends_early: bool  # fewer rows than chance is likely to explain are between it and the last of all sites ...
    end_is_doubtful: bool  # ... and not so many fewer that chance is ruled out
    recent: tuple[int, ...]  # rows of the last weeks or months; of daily dates, months up to that day of the last
    recent_quantities: tuple[float, ...]  # the sums of their quantities


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """What a history covers."""

    sites: Sequence[SiteCoverage | None]  # in the order given; None where there is no row
    gaps: tuple[Gap, ...]
    notes: tuple[Message, ...]


def find_coverage(dates: DateCounts, frequency: Frequency) -> Coverage:
    """What a history covers, by its dates after `decide_frequency`."""
    view = _View.of(dates, frequency)
    of_all = view.rows(dates.of_sites.sum(axis=0))
    common = _stretches(of_all, view)
    recent = _LastPeriods.of(dates, view)
    likely = math.log(_LIKELY * max(int(np.count_nonzero(dates.of_sites.any(axis=1))), 1))
    missing = [one for one in common if view.is_missing(one, common)]
    sites: list[SiteCoverage | None] = []
    own: list[tuple[str, _Stretch]] = []
    for row, site in enumerate(dates.sites):
        rows = view.rows(dates.of_sites[row])
        found = _stretches(rows, view)
        sites.append(None)
        if rows.any():
            end = _end_of(rows, view, found, of_all)
            is_early = end.is_sure or end.evidence >= likely
            covered = _covered(dates, row, view, recent)
            sites[-1] = replace(covered, ends_early=is_early, end_is_doubtful=is_early and not end.is_sure)
        if len(dates.sites) > 1:
            alone = [one for one in found if not any(_overlap(one, other) for other in common)]
            own += [(site, one) for one in alone if view.is_missing(one, alone)]
    gaps = [
        *(view.gap(one) for one in missing),
        *(view.gap(one, site) for site, one in own if view.days(one) <= _LONGEST_GAP),
    ]
    return Coverage(sites=sites, gaps=tuple(gaps), notes=tuple(_notes(view, common, own, gaps)))


@dataclass(frozen=True, kw_only=True, slots=True)
class _View:
    """The periods of the dates."""

    calendar: Calendar
    first: int  # period
    place: NDArray[np.int32]  # of each date among the periods
    slots: NDArray[np.int64]  # of each period: what is usual is told apart by it
    count: int

    @classmethod
    def of(cls, dates: DateCounts, frequency: Frequency) -> _View:
        weekdays = np.bincount((dates.days + 3) % DAYS_IN_WEEK, minlength=DAYS_IN_WEEK)  # 1970-01-01 was a Thursday
        calendar = Calendar(frequency=frequency, week_start=int(np.argmax(weekdays)))
        periods = calendar.periods_of_days(dates.days)
        first, count = int(periods.min()), int(periods.max() - periods.min()) + 1
        slots = np.arange(first, first + count) % DAYS_IN_WEEK if frequency is Frequency.DAILY else np.zeros(count)
        return cls(calendar=calendar, first=first, place=periods - first, slots=slots.astype(np.int64), count=count)

    @property
    def around(self) -> int:
        """Periods before and after a stretch that show what is usual in it."""
        return _AROUND[self.calendar.frequency]

    def rows(self, of_dates: Counts) -> Floats:
        """Rows of each period."""
        return np.bincount(self.place, weights=of_dates, minlength=self.count).astype(np.float64)

    def gap(self, one: _Stretch, site: str | None = None) -> Gap:
        first, last = self.calendar.first_day(self.first + one.start), self.calendar.last_day(self.first + one.stop - 1)
        return Gap(first=date_of(first), last=date_of(last), site_code=site)

    def days(self, one: _Stretch) -> int:
        """Days of a stretch."""
        gap = self.gap(one)
        return (gap.last - gap.first).days + 1

    def is_missing(self, one: _Stretch, others: Sequence[_Stretch]) -> bool:
        """Whether a stretch may not have been exported: it is long, and does not come each year."""
        if self.calendar.frequency is Frequency.DAILY and self.days(one) < _SHORTEST_GAP:
            return False
        gap = self.gap(one)
        apart = [abs((self.gap(other).first - gap.first).days) for other in others if 2 * other.length >= one.length]
        return not any(days > _SHIFT and min(days % _YEAR, -days % _YEAR) <= _SHIFT for days in apart)


@dataclass(frozen=True, slots=True)
class _End:
    """Whether rows end before those of other sites."""

    evidence: float  # -log of the chance of no row after the last one
    is_sure: bool  # chance does not explain it


def _end_of(rows: Floats, view: _View, missing: Sequence[_Stretch], of_all: Floats) -> _End:
    """Whether rows end before those of all sites, and longer than they ever paused while others had some."""
    seen = np.flatnonzero(rows)
    place = np.cumsum(of_all > 0)  # of each period among those in which any site has a row
    pauses = np.diff(place[seen])[~np.isin(seen[:-1] + 1, [one.start for one in missing])]
    rest, longest = int(place[-1] - place[seen[-1]]), int(pauses.max(initial=1)) - 1
    if len(seen) < _LEAST_PERIODS or rest <= longest:
        return _End(0.0, is_sure=False)
    usual, unevenness = _usual(rows, view, seen)
    expected = float(usual[seen[-1] + 1 :].sum()) * _recent_share(rows, usual, int(seen[-1]) + 1, -view.around)
    is_enough = _shows_usual(rows, seen) and expected >= _least_usual(rows, seen)
    is_short = rest <= _LONGER_PAUSE * longest or view.count - 1 - seen[-1] < _SHORTEST_END[view.calendar.frequency]
    evidence = 0.0 if is_short else expected / unevenness
    return _End(evidence, is_sure=is_enough and expected >= _UNLIKELY * unevenness)


@dataclass(frozen=True, slots=True)
class _LastPeriods:
    """The last weeks or months, up to as many days of each as the last one of daily dates has."""

    place: NDArray[np.int32]  # of each date among all such periods
    counted: NDArray[np.bool_]  # which dates are in one
    count: int

    @classmethod
    def of(cls, dates: DateCounts, view: _View) -> _LastPeriods:
        if view.calendar.frequency is not Frequency.DAILY:
            return cls(view.place, np.ones(len(dates.days), dtype=np.bool_), view.count)
        by_month = Calendar(frequency=Frequency.MONTHLY)
        months = by_month.periods_of_days(dates.days)
        numbers = dates.days - by_month.first_days(months)
        begin, end = np.argmin(dates.days), np.argmax(dates.days)
        first = int(months[begin]) + int(numbers[begin] > 0)  # of the first month the first days may be missing
        counted = (months >= first) & (numbers <= numbers[end])
        is_short = int(numbers[end]) + 1 < _LEAST_DAYS
        return cls(months - first, counted, 0 if is_short else int(months[end]) - first + 1)

    def sums(self, of_dates: NDArray[np.int64 | np.float64], since: int) -> list[float]:
        """The sum of each but those before one; at most the last of them."""
        weights = of_dates[self.counted]
        sums = np.bincount(self.place[self.counted], weights=weights, minlength=self.count)
        return [float(one) for one in sums[max(self.count - _RECENT, since) :]]

    def first_with(self, of_dates: NDArray[np.int64]) -> int:
        """The first that holds anything; beyond all where none does."""
        held = self.place[self.counted & (of_dates > 0)]
        return int(held.min(initial=self.count))


def _covered(dates: DateCounts, row: int, view: _View, recent: _LastPeriods) -> SiteCoverage:
    """A site that has rows, as it would be if it did not end early."""
    rows = dates.of_sites[row]
    since = recent.first_with(rows)
    counts = recent.sums(rows, since) if recent.count else []
    quantities = recent.sums(dates.quantities[row], since) if recent.count and dates.quantities is not None else []
    return SiteCoverage(
        last_date=date_of(view.calendar.first_day(view.first + int(view.place[rows > 0].max()))),
        ends_early=False,
        end_is_doubtful=False,
        recent=tuple(map(int, counts)),
        recent_quantities=tuple(round(one, 6) for one in quantities),
    )


def _stretches(rows: Floats, view: _View) -> list[_Stretch]:
    """The stretches between two rows that chance does not explain."""
    seen = np.flatnonzero(rows)
    if not _shows_usual(rows, seen):
        return []
    usual, unevenness = _usual(rows, view, seen)
    sums = np.concatenate([[0.0], np.cumsum(usual)])
    expected = sums[seen[1:]] - sums[seen[:-1] + 1]
    least = max(_least_usual(rows, seen), _UNLIKELY * unevenness)
    found = []
    for k in np.flatnonzero(expected >= least).tolist():
        start, stop = int(seen[k]) + 1, int(seen[k + 1])
        share = min(_recent_share(rows, usual, start, -view.around), _recent_share(rows, usual, stop, view.around))
        found.append(_Stretch(start, stop, float(expected[k] * share)))
    return [one for one in found if one.usual >= least]


def _shows_usual(rows: Floats, seen: NDArray[np.int64]) -> bool:
    least = _FEWEST if _is_even(rows, seen) else _LEAST_SERIES
    return len(seen) >= _LEAST_PERIODS and bool(rows.max() >= least)


def _least_usual(rows: Floats, seen: NDArray[np.int64]) -> float:
    return _FEWEST if _is_even(rows, seen) else _LEAST_USUAL


def _is_even(rows: Floats, seen: NDArray[np.int64]) -> bool:
    """Whether nearly every period with rows has as many as the others."""
    return bool(np.count_nonzero(rows[seen] == rows.max()) >= _NEARLY_ALL * len(seen))


def _usual(rows: Floats, view: _View, seen: NDArray[np.int64]) -> tuple[Floats, float]:
    """The rows that are usual in each period, and their variance divided by their mean."""
    span = slice(int(seen[0]), int(seen[-1]) + 1)
    each = np.bincount(view.slots[span], minlength=DAYS_IN_WEEK)
    mean = np.bincount(view.slots[span], weights=rows[span], minlength=DAYS_IN_WEEK) / np.maximum(each, 1)
    usual = mean[view.slots]
    squares = float(((rows[span] - usual[span]) ** 2).sum())
    return usual, max(squares / float(rows[span].sum()), _MOST_EVEN)


def _recent_share(rows: Floats, usual: Floats, at: int, around: int) -> float:
    """The rows of the periods before or after a place, divided by those that are usual; 1 at most."""
    near = slice(max(at + around, 0), at) if around < 0 else slice(at, at + around)
    return min(float(rows[near].sum()) / max(float(usual[near].sum()), 1e-9), 1.0)


def _overlap(one: _Stretch, other: _Stretch) -> bool:
    return one.start < other.stop and other.start < one.stop


def _notes(
    view: _View, common: Sequence[_Stretch], own: Sequence[tuple[str, _Stretch]], gaps: Sequence[Gap]
) -> Iterator[Message]:
    """What a person should know, the worst first; `gaps` are those that count as not observed."""
    missing_of_all = N_(
        "No part has a row {stretches}, where {usual:,} would be usual: it may not have been exported. It counts as "
        "not observed, and other demand stands in for it. Export it again; or add a row with 0 in it if there was none."
    )
    missing_of_site = N_(
        "There is no row of {stretches}, where {usual:,} would be usual and other sites have theirs: it may not have "
        "been exported. It counts as not observed, and other demand stands in for it. Export it again; or add a row "
        "with 0 in it if there was none."
    )
    none_of_all = N_(
        "No part has a row {stretches}, where {usual:,} would be usual. As it is short or comes each year, it counts "
        "as days without demand; if it was not exported, export it again."
    )
    none_of_site = N_(
        "There is no row of {stretches}, where {usual:,} would be usual and other sites have theirs. As it is so long, "
        "it counts as days without demand; if it was not exported, export it again."
    )
    found = [(view.gap(one), one.usual) for one in common]
    found += [(view.gap(one, site), one.usual) for site, one in own]
    templates = {
        (False, False): missing_of_all,
        (True, False): missing_of_site,
        (False, True): none_of_all,
        (True, True): none_of_site,
    }
    for (is_of_site, is_none), template in templates.items():
        mine = [(g, n) for g, n in found if (g.site_code is not None, g not in gaps) == (is_of_site, is_none)]
        if mine:
            usual = round(sum(count for _, count in mine))
            yield Message(template, {"stretches": _listed([_from_to(gap) for gap, _ in mine]), "usual": usual})


def _from_to(gap: Gap) -> Message:
    values = {"first": gap.first, "last": gap.last}
    said = Message(N_("from {first} to {last}"), values) if gap.last > gap.first else Message(N_("on {first}"), values)
    return said if gap.site_code is None else Message(N_("site {site} {when}"), {"site": gap.site_code, "when": said})


def _listed(each: Sequence[Message]) -> Message:
    """Some of them, with commas between; how many there are more."""
    shown, rest = listed(each[:_SHOWN]), len(each) - _SHOWN
    return Message(N_("{listed} and {count} more"), {"listed": shown, "count": rest}) if rest > 0 else shown
