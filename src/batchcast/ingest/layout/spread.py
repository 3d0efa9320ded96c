"""Rows from all over a file, by which the choice of its columns is judged again once all of it is read.

The first rows choose the columns. What they hold nothing of is met in others: the balance of a part whose rows are far
apart, the sites of a file that is sorted by them, opening balances at the end of one that begins with the newest rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from batchcast.domain import columns
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import MissingColumn, UnknownMapping
from batchcast.ingest.common.source import Block, ColumnSource
from batchcast.ingest.layout.candidates import question
from batchcast.ingest.layout.header import find_columns
from batchcast.ingest.layout.layout import Layout
from batchcast.ingest.layout.sample import Sample
from batchcast.ingest.values.keys import Codes

Cells = Sequence[Any]
_MOST_ROWS = 3000  # of a file that is judged by all of its rows; of a larger one so many of some parts, and of its runs
_RUN = 200  # rows that follow each other
_RUNS_OF_BLOCK = 5
_MOST_PARTS = 32  # whose rows are kept, while they are few enough


class SpreadRows:
    """Keeps all rows of a small file; of a large one all those of its first parts, and runs of rows from everywhere."""

    def __init__(self) -> None:
        self._count = 0  # rows that were met
        self._runs: list[list[Cells]] = []
        self._of_parts: list[tuple[int, Cells]] = []  # number of the part, in the order of the file
        self._parts = _MOST_PARTS

    def take(self, block: Block, parts: Codes | None) -> None:
        """Keep some rows of a block; `parts` has the number of the part of each, None where it has several."""
        was_small, self._count = self._is_small, self._count + block.num_rows
        if self._is_small:
            self._runs.append([row.cells for row in block.rows(range(block.num_rows))])
        else:
            self._add_runs(block)
        if parts is not None:
            self._add_parts(block, parts)
        if was_small and not self._is_small:
            self._runs = [one[-_RUN:] for one in self._runs]

    def samples(self) -> list[list[Cells]]:
        """The rows that a choice is judged by, in the order of the file: those of parts, and those of runs."""
        runs = [row for run in self._runs for row in run]
        of_parts = [cells for _, cells in self._of_parts]
        return [runs] if self._is_small or not of_parts else [of_parts, runs]

    @property
    def _is_small(self) -> bool:
        return self._count <= _MOST_ROWS

    def _add_runs(self, block: Block) -> None:
        """Runs that are spread over a block, the last at its end; of too many in all every second one is dropped."""
        ends = np.linspace(0, block.num_rows, _RUNS_OF_BLOCK + 1).astype(int)[1:].tolist()
        chosen = sorted({row for end in ends for row in range(max(0, end - _RUN), end)})
        rows: list[Cells] = [row.cells for row in block.rows(chosen)]
        self._runs += [rows[start : start + _RUN] for start in range(0, len(rows), _RUN)]
        while len(self._runs) * _RUN > _MOST_ROWS:
            self._runs = self._runs[::-1][::2][::-1]

    def _add_parts(self, block: Block, parts: Codes) -> None:
        """The rows of the first parts; of fewer parts where they become too many."""
        chosen = np.flatnonzero((parts >= 0) & (parts < self._parts))[: 2 * _MOST_ROWS]
        if not len(chosen) or (self._parts == 1 and len(self._of_parts) >= _MOST_ROWS):
            return
        numbers = parts[chosen].tolist()
        self._of_parts += zip(numbers, (row.cells for row in block.rows(chosen.tolist())), strict=True)
        while len(self._of_parts) > _MOST_ROWS and self._parts > 1:
            self._parts //= 2
            self._of_parts = [one for one in self._of_parts if one[0] < self._parts]
        del self._of_parts[_MOST_ROWS:]


def judge_again(layout: Layout, settings: BatchSettings, spread: SpreadRows) -> Layout:
    """The layout as rows from all over the file have it: with what they tell besides, and what is to be said of it.

    Raises:
        ReadingQuestion: where they ask what the first rows did not, or choose another column.
        UnreadablePeriods: if a column among the periods is none by them.
    """
    others = []
    for rows in spread.samples():
        if _tells_more(layout, rows):
            with suppress(MissingColumn, UnknownMapping):  # rows that do not fit are refused one by one
                others.append(find_columns(layout.header, settings, sample=rows))
                _check_same(layout, others[-1], Sample(rows))
    if not others:
        return layout
    said = {note.template for note in others[0].notes}
    further = {note.template: note for other in others[1:] for note in other.notes if note.template not in said}
    return replace(
        layout,
        notes=(*others[0].notes, *further.values()),
        unit=next((one.unit for one in (layout, *others) if one.unit is not None), None),
        balance=next((one.balance for one in (layout, *others) if one.balance), ()),
        receipts=next((one.receipts for one in (layout, *others) if one.receipts is not None), None),
    )


def _tells_more(layout: Layout, rows: Sequence[Cells]) -> bool:
    """Whether the rows hold more columns than those that are read anyway: of a large Parquet file they do not."""
    free = set(range(len(layout.header))) - {*layout.wanted}
    return bool(rows) and (not free or any(row[i] is not None for row in rows for i in free if i < len(row)))


def _check_same(layout: Layout, other: Layout, sample: Sample) -> None:
    """Ask where some rows choose another column than the first did; raises AmbiguousColumn."""
    before, after = _sources(layout), _sources(other)
    for ours, source in before.items():
        found = after.get(ours)
        if source is not None and found is not None and found.indices != source.indices and not layout.several:
            raise question(ours, [*source.indices, *found.indices], layout.header, sample)


def _sources(layout: Layout) -> Mapping[str, ColumnSource | None]:
    return {
        columns.DATE: layout.date,
        columns.PARTNUMBER: layout.part,
        columns.SITE_CODE: layout.site,
        columns.DEMAND_QTY: layout.quantity,
    }
