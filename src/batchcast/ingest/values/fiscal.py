"""Fiscal years: which calendar month a period of a year is, and the question where that is not said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batchcast.domain.calendar import date_of, day_of, month_in_words
from batchcast.domain.errors import N_, Choice, Message
from batchcast.domain.settings import SETTINGS, BatchSettings
from batchcast.ingest.common.problems import AmbiguousDates
from batchcast.ingest.values.implausible import DAYS_AFTER_TODAY

_MONTHS = 12
_USUAL = ("april", "july", "october")  # in which fiscal years begin that are none of the calendar
_NAMED_FOR = {"start": N_("the year in which it begins"), "end": N_("the year in which it ends")}


@dataclass(frozen=True, slots=True)
class FiscalYears:
    """In which month fiscal years begin, and for which calendar year each is named."""

    start: str = "auto"  # the name of the month; auto: it is not said
    named: str = "auto"  # start or end; auto: it is not said

    @classmethod
    def of(cls, settings: BatchSettings) -> FiscalYears:
        """Those of some settings."""
        return cls(settings.fiscal_year_start, settings.fiscal_year_named)

    @property
    def is_chosen(self) -> bool:
        """It was said in which month they begin."""
        return self.start != "auto"

    @property
    def is_calendar(self) -> bool:
        """They are calendar years, as far as is known."""
        return self.start in ("auto", "january")

    @property
    def shift(self) -> int:
        """The months from a period, taken as a calendar month, to the month that it is."""
        if self.is_calendar:
            return 0
        return _number_of(self.start) - 1 - (_MONTHS if self.named == "end" else 0)

    def day(self, day: int) -> int:
        """The first day of the month that a period is; `day` is that of the calendar month of its number."""
        if not self.shift:
            return day
        date = date_of(day)
        month = _MONTHS * date.year + date.month - 1 + self.shift
        return day_of(dt.date(month // _MONTHS, month % _MONTHS + 1, 1))

    def check(self, first: int, last: int) -> None:
        """Ask for which year fiscal years are named, where it makes a difference and is not said.

        Args:
            first: the day of the first period, taken as a calendar month.
            last: that of the last.

        Raises:
            AmbiguousDates: if it does.
        """
        if self.is_calendar or self.named != "auto":
            return
        template = N_(
            "Fiscal years that begin in {month}: whether a year is named for the calendar year in which it begins, or "
            "ends, can't be told. Set {@fiscal_year_named=start} or {@fiscal_year_named=end}."
        )
        both = (FiscalYears(self.start, named) for named in _NAMED_FOR)
        choices = [Choice(settings={"fiscal_year_named": one.named}, reading=one.reading(first, last)) for one in both]
        message = Message(template, {"month": self.month_name()})
        raise AmbiguousDates(message, setting="fiscal_year_named", choices=choices)

    def reading(self, first: int, last: int) -> Message:
        """What the periods then are, from the first to the last, taken as calendar months."""
        span = {name: month_in_words(date_of(self.day(day))) for name, day in (("first", first), ("last", last))}
        if self.is_calendar:
            return Message(N_("as calendar months, from {first} to {last}"), span)
        template = N_("the fiscal year begins in {month} and is named for {named}: from {first} to {last}")
        return Message(template, {"month": self.month_name(), "named": Message(_NAMED_FOR[self.named]), **span})

    def note(self, first: int, last: int) -> Message:
        """What to say of periods that were read so, from the first to the last, taken as calendar months."""
        template = N_("Periods of fiscal years are read as asked for: {reading}.")
        return Message(template, {"reading": self.reading(first, last)})

    def month_name(self) -> Message:
        """The month in which they begin, in words."""
        return Message(SETTINGS["fiscal_year_start"].choices[self.start])


def choices_of_periods(first: int, last: int, today: dt.date | None) -> list[Choice]:
    """What periods of a year may be: calendar months, or those of the usual fiscal years, the likeliest first.

    Args:
        first: the day of the first period, taken as a calendar month.
        last: that of the last.
        today: fiscal years that end long after it are not offered, and those of the calendar last.
    """
    calendar = Choice(settings={"date_order": "year_month"}, reading=FiscalYears("january").reading(first, last))
    others = list(_readings())
    if today is not None:
        to_come = {one: one.day(last) - day_of(today) for one in others}
        others = [one for one in others if to_come[one] <= DAYS_AFTER_TODAY]
    choices = [Choice(settings=_settings_of(one), reading=one.reading(first, last)) for one in others]
    is_to_come = today is not None and last > day_of(today) + DAYS_AFTER_TODAY
    return [*choices, calendar] if is_to_come else [calendar, *choices]


def _readings() -> Iterator[FiscalYears]:
    return (FiscalYears(start, named) for start in _USUAL for named in _NAMED_FOR)


def _settings_of(one: FiscalYears) -> Mapping[str, str]:
    return {"fiscal_year_start": one.start, "fiscal_year_named": one.named}


def _number_of(month: str) -> int:
    return list(SETTINGS["fiscal_year_start"].choices).index(month)
