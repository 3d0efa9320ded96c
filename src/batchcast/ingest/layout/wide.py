"""Wide tables: a row a part, a column a period. Which columns are periods is decided on the whole header."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from batchcast.domain.calendar import date_of, day_of, month_in_words
from batchcast.domain.errors import N_, Choice, InvalidInput, Message, listed
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.names import ACCEPTED_NAMES, MONEY_NAMES, letter_of, normal, shortened
from batchcast.ingest.common.problems import AmbiguousColumn, AmbiguousDates, MissingColumn, UnreadablePeriods
from batchcast.ingest.common.source import SourceRow, is_blank
from batchcast.ingest.layout.holes import LONGEST_PERIOD, MOST_SAID, refuse_holes
from batchcast.ingest.layout.layout import Across, Layout, Period
from batchcast.ingest.layout.sample import NOTHING, Sample
from batchcast.ingest.layout.shortperiods import with_whole_years
from batchcast.ingest.values.bands import bands_in
from batchcast.ingest.values.dateorder import NO_DAY, DateReader, as_buddhist
from batchcast.ingest.values.dates import in_common_era, period_of_year, read_date
from batchcast.ingest.values.digits import plain_digits
from batchcast.ingest.values.fiscal import FiscalYears, choices_of_periods
from batchcast.ingest.values.keys import key_text, read_key
from batchcast.ingest.values.months import counted_months, language_of, number_of_period, with_years, years_of
from batchcast.ingest.values.numbers import is_unit
from batchcast.ingest.values.possibleorders import THIRTEEN

_YEAR_MONTH = re.compile(r"\d{4}-\d{2}")
_DATE_CELL = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTHS = 12
_YEARS_BACK, _YEARS_OFFERED = 40, 2  # of the first of numbered months
_LEAST_PERIODS = 6  # of a year, that are asked about; fewer may be anything
_MEASURE = re.compile(r"[^\W\d_]+(?:[ _-][^\W\d_]+)*")  # Qty, or Qty Out
_MEASURES = re.compile(r"[\s_\-/|()\[\]]+")


@dataclass(frozen=True, slots=True)
class Periods:
    """The periods of a wide table, and what to say of them."""

    found: tuple[Period, ...] = ()
    notes: tuple[Message, ...] = ()
    others: frozenset[int] = frozenset()  # columns of other measures of the same periods: they are left alone


def find_periods(
    header: Sequence[str],
    taken: Collection[int],
    settings: BatchSettings,
    sample: Sample = NOTHING,
    *,
    base_year: int | None = None,
) -> Periods:
    """The columns whose header is a date, in the order of the file; none where it has none.

    Args:
        header: the names of all columns.
        taken: the columns that are none.
        settings: the order of dates, today, and the year of the first of those that have none in their names.
        sample: the first rows.
        base_year: the same, where each row has a year of its own.

    Raises:
        AmbiguousDates: if the headers read in several orders.
        MixedDateOrders: if some read only one way and others only the other.
        AmbiguousColumn: if two headers are the same date.
        UnreadablePeriods: if a column among the periods is none.
    """
    names = with_years(in_common_years(header, settings), base_year or settings.first_year)
    names, left = _as_months(names, settings)
    free_names = [name for i, name in enumerate(names) if i not in taken]
    bands, names = bands_in(free_names), list(names)
    if bands:
        is_band = {i for i, name in enumerate(names) if i not in taken and name in bands}
        names, taken = ["" if i in is_band else name for i, name in enumerate(names)], {*taken, *is_band}
        template = N_("Columns of bands, such as ages or sizes, are no periods: {columns}.")
        left.append(Message(template, {"columns": ", ".join(map(repr, bands[:MOST_SAID]))}))
    reader = DateReader.of_header(settings)
    free = [i for i, name in enumerate(names) if i not in taken and len(name) <= LONGEST_PERIOD]
    texts, others = {i: names[i] for i in free}, set[int]()
    found = _days(reader, texts, names)
    reader.check_thirteen()
    reader.ask_about_era(settings)
    if len(found) < 2 and not base_year:
        names, said_of_short = with_whole_years(names, settings)
        if said_of_short:
            texts, reader = {i: names[i] for i in free}, DateReader.of_header(replace(settings, date_order="auto"))
            found, left = _days(reader, texts, names), [*left, *said_of_short]
    if len(found) < 2:
        quantities, others, said = _quantities_of_periods(names, free, settings, base_year or settings.first_year)
        if quantities:
            texts, reader = quantities, DateReader.of_header(settings)
            found, left = _days(reader, texts, names), [said]
    if not found:
        return Periods()
    _refuse_repeats(found, names)
    left = [*left, *refuse_holes(found, header, [*taken, *(set(free) - set(texts))], sample)]
    chosen = tuple(Period(i, header[i] if base_year else names[i], day) for i, day in found.items())
    template = N_("Wide layout: {count} columns from {first} to {last} are the periods; a blank cell is no demand.")
    values = {"count": len(chosen), "first": _said(chosen[0]), "last": _said(chosen[-1])}
    notes = (Message(template, values), *left, *reader.notes(), *_gaps(list(found.values())))
    return Periods(chosen, notes, frozenset(others))


def _said(period: Period) -> str | dt.date:
    """The header of a column as the file has it, a date cell in words."""
    return date_of(period.day) if _DATE_CELL.fullmatch(period.name) else period.name


def in_common_years(names: Sequence[str], settings: BatchSettings) -> list[str]:
    """The names of columns, in digits from 0 to 9, their Buddhist years as common ones where that was asked for."""
    written = in_common_era if settings.era == "buddhist" else plain_digits
    return [written(name) if len(name) <= LONGEST_PERIOD else name for name in names]


def _as_months(names: Sequence[str], settings: BatchSettings) -> tuple[list[str], list[Message]]:
    """The names, those of periods of a year, `P01/2024` or `FY24-P01`, as months, `2024-01`; and what to say of them.

    Raises:
        AmbiguousDates: if the fiscal year may be named for either of two years.
    """
    fiscal = FiscalYears.of(settings)
    days = days_of_periods(names) if fiscal.is_chosen or settings.date_order == "year_month" else {}
    if not days:
        return list(names), []
    span = min(days.values()), max(days.values())
    fiscal.check(*span)
    months = {name: f"{date_of(fiscal.day(day)):%Y-%m}" for name, day in days.items()}
    return [months.get(name, name) for name in names], [fiscal.note(*span)] if fiscal.is_chosen else []


def days_of_periods(names: Sequence[str]) -> dict[str, int]:
    """The first day of the calendar month of each name that is a period of a year, if the year begins in January."""
    found = {}
    for name in names:
        written = period_of_year(name) if len(name) <= LONGEST_PERIOD else None
        if written is not None and 1 <= written[1] <= _MONTHS:
            found[name] = day_of(dt.date(*written, 1))
    return found


def ask_about_periods(
    names: Sequence[str], settings: BatchSettings, where: Message, *, base_year: int | None = None
) -> None:
    """Ask which months periods of a year are, and of which calendar years are that are none of ours.

    Args:
        names: of the columns.
        settings: the year of the first of those that have none in their names.
        where: the file or sheet.
        base_year: the first year, where each row has a year of its own.

    Raises:
        AmbiguousDates: if some columns are named for them.
    """
    _refuse_thirteen(names, where)
    if settings.first_year is None and base_year is None:
        _ask_for_the_year(names, settings, where)
    names = with_years(names, base_year or settings.first_year)
    days = days_of_periods(names)
    if len(days) < _LEAST_PERIODS:
        _ask_about_era(names, settings, where)
        return
    first, last = min(days.values()), max(days.values())
    template = N_(
        "{where} is a wide table whose periods are no dates ({periods} …), but periods of a year. If they are calendar "
        "months, from {first} to {last}, set {@date_order=year_month}; if the fiscal year begins in another month, "
        "say in which with {@fiscal_year_start}."
    )
    values: dict[str, object] = {"where": where, "periods": ", ".join(map(repr, list(days)[:3]))}
    values |= {"first": month_in_words(date_of(first)), "last": month_in_words(date_of(last))}
    choices = choices_of_periods(first, last, settings.today)
    raise AmbiguousDates(Message(template, values), setting="date_order", choices=choices)


def _refuse_thirteen(names: Sequence[str], where: Message) -> None:
    """Refuse periods of a year that are thirteen; raises UnreadablePeriods."""
    numbers = {name: (period_of_year(name) or (0, number_of_period(name)))[1] for name in names}
    thirteenth = next((name for name, number in numbers.items() if number == THIRTEEN), None)
    if thirteenth is not None and max(numbers.values()) == THIRTEEN:
        template = N_(
            "{where} is a wide table with thirteen periods in a year, up to {period!r}: they are no months. Send "
            "weeks, or the date of each issue. If the thirteenth is only that of the closing of the books, leave it "
            "out with {@ignore_columns=$period}."
        )
        raise UnreadablePeriods(Message(template, {"where": where, "period": thirteenth}))


def _ask_for_the_year(names: Sequence[str], settings: BatchSettings, where: Message) -> None:
    """Ask in which year months and periods are that are numbered and have none: `Bulan 1`, `P01`.

    Raises:
        AmbiguousDates: if some columns are named for them.
    """
    numbered = counted_months(names)
    if len(numbered) < _LEAST_PERIODS:
        return
    today = settings.today or dt.date.today()
    spans = {year: _span_of_counted(list(numbered), year) for year in range(today.year - _YEARS_BACK, today.year + 1)}
    past = [year for year, (_, last) in spans.items() if last <= day_of(today)]
    choices = []
    for year in reversed(past[-_YEARS_OFFERED:]):
        of_year = [Choice(settings={}, reading=FiscalYears("january").reading(*spans[year]))]
        if any(numbered.values()):  # the year before as calendar months alone: others end when fiscal years of this do
            of_year = choices_of_periods(*spans[year], settings.today)[: None if year == past[-1] else 1]
        choices += [replace(one, settings={"first_year": str(year), **one.settings}) for one in of_year]
    template = N_(
        "{where} is a wide table whose periods are numbered ({periods} …) and have no year. Say the year of the first "
        "with {@first_year}, and write each with its year if they are no months of one year after another."
    )
    values = {"where": where, "periods": ", ".join(map(repr, list(numbered)[:3]))}
    raise AmbiguousDates(Message(template, values), setting="first_year", choices=choices)


def _span_of_counted(names: Sequence[str], first_year: int) -> tuple[int, int]:
    """The first and the last day of numbered months, as those of calendar years from a first one on."""
    before, year, days = 0, first_year, []
    for name in names:
        number = number_of_period(name)
        year, before = year + (number <= before), number
        days.append(day_of(dt.date(year, number, 1)))
    return days[0], days[-1]


def ask_about_years(cells: Sequence[object], column: str, settings: BatchSettings) -> None:
    """Ask whether the years in a column, such as 2567, are of the Buddhist calendar; raises AmbiguousDates."""
    years = [year_of(cell, replace(settings, era="buddhist")) for cell in cells]
    if settings.era != "common" or not years or not all(years):
        return
    template = N_(
        "Column {column!r} has years such as {year}. If they are counted as in Thailand, from {first} to {last}, set "
        "{@era=buddhist}."
    )
    values = {"column": column, "year": key_text(cells[0]), "first": str(min(years)), "last": str(max(years))}
    raise AmbiguousDates(Message(template, values), setting="era", choices=[as_buddhist(values)])


def _ask_about_era(names: Sequence[str], settings: BatchSettings, where: Message) -> None:
    """Ask whether years such as 2567 are of the Buddhist calendar; raises AmbiguousDates."""
    buddhist = replace(settings, era="buddhist")
    found = dated_columns(names, (), buddhist) if settings.era == "common" else {}
    dated = [names[i] for i in found if in_common_years([names[i]], buddhist) != [names[i]]]
    if len(dated) < 2:
        return
    days = sorted(found.values())
    template = N_(
        "{where} is a wide table whose periods have years such as that of {period!r}. If they are counted as in "
        "Thailand, from {first} to {last}, set {@era=buddhist}."
    )
    values = {"where": where, "period": dated[0], "first": date_of(days[0]), "last": date_of(days[-1])}
    raise AmbiguousDates(Message(template, values), setting="era", choices=[as_buddhist(values)])


def days_of_year(periods: Sequence[Period], year: int, settings: BatchSettings) -> list[int]:
    """The day of each period without a year in its name, in a year; NO_DAY where that has no such period."""
    names = [period.name for period in periods]
    texts, _ = _as_months([text for one in names for text in with_years([one], year)], settings)
    fiscal = [_YEAR_MONTH.fullmatch(text) for text in texts]
    texts = [f"{text}-01" if is_month else text for text, is_month in zip(texts, fiscal, strict=True)]
    written = [read_date(text, language_of(names)) for text in texts]
    return [int(NO_DAY) if isinstance(one, Message) or one.day is None else one.day for one in written]


class DaysOfPeriods:
    """The day of each period in a row: its own, or that of the row's year where the years stand in a column."""

    def __init__(self, layout: Layout, settings: BatchSettings) -> None:
        self._layout, self._settings = layout, settings
        self._of_years: dict[int, list[int]] = {0: [int(NO_DAY)] * len(layout.periods)}  # 0: a year that is none

    def day_of(self, row: SourceRow, period: Period) -> int:
        """The day of a period in a row, NO_DAY where its year has no such period."""
        if self._layout.year is None:
            return period.day
        place = self._layout.periods.index(period)
        return self.of_year(self.year_of(row.cells[self._layout.year]))[place]

    def year_of(self, cell: object) -> int:
        """The year in a cell, of the common era; 0 where there is none."""
        return year_of(cell, self._settings)

    def of_year(self, year: int) -> list[int]:
        """The day of each period in a year."""
        if year not in self._of_years:
            self._of_years[year] = days_of_year(self._layout.periods, year, self._settings)
        return self._of_years[year]


