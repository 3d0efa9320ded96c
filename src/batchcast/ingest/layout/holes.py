"""Columns among the periods of a wide table that are no periods: sums of others, or holes.

A hole is refused: its demand would count as zero.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice

from batchcast.domain.calendar import date_of
from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.names import STOCK_NAMES, is_average_word, is_total_word, letter_of, normal, shortened
from batchcast.ingest.common.problems import UnreadablePeriods
from batchcast.ingest.layout.layout import Period, TotalColumn
from batchcast.ingest.layout.sample import Sample
from batchcast.ingest.values.months import is_like_month, month_named

MOST_SAID = 10  # columns or periods that a sentence lists
LONGEST_PERIOD = 40  # characters of a header that could be a period
_SUMMARY = re.compile(r"(?:(?:19|20)\d{2}|(?:19|20)?\d{0,2}[-/ ]?[QT][1-4][-/ ]?\d{0,4})$", re.ASCII | re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
MOST_WRONG = 0.05  # share of the rows in which what is called a total may be none
_LONGEST_ABBREVIATION = 3  # letters of a word that may be a month's name, damaged


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


def total_columns(
    periods: Sequence[Period], names: Sequence[str], read: Collection[int], sample: Sample
) -> tuple[TotalColumn, ...]:
    """The columns of totals among and beside the periods."""
    found = {period.index: period.day for period in periods}
    left = [i for i in range(len(names)) if i not in read and i not in found and names[i] and _is_summary(names[i])]
    sums = {i: _added_by(i, found, names, sample) for i in left}
    return tuple(
        TotalColumn(i, tuple(added), min(found) < i < max(found)) for i, added in sums.items() if added is not None
    )


def no_periods(columns: Sequence[int], names: Sequence[str]) -> UnreadablePeriods:
    """Columns among the periods that are none."""
    template = N_(
        "Columns among the periods are no periods: {columns}. Without them their demand would count as "
        "zero. Correct their headers, or name those that are no demand with {@ignore_columns}."
    )
    return UnreadablePeriods(Message(template, {"columns": _listed(columns, names)}))


def check_unnamed(periods: Sequence[Period], header: Sequence[str], unnamed: Collection[int], sample: Sample) -> None:
    """Refuse columns without a name that may be periods, by the rows that hold something in them.

    Raises:
        UnreadablePeriods: if there are some.
    """
    found = {period.index: period.day for period in periods}
    refuse_holes(found, header, set(range(len(header))) - set(unnamed), sample)


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
        raise UnreadablePeriods(Message(template, {"columns": ", ".join(map(letter_of, found[:MOST_SAID]))}))


def refuse_holes(found: dict[int, int], names: Sequence[str], known: Collection[int], sample: Sample) -> list[Message]:
    """Refuse columns among the periods that are none; totals of the periods before them are left out and said."""
    first, last = min(found), max(found)
    known = set(known)
    inside = [i for i in range(first, last) if i not in found and i not in known and _counts(i, names, sample)]
    totals = [i for i in inside if _is_summary(names[i]) and _is_sum(i, found, names, sample)]
    holes = [i for i in inside if i not in totals] + _beside(found, names, known, sample)
    if holes:
        raise no_periods(holes, names)
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
    return _added_by(index, found, names, sample) is not None


def _added_by(index: int, found: dict[int, int], names: Sequence[str], sample: Sample) -> list[int] | None:
    """The columns of the periods before a column that it is the sum of: those since the last total, or all; or None."""
    numbers = sample.numbers(index)
    if not any(numbers):
        return None
    before = [i for i in found if i < index]
    earlier = [i for i in range(index) if _is_summary(names[i])]
    since = [i for i in before if i > max(earlier, default=-1)]
    rows = _filled_rows(numbers)
    most_wrong = int(MOST_WRONG * len(rows)) if is_total_word(names[index]) else 0
    for columns in (since, before):
        wrong = (row for row in rows if not _adds_up(row, _Sum(index, columns), sample))
        if columns and sum(1 for _ in islice(wrong, most_wrong + 1)) <= most_wrong:
            return columns
    return None


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
    if not name or len(name) > LONGEST_PERIOD or (sample and not sample.has_numbers(index)):
        return False
    if is_average_word(name) or normal(name) in {normal(one) for every in STOCK_NAMES.values() for one in every}:
        return False
    words = [word for word in _WORD.findall(name) if len(word) > 2]
    return len(words) == 1 and is_like_month(words[0], expected, [names[i] for i in found])


def _is_damaged_period(index: int, names: Sequence[str], sample: Sample) -> bool:
    """Whether a column of numbers has no name, or one of digits and no word that is not a month's."""
    name = names[index]
    if (sample and not sample.has_numbers(index)) or len(name) > LONGEST_PERIOD:
        return False
    words = [word for word in _WORD.findall(name) if len(word) > _LONGEST_ABBREVIATION and month_named(word) is None]
    digits, letters = sum(map(str.isdigit, name)), sum(map(str.isalpha, name))
    return (not name and bool(sample)) or (not words and digits * 3 >= letters and digits > 1)


def _shape(name: str) -> str:
    """How a name is written: a run of letters as `A`, each digit as `9`."""
    return re.sub(r"[0-9]", "9", re.sub(r"[^\W\d_]+", "A", name))


def _listed(indices: Sequence[int], names: Sequence[str]) -> str:
    """The first of these columns, by name and letter, and how many there are."""
    shown = ", ".join(f"{shortened(names[i])!r} ({letter_of(i)})" for i in indices[:MOST_SAID])
    return shown + (f", … ({len(indices)})" if len(indices) > MOST_SAID else "")
