"""Whether a batch has a year that forecasts better with it than without, and how far its profile is trusted.

The year competes in a backtest of its own, because the folds of a batch may all fall in one season: a plain level
forecasts the sum over the lead time from cutoffs in every season, with the profile and without, by profiles that know
nothing after those cutoffs. It has to be clearly better than no year.
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)
from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Frequency
from batchcast.domain.cutoffs import LEAST_DEMANDS, choose_year_cutoffs, has_a_year
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.backtest import take_actuals
from batchcast.forecast.compiled import compiled
from batchcast.forecast.distributions.negbin import negbin_quantiles
from batchcast.forecast.extremes import bound_extremes
from batchcast.forecast.metrics import MEASURED
from batchcast.forecast.moments import measure_history
from batchcast.forecast.panel import Panel
from batchcast.forecast.weekdays import WeekdayProfile, flatten_week
from batchcast.forecast.year import YearProfile, factors_ahead, learn_year, places_back

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """How far a profile is trusted."""

    power: float  # of its factors; 0: there is no year
    own: bool  # has each series a correction of its own


NO_YEAR = Trust(power=0.0, own=False)
TRIED = (
    NO_YEAR,
    Trust(power=0.5, own=False),
    Trust(power=1.0, own=False),
    Trust(power=0.5, own=True),
    Trust(power=1.0, own=True),
)
TRIED_OF_MONTHS = tuple(trust for trust in TRIED if not trust.own)  # models see those of a single series themselves
HALF_LIVES = (1 / 12, 1 / 4, 1 / 2)  # years, of the level
SPREADS = (1.0, 2.0, 4.0)  # factors of the variance
CLEARLY = 0.98  # loss relative to that without a year, at most
OFTEN = 0.33  # share of the cutoffs at which it is less, at least: a peak is at few of them
FEWEST_CUTOFFS = 2
MOST_JUDGED, MOST_CELLS = 400, 200_000  # series, and periods of theirs about
OCCASIONS = 4  # times that a profile is learned for the cutoffs at which it is judged
PRACTICE_OCCASIONS = 3  # ... and for those that are learned from across series: once, where ...
LONG = 3.0  # ... so many years are known before them, of which a few months say little


@dataclass(frozen=True, kw_only=True)
class YearChoice:
    """The year that a batch has: its profile is learned anew for each date that is to know nothing after it."""

    panel: Panel  # the sample, without its week
    request: ForecastRequest
    trust: Trust
    typical: int  # periods of a typical series

    def learn(self, held: int) -> YearProfile:
        """The profile from all but the last `held` periods."""
        calendar = self.request.calendar
        panel = bound_extremes(self.panel, calendar.frequency, held)
        return learn_year(panel, calendar, held, trust=self.trust.power, own=self.trust.own)

    def group(self, practice: Sequence[int]) -> list[tuple[int, ...]]:
        """Cutoffs, ascending, in groups for each of which a profile is learned before the earliest."""
        known = self.typical - practice[-1]
        is_long = known >= LONG * self.request.calendar.frequency.periods_in_year
        size = -(-len(practice) // (1 if is_long else PRACTICE_OCCASIONS))
        return [tuple(practice[k : k + size]) for k in range(0, len(practice), size)]


def choose_year(
    panel: Panel, profile: WeekdayProfile | None, request: ForecastRequest, typical: int, cutoffs: Sequence[int]
) -> YearChoice | None:
    """The year of a batch; None where history is too short for one, or forecasts are not clearly better with it.

    Args:
        panel: the sample.
        profile: of its week.
        request: what is forecast.
        typical: periods of a typical series.
        cutoffs: periods held back at each fold.
    """
    if not has_a_year(request, typical, cutoffs):
        return None
    dates = choose_year_cutoffs(request, typical)
    if len(dates) < FEWEST_CUTOFFS:
        return None
    if profile is not None:
        panel = replace(panel, values=flatten_week(panel, profile.of_series(panel.site_codes)).values)
    tried = TRIED_OF_MONTHS if request.calendar.frequency is Frequency.MONTHLY else TRIED
    bounded = bound_extremes(panel, request.calendar.frequency)
    trust = pick_trust(tried, judge_years(bounded, request, dates, tried))
    if trust is NO_YEAR:
        return None
    log.info("Demand has a year: profile to the power %g, own correction of each series: %s", trust.power, trust.own)
    return YearChoice(panel=panel, request=request, trust=trust, typical=typical)


def pick_trust(tried: Sequence[Trust], losses: Floats) -> Trust:
    """The trust with the least loss, shape (tried, cutoffs); the first, no year, where none is clearly better."""
    if not losses[0].sum() > 0:
        return tried[0]
    total = losses.sum(axis=1) / losses[0].sum()
    able = (total <= CLEARLY) & ((losses < losses[0]).mean(axis=1) >= OFTEN)
    return tried[int(np.where(able, total, np.inf).argmin())] if able.any() else tried[0]


def judge_years(panel: Panel, request: ForecastRequest, dates: Sequence[int], tried: Sequence[Trust]) -> Floats:
    """Mean scaled pinball at each date, shape (tried, dates), each trust with the half-life and spread that suit it.

    Args:
        panel: the sample, without its week.
        request: what is forecast.
        dates: periods held back, ascending.
        tried: how far profiles are trusted.
    """
    judged = _thin(panel)
    actual = take_actuals(judged.values, judged.offsets, dates, request.lead_time).sum(axis=2)
    moments = measure_history(judged.values, judged.offsets, np.array(dates, dtype=np.int64), request.lead_time)
    known = (moments.periods >= request.calendar.frequency.periods_in_year / 2) & (moments.demands >= LEAST_DEMANDS)
    losses = np.zeros((len(tried), len(HALF_LIVES) * len(SPREADS), len(dates)))
    size = -(-len(dates) // OCCASIONS)
    for first in range(0, len(dates), size):
        profile = learn_year(panel, request.calendar, dates[first : first + size][-1])
        for k, trust in enumerate(tried):
            table = replace(profile, trust=trust.power, own=trust.own).of_panel(judged, request.calendar)
            for d in range(first, min(first + size, len(dates))):
                rows = np.flatnonzero(known[d])
                if not len(rows):
                    continue
                forecasts = _forecasts(judged, request, dates[d], table, moments.unit[d])
                for j, quantiles in enumerate(forecasts):
                    losses[k, j, d] = (_pinball(actual[d], quantiles) / moments.scale[d])[rows].mean()
    best = losses.sum(axis=2).argmin(axis=1)
    return np.asarray(losses[np.arange(len(tried)), best])


def _forecasts(panel: Panel, request: ForecastRequest, held: int, table: Floats, unit: Floats) -> list[Floats]:
    """Quantiles of the series at a cutoff, shape (series, MEASURED), for each half-life and spread."""
    calendar = request.calendar
    places, shifts = places_back(panel, calendar)
    ahead = factors_ahead(table, panel, (held,), request.lead_time, calendar)[0].sum(axis=1)
    found = []
    for life in HALF_LIVES:
        decay = 0.5 ** (1.0 / (life * calendar.frequency.periods_in_year))
        level, ratio = np.zeros(len(panel)), np.zeros(len(panel))
        _fill_levels(panel.values, panel.offsets, held, places, shifts, table, decay, level, ratio)
        found += [negbin_quantiles(level * ahead, ratio * spread, unit, MEASURED) for spread in SPREADS]
    return found


def _pinball(actual: Floats, quantiles: Floats) -> Floats:
    levels, error = np.array(MEASURED), actual[:, None] - quantiles
    return np.asarray(np.maximum(levels * error, (levels - 1.0) * error).mean(axis=1))


def _thin(panel: Panel) -> Panel:
    """Each how-manieth series of a panel, so that at most MOST_JUDGED or about MOST_CELLS periods are left."""
    rows = np.arange(0, len(panel), max(-(-len(panel) // MOST_JUDGED), len(panel.values) // MOST_CELLS, 1))
    kept = np.zeros(len(panel), dtype=np.bool_)
    kept[rows] = True
    values = np.repeat(kept, panel.lengths)
    return replace(
        panel,
        values=panel.values[values],
        offsets=np.concatenate([[0], np.cumsum(panel.lengths[rows])]).astype(np.int64),
        site_codes=[panel.site_codes[row] for row in rows],
        partnumbers=[panel.partnumbers[row] for row in rows],
        last_demand=panel.last_demand[rows],
        out_of_stock=None if panel.out_of_stock is None else panel.out_of_stock[values],
        ends=None if panel.ends is None else panel.ends[rows],
    )


@compiled
def _fill_levels(
    values: Floats,
    offsets: Ints,
    held: int,
    places: Ints,
    shifts: Ints,
    table: Floats,
    decay: float,
    level: Floats,
    ratio: Floats,
) -> None:
    """Write the level of each series, recent periods weighing more, and its variance relative to its mean."""
    for i in range(len(offsets) - 1):
        came = wanted = total = usual = squares = 0.0
        newest = shifts[i] + offsets[i + 1] - 1
        for t in range(offsets[i], offsets[i + 1] - held):
            factor = table[i, places[newest - t]]
            came, wanted = decay * came + values[t], decay * wanted + factor
            total += values[t]
            usual += factor
        if not (total > 0.0 and wanted > 0.0):
            continue
        level[i] = came / wanted
        for t in range(offsets[i], offsets[i + 1] - held):
            error = values[t] - total / usual * table[i, places[newest - t]]
            squares += error * error
        ratio[i] = squares / total