def year_of(cell: object, settings: BatchSettings) -> int:
    """The year in a cell, of the common era; 0 where there is none."""
    texts = [] if is_blank(cell) else in_common_years([key_text(cell).strip()], settings)
    found = years_of(texts) if texts else []
    return found[0] if found else 0


def check_across(ours: str, cells: Sequence[Across]) -> None:
    """Refuse a header whose names can't be those of parts or sites.

    Raises:
        MissingColumn: if there is none.
        AmbiguousColumn: if two are the same.
        UnreadablePeriods: if one is none.
    """
    if not cells:
        raise MissingColumn(Message(N_("There is no column whose name could be one {ours}."), {"ours": ours}))
    seen: dict[str | Message, Across] = {}
    for one in cells:
        key = read_key(one.name)
        if isinstance(key, Message):
            template = N_(
                "The name of column {letter}, {name!r}, {reason}: correct it, or name the column with "
                "{@ignore_columns}."
            )
            values = {"letter": letter_of(one.index), "name": shortened(one.name), "reason": key}
            raise UnreadablePeriods(Message(template, values))
        if key in seen:
            template = N_(
                "Columns {first} and {second} are both called {name!r}; keep one of them, or name them apart."
            )
            values = {"first": letter_of(seen[key].index), "second": letter_of(one.index), "name": shortened(key)}
            raise AmbiguousColumn(Message(template, values))
        seen[key] = one


