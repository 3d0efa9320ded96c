"""What to forecast: every `auto` that depends on the history is resolved here, with a note of each decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from batchcast.domain.calendar import Calendar, Frequency, date_of, day_of
from batchcast.domain.errors import N_, Choice, InvalidSettings, Message, ReadingQuestion
from batchcast.domain.history import HistoryFacts
from batchcast.domain.plan import ForecastRequest
from batchcast.domain.settings import SETTINGS, BatchSettings

_MOST_QUIET_DAYS = 10  # at the end of a closed period, as over the holidays of a year's end
FOLDS = 3  # rolling origins of the backtest where history allows
_WEEKDAYS = tuple(name for name in SETTINGS["week_start"].choices if name != "auto")  # Monday first
_FINENESS = {Frequency.DAILY: 0, Frequency.WEEKLY: 1, Frequency.MONTHLY: 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cutoff:
    """Where history ends and the forecast begins."""

    last_period: int  # the last one a model may see
    skip: int  # periods between it and the first one asked for
    notes: tuple[Message, ...]


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
    )
    return request, (*_week_start_notes(facts, calendar, settings), *cutoff.notes)


def _refuse_finer_than_dates(facts: HistoryFacts, frequency: Frequency) -> None:
    if _FINENESS[frequency] < _FINENESS[facts.frequency]:
        template = N_(
            "frequency is {asked}, but the dates of the history are of frequency {found}: "
            "demand can't be told apart within it. Choose frequency {found} or auto."
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
    complete, incomplete_notes = _last_complete_period(facts, calendar, settings)
    if start_date is None:
        _refuse_nothing_left(facts, first, complete)
        return _Cutoff(last_period=complete, skip=0, notes=incomplete_notes)
    start = calendar.period_of_day(day_of(start_date))
    rounded = _rounding_notes(calendar, start_date, start)
    if start <= complete:
        _refuse_start_before_history(facts, calendar, start_date, first, start)
        note = _left_out_note(facts, calendar, start, periods=complete + 1 - start)
        return _Cutoff(last_period=start - 1, skip=0, notes=(*rounded, note))
    _refuse_nothing_left(facts, first, complete)
    skip = start - complete - 1
    skipped = _skip_notes(calendar, start_date, complete, skip)
    return _Cutoff(last_period=complete, skip=skip, notes=(*rounded, *incomplete_notes, *skipped))


def _last_complete_period(
    facts: HistoryFacts, calendar: Calendar, settings: BatchSettings
) -> tuple[int, tuple[Message, ...]]:
    """The last period with nothing more to come, and a note where that had to be decided.

    A period is complete once no weekday that ever occurs in the history remains in it after the last date; or once it
    is over today, and the days without a row at its end are no more than there were before.

    Raises:
        ReadingQuestion: if the period is over today, and its end has more days without a row than there were before.
    """
    if settings.closed_through is not None:
        closed = calendar.period_of_day(day_of(settings.closed_through) + 1) - 1
        template = N_("The history is closed through {end}, as asked for: the last period is that of {start}.")
        start = _iso(calendar.first_day(closed))
        return closed, (Message(template, {"end": settings.closed_through.isoformat(), "start": start}),)
    last_day = day_of(facts.last_date)
    last = calendar.period_of_day(last_day)
    if calendar.frequency == facts.frequency:
        return last, ()
    end = calendar.last_day(last)
    if not any(facts.weekdays[_weekday(day)] for day in range(last_day + 1, end + 1)):
        return last, ()
    values: dict[str, object] = {"start": _iso(calendar.first_day(last)), "end": facts.last_date.isoformat()}
    if settings.today is not None and end < day_of(settings.today):
        missing = end - last_day
        values |= {"missing": missing, "before": facts.longest_gap, "today": settings.today.isoformat()}
        if missing <= facts.longest_gap:
            template = N_(
                "The last period ({start}) counts as closed: it is over on {today}, and the {missing} days without a "
                "row at its end are no more than the {before} there were before. Set closed_through if it is not."
            )
            return last, (Message(template, values),)
        is_short = missing <= _MOST_QUIET_DAYS and 2 * missing < end - calendar.first_day(last)
        if is_short and settings.forecast_start_date is None:
            raise _is_it_closed(calendar, last, values)
    weekly = N_("The last week ({start}) is left out: the history ends on {end}, before the week does.")
    monthly = N_("The last month ({start}) is left out: the history ends on {end}, before the month does.")
    return last - 1, (Message(weekly if calendar.frequency is Frequency.WEEKLY else monthly, values),)


def _is_it_closed(calendar: Calendar, last: int, values: Mapping[str, object]) -> ReadingQuestion:
    """The question whether the end of a period without rows had no demand, or was not exported."""
    template = N_(
        "The history ends on {end}, {missing} days before the period of {start} does, and there were never more than "
        "{before} days in a row without a row before: had they no demand, or were they not exported? Set "
        "closed_through."
    )
    whole, part = _iso(calendar.last_day(last)), _iso(calendar.last_day(last - 1))
    choices = [
        Choice(
            settings={"closed_through": whole}, reading=Message(N_("complete: closed through {day}"), {"day": whole})
        ),
        Choice(settings={"closed_through": part}, reading=Message(N_("left out: closed through {day}"), {"day": part})),
    ]
    return ReadingQuestion(Message(template, values), setting="closed_through", choices=choices)


def _refuse_nothing_left(facts: HistoryFacts, first: int, last: int) -> None:
    if last < first:
        template = N_(
            "The history, {start} to {end}, does not hold one complete week or month: nothing is left to forecast "
            "from. Choose a finer frequency or send more history."
        )
        values = {"start": facts.first_date.isoformat(), "end": facts.last_date.isoformat()}
        raise InvalidSettings([Message(template, values)])


def _refuse_start_before_history(
    facts: HistoryFacts, calendar: Calendar, start_date: dt.date, first: int, start: int
) -> None:
    if start <= first:
        template = N_(
            "forecast_start_date is {found}, but the history begins on {start}: nothing is left before it to forecast "
            "from. Choose a date from {low} on."
        )
        low = _iso(calendar.first_day(first + 1))
        values = {"found": start_date.isoformat(), "start": facts.first_date.isoformat(), "low": low}
        raise InvalidSettings([Message(template, values)])


def _rounding_notes(calendar: Calendar, start_date: dt.date, start: int) -> tuple[Message, ...]:
    first_day = calendar.first_day(start)
    if first_day == day_of(start_date):
        return ()
    template = N_("forecast_start_date {found} is inside a period; the forecast starts with that period, on {start}.")
    return (Message(template, {"found": start_date.isoformat(), "start": _iso(first_day)}),)


def _left_out_note(facts: HistoryFacts, calendar: Calendar, start: int, *, periods: int) -> Message:
    template = N_(
        "The forecast starts on {start}, inside the history: its last {periods} complete periods, up to {end}, "
        "are left out and no model sees them."
    )
    values = {"start": _iso(calendar.first_day(start)), "periods": periods, "end": facts.last_date.isoformat()}
    return Message(template, values)


def _skip_notes(calendar: Calendar, start_date: dt.date, complete: int, skip: int) -> tuple[Message, ...]:
    """A note where periods lie between history and forecast.

    Raises:
        InvalidSettings: if there are more of them than the frequency's longest horizon.
    """
    high = calendar.frequency.longest_horizon
    if skip > high:
        template = N_(
            "forecast_start_date is {found}, {skip} periods after the history ends; it can be at most {high} periods "
            "after it, {latest}."
        )
        latest = _iso(calendar.first_day(complete + 1 + high))
        values = {"found": start_date.isoformat(), "skip": skip, "high": high, "latest": latest}
        raise InvalidSettings([Message(template, values)])
    if skip == 0:
        return ()
    template = N_(
        "The forecast starts on {start}, later than the history ends: the {skip} periods from {first} on lie between "
        "and are not in the result."
    )
    values = {
        "start": _iso(calendar.first_day(complete + 1 + skip)),
        "skip": skip,
        "first": _iso(calendar.first_day(complete + 1)),
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
        template = N_("Every week is dated by its {start}, as in the history; set week_start for another day.")
        is_derived = settings.week_start == "auto" and calendar.week_start != 0
        return (Message(template, {"start": _WEEKDAYS[calendar.week_start]}),) if is_derived else ()
    template = N_(
        "Every date of the history is a {found}; weeks start on {start}, and the forecast is dated by that day. "
        "Set week_start to {found} to keep the dates of the history."
    )
    return (Message(template, {"found": _WEEKDAYS[stamped[0]], "start": _WEEKDAYS[calendar.week_start]}),)


def _weekday(day: int) -> int:
    return date_of(day).weekday()


def _iso(day: int) -> str:
    return date_of(day).isoformat()
