"""Wide tables: a row a part, a column a period. Which columns are periods is decided on the whole header."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from batchcast.domain.calendar import date_of
from batchcast.domain.errors import N_, InvalidInput, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.names import (
    ACCEPTED_NAMES,
    MONEY_NAMES,
    STOCK_NAMES,
    is_average_word,
    is_total_word,
    letter_of,
    normal,
    shortened,
)
from batchcast.ingest.common.problems import AmbiguousColumn, MissingColumn, UnreadablePeriods
from batchcast.ingest.common.source import SourceRow, is_blank
from batchcast.ingest.layout.layout import Across, Layout, Period
from batchcast.ingest.layout.sample import NOTHING, Sample
from batchcast.ingest.values.dateorder import NO_DAY, DateReader
from batchcast.ingest.values.dates import read_date
from batchcast.ingest.values.keys import read_key
from batchcast.ingest.values.months import is_like_month, language_of, month_named, with_years, years_of

_MOST_SAID = 10  # columns or periods that a sentence lists
_LONGEST_PERIOD = 40  # characters of a header that could be a period
_SUMMARY = re.compile(r"(?:(?:19|20)\d{2}|(?:19|20)?\d{0,2}[-/ ]?[QT][1-4][-/ ]?\d{0,4})$", re.ASCII | re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST_ABBREVIATION = 3  # letters of a word that may be a month's name, damaged
_MEASURE = re.compile(r"[^\W\d_]+(?:[ _-][^\W\d_]+)*")  # Qty, or Qty Out
_MEASURES = re.compile(r"[\s_\-/|()\[\]]+")


@dataclass(frozen=True, slots=True)
class Periods:
    """The periods of a wide table, and what to say of them."""

    found: tuple[Period, ...] = ()
    notes: tuple[Message, ...] = ()


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
    names = with_years(header, base_year or settings.first_year)
    reader = DateReader(settings.date_order, column="header", today=settings.today)
    free = [i for i, name in enumerate(names) if i not in taken and len(name) <= _LONGEST_PERIOD]
    texts = {i: names[i] for i in free}
    found = _days(reader, texts, names)
    left: list[Message] = []
    if len(found) < 2:
        quantities, said = _quantities_of_periods(names, free, settings, base_year or settings.first_year)
        if quantities:
            texts, reader = quantities, DateReader(settings.date_order, column="header", today=settings.today)
            found, left = _days(reader, texts, names), [said]
    if not found:
        return Periods()
    _refuse_repeats(found, names)
    left += _refuse_holes(found, header, [*taken, *(set(free) - set(texts))], sample)
    chosen = tuple(Period(i, header[i] if base_year else names[i], day) for i, day in found.items())
    template = N_("Wide layout: {count} columns from {first} to {last} are the periods; a blank cell is no demand.")
    values = {"count": len(chosen), "first": chosen[0].name, "last": chosen[-1].name}
    return Periods(chosen, (Message(template, values), *left, *reader.notes(), *_gaps(list(found.values()))))


def days_of_year(periods: Sequence[Period], year: int) -> list[int]:
    """The day of each period without a year in its name, in a year; NO_DAY where that has no such period."""
    names = [period.name for period in periods]
    written = [read_date(text, language_of(names)) for one in names for text in with_years([one], year)]
    return [int(NO_DAY) if isinstance(one, Message) or one.day is None else one.day for one in written]


class DaysOfPeriods:
    """The day of each period in a row: its own, or that of the row's year where the years stand in a column."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._of_years: dict[int, list[int]] = {0: [int(NO_DAY)] * len(layout.periods)}  # 0: a year that is none

    def day_of(self, row: SourceRow, period: Period) -> int:
        """The day of a period in a row, NO_DAY where its year has no such period."""
        if self._layout.year is None:
            return period.day
        place = self._layout.periods.index(period)
        return self.of_year(year_of(row.cells[self._layout.year]))[place]

    def of_year(self, year: int) -> list[int]:
        """The day of each period in a year."""
        if year not in self._of_years:
            self._of_years[year] = days_of_year(self._layout.periods, year)
        return self._of_years[year]