def dated_columns(names: Sequence[str], taken: Collection[int], settings: BatchSettings) -> dict[int, int]:
    """The columns whose own header is a date, by their number, and its day; none where their order is in question."""
    common = in_common_years(names, settings)
    free = {i: name for i, name in enumerate(common) if i not in taken and len(name) <= LONGEST_PERIOD}
    with suppress(InvalidInput):
        return _days(DateReader.of_header(settings), free, names)
    return {}


def _days(reader: DateReader, texts: dict[int, str], names: Sequence[str]) -> dict[int, int]:
    def locate(text: str) -> Message:
        index = next(i for i, one in texts.items() if one == text)
        return Message(N_("column {number}"), {"number": index + 1})

    days = reader.days(list(texts.values()), locate)
    return {i: int(day) for i, day in zip(texts, days, strict=True) if day != NO_DAY}


def _refuse_repeats(found: dict[int, int], names: Sequence[str]) -> None:
    seen: dict[int, int] = {}
    for index, day in found.items():
        if day in seen:
            template = N_("Columns {first!r} and {second!r} are the same period; keep one of them.")
            raise AmbiguousColumn(Message(template, {"first": names[seen[day]], "second": names[index]}))
        seen[day] = index


# Two columns for each period, such as `Jan-23 Qty` and `Jan-23 Value`: the quantities are read.


