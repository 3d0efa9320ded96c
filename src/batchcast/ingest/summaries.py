"""Rows of totals, as reports add them: recognised by a word in their part or site, and confirmed by arithmetic.

Sums and averages without such a word, as of a region that stands beside its sites, are found by arithmetic alone where
there are dates enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.ingest.names import TOTAL_STEMS, is_average_word, is_total_word, shortened, without_total_word
from batchcast.ingest.writer import AcceptedDemand

_MOST_NAMED = 5
_MUCH_THE_SAME = 0.25  # of a total may be missing
_MOST_CHECKED = 1000  # series; a file with more of them has parts that are called so
_MOST_COMPARED = 5000  # series of a file in which sums without a word are looked for
_MOST_CELLS = 500_000  # likewise, of days with a row
_LEAST_DATES = 4  # with demand, on which a sum without a word agrees
_MOST_NESTED = 3  # levels of totals
_HALF = 0.5  # by which a rounded sum may differ; and share of the steps that rise
_LEAST_STEPS = 20  # from date to date, that show whether quantities are running totals
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Summaries:
    """Which series are sums of others, and what to say of them."""

    series: NDArray[np.int64]  # their numbers
    notes: tuple[Message, ...] = ()


def find_summaries(accepted: AcceptedDemand, missing: int = 0) -> Summaries:
    """The series whose part or site names a total and whose quantities are the sum of others on every day.

    Args:
        accepted: all series.
        missing: rows that were refused or left out; a total that counted them differs on at most as many days.
    """
    named = _named(accepted)
    sums = _Sums(accepted)
    if not len(named) or len(named) > _MOST_CHECKED or len(named) == len(accepted.series_site):
        return _without_word(accepted, sums, np.empty(0, dtype=np.int64))
    others = np.setdiff1d(np.arange(len(accepted.series_site)), named)
    found, nearly = [], []
    for one in named.tolist():
        groups = list(_groups(accepted, one, others))
        if any(sums.agree(one, group) or sums.is_average(one, group) for group in groups):
            found.append(one)
        elif missing and any(sums.nearly_agree(one, group, missing) for group in groups):
            nearly.append(one)
    kept = sorted(set(named.tolist()) - {*found, *nearly})
    notes = []
    if found:
        template = N_("Rows of totals are left out: {names}. They are the sum of other rows on every date.")
        notes.append(Message(template, {"names": _listed(accepted, found)}))
    if nearly:
        template = N_(
            "Rows of totals are left out: {names}. They are the sum of other rows, as far as rows that were refused or "
            "left out let tell."
        )
        notes.append(Message(template, {"names": _listed(accepted, nearly)}))
    if kept:
        template = N_("{names} is named like a total but is not the sum of other rows: it is forecast as a part.")
        notes.append(Message(template, {"names": _listed(accepted, kept)}))
    left = np.array([*found, *nearly], dtype=np.int64)
    unnamed = _without_word(accepted, sums, left)
    return Summaries(np.concatenate([left, unnamed.series]), (*notes, *unnamed.notes))


def _without_word(accepted: AcceptedDemand, sums: _Sums, left: NDArray[np.int64]) -> Summaries:
    """Series that are the sum of all others of their site, or of their part at other sites, whatever they are called.

    A site is one where all its parts are so. Few files have any: the sums over all days tell most of them.
    """
    every = np.setdiff1d(np.arange(len(accepted.series_site)), left)
    if not 2 < len(every) <= _MOST_COMPARED or accepted.totals.cells > _MOST_CELLS:
        return Summaries(np.empty(0, dtype=np.int64))
    sites, parts = accepted.series_site[every], accepted.series_part[every]
    totals = sums.in_all(every)
    found = []
    if len(np.unique(sites)) < len(every):
        doubled = np.isclose(2 * totals, np.bincount(sites, totals)[sites], rtol=1e-9) & (totals > 0)
        found = [
            i for i in np.flatnonzero(doubled).tolist() if sums.is_clear_sum(int(every[i]), every[sites == sites[i]])
        ]
    doubled = np.isclose(2 * totals, np.bincount(parts, totals)[parts], rtol=1e-9)
    if not found and len(np.unique(sites)) > 2:
        for site in np.unique(sites).tolist():
            mine = np.flatnonzero((sites == site) & (totals > 0))
            if len(mine) > 1 and doubled[mine].all():
                clear = [sums.is_clear_sum(int(every[i]), every[parts == parts[i]]) for i in mine.tolist()]
                found += mine.tolist() if sum(clear) > max(1, len(mine) // 2) else []
    if not found:
        return Summaries(np.empty(0, dtype=np.int64))
    template = N_(
        "Rows are left out, as they are the sum of others on every date, though nothing in their names says so: "
        "{names}."
    )
    series = every[np.array(found, dtype=np.int64)]
    return Summaries(series, (Message(template, {"names": _listed(accepted, series.tolist())}),))


def running_totals(accepted: AcceptedDemand) -> list[Message]:
    """What to say where quantities look like totals since a year began: they rise, and fall in one month alone."""
    series = accepted.written
    if not 0 < len(series) <= _MOST_COMPARED or accepted.totals.cells > _MOST_CELLS:
        return []
    order = np.argsort(accepted.days)
    found = accepted.totals.of_series(series, order)
    of_one = found.position[1:] == found.position[:-1]
    steps = np.diff(found.total)[of_one]
    dates = accepted.days[order][found.rank[1:][of_one]].astype("datetime64[D]").astype("datetime64[M]")
    months = np.unique(dates[steps < 0].astype(np.int64) % _MONTHS)
    if len(steps) < _LEAST_STEPS or len(months) > 1 or np.count_nonzero(steps > 0) < len(steps) * _HALF:
        return []
    template = N_(
        "The quantities of nearly all parts rise from date to date, as totals since the start of a year or a reading "
        "of a meter do: their sum would be far more than the demand. If so, export the quantity of each period."
    )
    return [Message(template)]


def _named(accepted: AcceptedDemand) -> NDArray[np.int64]:
    parts, sites = _total_words(accepted.parts), _total_words(accepted.sites)
    return np.flatnonzero(np.isin(accepted.series_part, parts) | np.isin(accepted.series_site, sites))


def _total_words(texts: Sequence[str]) -> list[int]:
    """Which texts name a total; most files have none, which a search for parts of the words tells quickly."""
    together = "\n".join(texts).casefold()
    if not any(stem in together for stem in TOTAL_STEMS):
        return []
    return [i for i, text in enumerate(texts) if is_total_word(text) or is_average_word(text)]


def _groups(accepted: AcceptedDemand, one: int, others: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """The series that a series may be the sum of: of its site, its part, the site or part in its name, or all."""
    sites, parts = accepted.series_site[others], accepted.series_part[others]
    site, part = int(accepted.series_site[one]), int(accepted.series_part[one])
    yield others[sites == site]
    yield others[parts == part]
    for texts, numbers in ((accepted.sites, sites), (accepted.parts, parts)):
        for name in {without_total_word(accepted.sites[site]), without_total_word(accepted.parts[part])}:
            if name and name in texts:
                yield others[numbers == list(texts).index(name)]
    yield others


class _Sums:
    """Quantities of series by day."""

    def __init__(self, accepted: AcceptedDemand) -> None:
        self._accepted = accepted
        self._totals = accepted.totals
        self._order = np.argsort(accepted.days)

    def agree(self, one: int, group: NDArray[np.int64]) -> bool:
        """Whether a series is the sum of others on every day."""
        if not len(group):
            return False
        own, added = self._by_day(np.array([one])), self._by_day(group)
        is_rounded = bool((own == np.rint(own)).all()) and not (added == np.rint(added)).all()
        room = _HALF if is_rounded else 1e-6
        return bool(own.any()) and any(
            bool(np.allclose(own * level, added, rtol=1e-9, atol=room * level)) for level in range(1, _MOST_NESTED + 1)
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
        if np.count_nonzero(self.in_all(others)) < 2:
            return False
        own, added = self._by_day(np.array([one])), self._by_day(others)
        is_same = bool(np.allclose(own, added, rtol=1e-9, atol=1e-6))
        return is_same and int(np.count_nonzero(own)) >= _LEAST_DATES and len(np.unique(own)) > 2

    def in_all(self, series: NDArray[np.int64]) -> NDArray[np.float64]:
        """The sum of each series over all days."""
        found = self._totals.of_series(series, self._order)
        sums: NDArray[np.float64] = np.bincount(found.position, found.total, minlength=len(series)).astype(np.float64)
        return sums

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
