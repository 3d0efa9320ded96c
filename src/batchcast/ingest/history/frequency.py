"""The frequency of a history: decided by the bulk of its dates, site by site; the few that do not fit are named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Frequency, date_of
from batchcast.domain.errors import N_, Choice, Message, ReadingQuestion

Days = NDArray[np.int32]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

_LEAST_MONTHS = 6  # dates of one site that make its months certain
_LEAST_WEEKS = 8  # likewise, where all are on one weekday
_LEAST_WEEKS_WITH_STRAYS = 12
_LEAST_DAYS = 20  # observations of a site off every pattern that make it a daily one
_FEW_DATES, _FEW = 0.1, 0.05  # shares of dates and observations that may not fit; two always may, three of ...
_MANY_DATES = 15
_NEAR = 3  # days by which a holiday shifts a date
_SHOWN = 5
_LEAST_SHARE = 0.1  # of the parts of a site, that makes them more than a few
_REGULAR = 0.7  # share of the months or weeks of a part that have its date
_QUARTER, _YEAR = 3, 12  # months
_LEAST_COARSE = 4  # dates that show quarters or years
_PATTERNS = {
    Frequency.MONTHLY: N_("one date a month"),
    Frequency.WEEKLY: N_("one date a week"),
    Frequency.DAILY: N_("dates of any day"),
}
_CHOICES = {
    Frequency.MONTHLY: N_("months: every row counts in the month of its date"),
    Frequency.WEEKLY: N_("weeks: every row counts in the week of its date"),
    Frequency.DAILY: N_("days: every row counts on its date, and the days between have no demand"),
}
_OF_YEARS = N_(
    "The {count} dates of the history are one of each year: totals of a year are too coarse to forecast. Send "
    "months, weeks or days; or set {@frequency=M} if the months between had no demand."
)
_OF_QUARTERS = N_(
    "The {count} dates of the history are one of each quarter: totals of a quarter are too coarse to forecast. "
    "Send months, weeks or days; or set {@frequency=M} if the months between had no demand."
)
_PARTS_OF_YEARS = N_(
    "{count} of {total} parts that were looked at, such as {example!r}, have one date a year: totals of a year "
    "are too coarse to forecast. Send months, weeks or days; or set {@frequency=M} if the months between had no "
    "demand."
)
_PARTS_OF_QUARTERS = N_(
    "{count} of {total} parts that were looked at, such as {example!r}, have one date a quarter: totals of a "
    "quarter are too coarse to forecast. Send months, weeks or days; or set {@frequency=M} if the months "
    "between had no demand."
)
_OF_SEVERAL_WEEKS = N_(
    "The {count} dates of the history are {weeks} weeks apart: as weeks, those between them would have no "
    "demand. Send months, weeks or days; or set {@frequency=M}, or {@frequency=W} if the weeks between had no "
    "demand."
)
_OF_PARTS_OF_MONTHS = N_(
    "The {count} dates of the history are on the same {days} days of each month: as days, those between them "
    "would have no demand. Send months, weeks or days; or set {@frequency=M}, or {@frequency=D} if the days "
    "between had no demand."
)
_CHANGED = N_(
    "From {first} to {last} the history has {coarse}, and for the rest of the time {fine}: totals of longer "
    "periods and days are in one history. Set {@frequency=$frequency}, or "
    "{@frequency=D} if the days between had no demand."
)
_MOST_PARTS = 2000  # that are looked at
_NEARLY_ALL = 0.9  # share of the months of a part that have its one date, on whatever day
_LEAST_FINE = 3  # dates of most months or weeks, that make a history one of days
_FINEST_FIRST = (Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY)


@dataclass(frozen=True, kw_only=True, slots=True)
class PartDates:
    """The dates with demand of some parts of a site."""

    parts: Sequence[str]
    position: NDArray[np.int64]  # of the part of each date
    days: Days  # same shape, ascending within a part


@dataclass(frozen=True, kw_only=True, slots=True)
class DateCounts:
    """How often each date occurs: an observation is a series that has a row on it."""

    days: Days  # since 1970-01-01, by their number, in any order
    sites: Sequence[str]
    of_sites: Counts  # (sites, days), observations
    dates_are_months: bool  # some date was written without a day
    of_parts: Callable[[int], PartDates] | None = None  # of some parts of a site, by its row
    quantities: NDArray[np.float64] | None = None  # (sites, days), sums on the last days; 0 on those before


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The frequency, and what it makes of the dates."""

    frequency: Frequency
    days: Days  # as given; a date that a holiday has shifted is moved to the missing one beside it
    usual: Flags  # which of them fit the frequency
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The finest frequency that the dates of one site, or of all, show."""

    frequency: Frequency
    fits: Flags  # (days,)


def decide_frequency(dates: DateCounts, *, is_asked: bool) -> Decision:
    """The frequency of a history.

    Args:
        dates: of the whole history.
        is_asked: the frequency to forecast is given, so that no question has to be asked.

    Raises:
        ReadingQuestion: if sites, or the parts of one, differ in frequency, or dates are those of quarters or years.
    """
    every = dates.of_sites.sum(axis=0)
    pure = _pure(dates.days, dates_are_months=dates.dates_are_months)
    if pure is Frequency.WEEKLY:
        pure = _months_on_one_weekday(dates, is_asked=is_asked)
    if pure is not None:
        return _decided(dates, _Pattern(pure, np.ones(len(dates.days), dtype=np.bool_)), is_asked=is_asked)
    found_of = {row: _of_site(dates, row, is_asked=is_asked) for row in range(len(dates.sites))}
    known = {row: pattern for row, pattern in found_of.items() if pattern is not None}
    found = {pattern.frequency for pattern in known.values()}
    if len(found) == 1 and Frequency.DAILY not in found:
        pattern = _joint(dates, known, next(iter(found)))
        if pattern is None:
            others = np.zeros(len(dates.days), dtype=np.bool_)
            known |= {row: _Pattern(Frequency.DAILY, others) for row in range(len(dates.sites)) if row not in known}
    else:
        pattern = None if found else _pattern(dates.days, every)
    if len({pattern.frequency for pattern in known.values()}) > 1 and not is_asked:
        raise _mixture(dates, known)
    if pattern is None and not is_asked:
        _ask_about_parts_of_months(dates)
        _ask_about_change(dates)
    return _decided(dates, pattern, is_asked=is_asked) if pattern else _daily(dates)


def _pure(days: Days, *, dates_are_months: bool) -> Frequency | None:
    """Where all dates are first days of months, or one weekday. One date alone shows nothing, unless it is a month."""
    starts = days.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)
    if bool((starts == days).all()) and (len(days) > 1 or dates_are_months):
        return Frequency.MONTHLY
    if len(days) > 1 and not ((days - days[0]) % 7).any():
        return Frequency.WEEKLY
    return None


def _months_on_one_weekday(dates: DateCounts, *, is_asked: bool) -> Frequency:
    """Weeks, or months where each has one date, such as its last Friday; all dates are on one weekday.

    Raises:
        ReadingQuestion: if dates are always so many weeks apart, as those of four weeks or of a fiscal calendar are.
    """
    days = np.sort(dates.days)
    weeks = np.diff(days) // 7
    if len(days) < _LEAST_MONTHS or weeks.min() < 2:
        return Frequency.WEEKLY
    steps = np.diff(days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64))
    if steps.min() > 0 and np.count_nonzero(steps == 1) >= _NEARLY_ALL * len(steps):
        return Frequency.MONTHLY
    if weeks.max() - weeks.min() <= 1 and not is_asked:
        apart = " | ".join(map(str, np.unique(weeks).tolist()))
        message = Message(_OF_SEVERAL_WEEKS, {"count": len(days), "weeks": apart})
        raise _which_of(message, Frequency.MONTHLY, Frequency.WEEKLY)
    return Frequency.WEEKLY


def _ask_about_parts_of_months(dates: DateCounts) -> None:
    """Ask about totals of halves or thirds of months.

    Raises:
        ReadingQuestion: if all dates are on the same two or three days of each month; its last day counts as one.
    """
    days = np.sort(dates.days)
    of_day = _number_in_month(days)
    numbers = np.unique(of_day)
    months = days[[0, -1]].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    span = int(months[1] - months[0]) + 1
    is_full = len(numbers) in {2, 3} and len(days) >= _NEARLY_ALL * len(numbers) * span
    if span >= _LEAST_MONTHS and is_full and _parts_have_several(dates):
        message = Message(_OF_PARTS_OF_MONTHS, {"count": len(days), "days": len(numbers)})
        raise _which_of(message, Frequency.MONTHLY, Frequency.DAILY)


def _number_in_month(days: Days) -> NDArray[np.int64]:
    """The number of each day in its month, from 0; -1 for the last day of one."""
    written: Any = days.astype("datetime64[D]")
    months = written.astype("datetime64[M]")
    last = (months + 1).astype("datetime64[D]") - 1
    return np.where(written == last, -1, (written - months.astype("datetime64[D]")).astype(np.int64))


def _parts_have_several(dates: DateCounts) -> bool:
    """Whether most parts with dates enough have them on several days of the month, not each on its own."""
    if dates.of_parts is None:
        return True
    several = total = 0
    for row in range(len(dates.sites)):
        given = dates.of_parts(row)
        pairs = np.unique(np.stack([given.position, _number_in_month(given.days)]), axis=1)
        enough = np.bincount(given.position, minlength=len(given.parts)) >= _LEAST_MONTHS
        several += int(np.count_nonzero(enough & (np.bincount(pairs[0], minlength=len(given.parts)) > 1)))
        total += int(np.count_nonzero(enough))
    return several >= _REGULAR * max(total, 1)


def _ask_about_change(dates: DateCounts) -> None:
    """Ask about a history that begins or ends with totals of months or weeks and has days else.

    Raises:
        ReadingQuestion: if it does.
    """
    order = np.argsort(dates.days)
    days, counts = dates.days[order], dates.of_sites.sum(axis=0)[order]
    written: Any = days.astype("datetime64[D]")
    months = written.astype("datetime64[M]")
    anchors = (months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]") - 1)
    weekdays = (days + 3) % 7
    views = (
        (Frequency.MONTHLY, months.astype(np.int64), [written == anchor for anchor in anchors], _LEAST_MONTHS),
        (Frequency.WEEKLY, (days + 3) // 7, [weekdays == weekdays[0], weekdays == weekdays[-1]], _LEAST_WEEKS),
    )
    for frequency, periods, rules, least in views:
        for is_usual in rules:
            run = _run_of_totals(periods, is_usual, least)
            if run is not None and _are_of_most(counts, run):
                first, last = (date_of(int(days[i])).isoformat() for i in run)
                values: dict[str, object] = {"first": first, "last": last, "frequency": frequency.value}
                values |= {"coarse": Message(_PATTERNS[frequency]), "fine": Message(_PATTERNS[Frequency.DAILY])}
                raise _which_of(Message(_CHANGED, values), frequency, Frequency.DAILY)


def _run_of_totals(periods: NDArray[Any], is_usual: Flags, least: int) -> tuple[int, int] | None:
    """The first and the last date of so many periods in a row, at either end, that have one date each, a usual one.

    None where there are not so many, or where the others have few dates too.
    """
    _, first, counts = np.unique(periods, return_index=True, return_counts=True)
    follows = np.append(True, np.diff(periods[first]) == 1)
    is_total = (counts == 1) & is_usual[first]
    for backwards in (False, True):
        order = slice(None, None, -1 if backwards else 1)
        unbroken = is_total[order] & (np.append(True, follows[order][:-1]) if backwards else follows)
        length = int(np.argmin(unbroken)) if not unbroken.all() else 0
        others = counts[order][length:]
        if length >= least and np.median(others) >= _LEAST_FINE:
            return (int(first[-length]), int(first[-1])) if backwards else (int(first[0]), int(first[length - 1]))
    return None


def _are_of_most(counts: Counts, run: tuple[int, int]) -> bool:
    """Whether the dates of a run have as many series as the others, as totals do; else some parts alone are left."""
    inside = counts[run[0] : run[1] + 1]
    outside = np.delete(counts, slice(run[0], run[1] + 1))
    return bool(inside.mean() >= outside.mean())


def _which_of(message: Message, *frequencies: Frequency) -> ReadingQuestion:
    choices = [Choice(settings={"frequency": one.value}, reading=Message(_CHOICES[one])) for one in frequencies]
    return ReadingQuestion(message, setting="frequency", choices=choices)


def _of_site(dates: DateCounts, row: int, *, is_asked: bool) -> _Pattern | None:
    """The pattern of one site; None where it has too few dates to show one.

    Raises:
        ReadingQuestion: if its parts differ in frequency, unless one is asked for.
    """
    counts = dates.of_sites[row]
    pattern = _pattern(dates.days, counts)
    if pattern is not None:
        return pattern
    if counts.sum() < _LEAST_DAYS or np.count_nonzero(counts) < _LEAST_MONTHS:
        return None
    return _Pattern(_of_parts(dates, row, is_asked=is_asked), counts > 0)


def _of_parts(dates: DateCounts, row: int, *, is_asked: bool) -> Frequency:
    """The frequency of a site whose dates together show no pattern: each part may have a day of its own.

    Raises:
        ReadingQuestion: if its parts differ, unless one is asked for.
    """
    if dates.of_parts is None:
        return Frequency.DAILY
    given = dates.of_parts(row)
    frequencies = _frequencies_of_parts(given)
    of_frequency = {one: [p for p, each in frequencies.items() if each is one] for one in _FINEST_FIRST}
    many = [one for one, parts in of_frequency.items() if len(parts) > _LEAST_SHARE * len(frequencies)]
    if len(many) > 1 and not is_asked:
        raise _mixture_of_parts(dates.sites[row], given, {one: of_frequency[one] for one in many})
    return many[0] if many else Frequency.DAILY


def _frequencies_of_parts(given: PartDates) -> dict[int, Frequency]:
    """The frequency of each part, by its position, where it has dates enough to show one.

    Monthly: one date a month, always on the same day of it or the same day before its end, or on any day where nearly
    all of many months have it. Weekly: always one weekday.
    """
    months = given.days.astype("datetime64[D]").astype("datetime64[M]")
    from_start = given.days - months.astype("datetime64[D]").astype(np.int32)
    to_end = (months + 1).astype("datetime64[D]").astype(np.int32) - given.days
    parts, first, counts = np.unique(given.position, return_index=True, return_counts=True)
    if not len(parts):
        return {}
    monthly = _constant(from_start, first) | _constant(to_end, first)
    month_numbers = months.astype(np.int64)
    span = month_numbers[first + counts - 1] - month_numbers[first] + 1
    monthly |= (counts >= _YEAR) & (counts >= _NEARLY_ALL * span)
    monthly &= _regular(month_numbers, first, counts, 1)
    weekly = (counts >= _LEAST_WEEKS) & _regular(given.days, first, counts, 7)
    coarse = np.where(monthly, 0, np.where(weekly, 1, 2))
    kinds = (Frequency.MONTHLY, Frequency.WEEKLY, Frequency.DAILY)
    enough = counts >= _LEAST_MONTHS
    return {int(part): kinds[kind] for part, kind in zip(parts[enough], coarse[enough].tolist(), strict=True)}


def _constant(values: NDArray[Any], first: NDArray[Any]) -> Flags:
    """Which groups hold one value alone; a group begins at each place of `first`."""
    same: Flags = np.maximum.reduceat(values, first) == np.minimum.reduceat(values, first)
    return same


def _regular(periods: NDArray[Any], first: NDArray[Any], counts: Counts, length: int) -> Flags:
    """In which groups ascending numbers are multiples of a length apart, and few of them are missing."""
    steps = np.diff(periods, prepend=periods[0])
    is_off = (steps <= 0) | (steps % length != 0)
    is_off[first] = False
    span = (periods[first + counts - 1] - periods[first]) // length + 1
    regular: Flags = ~np.logical_or.reduceat(is_off, first) & (counts >= _REGULAR * span)
    return regular


def _pattern(days: Days, counts: Counts) -> _Pattern | None:
    """One date a month or a week, but for a few; None where most dates are neither."""
    present = counts > 0
    monthly = max(_monthly(days, counts), key=lambda fits: int(counts[fits].sum()))
    if np.count_nonzero(monthly & present) >= _LEAST_MONTHS and _are_few(counts, present & ~monthly):
        return _Pattern(Frequency.MONTHLY, monthly)
    weekdays = (days + 3) % 7  # 1970-01-01 was a Thursday
    weekly = weekdays == int(np.argmax(np.bincount(weekdays, weights=counts, minlength=7)))
    strays = present & ~weekly
    least = _LEAST_WEEKS_WITH_STRAYS if strays.any() else _LEAST_WEEKS
    if np.count_nonzero(weekly & present) >= least and _are_few(counts, strays):
        return _Pattern(Frequency.WEEKLY, weekly)
    return None


def _monthly(days: Days, counts: Counts) -> Iterable[Flags]:
    """Which days are the one of their month, for each rule that a month can be dated by."""
    dates: Any = days.astype("datetime64[D]")
    first = dates.astype("datetime64[M]").astype("datetime64[D]")
    last = (dates.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1
    numbers = (dates - first).astype(np.int64)
    usual = int(np.argmax(np.bincount(numbers, weights=counts)))
    anchor = np.minimum(first + usual, last)
    for day in (anchor, last, first):
        weekday = (day.astype(np.int64) + 3) % 7
        yield dates == day
        yield dates == day - np.maximum(weekday - 4, 0)  # the business day before
        yield dates == day + np.where(weekday > 4, 7 - weekday, 0)  # and after


def _are_few(counts: Counts, strays: Flags) -> bool:
    """Whether so few dates and observations are strays that they may be corrections, slips or holidays."""
    dates, observations = np.count_nonzero(counts), int(counts.sum())
    of_strays = np.count_nonzero(strays), int(counts[strays].sum())
    least = 3 if dates >= _MANY_DATES else 2
    return bool(of_strays[0] <= max(least, _FEW_DATES * dates) and of_strays[1] <= max(least, _FEW * observations))


def _joint(dates: DateCounts, known: dict[int, _Pattern], frequency: Frequency) -> _Pattern | None:
    """The pattern of sites that are of one frequency, each with its own day; None where other sites do not fit it."""
    fits = np.logical_or.reduce([pattern.fits for pattern in known.values()])
    others = [row for row in range(len(dates.sites)) if row not in known]
    strays = ~fits & (dates.of_sites[others].sum(axis=0) > 0)
    return _Pattern(frequency, fits) if _are_few(dates.of_sites.sum(axis=0), strays) else None


def _daily(dates: DateCounts) -> Decision:
    return Decision(frequency=Frequency.DAILY, days=dates.days, usual=np.ones(len(dates.days), dtype=np.bool_))


def _decided(dates: DateCounts, pattern: _Pattern, *, is_asked: bool) -> Decision:
    """The decision for a pattern, with a note of the dates that do not fit."""
    if pattern.frequency is Frequency.MONTHLY and not is_asked:
        _refuse_coarse(dates, pattern.fits)
    days, usual = dates.days, pattern.fits
    strays = ~usual & (dates.of_sites.sum(axis=0) > 0)
    if not strays.any():
        return Decision(frequency=pattern.frequency, days=days, usual=usual)
    days, usual = _without_shifts(days, usual)
    observations = int(dates.of_sites[:, strays].sum())
    named = sorted(date_of(int(day)).isoformat() for day in dates.days[strays])
    template = N_(
        "The history is of frequency {frequency}: {pattern}. {count} of {total} dates, with {observations} values, do "
        "not fit: {dates}; they count in the period that holds them, or in the missing one beside."
    )
    values: dict[str, object] = {"frequency": pattern.frequency.value, "pattern": Message(_PATTERNS[pattern.frequency])}
    values |= {"count": len(named), "total": len(days), "observations": observations}
    shown = ", ".join(named[:_SHOWN]) + (", …" if len(named) > _SHOWN else "")
    note = Message(template, values | {"dates": shown})
    return Decision(frequency=pattern.frequency, days=days, usual=usual, notes=(note,))


def _without_shifts(days: Days, usual: Flags) -> tuple[Days, Flags]:
    """The days with each stray that stands alone near a gap of the pattern moved to where the pattern misses a date."""
    moved, fits = days.copy(), usual.copy()
    anchors = np.sort(days[usual])
    steps = np.diff(anchors)
    usual_step = int(np.median(steps)) if len(steps) else 0
    for number in np.flatnonzero(~usual):
        after = int(np.searchsorted(anchors, days[number]))
        if not 0 < after < len(anchors) or anchors[after] - anchors[after - 1] < 2 * usual_step - _NEAR:
            continue
        missing = anchors[after - 1] + usual_step
        if abs(int(missing) - int(days[number])) <= _NEAR and missing not in moved:
            moved[number], fits[number] = missing, True
    return moved, fits


def _mixture(dates: DateCounts, known: dict[int, _Pattern]) -> ReadingQuestion:
    """The question how sites of several frequencies are to be forecast, with the counts of each."""
    of_frequency = {
        frequency: [row for row, pattern in known.items() if pattern.frequency is frequency]
        for frequency in _FINEST_FIRST
    }
    told = []
    for frequency, rows in of_frequency.items():
        if rows:
            values: dict[str, object] = {"pattern": Message(_PATTERNS[frequency]), "sites": len(rows)}
            values |= {"example": dates.sites[rows[0]], "count": int(dates.of_sites[rows].sum())}
            told.append(Message(N_("{pattern} at {sites} sites, such as {example!r} ({count:,} values)"), values))
    template = N_("The sites differ in how they are dated: {first}; {second}. Set {@frequency} to one for all of them.")
    offered = [one for one in reversed(_FINEST_FIRST) if of_frequency[one]]
    choices = [Choice(settings={"frequency": one.value}, reading=Message(_CHOICES[one])) for one in offered]
    message = Message(template, {"first": told[0], "second": told[-1]})
    return ReadingQuestion(message, setting="frequency", choices=choices)


def _mixture_of_parts(site: str, given: PartDates, of_frequency: dict[Frequency, list[int]]) -> ReadingQuestion:
    """The question how parts of several frequencies are to be forecast, with the counts of each."""
    told = []
    values: dict[str, object]
    for frequency, parts in of_frequency.items():
        values = {"pattern": Message(_PATTERNS[frequency]), "parts": len(parts), "example": given.parts[parts[0]]}
        values["count"] = int(np.isin(given.position, parts).sum())
        told.append(Message(N_("{pattern} of {parts} parts, such as {example!r} ({count:,} values)"), values))
    template = N_(
        "The parts of site {site} differ in how they are dated: {first}; {second}. Set {@frequency} to one for "
        "all of them."
    )
    offered = [one for one in reversed(_FINEST_FIRST) if one in of_frequency]
    choices = [Choice(settings={"frequency": one.value}, reading=Message(_CHOICES[one])) for one in offered]
    message = Message(template, {"site": site, "first": told[0], "second": told[-1]})
    return ReadingQuestion(message, setting="frequency", choices=choices)


def _refuse_coarse(dates: DateCounts, fits: Flags) -> None:
    """Refuse dates of quarters or years: as months, most would have no demand.

    Raises:
        ReadingQuestion: if every date is of the same months of its quarter, or of one month of its year.
    """
    months = np.unique(dates.days[fits].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64))
    observations = int(dates.of_sites[:, fits].sum())
    if len(months) < _LEAST_COARSE:
        return
    for length, template in ((_YEAR, _OF_YEARS), (_QUARTER, _OF_QUARTERS)):
        if observations >= 2 * len(months) and not (np.diff(months) % length).any():
            raise _too_coarse(Message(template, {"count": len(months)}))
    of_years, of_quarters, total = _coarse_parts(dates)
    for parts, template in ((of_years, _PARTS_OF_YEARS), (of_quarters, _PARTS_OF_QUARTERS)):
        if len(parts) > max(_LEAST_SHARE * total, 1):
            raise _too_coarse(Message(template, {"count": len(parts), "total": total, "example": parts[0]}))


def _too_coarse(message: Message) -> ReadingQuestion:
    choice = Choice(settings={"frequency": "M"}, reading=Message(N_("months, most of them without demand")))
    return ReadingQuestion(message, setting="frequency", choices=[choice])


def _coarse_parts(dates: DateCounts) -> tuple[list[str], list[str], int]:
    """The parts whose dates are one of each year, and of each quarter, whichever month that is; and of how many."""
    found: dict[int, list[str]] = {_YEAR: [], _QUARTER: []}
    total = 0
    for row in range(len(dates.sites)):
        if dates.of_parts is None or total >= _MOST_PARTS:
            break
        given = dates.of_parts(row)
        months = given.days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        parts, first, counts = np.unique(given.position, return_index=True, return_counts=True)
        if not len(parts):
            continue
        enough = counts >= _LEAST_COARSE
        yearly = enough & _regular(months, first, counts, _YEAR)
        quarterly = ~yearly & (counts >= _LEAST_MONTHS) & _regular(months, first, counts, _QUARTER)
        total += int(np.count_nonzero(enough))
        for length, are in ((_YEAR, yearly), (_QUARTER, quarterly)):
            found[length] += [given.parts[part] for part in parts[are].tolist()]
    return found[_YEAR], found[_QUARTER], total
