"""Two exports in one file: a second run of rows through the dates, parts and sites of the first, with other quantities.

Where the second corrects the first, their sum counts demand twice. A list of transactions has several rows of one day
and part too, but they stand together, or all over the file: there is no row before which the first ones of nearly all
stand, and behind which the second ones do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, NamedTuple

import numpy as np

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.names import shortened
from batchcast.ingest.common.source import Block
from batchcast.ingest.history.accumulate import DAY_BITS, Whole
from batchcast.ingest.rows.repeats import FileOverlaps
from batchcast.ingest.values.cells import date_text, distinct
from batchcast.ingest.values.numberstyle import Quantities

_LEAST_SHARED = 20  # days of parts and sites that both runs have
_LEAST_BELOW_HEADER = 3  # the same where the header is there once more
_LEAST_SHARE = 0.5  # of those of the shorter run
MOST_LOOKED_AT = 1 << 18  # rows; of a larger file those of some series
_LOCAL = 0.9  # share of the repeats inside a run that stand together
_IN_ORDER = 0.8  # correlation of the places in both runs
_MOST_VALUES = 200  # of a column that tells the runs apart
_LEAST_RUNNING = 20  # rows that are numbered
_MOST_IN_BOTH = 0.05  # share of the rows of the shorter run


@dataclass(frozen=True, slots=True)
class FileRows:
    """The rows of a file that count, in its order: shape (rows,) each."""

    series: Whole
    days: Whole  # by their number
    quantities: Quantities
    lines: Whole  # ascending: of a wide table one line has several rows

    @property
    def keys(self) -> Whole:
        """Series and day as one number."""
        keys: Whole = (self.series << DAY_BITS) | self.days
        return keys


class TwoRuns(NamedTuple):
    """Where two runs of rows meet; rows between them are in one of the two, and have no other of their key."""

    end: int  # of the first: the row behind its last
    start: int  # of the second: its first row

    def in_lines(self, rows: FileRows) -> TwoRuns:
        """The same by lines of the file."""
        return TwoRuns(int(rows.lines[self.end - 1]) + 1, int(rows.lines[self.start]))


def find_runs(rows: FileRows, *, has_headers: bool = False) -> TwoRuns | None:
    """Two runs whose quantities differ, or with a header between them; None where there are none."""
    every = np.arange(len(rows.series))
    looked = every[rows.series % (len(every) // MOST_LOOKED_AT + 1) == 0]
    least = _LEAST_BELOW_HEADER if has_headers else _LEAST_SHARED
    found = _boundary(rows.keys[looked], rows.series[looked], rows.days[looked], least)
    if found is None:
        return None
    runs = TwoRuns(int(looked[found.end - 1]) + 1, int(looked[found.start]))
    return runs if has_headers or _differing(rows, runs.start) else None


def _boundary(keys: Whole, series: Whole, days: Whole, least: int) -> TwoRuns | None:
    """Where most keys stand before that stand behind it again; None where that are no two runs."""
    order = np.argsort(keys, kind="stable")
    same = keys[order][1:] == keys[order][:-1]
    before, after = order[:-1][same], order[1:][same]
    if len(before) < least:
        return None
    opened = np.zeros(len(keys) + 1, dtype=np.int64)
    np.add.at(opened, before + 1, 1)
    np.add.at(opened, after + 1, -1)
    open_at = np.flatnonzero((counts := np.cumsum(opened)) == counts.max())
    end, start = int(open_at[0]), int(open_at[-1])
    crosses = (before < start) & (after >= start)
    first, second = before[crosses], after[crosses]
    of_runs = (start - np.count_nonzero(after < start), len(keys) - start - np.count_nonzero(before >= start))
    if len(first) < max(least, _LEAST_SHARE * min(of_runs)):
        return None
    are_several = len(np.unique(days[first])) > 1 and (len(np.unique(series[first])) > 1 or len(np.unique(series)) == 1)
    is_run = are_several and _stand_together(before[~crosses], after[~crosses], series, days)
    return TwoRuns(end, start) if is_run and abs(float(np.corrcoef(first, second)[0, 1])) >= _IN_ORDER else None


def _stand_together(before: Whole, after: Whole, series: Whole, days: Whole) -> bool:
    """Whether repeats have only rows of their own day, or of their own series among several, between them."""
    if not len(before):
        return True
    telling = (days,) if (series == series[0]).all() else (series, days)
    changes = [np.append(0, np.cumsum(of[1:] != of[:-1])) for of in telling]
    is_local = np.logical_or.reduce([count[before] == count[after] for count in changes])
    return bool(np.mean(is_local) >= _LOCAL)


def _differing(rows: FileRows, start: int) -> int:
    """The keys of both runs whose quantities differ."""
    sums = []
    for part in (slice(start), slice(start, None)):
        keys, place = np.unique(rows.keys[part], return_inverse=True)
        sums.append((keys, np.bincount(place, rows.quantities[part])))
    (one, of_one), (other, of_other) = sums
    _, at, at_other = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    return int(np.count_nonzero(~np.isclose(of_one[at], of_other[at_other], rtol=1e-9, atol=1e-9)))


_ASK_PASTED = N_(
    "The file has its header once more among its rows, and two runs through the same dates, parts and sites, {first} "
    "and {second}, as a file has that was pasted twice: {count:,} values from {start} to {end} are in both, "
    "{differing:,} of them with other quantities. Set {@overlaps=latest}, {@overlaps=earliest}, or {@overlaps=sum}."
)


class RunOverlaps(FileOverlaps):
    """The two runs of a file, compared as two files are."""

    ask = N_(
        "The file has two runs through the same dates, parts and sites, {first} and {second}, as two exports in one "
        "file have: {count:,} values from {start} to {end} are in both, {differing:,} of them with other quantities. "
        "Set {@overlaps=latest} if the second corrects the first, {@overlaps=earliest}, or {@overlaps=sum}."
    )
    readings: ClassVar[Mapping[str, str]] = {
        "latest": N_("the second run counts, {total:,.15g} units in all"),
        "earliest": N_("the first run counts, {total:,.15g} units in all"),
        "sum": N_("they are summed, {total:,.15g} units in all"),
    }
    settled: ClassVar[Mapping[str, str]] = {
        "latest": N_(
            "The file has two runs through the same dates, parts and sites, {first} and {second}. As asked for, the "
            "second counts from {start} to {end}: {rows:,} rows of {count:,} parts, sites and days are left out."
        ),
        "earliest": N_(
            "The file has two runs through the same dates, parts and sites, {first} and {second}. As asked for, the "
            "first counts from {start} to {end}: {rows:,} rows of {count:,} parts, sites and days are left out."
        ),
        "sum": N_(
            "The file has two runs through the same dates, parts and sites, {first} and {second}. As asked for, they "
            "are summed for {count:,} parts, sites and days from {start} to {end}."
        ),
    }

    def __init__(self, rows: FileRows, start: int, *, has_headers: bool = False) -> None:
        """Takes the rows of a file, the row that its second run begins with, and whether its header is there again."""
        super().__init__()
        if has_headers:  # which are refused rows
            self.ask, self.takes_equal_once, self.also_set = _ASK_PASTED, False, {"bad_rows": "skip"}
        self._differing = _differing(rows, start)
        self._names = [
            Message(
                N_("rows {first:,} to {last:,}"), {"first": rows.lines[first] + 1, "last": rows.lines[last - 1] + 1}
            )
            for first, last in ((0, start), (start, len(rows.series)))
        ]
        for number, part in enumerate((slice(start), slice(start, None))):
            series, days = rows.series[part].astype(np.int32), rows.days[part].astype(np.int32)
            self.add(str(number), series, days, rows.quantities[part])

    def told(self, shared: Whole, pairs: list[list[int]], days: Sequence[int]) -> dict[str, object]:
        """What is said of both."""
        said = super().told(shared, pairs, days)
        return said | {"first": self._names[0], "second": self._names[1], "differing": self._differing}

    def told_apart(self, by: Apart) -> Message:
        """What to say where a column that is not read tells the runs apart: then they are summed."""
        template = N_(
            "The file has two runs through the same dates, parts and sites, {first} and {second}, which column "
            "{column!r} tells apart ({one!r}, {other!r}): they are summed. If the second corrects the first, choose "
            "its rows with {@only_rows}."
        )
        of_runs = {"first": self._names[0], "second": self._names[1]}
        return Message(template, {**of_runs, "column": by.column, "one": by.first, "other": by.second})


class Apart(NamedTuple):
    """A column whose values are others in each run."""

    column: str
    first: str  # its most frequent value in the first run
    second: str  # and in the second


def tell_apart(blocks: Iterable[Block], columns: Mapping[int, str], runs: TwoRuns, count: int) -> Apart | None:
    """The first column whose values are others in each run; None where there is none.

    Args:
        blocks: the rows once more, with these columns.
        columns: their names by their number.
        runs: where they meet.
        count: rows in all.
    """
    found: dict[int, dict[str, list[int]]] = {index: {} for index in columns}
    at = 0
    for block in blocks:
        numbers = np.arange(at, at + block.num_rows)
        run = (numbers >= runs.end).astype(np.int64) + (numbers >= runs.start)  # 1: between them
        at += block.num_rows
        for index, by_value in list(found.items()):
            _count_values(by_value, block, index, run)
            if len(by_value) > _MOST_VALUES:
                del found[index]
    most = _MOST_IN_BOTH * min(runs.end, count - runs.start)
    for index, by_value in found.items():
        if len(by_value) > 1 and sum(map(min, by_value.values())) <= most:
            likely = [max(by_value, key=lambda value, of=of: by_value[value][of]) for of in (0, 1)]  # type: ignore[misc]
            return Apart(columns[index], *map(shortened, likely))
    return None


def are_running(texts: Sequence[str]) -> bool:
    """Whether the values of rows are their numbers, one by one: these tell of no row what it is."""
    if len(texts) < _LEAST_RUNNING or not all(map(str.isdecimal, texts)):
        return False
    return all(int(after) == int(before) + 1 for before, after in pairwise(texts))


def _count_values(by_value: dict[str, list[int]], block: Block, index: int, run: Whole) -> None:
    cells = distinct(block.column(index))
    is_each = len(cells.cells) == block.num_rows <= 2 * _MOST_VALUES
    of_rows = [date_text(cells.cells[i]).strip() for i in cells.index] if is_each else []
    if len(cells.cells) > 2 * _MOST_VALUES or are_running(of_rows):
        by_value |= {str(i): [0, 0] for i in range(_MOST_VALUES + 1)}
        return
    counts = np.bincount(3 * cells.index.astype(np.int64) + run, minlength=3 * len(cells.cells)).reshape(-1, 3)
    for cell, (first, _, second) in zip(cells.cells, counts.tolist(), strict=True):
        known = by_value.setdefault(date_text(cell).strip(), [0, 0])
        known[0], known[1] = known[0] + first, known[1] + second
