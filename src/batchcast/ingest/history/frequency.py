"""The frequency of a history: decided by the bulk of its dates, site by site; the few that do not fit are named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from batchcast.domain.calendar import Frequency, date_of
from batchcast.domain.errors import N_, Message, listed
from batchcast.ingest.history.frequencyquestions import (
    FINEST_FIRST,
    LEAST_SHARE,
    PATTERNS,
    ask_about_change,
    ask_about_parts_of_months,
    mixture_of_parts,
    mixture_of_sites,
    months_or_weeks,
    refuse_coarse,
)
from batchcast.ingest.history.patterns import (
    LEAST_MONTHS,
    DateCounts,
    Days,
    Flags,
    Pattern,
    are_few,
    find_pattern,
    frequencies_of_parts,
)

_LEAST_DAYS = 20  # observations of a site off every pattern that make it a daily one
_NEAR = 3  # days by which a holiday shifts a date
_SHOWN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The frequency, and what it makes of the dates."""

    frequency: Frequency
    days: Days  # as given; a date that a holiday has shifted is moved to the missing one beside it
    usual: Flags  # which of them fit the frequency
    notes: tuple[Message, ...] = ()


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
        pure = months_or_weeks(dates, is_asked=is_asked)
    if pure is not None:
        return _decided(dates, Pattern(pure, np.ones(len(dates.days), dtype=np.bool_)), is_asked=is_asked)
    found_of = {row: _of_site(dates, row, is_asked=is_asked) for row in range(len(dates.sites))}
    known = {row: pattern for row, pattern in found_of.items() if pattern is not None}
    found = {pattern.frequency for pattern in known.values()}
    if len(found) == 1 and Frequency.DAILY not in found:
        pattern = _joint(dates, known, next(iter(found)))
        if pattern is None:
            others = np.zeros(len(dates.days), dtype=np.bool_)
            known |= {row: Pattern(Frequency.DAILY, others) for row in range(len(dates.sites)) if row not in known}
    else:
        pattern = None if found else find_pattern(dates.days, every)
    if len({pattern.frequency for pattern in known.values()}) > 1 and not is_asked:
        raise mixture_of_sites(dates, known)
    if pattern is None and not is_asked:
        ask_about_parts_of_months(dates)
        ask_about_change(dates)
    return _decided(dates, pattern, is_asked=is_asked) if pattern else _daily(dates)


def _pure(days: Days, *, dates_are_months: bool) -> Frequency | None:
    """Where all dates are first days of months, or one weekday. One date alone shows nothing, unless it is a month."""
    starts = days.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)
    if bool((starts == days).all()) and (len(days) > 1 or dates_are_months):
        return Frequency.MONTHLY
    if len(days) > 1 and not ((days - days[0]) % 7).any():
        return Frequency.WEEKLY
    return None


def _of_site(dates: DateCounts, row: int, *, is_asked: bool) -> Pattern | None:
    """The pattern of one site; None where it has too few dates to show one.

    Raises:
        ReadingQuestion: if its parts differ in frequency, unless one is asked for.
    """
    counts = dates.of_sites[row]
    pattern = find_pattern(dates.days, counts)
    if pattern is not None:
        return pattern
    if counts.sum() < _LEAST_DAYS or np.count_nonzero(counts) < LEAST_MONTHS:
        return None
    return Pattern(_of_parts(dates, row, is_asked=is_asked), counts > 0)


def _of_parts(dates: DateCounts, row: int, *, is_asked: bool) -> Frequency:
    """The frequency of a site whose dates together show no pattern: each part may have a day of its own.

    Raises:
        ReadingQuestion: if its parts differ, unless one is asked for.
    """
    if dates.of_parts is None:
        return Frequency.DAILY
    given = dates.of_parts(row)
    frequencies = frequencies_of_parts(given)
    of_frequency = {one: [p for p, each in frequencies.items() if each is one] for one in FINEST_FIRST}
    many = [one for one, parts in of_frequency.items() if len(parts) > LEAST_SHARE * len(frequencies)]
    if len(many) > 1 and not is_asked:
        raise mixture_of_parts(dates.sites[row], given, {one: of_frequency[one] for one in many})
    return many[0] if many else Frequency.DAILY


def _joint(dates: DateCounts, known: dict[int, Pattern], frequency: Frequency) -> Pattern | None:
    """The pattern of sites that are of one frequency, each with its own day; None where other sites do not fit it."""
    fits = np.logical_or.reduce([pattern.fits for pattern in known.values()])
    others = [row for row in range(len(dates.sites)) if row not in known]
    strays = ~fits & (dates.of_sites[others].sum(axis=0) > 0)
    return Pattern(frequency, fits) if are_few(dates.of_sites.sum(axis=0), strays) else None


def _daily(dates: DateCounts) -> Decision:
    return Decision(frequency=Frequency.DAILY, days=dates.days, usual=np.ones(len(dates.days), dtype=np.bool_))


def _decided(dates: DateCounts, pattern: Pattern, *, is_asked: bool) -> Decision:
    """The decision for a pattern, with a note of the dates that do not fit."""
    if pattern.frequency is Frequency.MONTHLY and not is_asked:
        refuse_coarse(dates, pattern.fits)
    days, usual = dates.days, pattern.fits
    strays = ~usual & (dates.of_sites.sum(axis=0) > 0)
    if not strays.any():
        return Decision(frequency=pattern.frequency, days=days, usual=usual)
    days, usual = _without_shifts(days, usual)
    observations = int(dates.of_sites[:, strays].sum())
    named = sorted(date_of(int(day)) for day in dates.days[strays])
    template = N_(
        "The history is of frequency {frequency}: {pattern}. {count} of {total} dates, with {observations} values, do "
        "not fit: {dates}; they count in the period that holds them, or in the missing one beside."
    )
    values: dict[str, object] = {"frequency": pattern.frequency.value, "pattern": Message(PATTERNS[pattern.frequency])}
    values |= {"count": len(named), "total": len(days), "observations": observations}
    shown = listed(named[:_SHOWN], ", …" if len(named) > _SHOWN else "")
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