def year_of(cell: object) -> int:
    """The year in a cell; 0 where there is none."""
    found = years_of([cell]) if not is_blank(cell) else []
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
    free = {i: name for i, name in enumerate(names) if i not in taken and len(name) <= _LONGEST_PERIOD}
    with suppress(InvalidInput):
        return _days(DateReader(settings.date_order, column="header", today=settings.today), free, names)
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


def unread_numbers(
    periods: Sequence[Period], names: Sequence[str], read: Collection[int], sample: Sample
) -> list[Message]:
    """What to say of columns before and after the periods that hold numbers and are not read."""
    found = {period.index: period.day for period in periods}
    beside = [i for i in range(len(names)) if i not in read and not min(found) < i < max(found)]
    unread = [i for i in beside if names[i] and sample.has_numbers(i)]
    totals = [i for i in unread if _is_summary(names[i]) and _is_sum(i, found, names, sample)]
    others = [i for i in unread if i not in totals]
    templates = {
        N_("Columns of totals are left out: {columns}."): totals,
        N_("Columns of numbers beside the periods are not read: {columns}."): others,
    }
    return [
        Message(template, {"columns": _listed(columns, names)}) for template, columns in templates.items() if columns
    ]


# A column among the periods that is none is a hole: its demand would count as zero.


def check_unnamed(periods: Sequence[Period], header: Sequence[str], unnamed: Collection[int], sample: Sample) -> None:
    """Refuse columns without a name that may be periods, by the rows that hold something in them.

    Raises:
        UnreadablePeriods: if there are some.
    """
    found = {period.index: period.day for period in periods}
    _refuse_holes(found, header, set(range(len(header))) - set(unnamed), sample)


def check_unnamed_across(unnamed: Collection[int], sample: Sample) -> None:
    """Refuse columns of numbers without a name in a table with dates down: each would be a part or a site.

    Raises:
        UnreadablePeriods: if there are some.
    """
    found = [i for i in unnamed if sample.has_numbers(i)]
    if found:
        template = N_(
            "Columns without a name hold numbers: {columns}. Give each the name of its part or site, or leave them out "
            "with {@ignore_columns}."
        )
        raise UnreadablePeriods(Message(template, {"columns": ", ".join(map(letter_of, found[:_MOST_SAID]))}))


def _refuse_holes(found: dict[int, int], names: Sequence[str], known: Collection[int], sample: Sample) -> list[Message]:
    """Refuse columns among the periods that are none; totals of the periods before them are left out and said."""
    first, last = min(found), max(found)
    known = set(known)
    inside = [i for i in range(first, last) if i not in found and i not in known and _counts(i, names, sample)]
    totals = [i for i in inside if _is_summary(names[i]) and _is_sum(i, found, names, sample)]
    holes = [i for i in inside if i not in totals] + _beside(found, names, known, sample)
    if holes:
        template = N_(
            "Columns among the periods are no periods: {columns}. Without them their demand would count as "
            "zero. Correct their headers, or name those that are no demand with {@ignore_columns}."
        )
        raise UnreadablePeriods(Message(template, {"columns": _listed(holes, names)}))
    if not totals:
        return []
    return [Message(N_("Columns of totals are left out: {columns}."), {"columns": _listed(totals, names)})]


def _counts(index: int, names: Sequence[str], sample: Sample) -> bool:
    """Whether a column holds something that could be demand: one with neither name nor cells separates others."""
    return bool(names[index]) or bool(sample.filled(index))


def _is_summary(name: str) -> bool:
    """Whether a header names a total, a quarter or a year."""
    return is_total_word(name) or bool(_SUMMARY.match(name))


