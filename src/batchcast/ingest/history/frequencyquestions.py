"""What dates leave open about their frequency: each question, with the counts that it is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Frequency, date_of
from batchcast.domain.errors import N_, Choice, Message, ReadingQuestion
from batchcast.ingest.history.patterns import (
    LEAST_MONTHS,
    LEAST_WEEKS,
    NEARLY_ALL,
    REGULAR,
    YEAR,
    Counts,
    DateCounts,
    Days,
    Flags,
    PartDates,
    Pattern,
    are_regular,
)

LEAST_SHARE = 0.1  # of the parts of a site, that makes them more than a few
_QUARTER = 3  # months
_LEAST_COARSE = 4  # dates that show quarters or years
PATTERNS = {
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
_OF_SEVERAL_MONTHS = N_(
    "The {count} dates of the history are {months} months apart: as months, those between them would have no demand. "
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
_LEAST_FINE = 3  # dates of most months or weeks, that make a history one of days
FINEST_FIRST = (Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY)


def months_or_weeks(dates: DateCounts, *, is_asked: bool) -> Frequency:
    """Weeks, or months where each has one date, such as its last Friday; all dates are on one weekday.

    Raises:
        ReadingQuestion: if dates are always so many weeks apart, as those of four weeks or of a fiscal calendar are.
    """
    days = np.sort(dates.days)
    weeks = np.diff(days) // 7
    if len(days) < LEAST_MONTHS or weeks.min() < 2:
        return Frequency.WEEKLY
    steps = np.diff(days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64))
    if steps.min() > 0 and np.count_nonzero(steps == 1) >= NEARLY_ALL * len(steps):
        return Frequency.MONTHLY
    if weeks.max() - weeks.min() <= 1 and not is_asked:
        apart = " | ".join(map(str, np.unique(weeks).tolist()))
        message = Message(_OF_SEVERAL_WEEKS, {"count": len(days), "weeks": apart})
        raise _which_of(message, Frequency.MONTHLY, Frequency.WEEKLY)
    return Frequency.WEEKLY


def ask_about_parts_of_months(dates: DateCounts) -> None:
    """Ask about totals of halves or thirds of months.

    Raises:
        ReadingQuestion: if all dates are on the same two or three days of each month; its last day counts as one.
    """
    days = np.sort(dates.days)
    of_day = _number_in_month(days)
    numbers = np.unique(of_day)
    months = days[[0, -1]].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    span = int(months[1] - months[0]) + 1
    is_full = len(numbers) in {2, 3} and len(days) >= NEARLY_ALL * len(numbers) * span
    if span >= LEAST_MONTHS and is_full and _parts_have_several(dates):
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
        enough = np.bincount(given.position, minlength=len(given.parts)) >= LEAST_MONTHS
        several += int(np.count_nonzero(enough & (np.bincount(pairs[0], minlength=len(given.parts)) > 1)))
        total += int(np.count_nonzero(enough))
    return several >= REGULAR * max(total, 1)


def ask_about_change(dates: DateCounts) -> None:
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
        (Frequency.MONTHLY, months.astype(np.int64), [written == anchor for anchor in anchors], LEAST_MONTHS),
        (Frequency.WEEKLY, (days + 3) // 7, [weekdays == weekdays[0], weekdays == weekdays[-1]], LEAST_WEEKS),
    )
    for frequency, periods, rules, least in views:
        for is_usual in rules:
            run = _run_of_totals(periods, is_usual, least)
            if run is not None and _are_of_most(counts, run):
                first, last = (date_of(int(days[i])) for i in run)
                values: dict[str, object] = {"first": first, "last": last, "frequency": frequency.value}
                values |= {"coarse": Message(PATTERNS[frequency]), "fine": Message(PATTERNS[Frequency.DAILY])}
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


def mixture_of_sites(dates: DateCounts, known: dict[int, Pattern]) -> ReadingQuestion:
    """The question how sites of several frequencies are to be forecast, with the counts of each."""
    of_frequency = {
        frequency: [row for row, pattern in known.items() if pattern.frequency is frequency]
        for frequency in FINEST_FIRST
    }
    told = []
    for frequency, rows in of_frequency.items():
        if rows:
            values: dict[str, object] = {"pattern": Message(PATTERNS[frequency]), "sites": len(rows)}
            values |= {"example": dates.sites[rows[0]], "count": int(dates.of_sites[rows].sum())}
            told.append(Message(N_("{pattern} at {sites} sites, such as {example!r} ({count:,} values)"), values))
    template = N_("The sites differ in how they are dated: {first}; {second}. Set {@frequency} to one for all of them.")
    offered = [one for one in reversed(FINEST_FIRST) if of_frequency[one]]
    choices = [Choice(settings={"frequency": one.value}, reading=Message(_CHOICES[one])) for one in offered]
    message = Message(template, {"first": told[0], "second": told[-1]})
    return ReadingQuestion(message, setting="frequency", choices=choices)


def mixture_of_parts(site: str, given: PartDates, of_frequency: dict[Frequency, list[int]]) -> ReadingQuestion:
    """The question how parts of several frequencies are to be forecast, with the counts of each."""
    told = []
    values: dict[str, object]
    for frequency, parts in of_frequency.items():
        values = {"pattern": Message(PATTERNS[frequency]), "parts": len(parts), "example": given.parts[parts[0]]}
        values["count"] = int(np.isin(given.position, parts).sum())
        told.append(Message(N_("{pattern} of {parts} parts, such as {example!r} ({count:,} values)"), values))
    template = N_(
        "The parts of site {site} differ in how they are dated: {first}; {second}. Set {@frequency} to one for "
        "all of them."
    )
    offered = [one for one in reversed(FINEST_FIRST) if one in of_frequency]
    choices = [Choice(settings={"frequency": one.value}, reading=Message(_CHOICES[one])) for one in offered]
    message = Message(template, {"site": site, "first": told[0], "second": told[-1]})
    return ReadingQuestion(message, setting="frequency", choices=choices)


def refuse_coarse(dates: DateCounts, fits: Flags) -> None:
    """Refuse dates of quarters, years or other multiples of months: as months, most would have no demand.

    Raises:
        ReadingQuestion: if all dates, or those of many parts, are so far apart.
    """
    months = np.unique(dates.days[fits].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64))
    observations = int(dates.of_sites[:, fits].sum())
    if len(months) < _LEAST_COARSE:
        return
    apart = int(np.gcd.reduce(np.diff(months)))
    least = _LEAST_COARSE if apart % _QUARTER == 0 else LEAST_MONTHS
    if apart > 1 and len(months) >= least and observations >= 2 * len(months):
        template = _OF_YEARS if apart % YEAR == 0 else _OF_QUARTERS if apart == _QUARTER else _OF_SEVERAL_MONTHS
        raise _too_coarse(Message(template, {"count": len(months), "months": apart}))
    of_years, of_quarters, total = _coarse_parts(dates)
    for parts, template in ((of_years, _PARTS_OF_YEARS), (of_quarters, _PARTS_OF_QUARTERS)):
        if len(parts) > max(LEAST_SHARE * total, 1):
            raise _too_coarse(Message(template, {"count": len(parts), "total": total, "example": parts[0]}))


def _too_coarse(message: Message) -> ReadingQuestion:
    choice = Choice(settings={"frequency": "M"}, reading=Message(N_("months, most of them without demand")))
    return ReadingQuestion(message, setting="frequency", choices=[choice])


def _coarse_parts(dates: DateCounts) -> tuple[list[str], list[str], int]:
    """The parts whose dates are one of each year, and of each quarter, whichever month that is; and of how many."""
    found: dict[int, list[str]] = {YEAR: [], _QUARTER: []}
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
        yearly = enough & are_regular(months, first, counts, YEAR)
        quarterly = ~yearly & (counts >= LEAST_MONTHS) & are_regular(months, first, counts, _QUARTER)
        total += int(np.count_nonzero(enough))
        for length, are in ((YEAR, yearly), (_QUARTER, quarterly)):
            found[length] += [given.parts[part] for part in parts[are].tolist()]
    return found[YEAR], found[_QUARTER], total
