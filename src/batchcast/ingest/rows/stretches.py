"""A stretch of rows that stands in one file again, in the same order: a part of an export that was appended once more.

Sales may be alike, but not many different ones in a row, over several days and parts, in the same order, with all other
columns alike too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import Overlaps
from batchcast.ingest.common.source import Block
from batchcast.ingest.history.accumulate import Totals, Whole
from batchcast.ingest.layout.movements import role_of
from batchcast.ingest.rows.exactrepeats import exact_repeats
from batchcast.ingest.rows.repeats import FileOverlaps
from batchcast.ingest.rows.runs import MOST_LOOKED_AT, FileRows, RunOverlaps, are_running, find_runs, tell_apart
from batchcast.ingest.values.cells import date_text, distinct

_LEAST_ROWS = 20  # with a quantity, that are alike in a row
_LEAST_BITS = 60.0  # that their quantities tell: those that most rows have tell little
_MOST_STRETCHES = 20  # that are looked for in one file
_LEAST_ALIKE = 0.95  # share of the rows of both whose other columns agree
_MIX = np.uint64(0x9E3779B97F4A7C15)


def repeats_within(
    rows: FileRows, others: Mapping[int, str], again: Callable[[], Iterable[Block]], *, has_headers: bool
) -> FileOverlaps | Message | None:
    """What stands twice in one file, to be settled; or what to say of two runs that a column tells apart.

    Args:
        rows: of the file.
        others: the names of the columns that are not read, by their number.
        again: gives the rows once more, with those columns.
        has_headers: the header is there once more among the rows.
    """
    stretches = [] if has_headers else find_stretches(rows)
    stretches = [one for one in stretches if _are_alike(again(), tuple(others), rows, one)]
    if stretches:
        return StretchOverlaps(rows, stretches)
    runs = find_runs(rows, has_headers=has_headers)
    if runs is None:
        return None if has_headers else exact_repeats(rows, others, again)
    found = RunOverlaps(rows, runs.start, has_headers=has_headers)
    apart = tell_apart(again(), others, runs.in_lines(rows), int(rows.lines[-1]) + 1)
    if apart is None:
        return found
    are_kinds = role_of(apart.first, apart.column) and role_of(apart.second, apart.column)  # 261, and its 262
    return None if are_kinds else found.told_apart(apart)


class RepeatedRows(NamedTuple):
    """Rows of a file, and where they stand again."""

    first: int  # row of the first
    again: int  # of the first of those that are alike
    length: int

    def rows(self, begin: int) -> slice:
        """The rows from one of the two on."""
        return slice(begin, begin + self.length)


def find_stretches(rows: FileRows) -> list[RepeatedRows]:
    """The stretches that stand again, the longest first.

    None where the whole file does, which is said elsewhere, or where rows with other quantities go on from them: then
    the second ones may correct the first.
    """
    every = np.arange(len(rows.series))
    looked = every[rows.series % (len(every) // MOST_LOOKED_AT + 1) == 0]
    alike = rows.keys.astype(np.uint64) * _MIX ^ rows.quantities.astype(np.float64).view(np.uint64)
    found: list[RepeatedRows] = []
    is_free = np.ones(len(every), dtype=np.bool_)
    while len(found) < _MOST_STRETCHES:
        seen = looked[is_free[looked]]
        best = _longest(alike[seen])
        if best is None:
            break
        whole = _whole(alike, is_free, int(seen[best[0]]), int(seen[best[1]]))
        if not _tells(rows, whole):
            break
        if _goes_on(rows.keys, whole):
            return []
        found.append(whole)
        is_free[whole.rows(whole.again)] = False
    if found and 2 * found[0].length == len(every):
        return []
    return found


def _bits(quantities: NDArray[np.int64 | np.float64]) -> NDArray[np.float64]:
    """What each quantity tells, by how rare it is; 0 tells nothing."""
    _, place, counts = np.unique(quantities, return_inverse=True, return_counts=True)
    told: NDArray[np.float64] = np.where(quantities == 0, 0.0, -np.log2(counts[place] / len(quantities)))
    return told


def _longest(alike: NDArray[np.uint64]) -> tuple[int, int] | None:
    """The first row and its like of the most rows in a row that have their like equally far before them."""
    order = np.argsort(alike, kind="stable")
    same = alike[order][1:] == alike[order][:-1]
    if np.count_nonzero(same) < _LEAST_ROWS:
        return None
    far = np.zeros(len(alike), dtype=np.int64)
    far[order[1:][same]] = (order[1:] - order[:-1])[same]
    starts = np.flatnonzero(np.append(True, far[1:] != far[:-1]))
    lengths = np.diff(np.append(starts, len(far))) * (far[starts] > 0)
    best = int(np.argmax(lengths))
    again = int(starts[best])
    return (again - int(far[again]), again) if lengths[best] else None


def _whole(alike: NDArray[np.uint64], is_free: NDArray[np.bool_], first: int, again: int) -> RepeatedRows:
    """The whole stretch around a row and its like; it ends where its like begins."""
    far = again - first
    equal = (alike[far:] == alike[:-far]) & is_free[far:] & is_free[:-far]
    before = np.flatnonzero(~equal[:first])
    after = np.flatnonzero(~equal[first:])
    begin = int(before[-1]) + 1 if len(before) else 0
    end = first + int(after[0]) if len(after) else len(equal)
    return RepeatedRows(begin, begin + far, min(end - begin, far))


def _goes_on(keys: Whole, found: RepeatedRows) -> bool:
    """Whether the row before or behind a stretch has the date, part and site of that before or behind its like."""
    end, end_again = found.first + found.length, found.again + found.length
    is_before = found.first > 0 and keys[found.first - 1] == keys[found.again - 1]
    is_behind = end < found.again and end_again < len(keys) and keys[end] == keys[end_again]
    return bool(is_before or is_behind)


def _tells(rows: FileRows, found: RepeatedRows) -> bool:
    """Whether the rows of a stretch are so many and so different that no chance brings them once more."""
    of = found.rows(found.first)
    are_several = len(np.unique(rows.series[of])) > 1 or len(np.unique(rows.series)) == 1
    are_many = np.count_nonzero(rows.quantities[of]) >= _LEAST_ROWS
    are_several &= len(np.unique(rows.days[of])) > 1
    return bool(are_several and are_many and _bits(rows.quantities)[of].sum() >= _LEAST_BITS)


def _are_alike(blocks: Iterable[Block], columns: Sequence[int], rows: FileRows, found: RepeatedRows) -> bool:
    """Whether the other columns agree too, such as the numbers of documents.

    Args:
        blocks: the rows once more, with these columns.
        columns: their numbers.
        rows: the rows of the file.
        found: the stretch.
    """
    spans = [_lines(rows, found.rows(begin)) for begin in (found.first, found.again)]
    texts: tuple[list[tuple[str, ...]], ...] = ([], [])
    at = 0
    for block in blocks if columns else ():
        cells = [distinct(block.column(index)) for index in columns]
        for span, lines in zip(spans, texts, strict=True):
            for line in range(max(span.start - at, 0), min(span.stop - at, block.num_rows)):
                lines.append(tuple(date_text(one.cells[one.index[line]]) for one in cells))
        at += block.num_rows
    apart = spans[1].start - spans[0].start
    first, again = ([list(column) for column in zip(*one, strict=True)] for one in texts)
    telling = [
        i for i, (one, other) in enumerate(zip(first, again, strict=True)) if not _are_of_rows(one, other, apart)
    ]
    agree = [all(one[i] == other[i] for i in telling) for one, other in zip(*texts, strict=False)]
    return not telling or (bool(agree) and sum(agree) >= _LEAST_ALIKE * len(agree))


def _are_of_rows(texts: Sequence[str], again: Sequence[str], apart: int) -> bool:
    """Whether the values of two stretches are the numbers of their rows, as far apart as these are."""
    return are_running(texts) and are_running(again) and int(again[0]) - int(texts[0]) == apart


def _lines(rows: FileRows, of: slice) -> range:
    return range(int(rows.lines[of.start]), int(rows.lines[of.stop - 1]) + 1)


class StretchOverlaps(FileOverlaps):
    """The rows of a file and those of them that stand there again, compared as two files are."""

    ask = N_(
        "The file has the same {count:,} rows again, in the same order: {first}, and once more {second}{more}, as "
        "where a part of an export was appended again. Set {@overlaps=earliest} to count them once, or "
        "{@overlaps=sum} if both are demand."
    )
    readings: ClassVar[Mapping[str, str]] = {
        "earliest": N_("they are counted once, {total:,.15g} units in all"),
        "sum": N_("they are summed, {total:,.15g} units in all"),
    }
    settled: ClassVar[Mapping[str, str]] = {
        "earliest": N_(
            "The file has the same {count:,} rows again, in the same order: {first}, and once more {second}{more}. As "
            "asked for, they are counted once: {rows:,} rows are left out."
        ),
        "sum": N_(
            "The file has the same {count:,} rows again, in the same order: {first}, and once more {second}{more}. As "
            "asked for, both are counted."
        ),
    }

    def __init__(self, rows: FileRows, found: Sequence[RepeatedRows]) -> None:
        """Takes the rows of a file, and the stretches of it that stand there again."""
        super().__init__()
        self.takes_equal_once = False
        self._found, longest = found, found[0]
        self._names = [_named(rows, longest.rows(begin)) for begin in (longest.first, longest.again)]
        is_again = np.zeros(len(rows.series), dtype=np.bool_)
        for one in found:
            is_again[one.rows(one.again)] = True
        for number, part in enumerate((~is_again, is_again)):
            series, days = rows.series[part].astype(np.int32), rows.days[part].astype(np.int32)
            self.add(str(number), series, days, rows.quantities[part])

    def settle(self, totals: Totals, sites: Whole, days: Sequence[int], asked: Overlaps) -> None:
        """See `FileOverlaps`; the last ones are the first ones once more."""
        super().settle(totals, sites, days, "earliest" if asked == "latest" else asked)

    def told(self, shared: Whole, pairs: list[list[int]], days: Sequence[int]) -> dict[str, object]:
        """What is said of them."""
        said = super().told(shared, pairs, days)
        others = len(self._found) - 1
        more = Message(N_(", and {count} more stretches do so"), {"count": others}) if others else ""
        count = sum(one.length for one in self._found)
        return said | {"first": self._names[0], "second": self._names[1], "count": count, "more": more}


def _named(rows: FileRows, of: slice) -> Message:
    lines = _lines(rows, of)
    return Message(N_("rows {first:,} to {last:,}"), {"first": lines.start + 1, "last": lines.stop})
