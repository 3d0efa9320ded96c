"""Reads a stock file: what is held of each part, what it costs, how it is packed and how long it takes to come.

A file of any kind that a demand history comes in, with a row for each part of a site; or with several and a date, as
a demand history with such columns has them: then the latest row that has a value counts, column by column. A cell
that counts and can't be read refuses the file: an order that leaves a part out unsaid costs more than a correction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from batchcast.domain import columns
from batchcast.domain.calendar import date_of
from batchcast.domain.inventory import HeldStock, StockItem
from batchcast.domain.message import Message, mark
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.cells import cell_of
from batchcast.ingest.dateorder import NO_DAY, DateOrderJudge, ReadAgain
from batchcast.ingest.keys import key_text
from batchcast.ingest.limits import LARGEST_QUANTITY, IngestLimits
from batchcast.ingest.numberstyle import NumberStyleJudge
from batchcast.ingest.problems import EmptyInput, InvalidStockFile
from batchcast.ingest.recognise import open_file
from batchcast.ingest.source import Block, Source, SourceRow
from batchcast.ingest.stockheader import StockLayout, find_stock_columns
from batchcast.ingest.stockrows import FREE, HAS_ZERO, LONGEST_LEAD_TIME, StockRows, Unreadable
from batchcast.ingest.table import open_table

_TABLE = "table"  # what a table in memory is called
_SHOWN = 10  # lines with further cells that can't be read


def read_stock(path: Path, settings: BatchSettings | None = None) -> HeldStock:
    """What is held of the parts of a file, in its order; without a column of sites all are at the site `ALL`.

    Args:
        path: of a file or folder that a demand history can come in.
        settings: how dates and numbers are written, and what its columns are called. With `bad_rows="skip"`, rows of a
            file with dates whose date, site or part can't be read are left out, as they are of its demand.

    Raises:
        InvalidStockFile: if it can't be read as one.
        InvalidInput: another, if it can't be read at all, or its dates or numbers read in two ways.
    """
    settings = settings or BatchSettings()
    find = partial(find_stock_columns, path.name)
    try:
        with open_file(path, settings, IngestLimits(), find) as (source, layout):
            return _Reading(path.name, source, layout, settings).held()
    except EmptyInput as error:
        template = mark("{name} is empty: a stock file has a header and a row for each part.")
        raise InvalidStockFile(Message(template, {"name": path.name})) from error


def read_stock_table(table: Any, settings: BatchSettings | None = None) -> HeldStock:
    """The same of a pandas, polars or pyarrow table; `line` in sentences is the number of the row, the first is 1."""
    settings = settings or BatchSettings()
    source, layout = open_table(table, settings, partial(find_stock_columns, _TABLE))
    return _Reading(_TABLE, source, layout, settings).held()


class _Reading:
    """One file that is read, again where its dates or numbers turn out to be written the other way."""

    def __init__(self, name: str, source: Source, layout: StockLayout, settings: BatchSettings) -> None:
        self._name = name
        self._source = source
        self._layout = layout
        self._settings = settings

    def held(self) -> HeldStock:
        """Every part."""
        repeat = self._first_repeat()
        is_dated = repeat is not None
        if repeat is not None and self._layout.date is None:
            raise self._layout.undecided or self._repeated(*repeat)
        rows, notes = self._read(is_dated=is_dated)
        if not rows.rows_read:
            template = mark("{name} has a header and no rows under it: export it again, with a row for each part.")
            raise _refused(template, name=self._name)
        bad = rows.bad_cells()
        if bad:
            raise self._bad_cells(bad)
        if is_dated:
            notes = [*self._dated_notes(rows), *notes]
        return HeldStock(items=_items_of(rows), notes=tuple(notes))

    def _read(self, *, is_dated: bool) -> tuple[StockRows, list[Message]]:
        layout, settings = self._layout, self._settings
        orders = DateOrderJudge(settings.date_order, layout.date.name if layout.date else columns.DATE)
        held = ", ".join(cells.name for cells in layout.held.values())
        styles = NumberStyleJudge(settings.number_style, held)
        while True:
            rows = StockRows(layout, self._source, orders=orders if is_dated else None, styles=styles)
            try:
                for first, block in self._blocks():
                    for problem in rows.take(block, first):
                        self._note_unreadable(problem, rows, is_dated=is_dated)
            except ReadAgain:
                orders, styles = orders.start_again(), styles.start_again()
            else:
                decided = (orders.conclude() if is_dated else None, styles.conclude())
                return rows, [note for note in decided if note is not None]

    def _blocks(self) -> Iterator[tuple[int, Block]]:
        """Blocks with the number of their first row, from 0."""
        first = 0
        with closing(self._source.blocks(self._layout)) as blocks:
            for block in blocks:
                yield first, block
                first += block.num_rows

    def _first_repeat(self) -> tuple[int, int] | None:
        """The first row of a series that another row has, and that other row; None where each has one."""
        rows = StockRows(self._layout, self._source)
        for first, block in self._blocks():
            found = rows.repeat_in(block, first)
            if found is not None:
                return found
        return None

    def _note_unreadable(self, problem: Unreadable, rows: StockRows, *, is_dated: bool) -> None:
        """Count a row that says nothing of a part, or refuse the file for it."""
        if is_dated and self._settings.bad_rows == "skip":
            rows.left_out += 1
            return
        name = problem.file or self._name
        if problem.column is None:
            template = mark(
                "Line {line} of {name} does not have the {width} cells of the header, or a quote in it is out of "
                "place; correct it."
            )
            raise _refused(template, name=name, line=problem.line, width=len(self._layout.header))
        values = {"column": problem.column, "found": problem.found, "reason": problem.reason, "line": problem.line}
        if problem.found.strip():
            template = mark("{column} {found!r} {reason} in line {line} of {name}; correct it, or take the line out.")
        else:
            template = mark("{column} {reason} in line {line} of {name}; correct it, or take the line out.")
        raise _refused(template, name=name, **values)

    def _repeated(self, first: int, again: int) -> InvalidStockFile:
        one, (other, file) = self._row(first)[0], self._row(again)
        site = self._layout.site
        template = mark(
            "{name} has part {part!r} of site {site!r} in line {first} and again in line {line}; a part of a site has "
            "one row, unless a column of dates tells which is the latest: take one of them out."
        )
        values = {
            "part": key_text(cell_of(other, self._layout.part)).strip(),
            "site": columns.ALL_SITES if site is None else key_text(cell_of(other, site)).strip(),
            "first": one.line,
            "line": other.line,
        }
        return _refused(template, name=file or self._name, **values)

    def _bad_cells(self, bad: list[tuple[int, str]]) -> InvalidStockFile:
        """The first in full, and where the others are."""
        first = self._bad_cell(*bad[0])
        others = list(dict.fromkeys(number for number, _ in bad[1:]))
        if not others:
            return InvalidStockFile(first)
        template = mark("{first} {count:,} more cells can't be read either, in lines {lines}: correct them too.")
        lines = [str(self._row(number)[0].line) for number in others[:_SHOWN]] + ["…"] * (len(others) > _SHOWN)
        return _refused(template, first=first, count=len(bad) - 1, lines=", ".join(lines))

    def _bad_cell(self, number: int, ours: str) -> Message:
        row, file = self._row(number)
        template = mark(
            "{column} is {found!r} in line {line} of {name}; write a number above 0 and at most {most:,}, or leave it "
            "empty."
        )
        if ours in {HAS_ZERO, FREE}:
            template = mark(
                "{column} is {found!r} in line {line} of {name}; write a number from 0 to {most:,}, or leave it empty."
            )
        if ours == columns.LEAD_TIME:
            template = mark(
                "{column} is {found!r} in line {line} of {name}; write periods, above 0 and at most {most:,}, or leave "
                "it empty."
            )
        found = key_text(cell_of(row, self._layout.held[ours])).strip()
        most = LONGEST_LEAD_TIME if ours == columns.LEAD_TIME else int(LARGEST_QUANTITY)
        values = {"column": ours, "found": found, "line": row.line, "most": most}
        return Message(template, values | {"name": file or self._name})

    def _row(self, number: int) -> tuple[SourceRow, str | None]:
        """A row by its number, with the member of an archive it is in: looked up once more, for a sentence."""
        first, block = next((first, block) for first, block in self._blocks() if number < first + block.num_rows)
        return next(block.rows([number - first])), block.file

    def _dated_notes(self, rows: StockRows) -> Iterator[Message]:
        template = mark(
            "Stock is taken from the latest of {rows:,} rows: for each part and column the last value by date counts."
        )
        yield Message(template, {"rows": rows.rows_read})
        on_hand = rows.latest.get(HAS_ZERO)
        days = on_hand.days[on_hand.days != NO_DAY] if on_hand is not None else []
        if len(days):
            template = mark("Stock on hand is as of {first} to {last}: a part keeps the last value that it has.")
            yield Message(template, {"first": date_of(int(min(days))), "last": date_of(int(max(days)))})
        differing = rows.differing()
        if differing:
            template = mark(
                "Parts with several values on their latest day: {count:,}, such as {part} ({site}); the last row of "
                "the file counts."
            )
            site, part = differing[0]
            yield Message(template, {"count": len(differing), "part": part, "site": site})
        if rows.left_out:
            template = mark("{count:,} rows whose date, part or site can't be read are left out.")
            yield Message(template, {"count": rows.left_out})


def _items_of(rows: StockRows) -> tuple[StockItem, ...]:
    """What is held of each series, in the order of the file."""
    keys = rows.keys()
    numbers = {ours: latest.numbers(len(keys)) for ours, latest in rows.latest.items()}
    return tuple(
        StockItem(site_code=keys[i][0], partnumber=keys[i][1], **{ours: known[i] for ours, known in numbers.items()})
        for i in rows.order()
    )


def _refused(template: str, **values: object) -> InvalidStockFile:
    return InvalidStockFile(Message(template, values))