def _quantities_of_periods(
    names: Sequence[str], free: Sequence[int], settings: BatchSettings, first_year: int | None
) -> tuple[dict[int, str], set[int], Message]:
    """The date in the header of each column of quantities, the columns of other measures, and what to say."""
    nothing: tuple[dict[int, str], set[int], Message] = {}, set(), Message("")
    groups: dict[str, dict[int, str]] = {}
    for i in free:
        for measure, date in _splits(names[i]):
            groups.setdefault(measure, {})[i] = date
    dated = {}
    for measure, written in groups.items():
        texts = dict(zip(written, with_years(list(written.values()), first_year), strict=True))
        if len(texts) > 1:
            days = DateReader.of_header(settings).days(list(texts.values()), Message)
            if (days != NO_DAY).sum() * 2 > len(texts):
                dated[measure] = texts
    if not dated:
        return nothing
    accepted = {normal(name) for name in ACCEPTED_NAMES["demand_qty"]} - {normal(name) for name in MONEY_NAMES}
    chosen = [measure for measure in dated if normal(measure) in accepted]
    if len(dated) == 1:
        only = next(iter(dated))
        chosen = [only] if normal(only) in {*map(normal, MONEY_NAMES), "sumof"} or is_unit(only) else chosen
    if len(chosen) != 1:
        shown = [names[i] for texts in dated.values() for i in texts][:MOST_SAID]
        template = N_(
            "There are two columns for each period, or one whose header is more than a date: {columns} …. Leave the "
            "columns of quantities, with nothing but the date in their headers."
        )
        raise UnreadablePeriods(Message(template, {"columns": ", ".join(map(repr, shown))}))
    others = [measure for measure in dated if measure not in chosen]
    template = N_("The columns named {chosen!r} are the demand of each period; left alone: {others}.")
    if not others:
        template = N_("The columns named {chosen!r} are the demand of each period.")
    said = Message(template, {"chosen": chosen[0], "others": ", ".join(others)})
    return dated[chosen[0]], {i for measure in others for i in dated[measure]}, said


