"""How well a plain level forecasts with a yearly profile and effects of occasions: what they are chosen by.

A plain level forecasts the sum over the lead time, by profiles and effects that know nothing after the earliest of some
dates. It stands for the models, which cannot be run at so many dates.
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Frequency
from batchcast.domain.cutoffs import SETTLED_DEMANDS
from batchcast.domain.plan import ForecastRequest, Occasion
from batchcast.forecast.backtest import take_actuals
from batchcast.forecast.compiled import compiled
from batchcast.forecast.distributions.negbin import negbin_quantiles
from batchcast.forecast.metrics import MEASURED
from batchcast.forecast.moments import measure_history
from batchcast.forecast.panel import Panel
from batchcast.forecast.seasons.effects import pooled_logs
from batchcast.forecast.seasons.occasions import AFTER, BEFORE, DURING, OWN_NEAR, EffectChoice, Shares, Way
from batchcast.forecast.seasons.year import YearProfile, places_back

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Learner = Callable[[int], YearProfile]  # from the periods held back

HALF_LIVES = (1 / 12, 1 / 4, 1 / 2)  # years, of the level
SPREADS = (1.0, 2.0, 4.0)  # factors of the variance
MOST_JUDGED, MOST_CELLS = 400, 200_000  # series, and periods of theirs about


def judge(
    panel: Panel, request: ForecastRequest, groups: Sequence[Sequence[int]], learners: Sequence[Learner]
) -> Floats:
    """Mean scaled pinball at each date, shape (learners, dates), each with the half-life and spread that suit it.

    Args:
        panel: the sample, without its week.
        request: what is forecast.
        groups: periods held back, ascending; those of one group share what is learned before the earliest.
        learners: of what is tried.
    """
    judged, dates = thin(panel), [date for group in groups for date in group]
    actual = take_actuals(judged.values, judged.offsets, dates, request.lead_time).sum(axis=2)
    moments = measure_history(judged.values, judged.offsets, np.array(dates, dtype=np.int64), request.lead_time)
    known = (moments.periods >= request.calendar.frequency.periods_in_year / 2) & (moments.demands >= SETTLED_DEMANDS)
    losses = np.zeros((len(learners), len(HALF_LIVES) * len(SPREADS), len(dates)))
    first = 0
    for group in groups:
        for k, learn in enumerate(learners):
            profile = learn(group[-1])
            even, table = (
                profile.without_occasions(judged, request.calendar),
                profile.of_panel(judged, request.calendar),
            )
            for d, held in enumerate(group, first):
                rows = np.flatnonzero(known[d])
                if not len(rows):
                    continue
                ahead = profile.ahead(table, judged, (held,), request.lead_time, request.calendar)[0].sum(axis=1)
                forecasts = _forecasts(even, request, held, table, ahead, moments.unit[d])
                for j, quantiles in enumerate(forecasts):
                    losses[k, j, d] = (_pinball(actual[d], quantiles) / moments.scale[d])[rows].mean()
        first += len(group)
    best = losses.sum(axis=2).argmin(axis=1)
    return np.asarray(losses[np.arange(len(learners)), best])


def _forecasts(
    panel: Panel, request: ForecastRequest, held: int, table: Floats, ahead: Floats, unit: Floats
) -> list[Floats]:
    """Quantiles of the series at a cutoff, shape (series, MEASURED), for each half-life and spread."""
    calendar = request.calendar
    places, shifts = places_back(panel, calendar)
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


def thin(panel: Panel) -> Panel:
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


def warm_judging() -> None:
    """Load what `judge` calls where a history is long enough to have a year, or compile it."""
    periods, bounds = np.ones(2), np.array([0, 2], dtype=np.int64)
    places, shifts = np.zeros(2, dtype=np.int64), np.zeros(1, dtype=np.int64)
    _fill_levels(periods, bounds, 1, places, shifts, np.ones((1, 2)), 0.5, np.zeros(1), np.zeros(1))


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


# Which holidays and events change demand: those with which forecasts of the days around them are clearly better.
#
# Each name competes at the times that it came: a plain level forecasts the periods around it, by effects that were
# learned from the times before. An event of the user's that came once cannot be judged so, and is believed. Months
# tell little of a holiday: one is tried only where the sum of all series shows it, beside the months of the year.

log = logging.getLogger(__name__)

Learn = Callable[[Panel, int, Sequence[EffectChoice]], YearProfile]  # of a panel, from all but its last periods
Groups = list[tuple[int, ...]]

CLEARLY = 0.98  # loss relative to that without the effect, at most
OFTEN = 0.33  # share of the dates at which it is less, at least
SPAN = {Frequency.DAILY: 7, Frequency.WEEKLY: 1, Frequency.MONTHLY: 1}  # periods that are forecast at each date
POWERS = (1.0, 0.5)
MOST_TIMES = 4  # the latest, at which one name is judged
LEAST_TIMES, LEAST_MOVED = 4, 2  # of a holiday in months: times, and those outside the month that it is in most often
SHOWN, SHOWN_OFTEN = 0.6, 2 / 3  # error beside that of the months alone, at most; times at which it is less, at least
MONTH_CASES, PLACE_CASES = 0.1, 0.3  # months at which what is seen counts half: of the year, and of the holiday


@dataclass(frozen=True, kw_only=True)
class _Judge:
    """Judges effects on a sample of series, without their week."""

    panel: Panel
    request: ForecastRequest
    learn: Learn

    def losses(self, groups: Groups, tried: Sequence[Sequence[EffectChoice]]) -> Floats:
        """Loss of each of what is tried, relative to that of the first, shape (tried,); 1 where not clearly better."""
        learners = [self._learner(chosen) for chosen in tried]
        losses = judge(self.panel, self.request, groups, learners)
        total = losses.sum(axis=1)
        if not total[0] > 0:
            return np.ones(len(tried))
        differs = losses != losses[0]
        often = (losses < losses[0]).sum(axis=1) >= OFTEN * np.maximum(differs.sum(axis=1), 1)
        relative = total / total[0]
        return np.where((relative <= CLEARLY) & often, relative, 1.0)

    def _learner(self, chosen: Sequence[EffectChoice]) -> Callable[[int], YearProfile]:
        return lambda held: self.learn(self.panel, held, chosen)


def choose_effects(panel: Panel, request: ForecastRequest, learn: Learn) -> tuple[EffectChoice, ...]:
    """The names whose effects are used, the most telling first.

    Args:
        panel: the sample, without its week.
        request: what is forecast, with its occasions.
        learn: the yearly profile of a panel with some effects.
    """
    few = thin(panel)
    judging = _Judge(panel=few, request=replace(request, lead_time=SPAN[request.calendar.frequency]), learn=learn)
    by_name: dict[str, list[Occasion]] = {}
    for one in request.occasions:
        by_name.setdefault(one.name, []).append(one)
    if request.calendar.frequency is Frequency.MONTHLY:
        by_name = _shown_by_months(by_name, few, request)
    groups = {name: _dates(some, few, judging.request) for name, some in by_name.items()}
    believed = [
        EffectChoice(name=name) for name, some in by_name.items() if not groups[name] and _is_known(some, few, request)
    ]
    found = []
    for name in (name for name in by_name if groups[name]):
        tried = [EffectChoice(name=name, way=way, power=power) for way in _ways(request) for power in _powers(request)]
        losses = judging.losses(groups[name], [(), *((one,) for one in tried)])
        if losses.min() < 1.0:
            found.append((float(losses.min()), tried[int(losses.argmin()) - 1]))
    chosen: list[EffectChoice] = []
    for _, each in sorted(found, key=lambda pair: pair[0]):
        if not chosen or judging.losses(groups[each.name], [tuple(chosen), (*chosen, each)])[1] < 1.0:
            chosen.append(each)
    for each in (*chosen, *believed):
        log.info("Demand differs around %s: by %s, to the power %g", each.name, each.way, each.power)
    return (*chosen, *believed)


def _ways(request: ForecastRequest) -> tuple[Way, ...]:
    return ("days",) if request.calendar.frequency is Frequency.DAILY else ("days", "centred", "periods")


def _powers(request: ForecastRequest) -> tuple[float, ...]:
    return POWERS[:1] if request.calendar.frequency is Frequency.MONTHLY else POWERS


def _shown_by_months(
    by_name: Mapping[str, list[Occasion]], panel: Panel, request: ForecastRequest
) -> dict[str, list[Occasion]]:
    """The events, and the holidays that the sum of all series shows."""
    seen, calendar, shown = pooled_logs(panel, request.calendar), request.calendar, {}
    for name, some in by_name.items():
        began = np.array([calendar.period_of_day(one.first_day) for one in some])
        times = np.unique(began[(began >= seen.first) & (began < seen.first + len(seen.logs))]) - seen.first
        moved = len(times) - np.bincount((times + seen.first) % 12, minlength=1).max()
        if not some[0].is_holiday:
            shown[name] = some
        elif len(times) >= LEAST_TIMES and moved >= LEAST_MOVED:
            shares = Shares(some, EffectChoice(name=name), calendar, seen.first, len(seen.logs)).of_site("")
            places = np.add.reduceat(shares, (0, BEFORE // 2, BEFORE, BEFORE + DURING), axis=1)
            if _is_shown(seen.logs, seen.weights, (seen.first + np.arange(len(seen.logs))) % 12, places, times):
                shown[name] = some
    return shown


def _is_shown(logs: Floats, weights: Floats, months: Ints, places: Floats, times: Ints) -> bool:
    """Whether months around each time are told better by what the other times show than by their month alone."""
    plain = np.eye(12)[months]
    designs = (plain, np.hstack([plain, places]))
    errors = np.zeros((2, len(times)))
    for k, time in enumerate(times.tolist()):
        out = np.zeros(len(logs), dtype=np.bool_)
        out[max(time - 1, 0) : time + 2] = True
        for row, design in enumerate(designs):
            cases = np.where(np.arange(design.shape[1]) < plain.shape[1], MONTH_CASES, PLACE_CASES)
            known = design * np.where(out, 0.0, weights)[:, None]
            told = design[out] @ np.linalg.solve(design.T @ known + np.diag(cases), known.T @ logs)
            errors[row, k] = (weights[out] * (logs[out] - told) ** 2).sum()
    total, better = errors.sum(axis=1), np.mean(errors[1] < errors[0])
    return bool(total[1] <= SHOWN * total[0] and better >= SHOWN_OFTEN)


def _is_known(occasions: Sequence[Occasion], panel: Panel, request: ForecastRequest) -> bool:
    """Whether an event of the user's has come at all, inside the history."""
    calendar, newest = request.calendar, int(panel.last_periods.max(initial=panel.last_period))
    oldest = newest - int(panel.lengths.max(initial=0)) + 1
    return any(
        not one.is_holiday
        and calendar.period_of_day(one.first_day) <= newest
        and calendar.period_of_day(one.last_day) >= oldest
        for one in occasions
    )


def _dates(occasions: Sequence[Occasion], panel: Panel, request: ForecastRequest) -> Groups:
    """Periods held back around each time that a name came after the first, a group for each time, ascending."""
    calendar, span = request.calendar, request.lead_time
    newest = int(panel.last_periods.max(initial=panel.last_period))
    oldest = newest - int(panel.lengths.max(initial=0)) + 1
    days = sorted({(one.first_day, one.last_day) for one in occasions})
    before, after = (BEFORE, AFTER) if occasions[0].is_holiday else (OWN_NEAR, OWN_NEAR)
    groups, known = [], None
    for first, last in days:
        begin, end = calendar.period_of_day(first - before), min(calendar.period_of_day(last + after), newest)
        if known is not None and known < begin and begin > oldest:
            cutoffs = [newest - cutoff for cutoff in range(begin - 1, end - span + 1, span)]
            if cutoffs:
                groups.append(tuple(reversed(cutoffs)))
        if known is None and oldest <= calendar.period_of_day(last) <= newest:
            known = calendar.period_of_day(last)
    return groups[-MOST_TIMES:]
