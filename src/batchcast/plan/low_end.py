"""Last periods that hold far less than those before: not closed yet, cut off, or filled with zeros beforehand.

Judged by the series that have a row and by the sum of their quantities, of all sites together and of each. It is asked
about, as demand may have been as low.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Calendar, Frequency, date_of, day_of
from batchcast.domain.errors import N_, Choice, Message, ReadingQuestion, listed
from batchcast.domain.history import HistoryFacts
from batchcast.domain.settings import BatchSettings

_LEAST_DAYS = 7  # of a month, that are compared with the same days of others
_LEAST_USUAL = 4  # periods that show what is usual; and ...
_LEAST_KNOWN = 6  # of quantities, which vary more
_YEAR = {Frequency.DAILY: 53, Frequency.WEEKLY: 53, Frequency.MONTHLY: 12}  # periods; of days: the same weekday
_MOST_LOW = {Frequency.DAILY: 1, Frequency.WEEKLY: 3, Frequency.MONTHLY: 3}  # last periods that are low together
_CUT = 0.65  # of the least that there was
_DEVIATIONS = 3.0  # standard deviations under the median, of a period that was cut; and ...
_LEAST_CUT = 5  # rows under it
_EVEN, _LEAST_EVEN_CUT = 6, 3  # periods that all have the same rows: fewer rows under it tell of a cut
_HALF = 0.5  # of the least quantity that there was
_FACTORS, _UNSURE = 3.5, 14.0  # deviations of logarithms under the median; few periods add the second by their number
_STEADY = 6.0  # square of the mean divided by the variance, as of so many demands a period that come by chance
_QUIET = {Frequency.DAILY: 10, Frequency.WEEKLY: 1, Frequency.MONTHLY: 0}  # last periods that may have no demand
_CHANCE = 0.01  # of no demand in so many periods
_SHOWN = 5

Values = Sequence[float | None]  # of periods; None where there is no row


@dataclass(frozen=True, slots=True)
class _Low:
    """Last periods that hold less than those before."""

    periods: int
    most: float  # that one of them holds
    least: float  # that each before holds
    is_quantity: bool  # else series with a row

    @property
    def is_nothing(self) -> bool:
        """They have rows, all of 0."""
        return self.is_quantity and not self.most


def without_low_end(
    facts: HistoryFacts, calendar: Calendar, settings: BatchSettings, last: int
) -> tuple[int, tuple[Message, ...]]:
    """The last period that is not low, and a note where it is the last but one, as today is in the last.

    Raises:
        ReadingQuestion: if last periods are low that are over and so may be complete, of all sites or of some.
    """
    low = _low_end(*_of_periods(facts, calendar, last), calendar, share=_present_share(facts))
    if low and low.periods == 1 and settings.today and calendar.last_day(last) == day_of(settings.today):
        return last - 1, (_left_out(low, calendar, last),)
    start = settings.forecast_start_date
    if start is not None and calendar.period_of_day(day_of(start)) <= last:
        return last, ()
    if low:
        raise _question(low, calendar, last)
    if calendar.frequency is not Frequency.MONTHLY:
        _ask_about_month(facts, calendar, last)
    if calendar.period_of_day(day_of(facts.last_date)) != last:
        return last, ()
    return last, _notes_on_sites(facts, settings.closed_days[1], calendar, last)


# What is low.


def _low_end(rows: Values, quantities: Values, calendar: Calendar, *, share: float = 1.0, of: int = 1) -> _Low | None:
    """The last periods that are low; `share` of all rows are of sites that have not ended before; one `of` so many."""
    if not rows or rows[-1] is None:
        return None
    nothing = _nothing_at_the_end(quantities, calendar.frequency, _CHANCE / of)
    if nothing:
        return nothing
    few = _of_kind(rows, lambda value, before: _has_few(value / share, before), calendar)
    if few:
        return _Low(*few, is_quantity=False)
    little = _of_kind(quantities, partial(_is_little, of=of), calendar)
    return _Low(*little, is_quantity=True) if little else None


def _of_kind(
    values: Values, is_low: Callable[[float, Sequence[float]], bool], calendar: Calendar
) -> tuple[int, float, float] | None:
    """How many of the last periods are low against those before them, the most of these and the least of those."""
    for count in range(min(_MOST_LOW[calendar.frequency], len(values)), 0, -1):
        tail = [value for value in values[-count:] if value is not None]
        before = _year_before(values, count, calendar)
        if len(tail) == count and all(is_low(value, before) for value in tail):
            return count, max(tail), min(before)
    return None


def _year_before(values: Values, count: int, calendar: Calendar) -> list[float]:
    """The values of a year before so many last periods, those without a row left out; of days the same weekday."""
    step = 7 if calendar.frequency is Frequency.DAILY else 1
    earlier = values[-count - step :: -step] if count + step <= len(values) else []
    return [value for value in earlier[: _YEAR[calendar.frequency]] if value is not None]


def _has_few(last: float, before: Sequence[float]) -> bool:
    """Whether a period has far fewer rows than any of those before it."""
    if len(before) < _LEAST_USUAL:
        return False
    is_even = len(before) >= _EVEN and min(before) == max(before)
    deviation = max(float(np.std(before)) * _DEVIATIONS, _LEAST_EVEN_CUT if is_even else _LEAST_CUT)
    return last < _CUT * min(before) and float(np.median(before)) - last >= deviation


def _is_little(last: float, before: Sequence[float], *, of: int) -> bool:
    """Whether the quantity of a period is far less than that of any before it, by how much they vary; one `of` many."""
    if len(before) < _LEAST_KNOWN or min(before) <= 0 or last >= _HALF * min(before):
        return False
    median = float(np.median(before))
    if last <= 0:
        return _is_steady(before)
    deviations = _FACTORS + _UNSURE / len(before) + math.log(of)
    return math.log(median / last) >= deviations * float(np.std(np.log(before)))


def _is_steady(before: Sequence[float]) -> bool:
    """Whether quantities vary so little that there are hardly any periods without demand."""
    return min(before) > 0 and float(np.mean(before)) ** 2 >= _STEADY * float(np.var(before))


def _nothing_at_the_end(quantities: Values, frequency: Frequency, least: float) -> _Low | None:
    """The last periods with rows of 0 alone, where chance explains none with less than this probability."""
    known = [(place, value) for place, value in enumerate(quantities) if value is not None]
    count = next((k for k, (_, value) in enumerate(reversed(known)) if value), len(known))
    before = [value for _, value in known[: len(known) - count]]
    if not count or len(before) < _LEAST_KNOWN:
        return None
    pauses = "".join("." if value else "0" for value in before).split(".")
    chance = ((before.count(0) + 1) / (len(before) + 2)) ** count
    is_chance = chance > least and not _is_steady(before)
    if count <= max(_QUIET[frequency], 2 * max(map(len, pauses))) or is_chance:
        return None
    return _Low(len(quantities) - known[-count][0], 0.0, min(value for value in before if value), is_quantity=True)


# What all sites together hold.


def _of_periods(facts: HistoryFacts, calendar: Calendar, last: int) -> tuple[Values, Values]:
    """Series with a row and the sum of quantities, over the days of each whole period up to the last."""
    days = _recent_days(facts)
    if not len(days):
        return (), ()
    periods = calendar.periods_of_days(days)
    first = int(periods[0]) + (days[0] > max(calendar.first_day(int(periods[0])), day_of(facts.first_date)))
    inside = (periods >= first) & (periods <= last)
    return _sums(facts, inside, periods[inside] - first)


def _recent_days(facts: HistoryFacts) -> NDArray[np.int32]:
    """The days that `recent` is of."""
    last = day_of(facts.last_date)
    return np.arange(last + 1 - len(facts.recent), last + 1, dtype=np.int32)


def _sums(facts: HistoryFacts, chosen: NDArray[np.bool_], places: NDArray[np.int32]) -> tuple[Values, Values]:
    """The rows and quantities of chosen days, added up by place."""
    rows = np.bincount(places, weights=np.array(facts.recent)[chosen]).tolist()
    quantities: list[float] = []
    if len(facts.recent_quantities) == len(chosen):
        quantities = np.bincount(places, weights=np.array(facts.recent_quantities)[chosen]).tolist()
    return _with_rows(rows, rows), _with_rows(quantities, rows)


def _with_rows(values: Sequence[float], rows: Sequence[float]) -> Values:
    """None in place of the values of periods without a row."""
    return [value if count else None for value, count in zip(values, rows, strict=False)]


def _present_share(facts: HistoryFacts) -> float:
    """The share of all rows that are of sites which do not end early: of the others none are missed."""
    present = sum(site.rows for site in facts.sites if not site.ends_early)
    return max(present / max(sum(site.rows for site in facts.sites), 1), 0.01)


def _left_out(low: _Low, calendar: Calendar, last: int) -> Message:
    """A note of the period of today."""
    template = N_(
        "The last period, that of {start}, is left out: it is not over, and {found:,} series have a row in it, never "
        "fewer than {least:,} before. Set {@closed_through} if it is complete."
    )
    if low.is_quantity:
        template = N_(
            "The last period, that of {start}, is left out: it is not over, and its quantities add up to "
            "{found:,.15g}, never to less than {least:,.15g} before. Set {@closed_through} if it is complete."
        )
    return Message(template, _values(low) | {"start": date_of(calendar.first_day(last))})


def _values(low: _Low) -> dict[str, object]:
    found, least = (round(value, 6) if value % 1 else int(value) for value in (low.most, low.least))
    return {"found": found, "least": least, "count": low.periods}


def _question(low: _Low, calendar: Calendar, last: int) -> ReadingQuestion:
    """The question whether low last periods of all sites are complete."""
    template = N_(
        "In the last period, that of {start}, {found:,} series have a row, and never fewer than {least:,} before: the "
        "file may be cut off, or the period is not closed yet. Is it complete? Set {@closed_through}."
    )
    if low.is_nothing:
        template = N_(
            "From {start} to {end} every quantity is 0, as in a form that was filled with zeros beforehand; there was "
            "demand before. Had these days no demand, or have they no figures yet? Set {@closed_through}."
        )
    elif low.is_quantity:
        template = N_(
            "From {start} to {end} the quantities of a period add up to {found:,.15g} at most, and never to less than "
            "{least:,.15g} before: the file may be cut off, or the period is not closed yet. Is it complete? Set "
            "{@closed_through}."
        )
    elif low.periods > 1:
        template = N_(
            "From {start} to {end} at most {found:,} series have a row in a period, and never fewer than {least:,} "
            "before: the file may be cut off, or the periods are not closed yet. Are they complete? Set "
            "{@closed_through}."
        )
    first = calendar.first_day(last + 1 - low.periods)
    values = _values(low) | {"start": date_of(first), "end": date_of(calendar.last_day(last))}
    choices = keep_or_leave_out(calendar, last, low.periods)
    return ReadingQuestion(Message(template, values), setting="closed_through", choices=choices)


# The days of the last month, that are compared with the same days of each before.


def _ask_about_month(facts: HistoryFacts, calendar: Calendar, last: int) -> None:
    """Ask about the last month of days or weeks, where it is low though none of its periods is.

    Raises:
        ReadingQuestion: if it is, as a monthly export that was cut off after some parts.
    """
    days = _recent_days(facts)
    begin = facts.last_date.replace(day=1)
    if facts.last_date.day < _LEAST_DAYS or not len(days) or any(gap.last >= begin for gap in facts.gaps):
        return
    by_month = Calendar(frequency=Frequency.MONTHLY)
    months = by_month.periods_of_days(days)
    numbers = days - by_month.first_days(months)
    first = int(months[0]) + int(numbers[0] > 0)  # of the first month the first days may be missing
    same = (numbers < facts.last_date.day) & (months >= first)
    rows, quantities = _sums(facts, same, months[same] - first)
    low = _low_end(rows, quantities, by_month, share=_present_share(facts))
    if low is None or low.periods > 1:
        return
    template = N_(
        "From {start} to {end} there are {found:,} rows by part and day, and never fewer than {least:,} in the same "
        "days of a month before: the file may be cut off, or the month is not closed yet. Is it complete? Set "
        "{@closed_through}."
    )
    if low.is_quantity:
        template = N_(
            "From {start} to {end} the quantities add up to {found:,.15g}, and never to less than {least:,.15g} in the "
            "same days of a month before: the file may be cut off, or the month is not closed yet. Is it complete? Set "
            "{@closed_through}."
        )
    values = _values(low) | {"start": begin, "end": facts.last_date}
    whole, part = iso(calendar.last_day(last)), (begin - dt.timedelta(1)).isoformat()
    choices = _choices(whole, part, whole, part)
    raise ReadingQuestion(Message(template, values), setting="closed_through", choices=choices)


# Sites, each by itself.


def _notes_on_sites(
    facts: HistoryFacts, named: Mapping[str, dt.date], calendar: Calendar, last: int
) -> tuple[Message, ...]:
    """What to say of sites whose last periods are low.

    Raises:
        ReadingQuestion: if far fewer parts than ever have a row in the last week or month of some.
    """
    is_daily = facts.frequency is Frequency.DAILY
    of_sites = Calendar(frequency=Frequency.MONTHLY) if is_daily else replace(calendar, frequency=facts.frequency)
    end = of_sites.period_of_day(day_of(facts.last_date))
    begin = date_of(of_sites.first_day(end))
    explained = {gap.site_code for gap in facts.gaps if gap.last >= begin} | {*named}
    judged = [one for one in facts.sites if one.recent and not one.ends_early and one.site_code not in explained]
    low = {}
    for site in judged if None not in explained else []:
        rows, quantities = (_with_rows(each, site.recent) for each in (site.recent, site.recent_quantities))
        found = _low_end(rows, quantities, of_sites, of=len(judged))
        if found:
            low[site.site_code] = found
    first = {site: of_sites.first_day(end + 1 - one.periods) for site, one in low.items()}
    asked = [] if is_daily else [site for site, one in low.items() if one.periods == 1 and not one.is_quantity]
    if asked:
        raise _question_of_sites({site: low[site] for site in asked}, begin, calendar, last)
    return tuple(_said_of_sites(low, first, len(facts.sites)))


def _question_of_sites(low: Mapping[str, _Low], begin: dt.date, calendar: Calendar, last: int) -> ReadingQuestion:
    """The question whether the last period of some sites, where far fewer parts than ever have a row, is complete."""
    template = N_(
        "In the last period, that of {start}, far fewer parts have a row than ever before at {sites}: the file may be "
        "cut off, or the period is not closed there. Is it complete? Set {@closed_through}."
    )
    message = Message(template, {"start": begin, "sites": _compared(low)})
    end, before = iso(calendar.last_day(last)), iso(day_of(begin) - 1)
    choices = _choices(setting_of(dict.fromkeys(low, end)), setting_of(dict.fromkeys(low, before)), end, before)
    return ReadingQuestion(message, setting="closed_through", choices=choices)


def _compared(low: Mapping[str, _Low]) -> Message:
    compared = "{site} ({found:,.15g} < {least:,.15g})"
    return named_first([Message(compared, {"site": site} | _values(one)) for site, one in low.items()])


def _said_of_sites(low: Mapping[str, _Low], first: Mapping[str, int], count: int) -> Iterator[Message]:
    """Notes of sites, some of so many, that hold less from these days on: it is written, and so it counts."""
    little = {site: one for site, one in low.items() if not one.is_nothing}
    nothing = [site for site in low if site not in little]
    if little:
        template = N_(
            "{count} of {total} sites have far less than ever before, from {start} on: {sites}. It counts as their "
            "demand; for one whose figures are not complete yet set {@closed_through} to the day before, such as "
            "{example}."
        )
        start = min(first[site] for site in little)
        values: dict[str, object] = {"count": len(little), "total": count, "sites": _compared(little)}
        yield Message(template, values | {"start": date_of(start), "example": _day_before(first, next(iter(little)))})
    if nothing:
        template = N_(
            "{count} of {total} sites have nothing but rows of 0 from a day on: {sites}. They count as without demand; "
            "for one that has no figures yet set {@closed_through} to the day before, such as {example}."
        )
        shown = dated({site: date_of(first[site]) for site in nothing})
        values = {"count": len(nothing), "total": count, "sites": shown}
        yield Message(template, values | {"example": _day_before(first, nothing[0])})


def _day_before(first: Mapping[str, int], site: str) -> str:
    return f"{site}={iso(first[site] - 1)}"


# The choices of a question, as they are typed.


def keep_or_leave_out(calendar: Calendar, last: int, periods: int = 1) -> list[Choice]:
    """The choices to keep so many last periods or to leave them out."""
    whole, part = iso(calendar.last_day(last)), iso(calendar.last_day(last - periods))
    return _choices(whole, part, whole, part)


def _choices(whole: str, part: str, end: str, before: str) -> list[Choice]:
    """The same by the settings of both, and the days that they say, as they are typed."""
    complete, left_out = N_("complete: closed through {day}"), N_("left out: closed through {day}")
    return [
        Choice(settings={"closed_through": setting}, reading=Message(text, {"day": dt.date.fromisoformat(day)}))
        for text, setting, day in ((complete, whole, end), (left_out, part, before))
    ]


def setting_of(of_sites: Mapping[str, str | dt.date]) -> str:
    """The days through which sites are closed, as the setting is typed."""
    return ", ".join(f"{site}={day}" for site, day in of_sites.items())


def dated(days: Mapping[str, dt.date]) -> Message:
    """Some of the sites, each with a day of it."""
    return named_first([Message("{site} ({day})", {"site": site, "day": day}) for site, day in days.items()])


def named_first(each: Sequence[object]) -> Message:
    """Some of them, with commas between."""
    return listed(each[:_SHOWN], ", …" if len(each) > _SHOWN else "")


def iso(day: int) -> str:
    """The date of a day, as it is typed."""
    return date_of(day).isoformat()
