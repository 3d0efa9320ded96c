"""The yearly profile: how demand of each time of the year compares to that of the whole year, pooled over series.

Models are given demand divided by the profile, and their forecasts are multiplied by it: a peak at the turn of the year
is not a change of the level. The factors of a series are a product of corrections, each drawn towards 1 where there is
little to see:

    all series   over four weeks of the year, then a week, then a day
    its site     what the series of a site have in common beyond that
    itself       what its own years have in common beyond that, where the batch forecasts better so

Times of the year are places: the 365 days, 29 February counting as the 28th, or the 12 months. A week has the place of
its middle day, so that years with 53 weeks need no rule of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.forecast.kernels.year import compare_years, divide_year, sum_own, sum_pool
from batchcast.forecast.panel import Panel
from batchcast.forecast.seasons.effects import Effects
from batchcast.forecast.seasons.levels import BLOCK, BLOCKS_IN_YEAR

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

PLACES = {Frequency.DAILY: 365, Frequency.WEEKLY: 365, Frequency.MONTHLY: 12}
WIDTHS = {Frequency.DAILY: (28, 7, 1), Frequency.WEEKLY: (28, 7), Frequency.MONTHLY: (1,)}  # places; of all series
OWN_WIDTHS = {Frequency.DAILY: (28, 7), Frequency.WEEKLY: (7,), Frequency.MONTHLY: (1,)}  # ... and of one
POOL_CASES = 5.0  # periods as variable as their mean at which what was seen counts half: of all series, ...
SITE_CASES = 20.0  # ... of those of a site ...
OWN_CASES = 8.0  # ... and of one
FEWEST_SERIES = 5  # in the sample, of a site with factors of its own
ROUNDS = 2  # of profile and levels in turn
SHORT = 1.0  # years cubed / 12, at which a history shows half of a trend: in one year trend and season are the same
SPECIAL = 0.3  # logarithm of a factor at which a common difference counts half as one of the year, half as of the level
LOWEST, HIGHEST = 0.02, 50.0  # of a factor
FARTHEST = 5.0  # of a shock, and its inverse

# A series has a clear year of its own where its last years are alike, by their months or stretches of four weeks.
MOST_YEARS = 4  # that are looked at, the last
CLEAR = (11.0, 6.5, 5.5)  # Fisher's F of two, three and MOST_YEARS years: of demand that wanders one in 1,000 has it
STEADY = 0.6  # of the months have demand
# Where the batch has a year, corrections of all series have competed in it for these (`year_choice.py`).
OWN_COMPETES = {Frequency.DAILY, Frequency.WEEKLY}
OWN_ROUNDS = 3  # of the corrections of a series with a clear year: one leaves half of a strong one


@dataclass(frozen=True, kw_only=True)
class YearProfile:
    """Factors of the places of the year, 1 on average, learned from all but the last `held` periods of each series."""

    frequency: Frequency
    held: int
    trust: float  # power of the factors
    own: bool  # has each series a correction of its own
    trend: float  # change of the logarithm of demand in a year, of all series
    overall: Floats  # shape (places,)
    sites: Mapping[str, Floats] = field(default_factory=dict)  # of sites with factors of their own
    until: int = 0  # the last period that it knows of
    shocks: Floats = field(default_factory=lambda: np.ones(0))  # of that period, the one before and so on
    effects: Effects | None = None  # of holidays that move, and of events of the user's
    own_rounds: int = 1  # of the correction of each series

    def of_panel(self, panel: Panel, calendar: Calendar) -> Floats:
        """Factors of each series of a panel without its week, shape (series, places)."""
        panel = self.without_occasions(panel, calendar) if self.own else panel
        pooled = np.array([self.sites.get(site, self.overall) for site in panel.site_codes])
        pooled = pooled.reshape(-1, len(self.overall)) ** self.trust
        if not self.own:
            return pooled
        year = calendar.frequency.periods_in_year
        places, shifts = places_back(panel, calendar)
        flags = _unknown(panel)
        for _ in range(self.own_rounds):
            seen, expected = np.zeros_like(pooled), np.zeros_like(pooled)
            sum_own(
                panel.values, panel.offsets, flags, self.held, places, shifts, year, self.trend, pooled, seen, expected
            )
            pooled = _normalised(pooled * _correct(seen, expected, OWN_WIDTHS[self.frequency], OWN_CASES))
        return pooled

    def flatten(self, panel: Panel, table: Floats, calendar: Calendar) -> Floats:
        """The values of a panel as if all times of the year were alike, by the factors of its series."""
        panel = self.without_occasions(panel, calendar)
        places, shifts = places_back(panel, calendar)
        newest = int(panel.last_periods.max(initial=panel.last_period))
        shocks = np.ones(len(places))
        at = self.until - newest + np.arange(len(places))  # of each period, counted back, among the shocks
        known = (at >= 0) & (at < len(self.shocks))
        shocks[known] = self.shocks[at[known]] ** self.trust
        flat = np.empty_like(panel.values)
        divide_year(panel.values, panel.offsets, places, shifts, table, shocks, flat)
        return flat

    def ahead(self, table: Floats, panel: Panel, cutoffs: Sequence[int], steps: int, calendar: Calendar) -> Floats:
        """Factor of each step after each cutoff, shape (cutoffs, series, steps), by the factors of each series."""
        factors = factors_ahead(table, panel, cutoffs, steps, calendar)
        return factors if self.effects is None else factors * self.effects.ahead(panel, cutoffs, steps, calendar)

    def without_occasions(self, panel: Panel, calendar: Calendar) -> Panel:
        """The panel as if holidays and events had changed nothing."""
        return panel if self.effects is None else self.effects.divide(panel, calendar)

    def usual(self, panel: Panel, calendar: Calendar, held: int) -> Floats:
        """Factor of each period of a panel for all series, counted back from `held` before its newest."""
        places, _ = places_back(panel, calendar)
        ages = np.arange(max(len(places) - held, 0))
        change = self.trend / calendar.frequency.periods_in_year
        return np.asarray(self.overall[places[held:]] ** self.trust * np.exp(-change * ages))

    def as_json(self) -> dict[str, Any]:
        """Plain values; `from_json` reads the same back, to the bit."""
        plain = {name: getattr(self, name) for name in ("held", "trust", "own", "trend", "until")}
        return plain | {
            "frequency": str(self.frequency),
            "overall": self.overall.tolist(),
            "sites": {site: factors.tolist() for site, factors in self.sites.items()},
            "shocks": self.shocks.tolist(),
            "effects": self.effects and self.effects.as_json(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        arrays = {name: np.array(values[name], dtype=np.float64) for name in ("overall", "shocks")}
        sites = {site: np.array(factors) for site, factors in values["sites"].items()}
        effects = Effects.from_json(values["effects"]) if values.get("effects") else None
        named = {"frequency": Frequency(values["frequency"]), "sites": sites, "effects": effects}
        return cls(**{**values, **arrays, **named})


def no_year(panel: Panel, calendar: Calendar, held: int) -> YearProfile:
    """The profile of demand that has no year."""
    until = int(panel.last_periods.max(initial=panel.last_period)) - held
    ones = np.ones(PLACES[calendar.frequency])
    return YearProfile(
        frequency=calendar.frequency, held=held, trust=0.0, own=False, trend=0.0, overall=ones, until=until
    )


def find_clear_years(values: Floats, offsets: Ints, held: Ints, frequency: Frequency) -> Flags:
    """Which series have a clear year of their own at each cutoff, shape (cutoffs, series).

    Months differ from each other, beside a steady trend and the level of each year, far more than the same months of
    different years do.

    Args:
        values: demand of all series, one after the other, oldest first.
        offsets: shape (series + 1,): series i is `values[offsets[i]:offsets[i + 1]]`.
        held: periods held back from the end at each cutoff.
        frequency: of the periods.
    """
    ratios = np.zeros((len(held), len(offsets) - 1))
    years = np.zeros(ratios.shape, dtype=np.int64)
    compare_years(values, offsets, held, BLOCK[frequency], BLOCKS_IN_YEAR[frequency], MOST_YEARS, STEADY, ratios, years)
    return np.asarray(ratios >= np.array([np.inf, np.inf, *CLEAR])[years])


def learn_year(panel: Panel, calendar: Calendar, held: int, *, trust: float = 1.0, own: bool = False) -> YearProfile:
    """The profile of a panel without its week, from all but the last `held` periods of each series.

    Each series counts by its demand divided by its level, a steady one more than one whose demand varies.
    """
    frequency, (places, shifts) = calendar.frequency, places_back(panel, calendar)
    year, widths = frequency.periods_in_year, WIDTHS[frequency]
    sites, site = _sites_of_their_own(panel.site_codes)
    overall, trend = np.ones(PLACES[frequency]), 0.0
    ages = np.arange(max(len(places) - held, 0))
    for round_number in range(ROUNDS + 1):
        shape = (len(sites) + 1 if round_number == ROUNDS else 1, len(overall))
        seen, expected, of_time = np.zeros(shape), np.zeros(shape), np.zeros((2, max(len(ages), 1)))
        usual = overall[places[held:]] * np.exp(-trend / year * ages)
        rows = site if round_number == ROUNDS else np.zeros_like(site)
        sum_pool(
            panel.values, panel.offsets, _unknown(panel), held, places, shifts, usual, rows, seen, expected, of_time
        )
        if round_number < ROUNDS:
            overall = _normalised(overall * _correct(seen[0], expected[0], widths, POOL_CASES))
            trend += _slope(of_time, year)
    of_sites = _normalised(overall * _correct(seen[1:], expected[1:], widths, SITE_CASES))
    return YearProfile(
        frequency=frequency,
        held=held,
        trust=trust,
        own=own,
        trend=trend,
        overall=overall,
        sites=dict(zip(sites, of_sites, strict=True)),
        until=int(panel.last_periods.max(initial=panel.last_period)) - held,
        shocks=_shocks(of_time, overall[places[held:]], max(year // 4, 1)),
    )


def place_of_periods(periods: Ints, calendar: Calendar) -> Ints:
    """The place in the year of each period."""
    days = calendar.first_days(periods.astype(np.int32)).astype(np.int64)
    if calendar.frequency is Frequency.MONTHLY:
        return np.asarray(days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12)
    dates = (days + (3 if calendar.frequency is Frequency.WEEKLY else 0)).astype("datetime64[D]")
    years = dates.astype("datetime64[Y]")
    place = (dates - years.astype("datetime64[D]")).astype(np.int64)
    length = ((years + 1).astype("datetime64[D]") - years.astype("datetime64[D]")).astype(np.int64)
    return np.asarray(np.where((length == 366) & (place > 58), place - 1, place))


def places_back(panel: Panel, calendar: Calendar) -> tuple[Ints, Ints]:
    """Places of the newest period of a panel, of the one before and so on; and how many before it each series ends."""
    newest = int(panel.last_periods.max(initial=panel.last_period))
    shifts = newest - panel.last_periods.astype(np.int64)
    longest = int((shifts + panel.lengths).max(initial=0))
    return place_of_periods(newest - np.arange(longest, dtype=np.int64), calendar), shifts


def factors_ahead(table: Floats, panel: Panel, cutoffs: Sequence[int], steps: int, calendar: Calendar) -> Floats:
    """Factor of each step after each cutoff, shape (cutoffs, series, steps), by the factors of each series."""
    cutoff = panel.last_periods.astype(np.int64)[None, :] - np.array(cutoffs, dtype=np.int64)[:, None]
    ends, position = np.unique(cutoff, return_inverse=True)
    places = place_of_periods((ends[:, None] + np.arange(1, steps + 1)).ravel(), calendar).reshape(-1, steps)
    return np.asarray(table[np.arange(len(table))[None, :, None], places[position.reshape(cutoff.shape)]])


def _sites_of_their_own(site_codes: Sequence[str]) -> tuple[list[str], Ints]:
    """The sites with factors of their own, and the row of each series: 0, or 1 more than the position of its site."""
    codes, index, counts = np.unique(np.array(site_codes, dtype=str), return_inverse=True, return_counts=True)
    kept = counts >= FEWEST_SERIES if len(codes) > 1 else np.zeros(len(codes), dtype=np.bool_)
    rows = np.where(kept, np.cumsum(kept), 0).astype(np.int64)
    return [str(code) for code in codes[kept]], np.asarray(rows[index])


def _correct(seen: Floats, expected: Floats, widths: Sequence[int], cases: float) -> Floats:
    """What was seen relative to what was expected at each place, drawn to 1: over wide stretches first, then narrow.

    Args:
        seen: in units of information, shape (..., places).
        expected: same.
        widths: of the stretches, in places; weights fall in a line to 0 at the width.
        cases: information at which what was seen counts half.
    """
    factor = np.ones_like(expected)
    for width in widths:
        factor = factor * (_smooth(seen, width) + cases) / (_smooth(expected * factor, width) + cases)
    return factor


def _smooth(values: Floats, width: int) -> Floats:
    """Sum over the places nearby, around the year, by weights that fall in a line to 0 at the width."""
    if width == 1:
        return values
    around = np.concatenate([values[..., -(width - 1) :], values, values[..., : width - 1]], axis=-1)
    return np.maximum(_sums_of(_sums_of(around, width), width) / width, 0.0)


def _sums_of(values: Floats, count: int) -> Floats:
    """Sums of so many neighbours along the last axis."""
    running = np.cumsum(values, axis=-1)
    return np.concatenate([running[..., count - 1 : count], running[..., count:] - running[..., :-count]], axis=-1)


def _normalised(table: Floats) -> Floats:
    bounded = np.clip(table / table.mean(axis=-1, keepdims=True), LOWEST, HIGHEST)
    return np.asarray(bounded / bounded.mean(axis=-1, keepdims=True))


def _unknown(panel: Panel) -> Flags:
    return np.zeros(len(panel.values), dtype=np.bool_) if panel.out_of_stock is None else panel.out_of_stock


def _slope(of_time: Floats, year: int) -> float:
    """Change of the logarithm in a year, by quarters; drawn to 0 where history is short.

    Args:
        of_time: what was seen and what was expected of each period, counted back, shape (2, periods).
        year: periods.
    """
    starts = np.arange(0, of_time.shape[1], max(year // 4, 1))
    seen, expected = np.add.reduceat(of_time, starts, axis=1)
    weight = expected / (expected + POOL_CASES)
    back = -(np.arange(len(starts)) + 0.5) / 4.0
    away = back - (weight * back).sum() / max(weight.sum(), 1e-9)
    spread, known = (weight * away**2).sum(), (of_time.shape[1] / year) ** 3 / 12.0
    change = np.log((seen + POOL_CASES) / (expected + POOL_CASES))
    return float((weight * away * change).sum() / spread * known / (known + SHORT)) if spread > 0 else 0.0


def _shocks(of_time: Floats, factors: Floats, near: int) -> Floats:
    """How demand of each period differed from what its time of the year and the ordinary periods nearby made expect.

    A peak that was higher than in other years is no higher level of what comes. A difference counts so as far as the
    factor is far from 1: at ordinary times of the year it is one of the level.
    """
    if not len(factors):
        return np.ones(0)
    special = np.log(factors) ** 2 / (np.log(factors) ** 2 + SPECIAL**2)
    running = np.pad(np.cumsum(of_time * (1.0 - special), axis=1), ((0, 0), (1, 0)))
    at = np.arange(len(factors))
    around = running[:, np.minimum(at + near + 1, len(factors))] - running[:, np.maximum(at - near, 0)]
    level = (around[0] + POOL_CASES) / (around[1] + POOL_CASES)
    ratio = (of_time[0] + POOL_CASES) / (of_time[1] * level + POOL_CASES)
    return np.asarray(np.clip(ratio, 1.0 / FARTHEST, FARTHEST) ** special)
