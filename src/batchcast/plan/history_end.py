"""Where a history ends: derived from its rows, the weekdays it has, other sites and today; asked where that is open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batchcast.domain.calendar import Calendar, Frequency, date_of, day_of
from batchcast.domain.errors import N_, Choice, InvalidSettings, Message, ReadingQuestion
from batchcast.domain.history import HistoryFacts, SiteFacts
from batchcast.domain.settings import BatchSettings
from batchcast.plan.low_end import dated, iso, keep_or_leave_out, named_first, setting_of, without_low_end

_MOST_QUIET_DAYS = 10  # at the end of a closed period, as over the holidays of a year's end
_MOST_MISSING_DAYS = 93  # of a site that is not exported: one without a row for longer may have been closed, which ...
_ASKED_SHARE = 0.05  # is asked where such sites have so much of all rows
_MOST_UNSURE_DAYS = 31  # the same of one where chance is not ruled out, if its last period lacks days


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
        common, cut = without_low_end(facts, calendar, settings, common)
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
        raise InvalidSettings([Message(template, {"site": site, "known": named_first(known)}) for site in unknown])


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
            problems.append(Message(template, values | {"setting": f"{site}={iso(calendar.last_day(last))}"}))
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
        return last, (Message(template, {"end": closed, "start": date_of(calendar.first_day(last))}),)
    last_day = day_of(facts.last_date)
    last = calendar.period_of_day(last_day)
    if settings.today is not None and settings.future_rows != "keep":
        over = _closed_by(calendar, settings.today)
        if over < last and (calendar.frequency == facts.frequency or last_day > day_of(settings.today)):
            template = N_(
                "The history is left out from {start} on: on {today} that period is not over. Set "
                "{@closed_through} if it is complete."
            )
            values = {"start": date_of(calendar.first_day(over + 1)), "today": settings.today}
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
    values: dict[str, object] = {"start": date_of(calendar.first_day(last)), "end": facts.last_date}
    if settings.today is not None and end < day_of(settings.today):
        missing = end - last_day
        values |= {"missing": missing, "before": facts.longest_gap, "today": settings.today}
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
    choices = keep_or_leave_out(calendar, last)
    return ReadingQuestion(Message(template, values), setting="closed_through", choices=choices)


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
    before = [site for site in sites if ends[site.site_code] < last]
    silent = [one for one in before if _days_since(one, facts) > _MOST_MISSING_DAYS]
    if sum(site.rows for site in silent) >= _ASKED_SHARE * facts.rows and silent:
        raise _is_site_closed(facts, calendar, silent, {site.site_code: ends[site.site_code] for site in silent}, last)
    most = 0 if calendar.frequency == facts.frequency else _MOST_UNSURE_DAYS
    silent += [one for one in before if one.end_is_doubtful and most < _days_since(one, facts) <= _MOST_MISSING_DAYS]
    early = [one for one in before if _days_since(one, facts) <= (most if one.end_is_doubtful else _MOST_MISSING_DAYS)]
    gone = _as_closed(silent, facts)
    if not early:
        return {}, gone
    days = {site.site_code: site.last_date for site in early if site.last_date}
    as_none = setting_of(dict.fromkeys(days, iso(calendar.last_day(last))))
    values: dict[str, object] = {"count": len(early), "total": len(facts.sites), "setting": as_none}
    values["sites"] = dated(days)
    template = N_(
        "{count} of {total} sites have their last row before the others, by more than chance explains: {sites}. "
        "Their history ends there: what comes after is not observed, not demand of 0, and they are forecast "
        "from there on. If they had no demand, set {@closed_through=$setting}."
    )
    return {site.site_code: ends[site.site_code] for site in early}, (Message(template, values), *gone)


def _days_since(site: SiteFacts, facts: HistoryFacts) -> int:
    """The days from the last row of a site to that of all."""
    return 0 if site.last_date is None else (facts.last_date - site.last_date).days


def _end_of(facts: HistoryFacts, calendar: Calendar, site: SiteFacts) -> int:
    """The last complete period of a site by its own rows."""
    day = day_of(site.last_date or facts.last_date)
    period = calendar.period_of_day(day)
    return period - (calendar.frequency != facts.frequency and _has_more_to_come(facts, calendar, day))


def _is_site_closed(
    facts: HistoryFacts, calendar: Calendar, sites: Sequence[SiteFacts], ends: Mapping[str, int], last: int
) -> ReadingQuestion:
    """The question whether sites without rows for long had no demand, or were not exported."""
    days = {site.site_code: site.last_date for site in sites if site.last_date}
    values: dict[str, object] = {"count": len(sites), "total": len(facts.sites)}
    values["sites"] = dated(days)
    as_none = setting_of(dict.fromkeys(days, iso(calendar.last_day(last))))
    template = N_(
        "{count} of {total} sites have their last row long before the others: {sites}. Had they no demand since "
        "then, or were they not exported? Set {@closed_through}."
    )
    none = Choice(settings={"closed_through": as_none}, reading=Message(N_("no demand since then")))
    choices = [none]
    if last - min(ends.values()) <= calendar.frequency.longest_horizon:
        reading = Message(N_("not exported: their history ends there, and they are forecast from there on"))
        choices.append(Choice(settings={"closed_through": setting_of(days)}, reading=reading))
    return ReadingQuestion(Message(template, values), setting="closed_through", choices=choices)


def _as_closed(sites: Sequence[SiteFacts], facts: HistoryFacts) -> tuple[Message, ...]:
    """A note of sites that count as without demand after their last row."""
    if not sites:
        return ()
    template = N_(
        "{count} of {total} sites have their last row before the others: {sites}. They count as without demand "
        "after it; for one that was not exported set {@closed_through} to that day, such as {example}."
    )
    days = {site.site_code: site.last_date for site in sites if site.last_date}
    values: dict[str, object] = {"count": len(sites), "total": len(facts.sites)}
    values["sites"] = dated(days)
    return (Message(template, values | {"example": "{}={}".format(*next(iter(days.items())))}),)