def _splits(name: str) -> list[tuple[str, str]]:
    """(measure, date) of a header of two parts, whichever comes first."""
    found = []
    for separator in _MEASURES.finditer(name):
        head, tail = name[: separator.start()].strip(), name[separator.end() :].strip(" )]")
        found += [(one, other) for one, other in ((head, tail), (tail, head)) if other and _MEASURE.fullmatch(one)]
    return found


# Periods that are missing, or stand out of order.


def _gaps(days: Sequence[int]) -> list[Message]:
    """What to say of periods that no column has between the first and the last."""
    notes = []
    if list(days) != sorted(days):
        notes.append(
            Message(N_("The columns of periods are not in the order of time; each is read as its header says."))
        )
    missing = _missing(sorted(days))
    if missing:
        template = N_(
            "No column has the periods {periods} between {first} and {last}: they count as no demand, unless the "
            "report says that they were not observed. Export them too, if there was some."
        )
        shown = listed(missing[:MOST_SAID], f", … ({len(missing)})" if len(missing) > MOST_SAID else "")
        values = {"periods": shown, "first": date_of(min(days)), "last": date_of(max(days))}
        notes.append(Message(template, values))
    return notes


def _missing(days: Sequence[int]) -> list[Message] | list[dt.date]:
    """The months, weeks or days that are missing in sorted days; none where most of them are."""
    if len(days) < 3:
        return []
    dates = [date_of(day) for day in days]
    months = [12 * date.year + date.month - 1 for date in dates]
    steps = np.diff(np.array(days))
    if len(set(months)) == len(months) and int(np.median(steps)) in range(28, 32):
        absent = sorted(set(range(months[0], months[-1] + 1)) - set(months))
        return [month_in_words(dt.date(month // 12, month % 12 + 1, 1)) for month in absent]
    usual = int(np.median(steps))
    if usual not in (1, 7):
        return []
    absent_days = sorted(set(range(days[0], days[-1], usual)) - set(days))
    if usual == 1 and not any(_is_weekend(day) for day in days):
        absent_days = [day for day in absent_days if not _is_weekend(day)]
    return [date_of(day) for day in absent_days]


def _is_weekend(day: int) -> bool:
    return date_of(day).weekday() > 4
