"""Rows of totals, as reports add them: recognised by a word in their part or site, and confirmed by arithmetic.

Sums and averages without such a word, as of a region that stands beside its sites, are found by arithmetic alone where
there are dates enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.names import (
    TOTAL_STEMS,
    is_average_word,
    is_total_word,
    letter_of,
    shortened,
    without_total_word,
)
from batchcast.ingest.common.problems import GroupRows
from batchcast.ingest.common.source import Block
from batchcast.ingest.history.writer import AcceptedDemand
from batchcast.ingest.layout.holes import MOST_WRONG, no_periods
from batchcast.ingest.layout.layout import TotalColumn
from batchcast.ingest.values.keys import NO_KEY

_MOST_NAMED = 5
_MUCH_THE_SAME = 0.25  # of a total may be missing
_LEAST_DATES = 4  # with demand, on which a sum without a word agrees
_MOST_NESTED = 3  # levels of totals
_HALF = 0.5  # by which a rounded sum may differ
_QUARTER, _MONTHS = 3, 12
_YEAR_BEHIND = re.compile(r"\W+(?:19|20)\d{2}$")  # a name, as in P1 Total 2024
_LEAST_SUM = 10.0  # of one period, that others add up to by no chance
_MOST_CHECKED = 1000  # series with the word of a total; of more only those whose sums over all days agree


@dataclass(frozen=True, slots=True)
class Summaries:
    """Which series are sums of others, by their numbers."""

    exact: Sequence[int] = ()  # named so, and equal
    nearly: Sequence[int] = ()  # named so, and equal as far as rows that are missing let tell
    later: Sequence[int] = ()  # named so, and equal over each year, quarter or month
    unnamed: Sequence[int] = ()  # equal on every date
    kept: Sequence[int] = ()  # named so, and no sums

    @property
    def series(self) -> NDArray[np.int64]:
        """Those that are sums."""
        return np.array([*self.exact, *self.nearly, *self.later, *self.unnamed], dtype=np.int64)

    def notes(self, accepted: AcceptedDemand) -> list[Message]:
        """What to say of those of a demand history."""
        templates = {
            N_("Rows of totals are left out: {names}. They are the sum of other rows on every date."): self.exact,
            N_(
                "Rows of totals are left out: {names}. They are the sum of other rows, as far as rows that were "
                "refused or left out let tell."
            ): self.nearly,
            N_(
                "Rows of totals are left out: {names}. They are the sum of the rows of others over a month, a quarter "
                "or a year each."
            ): self.later,
            N_("{names} is named like a total but is not the sum of other rows: it is forecast as a part."): self.kept,
            N_(
                "Rows are left out, as they are the sum of others on every date, though nothing in their names says "
                "so: {names}."
            ): self.unnamed,
        }
        return [Message(one, {"names": _listed(accepted, series)}) for one, series in templates.items() if series]

    def notes_on_stock(self, accepted: AcceptedDemand) -> list[Message]:
        """What to say of those of a stock file."""
        left = N_("Rows of totals are left out: {names}. They hold the sum of other rows.")
        kept = N_("{names} is named like a total but does not hold the sum of other rows: it counts as a part.")
        found = {left: (*self.exact, *self.nearly), kept: self.kept}
        return [Message(one, {"names": _listed(accepted, series)}) for one, series in found.items() if series]


def find_summaries(accepted: AcceptedDemand, missing: int = 0) -> Summaries:
    """The series whose part or site names a total and whose quantities are the sum of others, and sums without a word.

    Args:
        accepted: all series.
        missing: rows that were refused or left out; a total that counted them differs on at most as many days.
    """
    named = _named(accepted)
    sums = _Sums(accepted)
    if not len(named) or len(named) == len(accepted.series_site):
        return Summaries(unnamed=_without_word(accepted, sums, np.empty(0, dtype=np.int64)))
    found: dict[str, list[int]] = {"exact": [], "nearly": [], "later": [], "kept": []}
    groups = _Groups(accepted, named)
    for one in named.tolist():
        every = list(groups.of(one))
        if len(named) > _MOST_CHECKED:
            every = [group for group in every if sums.may_agree(one, group)]
        found[_kind_of(one, every, sums, missing)].append(one)
    left = np.array([*found["exact"], *found["nearly"], *found["later"]], dtype=np.int64)
    return Summaries(**found, unnamed=_without_word(accepted, sums, left))


def _kind_of(one: int, groups: Sequence[NDArray[np.int64]], sums: _Sums, missing: int) -> str:
    """How a series that is named a total is the sum of one of some groups of others; `kept` where it is not."""
    if any(sums.agree(one, group) or sums.is_average(one, group) for group in groups):
        return "exact"
    if missing and any(sums.nearly_agree(one, group, missing) for group in groups):
        return "nearly"
    return "later" if any(sums.agree_over_time(one, group) for group in groups) else "kept"


def _without_word(accepted: AcceptedDemand, sums: _Sums, left: NDArray[np.int64]) -> list[int]:
    """Series that are the sum of all others of their site, or of their part at other sites, whatever they are called.

    A site is one where all its parts are so. Few files have any: the sums over all days tell most of them.
    """
    every = np.setdiff1d(np.arange(len(accepted.series_site)), left)
    if len(every) < 3:
        return []
    sites, parts = accepted.series_site[every], accepted.series_part[every]
    totals = sums.in_all[every]
    found = []
    if len(np.unique(sites)) < len(every):
        doubled = np.isclose(2 * totals, np.bincount(sites, totals)[sites], rtol=1e-9) & (totals > 0)
        found = [
            i for i in np.flatnonzero(doubled).tolist() if sums.is_clear_sum(int(every[i]), every[sites == sites[i]])
        ]
    doubled = np.isclose(2 * totals, np.bincount(parts, totals)[parts], rtol=1e-9)
    if not found and len(np.unique(sites)) > 2:
        held, of_doubled = (np.bincount(sites, (totals > 0) & which) for which in (True, doubled))
        for site in np.flatnonzero((held > 1) & (held == of_doubled)).tolist():
            mine = np.flatnonzero((sites == site) & (totals > 0))
            clear = [sums.is_clear_sum(int(every[i]), every[parts == parts[i]]) for i in mine.tolist()]
            found += mine.tolist() if sum(clear) > max(1, len(mine) // 2) else []
    series: list[int] = every[np.array(found, dtype=np.int64)].tolist()
    return series


def _named(accepted: AcceptedDemand) -> NDArray[np.int64]:
    parts, sites = _total_words(accepted.parts), _total_words(accepted.sites)
    return np.flatnonzero(np.isin(accepted.series_part, parts) | np.isin(accepted.series_site, sites))


def _total_words(texts: Sequence[str]) -> list[int]:
    """Which texts name a total; most files have none, which a search for parts of the words tells quickly."""
    together = "\n".join(texts).casefold()
    if not any(stem in together for stem in TOTAL_STEMS):
        return []
    return [i for i, text in enumerate(texts) if is_total_word(text) or is_average_word(text)]


class _Groups:
    """The series that those that are named totals may be the sums of."""

    def __init__(self, accepted: AcceptedDemand, named: NDArray[np.int64]) -> None:
        self._accepted = accepted
        self._named = named
        self._others = np.setdiff1d(np.arange(len(accepted.series_site)), named)
        self._sites, self._parts = (
            _ByNumber(numbers[self._others]) for numbers in (accepted.series_site, accepted.series_part)
        )
        self._numbers = [{text: i for i, text in enumerate(texts)} for texts in (accepted.sites, accepted.parts)]

    def of(self, one: int) -> Iterator[NDArray[np.int64]]:
        """Those of its site, its part, the site or part in its name, those up to the total before or after it, and all.

        Series are numbered in the order of their first rows.
        """
        site, part = int(self._accepted.series_site[one]), int(self._accepted.series_part[one])
        yield self._others[self._sites.of(site)]
        yield self._others[self._parts.of(part)]
        names = {without_total_word(self._accepted.sites[site]), without_total_word(self._accepted.parts[part])}
        names |= {_YEAR_BEHIND.sub("", name) for name in names}
        for numbers, groups in zip(self._numbers, (self._sites, self._parts), strict=True):
            for name in names:
                if name in numbers:
                    yield self._others[groups.of(numbers[name])]
        place = int(np.searchsorted(self._named, one))
        bounds = np.array([-1, *self._named[max(place - 1, 0) : place + 2], len(self._accepted.series_site)])
        before, at, after = np.searchsorted(self._others, [bounds[bounds < one].max(), one, bounds[bounds > one].min()])
        yield from (self._others[before:at], self._others[at:after], self._others)


class _ByNumber:
    """The places of each number in an array."""

    def __init__(self, numbers: NDArray[np.int64]) -> None:
        self._order = np.argsort(numbers, kind="stable")
        self._sorted = numbers[self._order]

    def of(self, number: int) -> NDArray[np.int64]:
        first, stop = np.searchsorted(self._sorted, [number, number + 1])
        return self._order[first:stop]


class _Sums:
    """Quantities of series by day."""

    def __init__(self, accepted: AcceptedDemand) -> None:
        self._accepted = accepted
        self._totals = accepted.totals
        self._order = np.argsort(accepted.days)

    @cached_property
    def in_all(self) -> NDArray[np.float64]:
        """The sum of every series over all days."""
        return self._totals.sums(len(self._accepted.series_site))

    def may_agree(self, one: int, group: NDArray[np.int64]) -> bool:
        """Whether the sums over all days let a series be the sum or the average of others, or nearly so."""
        own, added = float(self.in_all[one]), float(self.in_all[group].sum())
        levels = (*range(1, _MOST_NESTED + 1), len(group))
        room = max(_HALF * len(self._order), 1e-6 * abs(added))
        return any(abs(own * level - added) <= room * level for level in levels)

    def agree(self, one: int, group: NDArray[np.int64]) -> bool:
        """Whether a series is the sum of others on every day."""
        if not len(group):
            return False
        own, added = self._by_day(np.array([one])), self._by_day(group)
        is_rounded = bool((own == np.rint(own)).all()) and not (added == np.rint(added)).all()
        room = _HALF if is_rounded else 1e-6
        is_much = np.count_nonzero(own) > 1 or own.sum() >= _LEAST_SUM  # a few units are easily a half of some others
        levels = range(1, (_MOST_NESTED if is_much else 1) + 1)
        return bool(own.any()) and any(
            bool(np.allclose(own * level, added, rtol=1e-9, atol=room * level)) for level in levels
        )

    def is_average(self, one: int, group: NDArray[np.int64]) -> bool:
        """Whether a series that is called an average is that of others on every day, whole or with two decimals."""
        texts = (
            self._accepted.parts[self._accepted.series_part[one]],
            self._accepted.sites[self._accepted.series_site[one]],
        )
        if not len(group) or not any(map(is_average_word, texts)):
            return False
        own, added = self._by_day(np.array([one])), self._by_day(group)
        return bool(own.any()) and bool(np.allclose(own, added / len(group), rtol=1e-9, atol=_HALF))

    def is_clear_sum(self, one: int, group: NDArray[np.int64]) -> bool:
        """Whether a series is the sum of several others of a group, on so many days that chance is no reason."""
        others = group[group != one]
        if np.count_nonzero(self.in_all[others]) < 2:
            return False
        own, added = self._by_day(np.array([one])), self._by_day(others)
        is_same = bool(np.allclose(own, added, rtol=1e-9, atol=1e-6))
        return is_same and int(np.count_nonzero(own)) >= _LEAST_DATES and len(np.unique(own)) > 2

    def agree_over_time(self, one: int, group: NDArray[np.int64]) -> bool:
        """Whether a series is the sum of others over each month, quarter or year that it has a date in, or over all."""
        own, added = self._by_day(np.array([one])), self._by_day(group)
        months = self._accepted.days[self._order].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        for length in (1, _QUARTER, _MONTHS, len(own) and int(months[-1] + 1)):
            _, place = np.unique(months // length, return_inverse=True)
            of_own, of_group = (np.bincount(place, values) for values in (own, added))
            held = of_own != 0
            is_sum = bool((np.bincount(place, added != 0)[held] > 1).all())  # of several dates
            is_much = is_sum and (np.count_nonzero(held) > 1 or own.sum() >= _LEAST_SUM)
            if held.any() and is_much and np.allclose(of_own[held], of_group[held], rtol=1e-9, atol=1e-6):
                return True
        return False

    def nearly_agree(self, one: int, group: NDArray[np.int64], missing: int) -> bool:
        """Whether it is, but for days on which some of so many missing rows may stand.

        The days that agree are the most, or the whole is much the same, or the series is named a total and no more.
        """
        own, added = self._by_day(np.array([one])), self._by_day(group)
        held = (own != 0) | (added != 0)
        agrees = np.isclose(own, added, rtol=1e-9, atol=1e-6)[held]
        differing = int((~agrees).sum())
        if not len(group) or not own.any() or differing > missing:
            return False
        is_close = abs(own.sum() - added.sum()) <= _MUCH_THE_SAME * abs(own.sum())
        is_more = bool((own >= added - 1e-6).all()) and self._is_only_total(one)
        return 2 * differing < len(agrees) or is_close or is_more

    def _is_only_total(self, one: int) -> bool:
        part, site = self._accepted.series_part[one], self._accepted.series_site[one]
        texts = (self._accepted.parts[part], self._accepted.sites[site])
        return any(is_total_word(text) and not without_total_word(text) for text in texts)

    def _by_day(self, series: NDArray[np.int64]) -> NDArray[np.float64]:
        found = self._totals.of_series(series, self._order)
        by_day = np.zeros(len(self._order))
        np.add.at(by_day, found.rank, found.total)
        return by_day


def _listed(accepted: AcceptedDemand, series: Sequence[int]) -> str:
    names = [
        f"{shortened(accepted.parts[accepted.series_part[i]])!r} ({shortened(accepted.sites[accepted.series_site[i]])})"
        for i in series[:_MOST_NAMED]
    ]
    return ", ".join(names) + (f", … ({len(series)})" if len(series) > _MOST_NAMED else "")


# Rows of groups, as pivot tables write them above the rows of each: their demand would count twice.

_LEAST_ROWS = 2  # of a group
_LEAST_PERIODS = 3  # with demand in a row of a group
_MANY_ROWS = 400  # among which a row may be the sum of others by chance: then half of the groups follow one another
_THOUSANDTHS = 1000  # quantities are compared to these


class RowSums:
    """Finds the rows of a wide table that are the sums of rows right under them.

    Each row is one number of 64 bits: the sum of its quantities, each times an odd number of its period. Sums of rows
    have the sums of their numbers, and others hardly ever do: what is found costs a sort, whatever the number of rows.
    """

    def __init__(self, periods: Sequence[int]) -> None:
        """Takes the numbers of the columns of periods; with none, nothing is found."""
        weights = np.random.default_rng(0).integers(1 << 62, size=len(periods), dtype=np.uint64) * 2 + 1
        self._weights = dict(zip(periods, weights, strict=True))
        self._numbers: list[NDArray[np.uint64]] = []
        self._filled: list[NDArray[np.int32]] = []  # periods with demand
        self._parts: list[NDArray[np.int32]] = []  # NO_KEY where a row has none

    def begin(self, parts: NDArray[np.int32]) -> None:
        """Further rows, of these parts."""
        self._parts.append(parts)
        self._numbers.append(np.zeros(len(parts), dtype=np.uint64))
        self._filled.append(np.zeros(len(parts), dtype=np.int32))

    def add(self, period: int, quantities: NDArray[np.int64 | np.float64]) -> None:
        """Their quantities of one period; NaN where there is none."""
        if period not in self._weights:
            return
        scaled = np.nan_to_num(quantities) * _THOUSANDTHS
        whole = scaled if scaled.dtype == np.int64 else np.rint(scaled).astype(np.int64)
        self._numbers[-1] += whole.astype(np.int64).view(np.uint64) * self._weights[period]
        self._filled[-1] += whole != 0

    def check(self, names: Sequence[str]) -> None:
        """Refuse a table with such rows; `names` are those of parts by their number.

        One that is the sum of all others is a row of totals, as is one that is called so: they are left out later.

        Raises:
            GroupRows: if there are any.
        """
        found = [name for name in map(names.__getitem__, self._found()) if not is_total_word(name)]
        if not found:
            return
        template = N_(
            "Rows of the table are sums of the rows under them, such as {example!r} ({count}), as a pivot table "
            "has for its groups: their demand would count twice. Export it without them: of a pivot table in tabular "
            "form, with repeated labels and no subtotals."
        )
        raise GroupRows(Message(template, {"example": shortened(found[0]), "count": len(found)}))

    def _found(self) -> list[int]:
        """The parts of the rows."""
        count = sum(map(len, self._numbers))
        if len(self._weights) < _LEAST_PERIODS or count < 2 * _LEAST_ROWS:
            return []
        numbers = np.concatenate(self._numbers)
        filled, parts = np.concatenate(self._filled), np.concatenate(self._parts)
        before: NDArray[np.uint64] = np.append(np.zeros(1, dtype=np.uint64), np.cumsum(numbers, dtype=np.uint64))
        wanted: NDArray[np.uint64] = before[1:] + numbers
        order = np.argsort(before, kind="stable")
        last = order[np.searchsorted(before[order], wanted, side="right") - 1]  # row after a group that may end there
        first = np.arange(1, count + 1)
        is_sum = (before[last] == wanted) & (last - first >= _LEAST_ROWS)
        is_sum &= (filled >= _LEAST_PERIODS) & (parts != NO_KEY)
        is_sum[0] &= last[0] != count
        follows = np.append(is_sum, True)[last[is_sum]]  # another such row, or the end, right after the group
        if count > _MANY_ROWS and np.count_nonzero(follows) < max(2, len(follows) * _HALF):
            return []
        found: list[int] = parts[is_sum].tolist()
        return found


# Columns of totals in a wide table, told by its first rows: all others have to add up too.


class ColumnSums:
    """Compares the columns of totals with the periods that they add up, in all rows."""

    def __init__(self, totals: Sequence[TotalColumn], names: Sequence[str]) -> None:
        """Takes such columns of a header of these names."""
        self._totals, self._names = totals, names
        self._sums: dict[int, NDArray[np.float64]] = {}  # by total, of the rows at hand; NaN where one can't be read
        self._rows = 0
        self._wrong = dict.fromkeys((one.index for one in totals), 0)
        self._example: dict[int, int] = {}  # the line of the first

    def begin(self, rows: int) -> None:
        """Further rows."""
        self._rows += rows
        self._sums = {one.index: np.zeros(rows) for one in self._totals}

    def add(self, column: int, quantities: NDArray[np.int64 | np.float64], blank: NDArray[np.bool_]) -> None:
        """Their quantities of one period, and which of them are blank cells."""
        for one in self._totals:
            if column in one.added:
                self._sums[one.index] += np.where(blank, 0.0, quantities)

    def compare(self, block: Block, read: Callable[[int], NDArray[np.int64 | np.float64]]) -> None:
        """Compare with what stands in the columns of totals; a blank cell is no total."""
        for index, added in self._sums.items():
            held = read(index)
            with np.errstate(invalid="ignore"):
                wrong = np.flatnonzero(np.abs(held - added) > 1e-6 * np.maximum(1.0, np.abs(held)))  # none is of NaN
            if len(wrong) and not self._wrong[index]:
                self._example[index] = next(block.rows([int(wrong[0])])).line
            self._wrong[index] += len(wrong)

    def notes(self) -> list[Message]:
        """What to say of rows whose total is another.

        Raises:
            UnreadablePeriods: if a column among the periods is hardly a total by them.
        """
        wrong = [one for one in self._totals if self._wrong[one.index]]
        holes = [one.index for one in wrong if one.is_inside and not self._is_slip(one.index)]
        if holes:
            raise no_periods(holes, self._names)
        template = N_(
            "The total {name!r} ({letter}) is not the sum of the periods in {count:,} rows, such as line {line:,}: the "
            "periods count."
        )
        return [
            Message(
                template,
                {"name": self._names[i], "letter": letter_of(i), "count": self._wrong[i], "line": self._example[i]},
            )
            for i in (one.index for one in wrong)
        ]

    def _is_slip(self, index: int) -> bool:
        return is_total_word(self._names[index]) and self._wrong[index] <= MOST_WRONG * self._rows
