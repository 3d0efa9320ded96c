"""Whether a batch has a year that forecasts better with it than without, and how far its profile is trusted.

The year competes in a backtest of its own, because the folds of a batch may all fall in one season: a plain level
forecasts the sum over the lead time from cutoffs in every season, with the profile and without, by profiles that know
nothing after those cutoffs. It has to be clearly better than no year.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.cutoffs import choose_year_cutoffs, has_a_year
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.extremes import bound_extremes
from batchcast.forecast.panel import Panel
from batchcast.forecast.seasons.effects import learn_effects
from batchcast.forecast.seasons.occasions import EffectChoice
from batchcast.forecast.seasons.weekdays import WeekdayProfile, flatten_week
from batchcast.forecast.seasons.year import OWN_COMPETES, YearProfile, learn_year, no_year
from batchcast.forecast.seasons.year_judge import choose_effects, judge

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """How far a profile is trusted."""

    power: float  # of its factors; 0: there is no year
    own: bool  # has each series a correction of its own


NO_YEAR = Trust(power=0.0, own=False)
FULL = Trust(power=1.0, own=False)
TRIED = (
    NO_YEAR,
    Trust(power=0.5, own=False),
    Trust(power=1.0, own=False),
    Trust(power=0.5, own=True),
    Trust(power=1.0, own=True),
)
TRIED_OF_MONTHS = tuple(trust for trust in TRIED if not trust.own)  # models see those of a single series themselves
CLEARLY = 0.98  # loss relative to that without a year, at most
OFTEN = 0.33  # share of the cutoffs at which it is less, at least: a peak is at few of them
FEWEST_CUTOFFS = 2
ROUNDS = 4  # of effects and profile in turn
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
    effects: tuple[EffectChoice, ...] = ()  # of holidays and events

    def learn(self, held: int) -> YearProfile:
        """The profile from all but the last `held` periods, with the effects of holidays and events."""
        panel = bound_extremes(self.panel, self.request.calendar.frequency, held)
        return learn_both(panel, self.request, held, self.trust, self.effects)

    def group(self, practice: Sequence[int]) -> list[tuple[int, ...]]:
        """Cutoffs, ascending, in groups for each of which a profile is learned before the earliest."""
        known = self.typical - practice[-1]
        is_long = known >= LONG * self.request.calendar.frequency.periods_in_year
        size = -(-len(practice) // (1 if is_long else PRACTICE_OCCASIONS))
        return [tuple(practice[k : k + size]) for k in range(0, len(practice), size)]


def choose_year(
    panel: Panel, profile: WeekdayProfile | None, request: ForecastRequest, typical: int, cutoffs: Sequence[int]
) -> YearChoice | None:
    """The year of a batch, with what holidays and events change; None where forecasts are not clearly better with any.

    Args:
        panel: the sample.
        profile: of its week.
        request: what is forecast.
        typical: periods of a typical series.
        cutoffs: periods held back at each fold.
    """
    if profile is not None:
        panel = replace(panel, values=flatten_week(panel, profile.of_series(panel.site_codes)).values)
    bounded = bound_extremes(panel, request.calendar.frequency)
    may = has_a_year(request, typical, cutoffs)
    trust = _choose_trust(bounded, request, typical) if may else NO_YEAR
    effects: tuple[EffectChoice, ...] = ()
    if request.occasions:
        effects = choose_effects(
            bounded, request, lambda some, held, chosen: learn_both(some, request, held, trust, chosen)
        )
    if effects and may:
        trust = _choose_trust(bounded, request, typical, effects)
    if trust is NO_YEAR and not effects:
        return None
    log.info("Demand has a year: profile to the power %g, own correction of each series: %s", trust.power, trust.own)
    return YearChoice(panel=panel, request=request, trust=trust, typical=typical, effects=effects)


def _choose_trust(panel: Panel, request: ForecastRequest, typical: int, effects: Sequence[EffectChoice] = ()) -> Trust:
    dates = choose_year_cutoffs(request, typical)
    if len(dates) < FEWEST_CUTOFFS:
        return NO_YEAR
    tried = TRIED if request.calendar.frequency in OWN_COMPETES else TRIED_OF_MONTHS
    return pick_trust(tried, judge_years(panel, request, dates, tried, effects))


def learn_both(
    panel: Panel, request: ForecastRequest, held: int, trust: Trust, chosen: Sequence[EffectChoice] = ()
) -> YearProfile:
    """A profile with effects of occasions, told apart from each other; from all but the last `held` periods."""
    calendar = request.calendar
    if not chosen:
        return learn_year(panel, calendar, held, trust=trust.power, own=trust.own)
    profile, usual = no_year(panel, calendar, held), None
    for _ in range(ROUNDS):
        effects = learn_effects(panel, calendar, held, request.occasions, chosen=chosen, usual=usual)
        if trust.power > 0:
            even = effects.divide(panel, calendar)
            profile = learn_year(even, calendar, held, trust=trust.power, own=trust.own)
            usual = profile.usual(panel, calendar, held)
    return replace(profile, effects=effects)


def pick_trust(tried: Sequence[Trust], losses: Floats) -> Trust:
    """The trust with the least loss, shape (tried, cutoffs); the first, no year, where none is clearly better."""
    if not losses[0].sum() > 0:
        return tried[0]
    total = losses.sum(axis=1) / losses[0].sum()
    able = (total <= CLEARLY) & ((losses < losses[0]).mean(axis=1) >= OFTEN)
    return tried[int(np.where(able, total, np.inf).argmin())] if able.any() else tried[0]


def judge_years(
    panel: Panel,
    request: ForecastRequest,
    dates: Sequence[int],
    tried: Sequence[Trust],
    effects: Sequence[EffectChoice] = (),
) -> Floats:
    """Mean scaled pinball at each date, shape (tried, dates).

    Args:
        panel: the sample, without its week.
        request: what is forecast.
        dates: periods held back, ascending.
        tried: how far profiles are trusted.
        effects: of holidays and events, whatever the trust.
    """
    size = -(-len(dates) // OCCASIONS)
    full = cache(lambda held: learn_both(panel, request, held, FULL, effects))

    def learner(trust: Trust) -> Callable[[int], YearProfile]:
        return lambda held: replace(full(held), trust=trust.power, own=trust.own)

    groups = [dates[first : first + size] for first in range(0, len(dates), size)]
    return judge(panel, request, groups, [learner(trust) for trust in tried])