def _is_sum(index: int, found: dict[int, int], names: Sequence[str], sample: Sample) -> bool:
    """Whether the column is the sum of the periods before it, of all or of those since the last total."""
    numbers = sample.numbers(index)
    if not any(numbers):
        return False
    before = [i for i in found if i < index]
    earlier = [i for i in range(index) if _is_summary(names[i])]
    since = [i for i in before if i > max(earlier, default=-1)]
    return any(
        columns and all(_adds_up(row, columns, sample) for row in _filled_rows(numbers))
        for columns in (_Sum(index, since), _Sum(index, before))
    )


def is_sum_of(index: int, columns: Sequence[int], names: Sequence[str], sample: Sample) -> bool:
    """Whether a column that is called a total adds up some others, in all rows."""
    added = _Sum(index, list(columns))
    return is_total_word(names[index]) and all(
        _adds_up(row, added, sample) for row in _filled_rows(sample.numbers(index))
    )


@dataclass(frozen=True, slots=True)
class _Sum:
    total: int
    columns: list[int]

    def __bool__(self) -> bool:
        return bool(self.columns)


def _filled_rows(numbers: Sequence[float | None]) -> list[int]:
    return [row for row, number in enumerate(numbers) if number is not None]


def _adds_up(row: int, sum_of: _Sum, sample: Sample) -> bool:
    total = sample.numbers(sum_of.total)[row] or 0.0
    added = sum(sample.numbers(i)[row] or 0.0 for i in sum_of.columns)
    return abs(total - added) <= 1e-6 * max(1.0, abs(total))


def _beside(found: dict[int, int], names: Sequence[str], known: Collection[int], sample: Sample) -> list[int]:
    """Columns right before and after the periods that may be some: `Jna-23`, `Jna`, or numbers under `2O24-03`."""
    shapes = Counter(_shape(names[i]) for i in found)
    usual = {shape for shape, count in shapes.items() if count * 2 >= len(found) and "9" in shape}
    may_be = []
    for step, index in ((-1, min(found)), (1, max(found))):
        beside = index + step
        while 0 <= beside < len(names) and beside not in known and not _is_summary(names[beside]):
            is_sum = not names[beside] and _is_sum(beside, found, names, sample)
            may_be_one = _shape(names[beside]) in usual or _is_damaged_period(beside, names, sample)
            if is_sum or not (may_be_one or _is_misspelt(beside, found, names, sample)):
                break
            may_be.append(beside)
            beside += step
    return sorted(may_be)


def _is_misspelt(index: int, found: dict[int, int], names: Sequence[str], sample: Sample) -> bool:
    """Whether a column of numbers beside months has nearly the name of the one that belongs there: `Jna` and `Feb`."""
    first, last = min(found), max(found)
    edge = date_of(found[first if index < first else last])
    expected = (edge.month - 1 + index - (first if index < first else last)) % 12 + 1
    name = names[index]
    if not name or len(name) > _LONGEST_PERIOD or (sample and not sample.has_numbers(index)):
        return False
    if is_average_word(name) or normal(name) in {normal(one) for every in STOCK_NAMES.values() for one in every}:
        return False
    words = [word for word in _WORD.findall(name) if len(word) > 2]
    return len(words) == 1 and is_like_month(words[0], expected, [names[i] for i in found])


def _is_damaged_period(index: int, names: Sequence[str], sample: Sample) -> bool:
    """Whether a column of numbers has no name, or one of digits and no word that is not a month's."""
    name = names[index]
    if (sample and not sample.has_numbers(index)) or len(name) > _LONGEST_PERIOD:
        return False
    words = [word for word in _WORD.findall(name) if len(word) > _LONGEST_ABBREVIATION and month_named(word) is None]
    digits, letters = sum(map(str.isdigit, name)), sum(map(str.isalpha, name))
    return (not name and bool(sample)) or (not words and digits * 3 >= letters and digits > 1)


