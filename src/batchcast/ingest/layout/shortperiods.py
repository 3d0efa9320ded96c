"""Headers of two short numbers, such as `01/24`: months, weeks or days, decided on the whole header."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from batchcast.domain.calendar import day_of
from batchcast.domain.errors import N_, Choice, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import AmbiguousDates
from batchcast.ingest.values.possibleorders import ends_now

_TWO_NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})")
_LEAST = 3  # columns
_MOST_MISSING = 0.5  # periods that no column has, as a share of those that one has
_CENTURY = 2000
_MONTHS = 12  # numbers up to it are months rather than weeks
_AS_MONTHS, _AS_WEEKS = N_("as months, from {first} to {last}"), N_("as weeks, from {first} to {last}")
_DAY_FIRST, _MONTH_FIRST = N_("day first, from {first} to {last}"), N_("month first, from {first} to {last}")

Build = Callable[[int, int, int], dt.date]  # of both numbers, and the year of what has none


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read both numbers."""

    order: str  # that chooses it
    said: str
    build: Build
    written: Callable[[dt.date], str]  # with its year, for the reader of dates
    has_year: bool = True


def _month(date: dt.date) -> str:
    return f"{date:%Y-%m}"


def _week(date: dt.date) -> str:
    year, number, _ = date.isocalendar()
    return f"{year}-W{number:02d}"


_READINGS = (
    _Reading("year_month", _AS_MONTHS, lambda month, year, _: dt.date(_CENTURY + year, month, 1), _month),
    _Reading("year_month", _AS_MONTHS, lambda year, month, _: dt.date(_CENTURY + year, month, 1), _month),
    _Reading("year_week", _AS_WEEKS, lambda week, year, _: dt.date.fromisocalendar(_CENTURY + year, week, 1), _week),
    _Reading("year_week", _AS_WEEKS, lambda year, week, _: dt.date.fromisocalendar(_CENTURY + year, week, 1), _week),
    _Reading("day_first", _DAY_FIRST, lambda day, month, year: dt.date(year, month, day), str, has_year=False),
    _Reading("month_first", _MONTH_FIRST, lambda month, day, year: dt.date(year, month, day), str, has_year=False),
)


def with_whole_years(names: Sequence[str], settings: BatchSettings) -> tuple[list[str], list[Message]]:
    """The names, those of two short numbers as the periods that they are; and what to say of them.

    Raises:
        AmbiguousDates: if they read in several ways, or have no year.
    """
    numbers = {i: two for i, name in enumerate(names) if (two := _TWO_NUMBERS.fullmatch(name.strip()))}
    if len(numbers) < _LEAST or len({two[2] for two in numbers.values()}) > 1:
        return list(names), []
    pairs = {i: (int(two[1]), int(two[3])) for i, two in numbers.items()}
    found = {one: days for one in _READINGS if (days := _days(one, list(pairs.values()), settings)) is not None}
    likely = {one: days for one, days in found.items() if _may_end(days, settings)} or found
    if not likely:
        return list(names), []
    first = names[min(pairs)]
    if len(likely) > 1 or not (next(iter(likely)).has_year or settings.first_year):
        raise _question(first, likely)
    reading, days = next(iter(likely.items()))
    read = list(names)
    for i, day in zip(pairs, days, strict=True):
        read[i] = reading.written(day)
    template = N_("Headers such as {value!r} are read {reading}.")
    return read, [Message(template, {"value": first, "reading": _said(reading, days)})]


def _days(reading: _Reading, pairs: Sequence[tuple[int, int]], settings: BatchSettings) -> list[dt.date] | None:
    """The days that a reading gives, where all are different and hardly any between them is missing; else None."""
    if settings.date_order not in ("auto", reading.order) or (settings.first_year and reading.has_year):
        return None
    if settings.date_order == "auto" and reading.order == "year_week" and max(map(min, pairs)) <= _MONTHS:
        return None
    steps: Mapping[str, Callable[[dt.date], int]] = {
        "year_month": lambda day: 12 * day.year + day.month,
        "year_week": lambda day: day_of(day) // 7,
    }
    year = settings.first_year or (settings.today or dt.date.today()).year
    with suppress(ValueError):
        days = _in_turn([reading.build(*pair, year) for pair in pairs], reading)
        days = days if settings.first_year else _not_to_come(days, reading, settings)
        places = sorted(map(steps.get(reading.order, day_of), days))
        if len(set(places)) == len(days) and places[-1] - places[0] < (1 + _MOST_MISSING) * len(days):
            return days
    return None


def _in_turn(days: list[dt.date], reading: _Reading) -> list[dt.date]:
    """The days in the order of their columns: where those without a year begin again, the next year does."""
    if reading.has_year:
        return days
    found, later = days[:1], 0
    for before, day in pairwise(days):
        later += day < before
        found.append(day.replace(year=day.year + later))
    return found


def _not_to_come(days: list[dt.date], reading: _Reading, settings: BatchSettings) -> list[dt.date]:
    """Days without a year in the last one in which they have all come."""
    if reading.has_year or settings.today is None:
        return days
    later = next(n for n in range(_CENTURY) if max(days).replace(year=max(days).year - n) <= settings.today)
    return [day.replace(year=day.year - later) for day in days]


def _may_end(days: Sequence[dt.date], settings: BatchSettings) -> bool:
    """Whether a history that is sent today may end so."""
    return settings.today is None or ends_now(day_of(max(days)), day_of(settings.today))


def _question(first: str, likely: Mapping[_Reading, Sequence[dt.date]]) -> AmbiguousDates:
    template = N_("Headers such as {value!r} have two short numbers, and read in more than one way. Set {@date_order}.")
    if len(likely) == 1:
        template = N_("Headers such as {value!r} have a day and a month, but no year. Set {@first_year}.")
    choices = []
    for reading, days in likely.items():
        settings = {"date_order": reading.order}
        for back in range(1 if reading.has_year else 2):
            moved = list(days) if reading.has_year else [day.replace(year=day.year - back) for day in days]
            year = {} if reading.has_year else {"first_year": str(min(moved).year)}
            choices.append(Choice(settings={**settings, **year}, reading=_said(reading, moved)))
    return AmbiguousDates(Message(template, {"value": first}), setting="date_order", choices=choices)


def _said(reading: _Reading, days: Sequence[dt.date]) -> Message:
    return Message(reading.said, {"first": min(days), "last": max(days)})
