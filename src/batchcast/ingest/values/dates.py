"""Dates as people write them: one written date to its day, to the days that it can mean, or to why it is none.

`12/05/2024`, `23-01-05` and `202405` mean different days in different orders. They come back with all of them, and
`dateorder.py` decides on the whole column.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from batchcast.domain.calendar import day_of
from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.limits import EARLIEST_YEAR, LATEST_YEAR
from batchcast.ingest.values.digits import plain_digits
from batchcast.ingest.values.months import COUNTED_MONTH, LETTERS, month_named

_WEEKDAY_NAMES = (
    "mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun sunday",
    "senin sen selasa sel rabu rab kamis kam jumat jum sabtu sab minggu min ahad",
    "mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miercoles jueves viernes sabado domingo",
)
_WEEKDAYS = frozenset(name for names in _WEEKDAY_NAMES for name in names.split())
_CENTURY_TURNS = 69  # two-digit years: 00 to 68 are 2000 to 2068, 69 to 99 are 1969 to 1999 (as POSIX reads them)
_SERIALS = range(30_000, 60_000)  # days of a spreadsheet: 1982 to 2064
_FIRST_SERIAL = dt.date(1899, 12, 30)  # day 0
_DAY_SECONDS = 86_400
_FIRST_JULIAN_DAY = -2_440_588  # day 0, in days since 1970-01-01

_TIME = re.compile(
    r"(?:[ T]\s*)(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"\s*(?P<half>[AaPp])?(?(half)\.?\s?[Mm]\.?)\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?$",
    re.ASCII,
)
_WEEKDAY = re.compile(
    r"([A-Za-z]+)['’]?([A-Za-z]*)\.?,?\s+(?=\d|[A-Za-z])(?!\d{2}(?:\d{2})?$)"
)  # sen 2024 is no Monday
_OF = re.compile(r" (?:del?|of) | d['’]", re.IGNORECASE)  # 5 de agosto de 2024
_NUMBERED_DAY = re.compile(r"(?<=\d)(?:er|st|nd|rd|th|º|ª)(?=[\s,.]|$)", re.IGNORECASE)  # 1er mai, May 5th
_DOT_IN_NAME = re.compile(r"(?<=[^\d\s])\.(?=[^\d\s])")  # ม.ค. 2024
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$", re.ASCII)
_YEAR_WEEK_DAY = re.compile(r"(\d{4})-?W(\d{2})-?([1-7])$", re.ASCII)
_YEAR_M_MONTH = re.compile(rf"(\d{{4}})[-/ ]?{COUNTED_MONTH}$", re.ASCII | re.IGNORECASE)  # 2024M01, as statistics have
_M_MONTH_YEAR = re.compile(rf"{COUNTED_MONTH}[-/., ]{{1,2}}(\d{{4}})$", re.ASCII | re.IGNORECASE)  # Bulan 1 2024
_YEAR_AND_DAY = re.compile(r"((?:19|20)\d{2})[-/. ]?(\d{3})$|(\d{2})(\d{3})$", re.ASCII)  # 2024032, 2024-032, 24032
_PERIOD_YEAR = re.compile(r"(\d{3})[-/.]((?:19|20)\d{2})$", re.ASCII)  # 003.2024, as SAP writes posting periods
_JULIAN_DAY = re.compile(
    r"24[345678]\d{4}$", re.ASCII
)  # astronomers' day numbers, as databases write them: 1940 to 2132
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{4}(?:\d{2})?)?$", re.ASCII)
_COMPACT_YEAR_LAST = re.compile(
    r"(\d{1,2})(\d{2})((?:19|20)\d{2})$", re.ASCII
)  # 31122025; no month is 19 or 20. 1012026 is 01012026 as a number
_UNIX = re.compile(r"(1\d{9})(?:\d{3}|\d{6})?(?:\.\d+)?$", re.ASCII)  # seconds, thousandths, millionths since 1970
_LAST_UNIX = 1_900_000_000  # 2030; what is written 19… from here on may be a year
_PERIOD_OF_YEAR = re.compile(  # P01/2024, FY24-P01, 2024 Period 1
    r"(?:(?:FY|TA)?\W?(?P<before>\d{4}|\d{2})\W?)?(?:P|PERIODE?|PD|PER)\W?(?P<period>\d{1,2})"
    r"(?:\W{1,2}(?:FY|TA)?(?P<after>\d{4}|\d{2}))?",
    re.IGNORECASE,
)
_YEAR_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})$", re.ASCII)
_SIX_DIGITS = re.compile(r"\d{6}$", re.ASCII)
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?$", re.ASCII)
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/.](\d{4})$", re.ASCII)
_THREE_NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})$", re.ASCII)
_DAY_NAME_YEAR = re.compile(rf"(\d{{1,2}})[-/. ]*({LETTERS})\.?[-/., ]*(\d{{4}}|\d{{2}})$", re.ASCII)
_NAME_DAY_YEAR = re.compile(rf"({LETTERS})\.?[-/. ]*(\d{{1,2}})(?:,|[-/. ])\s*(\d{{4}})$", re.ASCII)
_YEAR_NAME_DAY = re.compile(rf"(\d{{4}})[-/. ]({LETTERS})\.?[-/. ](\d{{1,2}})$", re.ASCII)
_NAME_YEAR = re.compile(rf"({LETTERS})\.?[-/. ]*(\d{{4}})$", re.ASCII)
_YEAR_NAME = re.compile(rf"(\d{{4}})[-/. ]?({LETTERS})\.?$", re.ASCII)
_NAME_NUMBER = re.compile(rf"({LETTERS})\.?[-/.' ]*(\d{{2}})$", re.ASCII)
_NUMBER_NAME = re.compile(rf"(\d{{1,2}})[-/.' ]?({LETTERS})\.?$", re.ASCII)
_WEEK = "(?:W|KW|CW|WK|Week|Minggu|Pekan|Woche|Semaine|Semana|Vecka)"
_YEAR_WEEK = re.compile(rf"(\d{{4}})[-/. ]?{_WEEK}\.?[-/ ]?(\d{{1,2}})$", re.ASCII | re.IGNORECASE)
_WEEK_YEAR = re.compile(
    rf"{_WEEK}\.?[-/ ]?(?:ke[- ]?)?(\d{{1,2}})(?:\s*[-/. ]\s*(\d{{4}})|\s*/\s*(\d{{2}}))$", re.ASCII | re.IGNORECASE
)
_NUMBERED_MONTH = re.compile(
    r"(?:(?:Tháng|Thg|Th)\.?\s*(\d{1,2})|(\d{1,2})\s*[月월])[ ,/-]*(\d{4})$", re.ASCII | re.IGNORECASE
)
_CJK_MONTH = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]$", re.ASCII)
_CJK_DAY = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]$", re.ASCII)
_YEAR_ALONE = re.compile(r"(?:19|20)\d{2}$", re.ASCII)
_QUARTER = re.compile(r"(?:\d{4}[-/ ]?[QT][1-4]|[QT][1-4][-/ ]?\d{2,4}|[1-4]Q[-/ ]?\d{2,4})$", re.ASCII | re.IGNORECASE)

_NOT_A_DATE = N_("is not a date")
_NO_SUCH_DAY = N_("is not a date: that month has no such day")
BUDDHIST_YEARS = 543  # that this calendar is ahead of the common one
_BUDDHIST = range(2400, 2701)  # years that are none here, and likely of that calendar
_YEAR = re.compile(r"(?<!\d)(\d{4})(?=\d{2}(?!\d)|\d{4}(?!\d)|(?!\d))")
_SHORT_YEAR = re.compile(r"(?<![\d:])(5[4-9]|[6-9]\d)(?![\d:])", re.ASCII)  # 2554 to 2599: no day, month or week
_YEAR_BUDDHIST = N_(
    "has the year {year}, which is outside {earliest} to {latest}; if it is {common}, counted as in Thailand, set "
    "{@era=buddhist}"
)
_YEAR_OUTSIDE = N_("has the year {year}, which is outside {earliest} to {latest}")
_NO_YEAR = N_("has a day and a month, but no year")
_ONLY_A_YEAR = N_("is a year; totals of a year are too coarse to forecast, send months, weeks or days")
_ONLY_A_QUARTER = N_("is a quarter; totals of a quarter are too coarse to forecast, send months, weeks or days")
SEVERAL_MONTHS = N_("names a month that differs by language: {months}; write its number")
_EMPTY = N_("is empty")

LAST_PERIOD = 16  # of a fiscal year, with those of its closing
Shape = Literal["numbers", "key", "month", "name", "serial", "ordinal"]
NO_YEAR = "no_year"  # the reading of `Jan-05` as a day of January; it gives no date


class TimeOfDay(NamedTuple):
    """The time beside a date."""

    seconds: int  # since midnight
    zone: int | None  # minutes ahead of UTC; None: it is not written


class WrittenDate(NamedTuple):
    """What one written date can mean: a day, or a day for each order of its numbers.

    An order stands in `readings` where the numbers allow it, as a month is 1 to 12; its day is None where that month
    has no such day.
    """

    day: int | None = None  # since 1970-01-01, where it is certain
    readings: Mapping[str, int | None] | None = None  # else; see `dateorder.py` for the orders
    shape: Shape = "numbers"  # of what has readings: three numbers, six digits, a year and a number, a month's name
    # and a number, a day number of a spreadsheet, or a year and three digits
    unit: Literal["day", "week", "month"] = "day"  # of a certain date
    time: TimeOfDay | None = None
    period: tuple[int, int] | None = None  # year and number, where it is a month, a week or a period by its number


def in_common_era(text: str) -> str:
    """A written date of the Buddhist calendar with its year as in the common one, in four digits."""
    text = plain_digits(text)
    if has_short_year(text):
        return _SHORT_YEAR.sub(lambda found: str(2500 + int(found[1]) - BUDDHIST_YEARS), text, count=1)
    return _YEAR.sub(lambda found: f"{int(found[1]) - BUDDHIST_YEARS:04d}", text)


def has_short_year(text: str) -> bool:
    """Whether a written date has two digits that can only be its year, in the Buddhist calendar: `05/01/67`."""
    text = plain_digits(text)
    return bool(_SHORT_YEAR.search(text)) and not _YEAR.search(text)


def has_year_last(text: str) -> bool:
    """Whether a text is a day, a month and a year without signs, that is no year with the number of a day."""
    return _COMPACT_YEAR_LAST.match(text) is not None and _YEAR_AND_DAY.match(text) is None


def lacks_zeros(text: str) -> bool:
    """Whether six digits end in a year: beside seven and eight, day and month are written without zeros: 112026."""
    return _SIX_DIGITS.match(text) is not None and text[2:4] in ("19", "20")


def period_of_year(text: str) -> tuple[int, int] | None:
    """Year and number of what is called a period of a year, `P01/2024`, `FY24-P01`; None where it is none."""
    found = _PERIOD_OF_YEAR.fullmatch(text.strip())
    year = (found["before"] or found["after"]) if found else None
    if found is None or year is None:
        return None
    number = int(year) + (2000 if int(year) < 100 else 0)
    return (number, int(found["period"])) if EARLIEST_YEAR <= number <= LATEST_YEAR else None


def read_date(text: str, language: str | None = None, *, is_year_last: bool = False) -> WrittenDate | Message:
    """What `text` can mean as a date, or the reason why it is none.

    Args:
        text: as it is written.
        language: of the column, where its names of months are other months in other languages (`months.py`).
        is_year_last: others of the column are seven or eight digits with the year at their end: `2012026` is no day
            26 of 2012.
    """
    text = " ".join(plain_digits(text).split())
    if not text:
        return Message(_EMPTY)
    try:
        text, time = _without_time(text)
        written = _numeric(text, is_year_last=is_year_last) or _named(text, language)
    except _OutOfRange as refused:
        return refused.reason
    if written is None:
        return _reason(text)
    return written._replace(time=time) if time else written


def empty() -> Message:
    """The reason of a blank cell."""
    return Message(_EMPTY)


def not_a_date() -> Message:
    """The reason of what is none."""
    return Message(_NOT_A_DATE)


def no_year() -> Message:
    """The reason of `1-Jan`."""
    return Message(_NO_YEAR)


class _OutOfRange(Exception):
    def __init__(self, reason: Message) -> None:
        self.reason = reason


def _reason(text: str) -> Message:
    if _YEAR_ALONE.match(text):
        return Message(_ONLY_A_YEAR)
    return Message(_ONLY_A_QUARTER if _QUARTER.match(text) else _NOT_A_DATE)


def _without_time(text: str) -> tuple[str, TimeOfDay | None]:
    """The date without its time of day and the name of its weekday."""
    time, found = None, _TIME.search(text)
    if found:
        hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
        if hour > 24 or minute > 59 or second > 60:
            raise _OutOfRange(Message(_NOT_A_DATE))
        if found["half"]:
            hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
        time = TimeOfDay(hour * 3600 + minute * 60 + second, _minutes_ahead(found["zone"]))
        text = text[: found.start()]
    weekday = None if _WEEK_YEAR.match(text) else _WEEKDAY.match(text)  # Minggu is Sunday, and a week
    if weekday and (weekday[1] + weekday[2]).lower() in _WEEKDAYS:
        text = text[weekday.end() :]
    return text, time


def _minutes_ahead(zone: str | None) -> int | None:
    if zone is None:
        return None
    if zone in ("Z", "UTC"):
        return 0
    return (-1 if zone[0] == "-" else 1) * (int(zone[1:3]) * 60 + int(zone[-2:]))


def _numeric(text: str, *, is_year_last: bool) -> WrittenDate | None:
    found = _THREE_NUMBERS.match(text)
    if found:
        return _three_numbers(found[1], int(found[3]), found[4])
    found = _COMPACT_YEAR_LAST.match(text)
    if found and (is_year_last or has_year_last(text)):
        return _three_numbers(found[1], int(found[2]), found[3])
    if _SIX_DIGITS.match(text):
        return _six_digits(text)
    counted = _counted(text)
    if counted is not None:
        return counted
    for pattern, day_of_groups in _CERTAIN:
        found = pattern.match(text)
        if found:
            return day_of_groups([int(group) for group in found.groups() if group and group.isdigit()])
    return None


def _counted(text: str) -> WrittenDate | None:
    """A day by its number: of a spreadsheet, of a year, or of astronomers."""
    found = _SERIAL.match(text)
    if found and int(found[1]) in _SERIALS:
        return WrittenDate(readings={"serial": day_of(_FIRST_SERIAL) + int(found[1])}, shape="serial")
    found = _UNIX.match(text)
    if found and int(found[1]) < _LAST_UNIX:
        day, seconds = divmod(int(found[1]), _DAY_SECONDS)
        return WrittenDate(day, time=TimeOfDay(seconds, 0))
    found = _PERIOD_YEAR.match(text)
    if found:
        return _period(int(found[2]), int(found[1]))
    found = _YEAR_AND_DAY.match(text)
    if found:
        return _ordinal(_full_year(found[1] or found[3]), int(found[2] or found[4]))
    return WrittenDate(int(text) + _FIRST_JULIAN_DAY) if _JULIAN_DAY.match(text) else None


def _named(text: str, language: str | None) -> WrittenDate | None:
    text = _DOT_IN_NAME.sub("", _OF.sub(" ", _NUMBERED_DAY.sub("", text.replace("’", "'"))))
    for pattern, parts_in_order, build in _NAMED:
        found = pattern.match(text)
        if found is None:
            continue
        parts = dict(zip(parts_in_order, found.groups(), strict=True))
        month = month_named(parts.pop("n"), language)
        if isinstance(month, dict):
            said = ", ".join(f"{number} ({one})" for one, number in sorted(month.items()))
            raise _OutOfRange(Message(SEVERAL_MONTHS, {"months": said}))
        if month is not None:
            return build(month, parts)
    return None


def _full_year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + (1900 if year >= _CENTURY_TURNS else 2000)


def _century(year: int) -> int:
    return _full_year(f"{year:02d}") if year < 100 else year


def _day(year: int, month: int, day: int) -> int:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        values = {"year": year, "earliest": EARLIEST_YEAR, "latest": LATEST_YEAR, "common": year - BUDDHIST_YEARS}
        raise _OutOfRange(Message(_YEAR_BUDDHIST if year in _BUDDHIST else _YEAR_OUTSIDE, values))
    try:
        return day_of(dt.date(year, month, day))
    except ValueError:
        fits = 1 <= month <= 12 and 1 <= day <= 31
        raise _OutOfRange(Message(_NO_SUCH_DAY if fits else _NOT_A_DATE)) from None


def _day_or_none(year: int, month: int, day: int) -> int | None:
    try:
        return _day(year, month, day)
    except _OutOfRange:
        return None


def _certain(year: int, month: int, day: int) -> WrittenDate:
    return WrittenDate(_day(year, month, day))


def _month(year: int, month: int) -> WrittenDate:
    return WrittenDate(_day(year, month, 1), unit="month")


def _month_or_week(year: int, number: int) -> WrittenDate:
    """`2024-05` or `05/2024`: a month, or a week where the column has some over 12 or is named for weeks."""
    _day(year, 1, 1)
    readings: dict[str, int | None] = {"year_month": _day(year, number, 1)} if 1 <= number <= 12 else {}
    week = _monday(year, number) if number else None
    if week is None and not readings:
        raise _OutOfRange(Message(_NOT_A_DATE))
    readings["year_week"] = week
    return WrittenDate(readings=readings, shape="month", period=(year, number))


def _iso_week(year: int, week: int) -> WrittenDate:
    return WrittenDate(_day_of_week(year, week, 1), unit="week")


def _day_of_week(year: int, week: int, weekday: int) -> int:
    _day(year, 1, 1)
    monday = _monday(year, week)
    if monday is None:
        raise _OutOfRange(Message(_NOT_A_DATE))
    return monday + weekday - 1


def _monday(year: int, week: int) -> int | None:
    try:
        return day_of(dt.date.fromisocalendar(year, week, 1))
    except ValueError:
        return None


def _three_numbers(first: str, second: int, third: str) -> WrittenDate:
    """`first/second/third`: a 13..31 in a place excludes it as the month, even where that month has no such day."""
    year = _full_year(third)
    _day(year, 1, 1)
    orders = {"day_first": (year, second, int(first)), "month_first": (year, int(first), second)}
    if len(first) == len(third) == 2:
        orders["year_first"] = (_full_year(first), second, int(third))
    return _readings(orders, "numbers")


def _six_digits(text: str) -> WrittenDate:
    """`202405`: the fifth month or week of 2024; `124032`: the 32nd day of the year 1900 + 124, as in JD Edwards.

    Or `050624`: day, month and year of two digits in some order.
    """
    year, number = int(text[:4]), int(text[4:])
    a, b, c = text[:2], text[2:4], text[4:]
    readings: dict[str, int | None] = {}
    if EARLIEST_YEAR <= year <= LATEST_YEAR:
        if 1 <= number <= 12:
            readings["year_month"] = _day(year, number, 1)
        if 1 <= number <= 53:
            readings["year_week"] = _monday(year, number)
    if text[0] in "01" and (day := _day_of_year(1900 + int(text[:3]), int(text[3:]))) is not None:
        readings["year_day"] = day
    orders = {
        "day_first": (_full_year(c), int(b), int(a)),
        "month_first": (_full_year(c), int(a), int(b)),
        "year_first": (_full_year(a), int(b), int(c)),
    }
    if not readings and not _allowed(orders):
        _day(year, number, 1)
    return WrittenDate(readings=readings | _allowed(orders), shape="key", period=(year, number))


def _ordinal(year: int, number: int) -> WrittenDate | None:
    """`2024032`: the 32nd day of 2024; up to 16 it can also be a period of a fiscal year, with those of the closing."""
    day = _day_of_year(year, number)
    if day is None:
        return None
    readings = {"year_day": day} | ({"year_month": _day(year, number, 1)} if number <= 12 else {})
    return WrittenDate(readings=readings, shape="ordinal", period=(year, number))


def _period(year: int, number: int) -> WrittenDate | None:
    """`003.2024`: the third period of a fiscal year; those after the twelfth are of its closing, and no month."""
    if not 1 <= number <= LAST_PERIOD:
        return None
    month = _day(year, number, 1) if number <= 12 else None
    return WrittenDate(readings={"year_month": month}, shape="ordinal", period=(year, number))


def _day_of_year(year: int, number: int) -> int | None:
    """The day of a year by its number; None where that year has no such day."""
    first = _day(year, 1, 1)
    return first + number - 1 if 1 <= number <= _day(year, 12, 31) - first + 1 else None


def _readings(orders: Mapping[str, tuple[int, int, int]], shape: Shape) -> WrittenDate:
    readings = _allowed(orders)
    if not readings:
        raise _OutOfRange(Message(_NOT_A_DATE))
    return WrittenDate(readings=readings, shape=shape)


def _allowed(orders: Mapping[str, tuple[int, int, int]]) -> dict[str, int | None]:
    return {
        order: _day_or_none(year, month, day)
        for order, (year, month, day) in orders.items()
        if 1 <= month <= 12 and 1 <= day <= 31
    }


def _day_and_name(month: int, parts: Mapping[str, str]) -> WrittenDate:
    """`01-May-24`: its first number can be the year too, where both have two digits."""
    first, last = parts["d"], parts["y"]
    if len(first) + len(last) != 4 or not 1 <= int(last) <= 31:
        return _certain(_full_year(last), month, int(first))
    day = int(first)
    orders = {"year_first": (_full_year(first), month, int(last))}
    orders |= {order: (_full_year(last), month, day) for order in ("day_first", "month_first")}
    return _readings(orders, "numbers")


def _name_and_number(month: int, parts: Mapping[str, str]) -> WrittenDate:
    """`Jan-24` and `24-Jan`: the month of a year, or a day without its year."""
    number = parts["y"]
    readings: dict[str, int | None] = {}
    if len(number) == 2:
        readings["year_first"] = _day(_full_year(number), month, 1)
    if 1 <= int(number) <= 31:
        readings[NO_YEAR] = None
    return WrittenDate(readings=readings, shape="name")


_CERTAIN: tuple[tuple[re.Pattern[str], Callable[[list[int]], WrittenDate]], ...] = (
    (_YEAR_FIRST, lambda n: _certain(*n)),
    (_COMPACT, lambda n: _certain(*n)),
    (_YEAR_MONTH, lambda n: _month_or_week(*n)),
    (_MONTH_YEAR, lambda n: _month_or_week(n[1], n[0])),
    (_YEAR_M_MONTH, lambda n: _month(*n)),
    (_M_MONTH_YEAR, lambda n: _month(n[1], n[0])),
    (_YEAR_WEEK_DAY, lambda n: WrittenDate(_day_of_week(*n))),
    (_YEAR_WEEK, lambda n: _iso_week(*n)),
    (_WEEK_YEAR, lambda n: _iso_week(_century(n[1]), n[0])),
    (_CJK_MONTH, lambda n: _month(*n)),
    (_NUMBERED_MONTH, lambda n: _month(n[1], n[0])),
    (_CJK_DAY, lambda n: _certain(*n)),
)
_NAMED: tuple[tuple[re.Pattern[str], str, Callable[[int, Mapping[str, str]], WrittenDate]], ...] = (
    (_DAY_NAME_YEAR, "dny", _day_and_name),
    (_NAME_DAY_YEAR, "ndy", lambda month, of: _certain(_full_year(of["y"]), month, int(of["d"]))),
    (_YEAR_NAME_DAY, "ynd", lambda month, of: _certain(_full_year(of["y"]), month, int(of["d"]))),
    (_NAME_YEAR, "ny", lambda month, of: _month(_full_year(of["y"]), month)),
    (_YEAR_NAME, "yn", lambda month, of: _month(_full_year(of["y"]), month)),
    (_NAME_NUMBER, "ny", _name_and_number),
    (_NUMBER_NAME, "yn", _name_and_number),
)
