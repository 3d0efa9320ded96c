"""The occasions of a forecast: holidays of a country whose dates move in the solar calendar, and the user's own events.

Holidays that stay on their date are part of the yearly profile. Further days off that lie beside one that moves, such
as the second day of a feast, or cuti bersama of Indonesia, are of that one.
"""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import ModuleType

from batchcast.domain.calendar import date_of, day_of
from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.domain.history import HistoryFacts
from batchcast.domain.plan import ForecastRequest, Occasion
from batchcast.domain.settings import BatchSettings, event_of

NO_HOLIDAYS = "none"
BESIDE_DAYS = 3  # from one day off to the next, of one holiday: a weekend may lie between
YEARS_SEEN = range(2000, 2030)  # by which it is told which holidays come each year, and which of these move
OFTEN = 0.5  # share of the years in which a holiday comes that is one of the calendar, no election
_CATEGORIES = ("public", "government")  # cuti bersama are of the second
_ASIDE = re.compile(r"\s*\([^()]*\)")  # (estimated), (Spring Festival)
MOST_SITES_NAMED = 10


def occasions_of(facts: HistoryFacts, settings: BatchSettings, request: ForecastRequest) -> tuple[Occasion, ...]:
    """All occasions from the beginning of the history to the end of the forecast, by name and day.

    Raises:
        InvalidSettings: if the country is unknown, or an event is of a site that the history does not hold.
    """
    last = date_of(request.calendar.last_day(request.first_period + request.horizon - 1))
    moving = (
        ()
        if settings.holidays.strip().lower() in {"", NO_HOLIDAYS}
        else tuple(_moving(_country(settings.holidays), facts.first_date.year, last.year))
    )
    found = (*moving, *_events(facts, settings.events))
    return tuple(sorted(found, key=lambda one: (not one.is_holiday, one.name, one.first_day, one.site_code or "")))


def unseen_notes(occasions: Sequence[Occasion], request: ForecastRequest, facts: HistoryFacts) -> tuple[Message, ...]:
    """What is said of events that are to come and have never been seen: nothing is known of what they change."""
    first, last = day_of(facts.first_date), request.calendar.last_day(request.last_period)
    seen = {one.name for one in occasions if first <= one.last_day and one.first_day <= last}
    names = dict.fromkeys(one.name for one in occasions if not one.is_holiday and one.name not in seen)
    if not names:
        return ()
    template = N_("Events that the history has not seen change nothing in the forecast: {names}.")
    return (Message(template, {"names": ", ".join(names)}),)


def _events(facts: HistoryFacts, texts: Sequence[str]) -> Iterator[Occasion]:
    known = tuple(site.site_code for site in facts.sites)
    for event in filter(None, map(event_of, texts)):
        if event.site_code is not None and event.site_code not in known:
            raise InvalidSettings([_unknown_site(event.site_code, known)])
        yield Occasion(
            name=event.name, first_day=day_of(event.first), last_day=day_of(event.last), site_code=event.site_code
        )


def _unknown_site(site: str, known: Sequence[str]) -> Message:
    near = difflib.get_close_matches(site.casefold(), [one.casefold() for one in known], n=1)
    named = [one for one in known if near and one.casefold() == near[0]] or known[:MOST_SITES_NAMED]
    shown = ", ".join(named) + (", …" if not near and len(known) > MOST_SITES_NAMED else "")
    template = N_("{setting} names site {site!r}, which is not in the history; there is {known}.")
    return Message(template, {"setting": "events", "site": site, "known": shown})


def _country(text: str) -> str:
    """The code of a country.

    Raises:
        InvalidSettings: if it is none that is known.
    """
    import holidays

    codes = holidays.list_supported_countries(include_aliases=False)
    code = text.strip().upper()
    if code not in codes:
        template = N_(
            "{setting} is {found!r}; give the code of a country in two letters, such as ID, MY, CN or DE, or none."
        )
        raise InvalidSettings([Message(template, {"setting": "holidays", "found": text})])
    return code


def _moving(code: str, first_year: int, last_year: int) -> Iterator[Occasion]:
    """The holidays of a country that move, one for each time, with the days off beside it."""
    names = _moving_names(code)
    days = _days_off(code, first_year - 1, last_year + 1)
    at = 0
    while at < len(days):
        stop = at + 1
        while stop < len(days) and days[stop][0] - days[stop - 1][0] <= BESIDE_DAYS:
            stop += 1
        yield from _of_group(days[at:stop], names)
        at = stop


def _of_group(days: Sequence[tuple[int, str]], names: frozenset[str]) -> Iterator[Occasion]:
    """The holidays among days off that lie beside each other, each to the last day off that is of it.

    Days off before a holiday are among those that its effect tells apart anyway: its own day stays the first.
    """
    firsts: dict[str, int] = {}
    for day, name in days:
        if name in names:
            firsts.setdefault(name, day)
    lasts = dict(firsts)
    for day, name in days:
        named = [one for one in firsts if name.startswith(one)]
        nearest = [] if _is_yearly(name) else _nearest(lasts, day)
        for one in (named or nearest)[:1]:
            lasts[one] = max(lasts[one], day)
    for name, first in firsts.items():
        yield Occasion(name=name, first_day=first, last_day=lasts[name], is_holiday=True)


def _nearest(lasts: Mapping[str, int], day: int) -> list[str]:
    """The holidays by how near their last days are to one."""
    return sorted(lasts, key=lambda one: abs(lasts[one] - day))


def _is_yearly(name: str) -> bool:
    """Whether a day off is a holiday itself, no day that was added to one."""
    return not re.search(r"joint|day off|bridge|additional|substitut|in lieu|cuti", name, re.IGNORECASE)


@cache
def _moving_names(code: str) -> frozenset[str]:
    """The names of the holidays that come in most years, and not always on the same date."""
    years: dict[str, set[int]] = {}
    dates: dict[str, set[tuple[int, int]]] = {}
    for day, name in _days_off(code, YEARS_SEEN.start, YEARS_SEEN.stop - 1):
        date = date_of(day)
        years.setdefault(name, set()).add(date.year)
        dates.setdefault(name, set()).add((date.month, date.day))
    often = {name for name, some in years.items() if len(some) >= OFTEN * len(YEARS_SEEN)}
    moving = {name for name in often if len(dates[name]) > len(YEARS_SEEN) // 6 and _is_yearly(name)}
    return frozenset(name for name in moving if not any(name != one and name.startswith(one) for one in often))


def _days_off(code: str, first_year: int, last_year: int) -> list[tuple[int, str]]:
    """Days off with the name of each, by day; a day with two has the first."""
    import holidays

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of years that it has not; they have no days off
        return _read_days(holidays, code, range(first_year, last_year + 1))


def _read_days(holidays: ModuleType, code: str, years: range) -> list[tuple[int, str]]:
    kind = holidays.country_holidays(code)
    categories = tuple(one for one in _CATEGORIES if one in kind.supported_categories) or None
    language = "en_US" if "en_US" in kind.supported_languages else None
    found = holidays.country_holidays(code, years=years, observed=False, categories=categories, language=language)
    return sorted((day_of(day), _ASIDE.sub("", name).split("; ")[0].strip()) for day, name in found.items())
