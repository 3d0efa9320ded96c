"""What to forecast: every `auto` that depends on the history is resolved here, with a note of each decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from batchcast.domain.calendar import Calendar, Frequency, date_of, day_of
from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.domain.history import HistoryFacts
from batchcast.domain.plan import ForecastRequest
from batchcast.domain.settings import SETTINGS, BatchSettings
from batchcast.plan.history_end import find_end
from batchcast.plan.holidays import occasions_of, unseen_notes

_MISSING_SHARE = 0.25  # of the days of a period, whose demand is not known with more missing
FOLDS = 3  # rolling origins of the backtest where history allows
_WEEKDAYS = tuple(name for name in SETTINGS["week_start"].choices if name != "auto")  # Monday first
_FINENESS = {Frequency.DAILY: 0, Frequency.WEEKLY: 1, Frequency.MONTHLY: 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cutoff:
    """Where history ends and the forecast begins."""

    last_period: int  # the last one a model may see
    skip: int  # periods between it and the first one asked for
    notes: tuple[Message, ...]
    ends: Mapping[str, int] = field(default_factory=dict)  # of the sites that end before


def resolve_request(facts: HistoryFacts, settings: BatchSettings) -> tuple[ForecastRequest, tuple[Message, ...]]:
    """The request with frequency, horizon, cutoff and lead time decided, and a note for every decision worth saying.

    An incomplete last week or month is left out. Data stamped once a period (weekly data by the week) is complete.

    Raises:
        InvalidSettings: if the frequency is finer than the dates, horizon, lead time or start date are out of range
            for the frequency, or no period is left before the cutoff.
    """
    frequency = facts.frequency if settings.frequency == "auto" else Frequency(settings.frequency)
    _refuse_finer_than_dates(facts, frequency)
    calendar = Calendar(frequency=frequency, week_start=_week_start(facts, settings))
    horizon = settings.horizon or frequency.default_horizon
    lead_time = settings.lead_time or horizon
    asked = {"horizon": horizon, "lead_time": settings.lead_time}
    _refuse_out_of_range(frequency, {name: periods for name, periods in asked.items() if periods})
    cutoff = _choose_cutoff(facts, calendar, settings)
    request = ForecastRequest(
        calendar=calendar,
        last_period=cutoff.last_period,
        skip=cutoff.skip,
        horizon=horizon,
        lead_time=lead_time,
        quantiles=tuple(sorted(settings.quantiles)),
        models=settings.models,
        service_level=settings.service_level,
        rounding=settings.rounding,
        zero_threshold=settings.zero_threshold,
        folds=FOLDS,
        seed=settings.seed,
        ends=cutoff.ends,
        unobserved=_unobserved(facts, calendar),
    )
    notes = (*cutoff.notes, *_week_start_notes(facts, calendar, settings))
    occasions = occasions_of(facts, settings, request)
    return replace(request, occasions=occasions), (*notes, *unseen_notes(occasions, request, facts))


def _refuse_finer_than_dates(facts: HistoryFacts, frequency: Frequency) -> None:
    if _FINENESS[frequency] < _FINENESS[facts.frequency]:
        template = N_(
            "{@frequency} is {asked}, but the dates of the history are of frequency {found}: demand can't be "
            "told apart within it. Choose {@frequency=$found} or {@frequency=auto}."
        )
        values = {"asked": frequency.value, "found": facts.frequency.value}
        raise InvalidSettings([Message(template, values)])


def _refuse_out_of_range(frequency: Frequency, periods: Mapping[str, int]) -> None:
    template = N_("{setting} is {found}; at frequency {frequency} it must be from 1 to {high} periods.")
    high = frequency.longest_horizon
    problems = [
        Message(template, {"setting": name, "found": value, "frequency": frequency.value, "high": high})
        for name, value in periods.items()
        if value > high
    ]
    if problems:
        raise InvalidSettings(problems)


def _choose_cutoff(facts: HistoryFacts, calendar: Calendar, settings: BatchSettings) -> _Cutoff:
    start_date = settings.forecast_start_date
    first = calendar.period_of_day(day_of(facts.first_date))
    found = find_end(facts, calendar, settings)
    complete = found.last_period
    if start_date is None:
        _refuse_nothing_left(facts, first, complete)
        return _Cutoff(last_period=complete, skip=0, notes=found.notes, ends=found.ends)
    start = calendar.period_of_day(day_of(start_date))
    rounded = _rounding_notes(calendar, start_date, start)
    if start <= complete:
        _refuse_start_before_history(facts, calendar, start_date, first, start)
        note = _left_out_note(facts, calendar, start, periods=complete + 1 - start)
        ends = {site: end for site, end in found.ends.items() if end < start - 1}
        notes = found.notes if ends else ()
        return _Cutoff(last_period=start - 1, skip=0, notes=(*notes, *rounded, note), ends=ends)
    _refuse_nothing_left(facts, first, complete)
    skip = start - complete - 1
    skipped = _skip_notes(calendar, start_date, complete, skip)
    return _Cutoff(last_period=complete, skip=skip, notes=(*found.notes, *rounded, *skipped), ends=found.ends)


def _unobserved(facts: HistoryFacts, calendar: Calendar) -> dict[str, tuple[int, ...]]:
    """The periods of each site of which so many days were not exported that their demand is not known."""
    found: dict[str, set[int]] = {}
    for gap in facts.gaps:
        first, last = day_of(gap.first), day_of(gap.last)
        for period in range(calendar.period_of_day(first), calendar.period_of_day(last) + 1):
            start, stop = calendar.first_day(period), calendar.last_day(period) + 1
            missing = min(stop, last + 1) - max(start, first)
            if missing >= _MISSING_SHARE * (stop - start):
                for site in facts.sites:
                    if gap.site_code in (None, site.site_code):
                        found.setdefault(site.site_code, set()).add(period)
    return {site: tuple(sorted(periods)) for site, periods in sorted(found.items())}


def _refuse_nothing_left(facts: HistoryFacts, first: int, last: int) -> None:
    if last < first:
        template = N_(
            "The history, {start} to {end}, does not hold one complete week or month: nothing is left to forecast "
            "from. Choose a finer frequency or send more history."
        )
        values = {"start": facts.first_date, "end": facts.last_date}
        raise InvalidSettings([Message(template, values)])


def _refuse_start_before_history(
    facts: HistoryFacts, calendar: Calendar, start_date: dt.date, first: int, start: int
) -> None:
    if start <= first:
        template = N_(
            "{@forecast_start_date} is {found}, but the history begins on {start}: nothing is left before it to "
            "forecast from. Choose a date from {low} on."
        )
        low = date_of(calendar.first_day(first + 1))
        values = {"found": start_date, "start": facts.first_date, "low": low}
        raise InvalidSettings([Message(template, values)])


def _rounding_notes(calendar: Calendar, start_date: dt.date, start: int) -> tuple[Message, ...]:
    first_day = calendar.first_day(start)
    if first_day == day_of(start_date):
        return ()
    template = N_(
        "{@forecast_start_date} {found} is inside a period; the forecast starts with that period, on {start}."
    )
    return (Message(template, {"found": start_date, "start": date_of(first_day)}),)


def _left_out_note(facts: HistoryFacts, calendar: Calendar, start: int, *, periods: int) -> Message:
    template = N_(
        "The forecast starts on {start}, inside the history: its last {periods} complete periods, up to {end}, "
        "are left out and no model sees them."
    )
    values = {"start": date_of(calendar.first_day(start)), "periods": periods, "end": facts.last_date}
    return Message(template, values)


def _skip_notes(calendar: Calendar, start_date: dt.date, complete: int, skip: int) -> tuple[Message, ...]:
    """A note where periods lie between history and forecast.

    Raises:
        InvalidSettings: if there are more of them than the frequency's longest horizon.
    """
    high = calendar.frequency.longest_horizon
    if skip > high:
        template = N_(
            "{@forecast_start_date} is {found}, {skip} periods after the history ends; it can be at most {high} "
            "periods after it, {latest}."
        )
        latest = date_of(calendar.first_day(complete + 1 + high))
        values = {"found": start_date, "skip": skip, "high": high, "latest": latest}
        raise InvalidSettings([Message(template, values)])
    if skip == 0:
        return ()
    template = N_(
        "The forecast starts on {start}, later than the history ends: the {skip} periods from {first} on lie between "
        "and are not in the result."
    )
    values = {
        "start": date_of(calendar.first_day(complete + 1 + skip)),
        "skip": skip,
        "first": date_of(calendar.first_day(complete + 1)),
    }
    return (Message(template, values),)


def _week_start(facts: HistoryFacts, settings: BatchSettings) -> int:
    """The weekday that weeks start on, Monday is 0: as asked for, else that of weekly dates."""
    if settings.week_start != "auto":
        return _WEEKDAYS.index(settings.week_start)
    is_weekly = facts.frequency is Frequency.WEEKLY and sum(facts.weekdays) == 1
    return facts.weekdays.index(True) if is_weekly else 0


def _week_start_notes(facts: HistoryFacts, calendar: Calendar, settings: BatchSettings) -> tuple[Message, ...]:
    """A note where weeks and the periods of the forecast do not begin on the same day."""
    if facts.frequency is Frequency.WEEKLY and calendar.frequency is Frequency.MONTHLY:
        return (Message(N_("Each week counts in the month that holds its date.")),)
    stamped = [number for number, occurs in enumerate(facts.weekdays) if occurs]
    if calendar.frequency is not Frequency.WEEKLY or len(stamped) != 1:
        return ()
    if stamped == [calendar.week_start]:
        template = N_("Every week is dated by its {start}, as in the history; set {@week_start} for another day.")
        is_derived = settings.week_start == "auto" and calendar.week_start != 0
        return (Message(template, {"start": _WEEKDAYS[calendar.week_start]}),) if is_derived else ()
    template = N_(
        "Every date of the history is a {found}; weeks start on {start}, and the forecast is dated by that day. "
        "Set {@week_start} to {found} to keep the dates of the history."
    )
    return (Message(template, {"found": _WEEKDAYS[stamped[0]], "start": _WEEKDAYS[calendar.week_start]}),)
