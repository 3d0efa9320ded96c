"""Where a history ends: derived from its rows, the weekdays it has, other sites and today; asked where that is open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Calendar, Frequency, date_of, day_of
from batchcast.domain.errors import N_, Choice, InvalidSettings, Message, ReadingQuestion
from batchcast.domain.history import HistoryFacts, SiteFacts
from batchcast.domain.settings import BatchSettings

_MOST_QUIET_DAYS = 10  # at the end of a closed period, as over the holidays of a year's end
_MOST_MISSING_DAYS = 93  # of a site that is not exported: one without a row for longer may have been closed, which ...
_ASKED_SHARE = 0.05  # is asked where such sites have so much of all rows
_LEAST_DAYS = 7  # of a month, that are compared with the same days of others
_LEAST_USUAL = 4  # periods that show what is usual
_YEAR = {Frequency.DAILY: 53, Frequency.WEEKLY: 53, Frequency.MONTHLY: 12}  # periods; of days: the same weekday
_CUT = 0.65  # of the least that there was
_DEVIATIONS = 3.0  # standard deviations under the median, of a period that was cut; and ...
_LEAST_CUT = 5  # rows under it
_EVEN, _LEAST_EVEN_CUT = 6, 3  # periods that all have the same rows: fewer rows under it tell of a cut
_SHOWN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryEnd:
    """The last period that a model may see."""

    last_period: int
    ends: Mapping[str, int]  # of the sites that end before it
    notes: tuple[Message, ...]


def find_end(facts: HistoryFacts, calendar: Calendar, settings: BatchSettings) -> HistoryEnd:
    """Where the history ends, as `closed_through` says, else derived.

    Raises:
        ReadingQuestion: if the end of a period or of a site may have had no demand, or may not have been exported.
        InvalidSettings: if `closed_through` names a site that there is not, or ends one too early to be forecast.
    """
    closed, named = settings.closed_days
    _refuse_unknown_sites(facts, named)
    common, notes = _last_complete_period(facts, calendar, settings, closed)
    others = [site for site in facts.sites if site.ends_early and site.site_code not in named and site.last_date]
    if closed is None:
        common, cut = _without_cut(facts, calendar, settings, common)
        early, said = _end_early(facts, calendar, others, common)
        notes = (*cut, *notes)
    else:
        early, said = {}, _as_closed(others, facts)
    ends = early | {site: _closed_by(calendar, day) for site, day in named.items()}
    last = max([common, *ends.values()])
    if last > common:
        ends = {site.site_code: common for site in facts.sites} | ends
    ends = {site: end for site, end in ends.items() if end < last}
    _refuse_too_early(calendar, ends, last)
    return HistoryEnd(last_period=last, ends=ends, notes=(*said, *notes))


def _closed_by(calendar: Calendar, day: dt.date) -> int:
    """The last period that is over on a day."""
    return calendar.period_of_day(day_of(day) + 1) - 1


def _refuse_unknown_sites(facts: HistoryFacts, named: Mapping[str, dt.date]) -> None:
    known = [site.site_code for site in facts.sites]
    unknown = [site for site in named if site not in known]
    if unknown:
        template = N_("{@closed_through} names the site {site}, which the file does not have; it has {known}.")
        listed = ", ".join(known[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
        raise InvalidSettings([Message(template, {"site": site, "known": listed}) for site in unknown])


def _refuse_too_early(calendar: Calendar, ends: Mapping[str, int], last: int) -> None:
    high = calendar.frequency.longest_horizon
    template = N_(
        "{@closed_through} ends site {site} {periods} periods before the last one; it can be at most {high}. "
        "Leave the site out, or say that it had no demand: {@closed_through=$setting}."
    )
    problems = []
    for site, end in ends.items():
        if last - end > high:
            values: dict[str, object] = {"site": site, "periods": last - end, "high": high}
            problems.append(Message(template, values | {"setting": f"{site}={_iso(calendar.last_day(last))}"}))
    if problems:
        raise InvalidSettings(problems)


# The end that all sites have in common.


def _last_complete_period(
    facts: HistoryFacts, calendar: Calendar, settings: BatchSettings, closed: dt.date | None
) -> tuple[int, tuple[Message, ...]]:
    """The last period with nothing more to come, and a note where that had to be decided.

    A period is complete once it is over today, and no weekday that ever occurs in the history remains in it after the
    last date; or the days without a row at its end are no more than there were before.

    Raises:
        ReadingQuestion: if the period is over today, and its end has more days without a row than there were before.
    """
    if closed is not None:
        last = _closed_by(calendar, closed)
        template = N_("The history is closed through {end}, as asked for: the last period is that of {start}.")
        return last, (Message(template, {"end": closed.isoformat(), "start": _iso(calendar.first_day(last))}),)
    last_day = day_of(facts.last_date)
    last = calendar.period_of_day(last_day)
    if settings.today is not None and settings.future_rows != "keep":
        over = _closed_by(calendar, settings.today)
        if over < last and (calendar.frequency == facts.frequency or last_day > day_of(settings.today)):
            template = N_(
                "The history is left out from {start} on: on {today} that period is not over. Set "
                "{@closed_through} if it is complete."
            )
            values = {"start": _iso(calendar.first_day(over + 1)), "today": settings.today.isoformat()}
            return over, (Message(template, values),)
    if calendar.frequency == facts.frequency or not _has_more_to_come(facts, calendar, last_day):
        return last, ()
    return _last_of_dates(facts, calendar, settings, last)


def _has_more_to_come(facts: HistoryFacts, calendar: Calendar, last_day: int) -> bool:
    """Whether a weekday that ever occurs in the history remains in the period after a day."""
    end = calendar.last_day(calendar.period_of_day(last_day))
    return any(facts.weekdays[date_of(day).weekday()] for day in range(last_day + 1, end + 1))


def _last_of_dates(
    facts: HistoryFacts, calendar: Calendar, settings: BatchSettings, last: int
) -> tuple[int, tuple[Message, ...]]:
    """The last complete period where finer dates end before the last one does."""
    end, last_day = calendar.last_day(last), day_of(facts.last_date)
    values: dict[str, object] = {"start": _iso(calendar.first_day(last)), "end": facts.last_date.isoformat()}
    if settings.today is not None and end < day_of(settings.today):
        missing = end - last_day
        values |= {"missing": missing, "before": facts.longest_gap, "today": settings.today.isoformat()}
        if missing <= facts.longest_gap:
            template = N_(
                "The last period ({start}) counts as closed: it is over on {today}, and the {missing} days "
                "without a row at its end are no more than the {before} there were before. Set "
                "{@closed_through} if it is not."
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
        "The history ends on {end}, {missing} days before the period of {start} does, and there were never more "
        "than {before} days in a row without a row before: had they no demand, or were they not exported? Set "
        "{@closed_through}."
    )
    choices = _keep_or_leave_out(calendar, last)
    return ReadingQuestion(Message(template, values), setting="closed_through", choices=choices)


def _keep_or_leave_out(calendar: Calendar, last: int, sites: Sequence[str] = ()) -> list[Choice]:
    """The choices to keep a period or to leave it out, of some sites or of all."""
    return _choices(_iso(calendar.last_day(last)), _iso(calendar.last_day(last - 1)), sites)


def _choices(whole: str, part: str, sites: Sequence[str] = ()) -> list[Choice]:
    complete, left_out = N_("complete: closed through {day}"), N_("left out: closed through {day}")
    return [
        Choice(
            settings={"closed_through": _setting(dict.fromkeys(sites, day), day)}, reading=Message(text, {"day": day})
        )
        for text, day in ((complete, whole), (left_out, part))
    ]


def _setting(of_sites: Mapping[str, str], common: str) -> str:
    """The setting as it is typed."""
    return ", ".join(f"{site}={day}" for site, day in of_sites.items()) or common


# A period that was cut off, as by an export that ended early in a file sorted by date.


def _without_cut(
    facts: HistoryFacts, calendar: Calendar, settings: BatchSettings, last: int
) -> tuple[int, tuple[Message, ...]]:
    """The last period but one, with a note, where far fewer series have a row in the last one and it is that of today.

    Raises:
        ReadingQuestion: if the day is over, and so it may be complete.
    """
    rows = _rows_of_periods(facts, calendar, last)
    start, before = _iso(calendar.first_day(last)), _year_before(rows, calendar)
    values: dict[str, object] = {"start": start, "found": rows[-1] if rows else 0, "least": min(before, default=0)}
    is_cut = bool(rows) and _is_cut(rows[-1] / _present_share(facts), before)
    if is_cut and settings.today is not None and calendar.last_day(last) == day_of(settings.today):
        template = N_(
            "The last period, that of {start}, is left out: it is not over, and {found:,} series have a row in "
            "it, never fewer than {least:,} before. Set {@closed_through} if it is complete."
        )
        return last - 1, (Message(template, values),)
    if (
        settings.forecast_start_date is not None
        and calendar.period_of_day(day_of(settings.forecast_start_date)) <= last
    ):
        return last, ()
    if is_cut:
        template = N_(
            "In the last period, that of {start}, {found:,} series have a row, and never fewer than {least:,} "
            "before: the file may be cut off, or the period is not closed yet. Is it complete? Set "
            "{@closed_through}."
        )
        choices = _keep_or_leave_out(calendar, last)
        raise ReadingQuestion(Message(template, values), setting="closed_through", choices=choices)
    if calendar.frequency is not Frequency.MONTHLY:
        _ask_about_cut_month(facts, calendar, last)
    if calendar.frequency == facts.frequency and calendar.period_of_day(day_of(facts.last_date)) == last:
        named = settings.closed_days[1]
        _ask_about_cut_sites([one for one in facts.sites if one.site_code not in named], calendar, last)
    return last, ()


def _ask_about_cut_month(facts: HistoryFacts, calendar: Calendar, last: int) -> None:
    """Ask about the days of the last month, where far fewer rows are in them than in the same days of each before.

    Raises:
        ReadingQuestion: if there are so few, as of a monthly export that was cut off after some parts.
    """
    days = _recent_days(facts)
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    numbers = (dates - months.astype("datetime64[D]")).astype(np.int64)
    begin = facts.last_date.replace(day=1)
    is_explained = any(gap.last >= begin for gap in facts.gaps)
    if facts.last_date.day < _LEAST_DAYS or not len(days) or is_explained:
        return
    same = numbers < facts.last_date.day
    each = np.bincount((months - months[0]).astype(np.int64)[same], weights=np.array(facts.recent)[same])
    rows = [int(count) for count in each[int(numbers[0] > 0) :]]  # of the first month the first days may be missing
    before = _year_before(rows, Calendar(frequency=Frequency.MONTHLY))
    if not rows or not _is_cut(rows[-1] / _present_share(facts), before):
        return
    template = N_(
        "From {start} to {end} there are {found:,} rows by part and day, and never fewer than {least:,} in the "
        "same days of a month before: the file may be cut off, or the month is not closed yet. Is it complete? "
        "Set {@closed_through}."
    )
    values: dict[str, object] = {"start": begin.isoformat(), "end": facts.last_date.isoformat()}
    values |= {"found": rows[-1], "least": min(before)}
    choices = _choices(_iso(calendar.last_day(last)), (begin - dt.timedelta(1)).isoformat())
    raise ReadingQuestion(Message(template, values), setting="closed_through", choices=choices)


def _ask_about_cut_sites(sites: Sequence[SiteFacts], calendar: Calendar, last: int) -> None:
    """Ask about the last period of sites at which far fewer series have a row in it.

    Raises:
        ReadingQuestion: if there are any.
    """
    cut = [one for one in sites if one.recent and _is_cut(one.recent[-1], _year_before(one.recent, calendar))]
    if not cut:
        return
    template = N_(
        "In the last period, that of {start}, far fewer parts have a row than ever before at {sites}: the file "
        "may be cut off, or the period is not closed there. Is it complete? Set {@closed_through}."
    )
    least = [min(_year_before(site.recent, calendar)) for site in cut]
    listed = _listed([f"{site.site_code} ({site.recent[-1]} < {few})" for site, few in zip(cut, least, strict=True)])
    message = Message(template, {"start": _iso(calendar.first_day(last)), "sites": listed})
    choices = _keep_or_leave_out(calendar, last, [site.site_code for site in cut])
    raise ReadingQuestion(message, setting="closed_through", choices=choices)


def _recent_days(facts: HistoryFacts) -> NDArray[np.int32]:
    """The days that `recent` is of."""
    last = day_of(facts.last_date)
    return np.arange(last + 1 - len(facts.recent), last + 1, dtype=np.int32)


def _rows_of_periods(facts: HistoryFacts, calendar: Calendar, last: int) -> list[int]:
    """Series with a row, summed over the days of each whole period up to the last."""
    days = _recent_days(facts)
    if not len(days):
        return []
    periods = calendar.periods_of_days(days)
    first = int(periods[0]) + (days[0] > max(calendar.first_day(int(periods[0])), day_of(facts.first_date)))
    inside = (periods >= first) & (periods <= last)
    sums = np.bincount(periods[inside] - first, weights=np.array(facts.recent)[inside]).astype(int).tolist()
    return [int(count) for count in sums]


def _present_share(facts: HistoryFacts) -> float:
    """The share of all rows that are of sites which do not end early: of the others none are missed."""
    present = sum(site.rows for site in facts.sites if not site.ends_early)
    return max(present / max(sum(site.rows for site in facts.sites), 1), 0.01)


def _year_before(rows: Sequence[int], calendar: Calendar) -> list[int]:
    """The rows of the periods of a year before the last, those without any left out; of days the same weekday."""
    earlier = rows[-8::-7] if calendar.frequency is Frequency.DAILY else rows[-2::-1]
    return [count for count in earlier[: _YEAR[calendar.frequency]] if count]


def _is_cut(last: float, before: Sequence[int]) -> bool:
    """Whether a period has far fewer rows than any of those before it."""
    if len(before) < _LEAST_USUAL or not last:
        return False
    is_even = len(before) >= _EVEN and min(before) == max(before)
    deviation = max(float(np.std(before)) * _DEVIATIONS, _LEAST_EVEN_CUT if is_even else _LEAST_CUT)
    return last < _CUT * min(before) and float(np.median(before)) - last >= deviation


# Sites that end before the others.


def _end_early(
    facts: HistoryFacts,
    calendar: Calendar,
    sites: Sequence[SiteFacts],
    last: int,
) -> tuple[dict[str, int], tuple[Message, ...]]:
    """The last periods of sites whose rows end before those of others, and what a person should know of it.

    Raises:
        ReadingQuestion: if any has no row for so long that it may have been closed.
    """
    ends = {site.site_code: _end_of(facts, calendar, site) for site in sites}
    early = [site for site in sites if ends[site.site_code] < last]
    silent = [one for one in early if one.last_date and (facts.last_date - one.last_date).days > _MOST_MISSING_DAYS]
    if sum(site.rows for site in silent) >= _ASKED_SHARE * facts.rows and silent:
        raise _is_site_closed(facts, calendar, silent, {site.site_code: ends[site.site_code] for site in silent}, last)
    early = [site for site in early if site not in silent]
    gone = _as_closed(silent, facts)
    if not early:
        return {}, gone
    days = {site.site_code: site.last_date.isoformat() for site in early if site.last_date}
    as_none = _setting(dict.fromkeys(days, _iso(calendar.last_day(last))), "")
    values: dict[str, object] = {"count": len(early), "total": len(facts.sites), "setting": as_none}
    values["sites"] = _listed([f"{site} ({day})" for site, day in days.items()])
    template = N_(
        "{count} of {total} sites have their last row before the others, by more than chance explains: {sites}. "
        "Their history ends there: what comes after is not observed, not demand of 0, and they are forecast "
        "from there on. If they had no demand, set {@closed_through=$setting}."
    )
    return {site.site_code: ends[site.site_code] for site in early}, (Message(template, values), *gone)


def _end_of(facts: HistoryFacts, calendar: Calendar, site: SiteFacts) -> int:
    """The last complete period of a site by its own rows."""
    day = day_of(site.last_date or facts.last_date)
    period = calendar.period_of_day(day)
    return period - (calendar.frequency != facts.frequency and _has_more_to_come(facts, calendar, day))


def _is_site_closed(
    facts: HistoryFacts, calendar: Calendar, sites: Sequence[SiteFacts], ends: Mapping[str, int], last: int
) -> ReadingQuestion:
    """The question whether sites without rows for long had no demand, or were not exported."""
    days = {site.site_code: str(site.last_date) for site in sites}
    values: dict[str, object] = {"count": len(sites), "total": len(facts.sites)}
    values["sites"] = _listed([f"{site} ({day})" for site, day in days.items()])
    as_none = _setting(dict.fromkeys(days, _iso(calendar.last_day(last))), "")
    template = N_(
        "{count} of {total} sites have their last row long before the others: {sites}. Had they no demand since "
        "then, or were they not exported? Set {@closed_through}."
    )
    none = Choice(settings={"closed_through": as_none}, reading=Message(N_("no demand since then")))
    choices = [none]
    if last - min(ends.values()) <= calendar.frequency.longest_horizon:
        reading = Message(N_("not exported: their history ends there, and they are forecast from there on"))
        choices.append(Choice(settings={"closed_through": _setting(days, "")}, reading=reading))
    return ReadingQuestion(Message(template, values), setting="closed_through", choices=choices)


def _as_closed(sites: Sequence[SiteFacts], facts: HistoryFacts) -> tuple[Message, ...]:
    """A note of sites that count as without demand after their last row."""
    if not sites:
        return ()
    template = N_(
        "{count} of {total} sites have their last row before the others: {sites}. They count as without demand "
        "after it; for one that was not exported set {@closed_through} to that day, such as {example}."
    )
    days = {site.site_code: str(site.last_date) for site in sites}
    listed = _listed([f"{site} ({day})" for site, day in days.items()])
    values: dict[str, object] = {"count": len(sites), "total": len(facts.sites), "sites": listed}
    return (Message(template, values | {"example": "{}={}".format(*next(iter(days.items())))}),)


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts[:_SHOWN]) + (", …" if len(texts) > _SHOWN else "")


def _iso(day: int) -> str:
    return date_of(day).isoformat()