def _shape(name: str) -> str:
    """How a name is written: a run of letters as `A`, each digit as `9`."""
    return re.sub(r"[0-9]", "9", re.sub(r"[^\W\d_]+", "A", name))


# Two columns for each period, such as `Jan-23 Qty` and `Jan-23 Value`: the quantities are read.


def _quantities_of_periods(
    names: Sequence[str], free: Sequence[int], settings: BatchSettings, first_year: int | None
) -> tuple[dict[int, str], Message]:
    """The date in the header of each column that holds quantities, and what to say; none where it is otherwise."""
    nothing: tuple[dict[int, str], Message] = {}, Message("")
    groups: dict[str, dict[int, str]] = {}
    for i in free:
        for measure, date in _splits(names[i]):
            groups.setdefault(measure, {})[i] = date
    dated = {}
    for measure, written in groups.items():
        texts = dict(zip(written, with_years(list(written.values()), first_year), strict=True))
        if len(texts) > 1:
            days = DateReader(settings.date_order, "header", settings.today).days(list(texts.values()), Message)
            if (days != NO_DAY).sum() * 2 > len(texts):
                dated[measure] = texts
    if not dated:
        return nothing
    accepted = {normal(name) for name in ACCEPTED_NAMES["demand_qty"]} - {normal(name) for name in MONEY_NAMES}
    chosen = [measure for measure in dated if normal(measure) in accepted]
    if len(dated) == 1 and normal(next(iter(dated))) in {*map(normal, MONEY_NAMES), "sumof"}:
        chosen = list(dated)
    if len(chosen) != 1:
        shown = [names[i] for texts in dated.values() for i in texts][:_MOST_SAID]
        template = N_(
            "There are two columns for each period, or one whose header is more than a date: {columns} …. Leave the "
            "columns of quantities, with nothing but the date in their headers."
        )
        raise UnreadablePeriods(Message(template, {"columns": ", ".join(map(repr, shown))}))
    others = [measure for measure in dated if measure not in chosen]
    template = N_("The columns named {chosen!r} are the demand of each period; left alone: {others}.")
    if not others:
        template = N_("The columns named {chosen!r} are the demand of each period.")
    return dated[chosen[0]], Message(template, {"chosen": chosen[0], "others": ", ".join(others)})


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
            "No column has the periods {periods} between {first} and {last}: they count as no demand. Export them too, "
            "if there was some."
        )
        shown = ", ".join(missing[:_MOST_SAID]) + (f", … ({len(missing)})" if len(missing) > _MOST_SAID else "")
        values = {"periods": shown, "first": date_of(min(days)), "last": date_of(max(days))}
        notes.append(Message(template, values))
    return notes


def _missing(days: Sequence[int]) -> list[str]:
    """The months, weeks or days that are missing in sorted days; none where most of them are."""
    if len(days) < 3:
        return []
    dates = [date_of(day) for day in days]
    months = [12 * date.year + date.month - 1 for date in dates]
    steps = np.diff(np.array(days))
    if len(set(months)) == len(months) and int(np.median(steps)) in range(28, 32):
        absent = sorted(set(range(months[0], months[-1] + 1)) - set(months))
        return [f"{month // 12}-{month % 12 + 1:02d}" for month in absent]
    usual = int(np.median(steps))
    if usual not in (1, 7):
        return []
    absent_days = sorted(set(range(days[0], days[-1], usual)) - set(days))
    if usual == 1 and not any(_is_weekend(day) for day in days):
        absent_days = [day for day in absent_days if not _is_weekend(day)]
    return [str(date_of(day)) for day in absent_days]


def _is_weekend(day: int) -> bool:
    return date_of(day).weekday() > 4


def _listed(indices: Sequence[int], names: Sequence[str]) -> str:
    shown = ", ".join(f"{shortened(names[i])!r} ({letter_of(i)})" for i in indices[:_MOST_SAID])
    return shown + (f", … ({len(indices)})" if len(indices) > _MOST_SAID else "")
