"""Where periods lie around the occasions of one name: the share of each period in each day before, during and after.

Three ways compete. Of two, a period has the share of its days: in the weeks up to the first day and from the last one
on, or in weeks of which one has the first day in its middle. Of the third it has the whole place of a period so far
before or after that of the occasion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.plan import Occasion

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Way = Literal["days", "centred", "periods"]

BEFORE, DURING, AFTER = 28, 14, 14  # places of an effect: a day each; the last one of `during` has all further days
PLACES = BEFORE + DURING + AFTER
STRETCH = 7  # days, that have one factor where periods are longer than a day
OWN_NEAR = 7  # days before and after an event of the user's that it may act on
_APART = np.repeat(np.arange(7), [7, 7, 7, 7, DURING, 7, 7])
STRETCHES: Mapping[Way, Ints] = {  # of each place
    "days": _APART,
    "periods": _APART,
    "centred": np.repeat(np.arange(6), [11, 7, 7, 3 + DURING + 3, 7, 4]),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectChoice:
    """The occasions of one name, and how far what was seen around them is trusted."""

    name: str
    way: Way = "days"
    power: float = 1.0


class Shares:
    """The share of each period in each place around the occasions of one name."""

    def __init__(
        self, occasions: Sequence[Occasion], chosen: EffectChoice, calendar: Calendar, first: int, count: int
    ) -> None:
        self.chosen = chosen
        mine = [one for one in occasions if one.name == chosen.name]
        self._general = [one for one in mine if one.site_code is None]
        self._of_site: dict[str, list[Occasion]] = {}
        for one in mine:
            if one.site_code is not None:
                self._of_site.setdefault(one.site_code, [*self._general]).append(one)
        self._calendar, self._first, self._count = calendar, first, count
        self._table = cache(self._make)

    def key_of(self, site: str) -> str:
        """The site itself where it has occasions of its own; else that of all others."""
        return site if site in self._of_site else ""

    def of_site(self, site: str) -> Floats:
        """Shape (periods, PLACES)."""
        return self._table(self.key_of(site))

    def times_until(self, period: int) -> int:
        """Occasions that had begun in a period."""
        every = {(one.first_day, one.last_day) for some in (self._general, *self._of_site.values()) for one in some}
        return sum(self._first <= self._calendar.period_of_day(first) <= period for first, _ in every)

    def _make(self, site: str) -> Floats:
        occasions = self._of_site.get(site, self._general)
        table = np.zeros((self._count, PLACES))
        if not occasions or not self._count:
            return table
        if self.chosen.way == "periods":
            for one in occasions:
                self._place_periods(one, table)
            return table
        days, places = _places_of_days(occasions)
        periods = self._calendar.periods_of_days(days.astype(np.int32)).astype(np.int64)
        lengths = self._calendar.first_days((periods + 1).astype(np.int32)) - self._calendar.first_days(
            periods.astype(np.int32)
        )
        inside = (periods >= self._first) & (periods < self._first + self._count)
        np.add.at(table, (periods[inside] - self._first, places[inside]), 1.0 / lengths[inside])
        return table

    def _place_periods(self, one: Occasion, table: Floats) -> None:
        """Give whole periods the stretch of their distance, as far as they are not nearer to another occasion."""
        begin, end = self._calendar.period_of_day(one.first_day), self._calendar.period_of_day(one.last_day)
        is_monthly = self._calendar.frequency is Frequency.MONTHLY
        before, after = (1, 1) if is_monthly or not one.is_holiday else (BEFORE // STRETCH, AFTER // STRETCH)
        for period in range(max(begin - before, self._first), min(end + after, self._first + self._count - 1) + 1):
            place = BEFORE
            if period < begin:
                place = BEFORE - STRETCH * (begin - period)
            elif period > end:
                place = BEFORE + DURING + STRETCH * (period - end - 1)
            row = table[period - self._first]
            if not row.any() or place == BEFORE:
                row[:] = 0.0
                row[place] = 1.0


def _places_of_days(occasions: Sequence[Occasion]) -> tuple[Ints, Ints]:
    """The days around occasions, each once, and the place of each: by the occasion that is nearest to it."""
    parts = []
    for one in occasions:
        before, after = (BEFORE, AFTER) if one.is_holiday else (OWN_NEAR, OWN_NEAR)
        days = np.arange(one.first_day - before, one.last_day + after + 1)
        early, late = one.first_day - days, days - one.last_day
        place = np.where(early > 0, BEFORE - early, BEFORE + np.clip(-early, 0, DURING - 1))
        place = np.where(late > 0, BEFORE + DURING + late - 1, place)
        parts.append(np.stack([days, np.maximum(np.maximum(early, late), 0), place]))
    days, distance, place = np.concatenate(parts, axis=1)
    order = np.lexsort((distance, days))
    days, at = np.unique(days[order], return_index=True)
    return days, place[order][at]
