"""The first rows of a demand history as they are read, once all of a preview were tallied, and what they amount to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np

from batchcast.domain import columns
from batchcast.domain.calendar import date_of
from batchcast.domain.errors import Message
from batchcast.domain.history import RowProblem
from batchcast.domain.recipe import PreviewCounts, PreviewRow
from batchcast.ingest.cells import cell_of
from batchcast.ingest.dateorder import NO_DAY, read_days
from batchcast.ingest.firstrows import FirstRows, head_of
from batchcast.ingest.header import Layout
from batchcast.ingest.keys import read_key
from batchcast.ingest.rowfilter import RowChoice
from batchcast.ingest.source import Block, ColumnSource, SourceRow, is_blank
from batchcast.ingest.tally import Tally
from batchcast.ingest.writer import AcceptedDemand

ROWS_SHOWN = 10
_REFUSED_SHOWN = 5  # further ones, from below those
_CELLS_OF_A_ROW = 4  # that are shown of a row of a wide table


def counts_of(tally: Tally, accepted: AcceptedDemand | None) -> PreviewCounts:
    """What the rows amount to that a tally has taken, and those of them that were accepted."""
    refused, filtered = tally.rejected.count, tally.choice.rows_filtered
    told = PreviewCounts(
        rows_read=tally.rows_read + filtered, rows_refused=refused, rows_filtered=filtered, parts=0, sites=0
    )
    if accepted is None:
        return told
    written = accepted.written
    totals = accepted.totals.of_series(written, np.argsort(accepted.days))
    return replace(
        told,
        parts=len(np.unique(accepted.series_part[written])),
        sites=len(np.unique(accepted.series_site[written])),
        first_date=date_of(int(accepted.days.min())),
        last_date=date_of(int(accepted.days.max())),
        total=float(totals.total.sum()),
    )


def rows_of(first: FirstRows, layout: Layout, tally: Tally) -> list[PreviewRow]:
    """The first rows as they are read, and the first of those that are refused below them."""
    problems = tally.rejected.problems
    keys = {cells.name for cells in (layout.part, layout.site) if cells}
    rows: list[PreviewRow] = []
    choice = RowChoice(layout.filters)
    with closing(first.blocks(layout)) as blocks:
        for block in map(choice.chosen, blocks):
            head = head_of(block, ROWS_SHOWN)
            told = _cells_of(head, layout, tally) if layout.periods else _lines_of(head, layout, tally, first.sheet)
            near = [one for one in problems if one.file == block.file]
            rows += [_with_reason(row, near, keys) for row in told]
            if len(rows) >= ROWS_SHOWN:
                break
    rows = rows[:ROWS_SHOWN]
    last = rows[-1].line if rows else 0
    below = [one for one in problems if one.line > last or not rows]
    return [*rows, *map(_refused_row, below[:_REFUSED_SHOWN])]


def _with_reason(row: PreviewRow, problems: Sequence[RowProblem], keys: Collection[str]) -> PreviewRow:
    """A row with why it is refused, where it is: of a wide table the cell, or the line for its keys."""
    for one in problems:
        if one.line == row.line and (not row.column or one.column in {row.column, *keys}):
            return replace(row, reason=one.reason, column=one.column, value=one.value)
    return row


def _refused_row(problem: RowProblem) -> PreviewRow:
    return PreviewRow(
        line=problem.line,
        partnumber=problem.partnumber,
        site_code=problem.site_code,
        reason=problem.reason,
        column=problem.column,
        value=problem.value,
    )


def _lines_of(block: Block, layout: Layout, tally: Tally, sheet: str | None) -> Iterator[PreviewRow]:
    if not block.num_rows:
        return
    days = read_days(block, layout.date, tally.dates, sheet)
    quantities = _signed(tally, tally.quantities(block))
    for i, row in enumerate(block.rows(range(block.num_rows))):
        if not all(map(is_blank, row.cells)):
            yield _row(row, layout, tally, day=int(days[i]), quantity=float(quantities[i]))


def _cells_of(block: Block, layout: Layout, tally: Tally) -> Iterator[PreviewRow]:
    """The first cells of each row of a wide table that hold something."""
    read = {
        one.index: _signed(tally, tally.quantities(block, ColumnSource(one.name, (one.index,))))
        for one in layout.periods
    }
    for i, row in enumerate(block.rows(range(block.num_rows))):
        filled = [one for one in layout.periods if not is_blank(row.cells[one.index])]
        for one in filled[:_CELLS_OF_A_ROW]:
            quantity = float(read[one.index][i])
            yield replace(_row(row, layout, tally, day=one.day, quantity=quantity), column=one.name)


def _row(row: SourceRow, layout: Layout, tally: Tally, *, day: int, quantity: float) -> PreviewRow:
    part = read_key(cell_of(row, layout.part))
    site = columns.ALL_SITES if layout.site is None else read_key(cell_of(row, layout.site))
    return PreviewRow(
        line=row.line,
        date=None if day == NO_DAY else date_of(day),
        partnumber=None if isinstance(part, Message) else part,
        site_code=None if isinstance(site, Message) else site,
        demand_qty=None if np.isnan(quantity) else quantity,
    )


def _signed(tally: Tally, quantities: Any) -> Any:
    quantities = quantities.astype(np.float64)
    return 0.0 - quantities if tally.signs.is_negative else quantities
