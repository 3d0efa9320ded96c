"""Rows of totals, as reports add them: recognised by a word in their part or site, and confirmed by arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.ingest.names import TOTAL_STEMS, is_total_word, shortened, without_total_word
from batchcast.ingest.writer import AcceptedDemand

_MOST_NAMED = 5
_MUCH_THE_SAME = 0.25  # of a total may be missing
_MOST_CHECKED = 1000  # series; a file with more of them has parts that are called so


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
    if not len(named) or len(named) > _MOST_CHECKED or len(named) == len(accepted.series_site):
        return Summaries(np.empty(0, dtype=np.int64))
    others = np.setdiff1d(np.arange(len(accepted.series_site)), named)
    sums = _Sums(accepted)
    found, nearly = [], []
    for one in named.tolist():
        groups = list(_groups(accepted, one, others))
        if any(sums.agree(one, group) for group in groups):
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
    return Summaries(np.array([*found, *nearly], dtype=np.int64), tuple(notes))


def _named(accepted: AcceptedDemand) -> NDArray[np.int64]:
    parts, sites = _total_words(accepted.parts), _total_words(accepted.sites)
    return np.flatnonzero(np.isin(accepted.series_part, parts) | np.isin(accepted.series_site, sites))


def _total_words(texts: Sequence[str]) -> list[int]:
    """Which texts name a total; most files have none, which a search for parts of the words tells quickly."""
    together = "\n".join(texts).casefold()
    if not any(stem in together for stem in TOTAL_STEMS):
        return []
    return [i for i, text in enumerate(texts) if is_total_word(text)]


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
        return bool(own.any()) and bool(np.allclose(own, added, rtol=1e-9, atol=1e-6))

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
