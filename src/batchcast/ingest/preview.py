"""The first rows of a file as they would be read, and its columns: what a person needs who maps them.

No more than `MOST_PREVIEWED` rows are read, whatever the size of the file. A reading that is refused, or a question,
is part of the answer; only a file in which no header can be found is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from batchcast.domain import columns
from batchcast.domain.calendar import date_of
from batchcast.domain.errors import N_, InvalidInput, Message, ReadingQuestion
from batchcast.domain.history import RowProblem
from batchcast.domain.inventory import StockOnHand
from batchcast.domain.recipe import FileColumn, FileKind, FilePreview, PreviewCounts, PreviewRow, Recipe, Refusal
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.limits import IngestLimits
from batchcast.ingest.common.names import ACCEPTED_NAMES, SHEET, SUPPLIER, letter_of, shortened, target_of
from batchcast.ingest.common.source import Block, ColumnSource, FindLayout, LayoutT, SourceRow, is_blank
from batchcast.ingest.files.recognise import open_file
from batchcast.ingest.history.writer import AcceptedDemand
from batchcast.ingest.layout.firstrows import EveryColumn, FirstRows, OneHeader, TriedHeaders, head_of
from batchcast.ingest.layout.header import find_columns
from batchcast.ingest.layout.layout import Layout, Period
from batchcast.ingest.layout.locate import locate, locate_stock_columns, visible_names
from batchcast.ingest.layout.rowfilter import RowChoice
from batchcast.ingest.layout.sample import Sample
from batchcast.ingest.layout.wide import dated_columns
from batchcast.ingest.reader import read_rows, settle_rows
from batchcast.ingest.recipes import by_recipe, by_signature
from batchcast.ingest.rows.tally import Tally
from batchcast.ingest.stock.orderlists import ON_HAND
from batchcast.ingest.stock.stockcolumns import StockLayout, find_stock_columns
from batchcast.ingest.stock.stockfile import StockReading
from batchcast.ingest.values.cells import cell_of, date_text
from batchcast.ingest.values.dateorder import NO_DAY, read_days
from batchcast.ingest.values.keys import read_key
from batchcast.ingest.values.months import with_years

ROWS_SHOWN = 10
_REFUSED_SHOWN = 5  # further ones, from below those
_CELLS_OF_A_ROW = 4  # that are shown of a row of a wide table
_MOST_VALUES = 40  # different ones of a column that rows can be chosen by
_LONGEST_SAMPLE = 28  # characters
_NEEDED: Mapping[FileKind, Sequence[str]] = {
    "history": (columns.DATE, columns.PARTNUMBER, columns.DEMAND_QTY),
    "stock": (columns.PARTNUMBER, ON_HAND),
}


def preview_file(
    source: Path, kind: FileKind, settings: BatchSettings, recipes: Sequence[Recipe] = (), *, into: Path
) -> FilePreview:
    """A file by its first rows; by the first recipe of its header, where that changes the settings.

    Args:
        source: a file or folder.
        kind: what it is: a demand history or a stock file.
        settings: that it would be read with.
        recipes: those that its header may choose from.
        into: a folder for scratch.

    Raises:
        InvalidInput: if there is no header in it to map the columns of.
        InvalidSettings: if a setting can't be, such as an unknown time zone.
    """
    into.mkdir(parents=True, exist_ok=True)

    def read_history(settings: BatchSettings, find: FindLayout[Layout]) -> FilePreview:
        return _previewed("history", source, settings, find, partial(_read_history, into=into, settings=settings))

    def read_stock(settings: BatchSettings, find: FindLayout[StockLayout]) -> FilePreview:
        return _previewed("stock", source, settings, find, partial(_read_stock, source.name, settings))

    known = by_signature(recipes, kind)
    find_stock = partial(find_stock_columns, source.name)
    if kind == "history":
        preview, after, used = by_recipe(read_history, find_columns, settings, known)
    else:
        preview, after, used = by_recipe(read_stock, find_stock, settings, known)
    if used and after.use_recipes == "auto" and _refused(preview):
        without = read_history(settings, find_columns) if kind == "history" else read_stock(settings, find_stock)
        if _refused(without) < _refused(preview):
            said = N_("The recipe of this header refuses rows that are read without it, and is not filled in. {recipe}")
            preview, used = without, (Message(said, {"recipe": used[0]}),)
    return replace(preview, notes=(*used, *preview.notes))


def _refused(preview: FilePreview) -> float:
    """The rows that are refused; infinite where all of the file is, and no question is why."""
    if preview.refusal is not None and not preview.refusal.choices:
        return float("inf")
    return preview.counts.rows_refused if preview.counts else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """What the rows of a file say under a layout."""

    ours: Mapping[str, ColumnSource]  # our columns, and where each is read from
    periods: Mapping[int, int] = field(default_factory=dict)  # column -> day, of a wide table
    kept: frozenset[str] = frozenset()  # names of the columns that are kept with the parts
    shown: FilePreview  # without its columns


def _previewed(
    kind: FileKind,
    source: Path,
    settings: BatchSettings,
    find: FindLayout[LayoutT],
    read: Callable[[FilePreview, FirstRows, LayoutT], _Found],
) -> FilePreview:
    empty = FilePreview(kind=kind, settings=settings, columns=(), missing=(), found={})
    headers = TriedHeaders(find)
    try:
        with open_file(source, settings, IngestLimits(), headers) as (opened, layout):
            first = FirstRows(opened)
            found = read(replace(empty, notes=(opened.format, *opened.notes)), first, layout)
            return _described(first, layout.header, found, settings)
    except InvalidInput as error:
        refusal = error
    header = headers.likeliest()
    if header is None:
        raise refusal
    names = [name for name in header if name.strip()]
    at_header = replace(settings, column_mapping={columns.PARTNUMBER: names[0], **_sheet_of(settings)})
    try:
        with open_file(source, at_header, IngestLimits(), OneHeader(header)) as (opened, layout):
            first = FirstRows(opened)
            shown = replace(empty, refusal=_told(refusal))
            ours = _located(kind, header, settings)
            periods = _periods(header, ours, settings) if kind == "history" else {}
            return _described(first, header, _Found(ours=ours, periods=periods, shown=shown), settings)
    except InvalidInput:
        raise refusal from None


def _sheet_of(settings: BatchSettings) -> dict[str, str]:
    return {SHEET: settings.column_mapping[SHEET]} if SHEET in settings.column_mapping else {}


def _told(error: InvalidInput) -> Refusal:
    if isinstance(error, ReadingQuestion):
        return Refusal(slug=error.slug, message=error.message, setting=error.setting, choices=error.choices)
    return Refusal(slug=error.slug, message=error.message)


def _located(kind: FileKind, header: Sequence[str], settings: BatchSettings) -> dict[str, ColumnSource]:
    """Those of our columns that are in a header by themselves, where the whole of it can't be read."""
    names = visible_names(header, settings).names
    mapping, found = settings.column_mapping, {}
    needed = ACCEPTED_NAMES if kind == "history" else (columns.PARTNUMBER, columns.SITE_CODE, columns.DATE)
    for ours in needed:
        with suppress(InvalidInput):
            cells = locate(ours, names, mapping)
            if cells is not None:
                found[ours] = cells
    if kind == "stock":
        with suppress(InvalidInput):
            found |= locate_stock_columns(names, mapping, {i for cells in found.values() for i in cells.indices})
    return found


def _periods(header: Sequence[str], ours: Mapping[str, ColumnSource], settings: BatchSettings) -> dict[int, int]:
    """The columns of a wide table that are periods; none where there is a column of dates or of quantities."""
    if {columns.DATE, columns.DEMAND_QTY} & set(ours):
        return {}
    names = with_years(visible_names(header, settings).names, settings.first_year)
    found = dated_columns(names, {i for cells in ours.values() for i in cells.indices}, settings)
    return found if len(found) > 1 else {}


# The columns of a file, by its first rows.


def _described(first: FirstRows, header: Sequence[str], found: _Found, settings: BatchSettings) -> FilePreview:
    """The preview with its columns, and with what is needed and not there."""
    every = EveryColumn(tuple(header))
    rows: list[Sequence[Any]] = []
    with closing(first.blocks(every)) as blocks:
        for block in blocks:
            rows += [row.cells for row in block.rows(range(block.num_rows))]
    sample = Sample(rows)
    names = [name.strip() for name in header]
    ours = {i: one for one, cells in found.ours.items() for i in cells.indices}
    told = []
    for i in every.wanted:
        if not (names[i] or sample.filled(i)):
            continue
        period = found.periods.get(i)
        told.append(
            FileColumn(
                name=names[i],
                letter=letter_of(i),
                samples=tuple(shortened(_text(cell), _LONGEST_SAMPLE) for cell in sample.distinct(i)[:3]),
                values=_values(sample, i),
                target=target_of(i, names),
                is_unique=bool(names[i]) and names.count(names[i]) == 1,
                has_numbers=sample.has_numbers(i),
                ours=ours.get(i),
                period=None if period is None else date_of(period),
                is_ignored=not {names[i], target_of(i, names)}.isdisjoint(settings.ignore_columns),
                is_kept=names[i] in found.kept,
            )
        )
    where = {one: cells.name for one, cells in found.ours.items()}
    mapped_to_none = {one for one, name in settings.column_mapping.items() if name == "="}
    in_periods = {columns.DATE, columns.DEMAND_QTY}
    if not (found.periods or in_periods <= mapped_to_none):
        in_periods = set()
    missing = tuple(one for one in _NEEDED[found.shown.kind] if one not in {*where, *in_periods})
    return replace(found.shown, columns=tuple(told), found=where, missing=missing, is_whole=first.is_whole)


def _values(sample: Sample, index: int) -> dict[str, int]:
    """How many rows hold each value of a column; none where nearly every row has its own."""
    counts = Counter(_text(cell) for cell in sample.filled(index))
    if not 1 < len(counts) <= _MOST_VALUES or 2 * len(counts) > sum(counts.values()):
        return {}
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _text(cell: Any) -> str:
    return date_text(cell).strip()


# The rows of a demand history.


def _read_history(
    shown: FilePreview, first: FirstRows, layout: Layout, *, into: Path, settings: BatchSettings
) -> _Found:
    ours = {columns.PARTNUMBER: layout.part, **({columns.SITE_CODE: layout.site} if layout.site else {})}
    if not layout.periods:
        ours |= {columns.DATE: layout.date, columns.DEMAND_QTY: layout.quantity}
    periods = {one.index: one.day for one in layout.periods}
    try:
        tally = read_rows(first, layout, into, settings)
        layout = tally.layout
        accepted, decided = settle_rows(tally, first, layout)
    except InvalidInput as error:
        return _Found(ours=ours, periods=periods, shown=replace(shown, refusal=_told(error)))
    notes = (*tally.signs.notes(), *shown.notes, *layout.notes, *decided)
    rows = tuple(_rows_of(first, layout, tally))
    shown = replace(shown, counts=_counts_of(tally, accepted), rows=rows, notes=notes)
    kept = frozenset(one.name for one in accepted.attributes.texts) if accepted else frozenset[str]()
    return _Found(ours=ours, periods=periods, kept=kept, shown=shown)


def _counts_of(tally: Tally, accepted: AcceptedDemand | None) -> PreviewCounts:
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


def _rows_of(first: FirstRows, layout: Layout, tally: Tally) -> list[PreviewRow]:
    """The first rows as they are read, and the first of those that are refused below them."""
    problems = tally.rejected.problems
    keys = {cells.name for cells in (layout.part, layout.site) if cells}
    rows: list[PreviewRow] = []
    choice = RowChoice(layout.filters)
    with closing(first.blocks(layout)) as blocks:
        for block in map(choice.chosen, blocks):
            head = head_of(block, ROWS_SHOWN)
            lines = _cells_of if layout.several else _lines_of
            told = lines(head, layout, tally, first.sheet)
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
            yield _row(row, layout, day=int(days[i]), quantity=float(quantities[i]), keys={})


def _cells_of(block: Block, layout: Layout, tally: Tally, sheet: str | None) -> Iterator[PreviewRow]:
    """The first cells of each row of a wide table that hold something."""
    every = layout.several
    read = {one.index: _signed(tally, tally.quantities(block, ColumnSource(one.name, (one.index,)))) for one in every}
    days = read_days(block, layout.date, tally.dates, sheet) if layout.across and block.num_rows else None
    for i, row in enumerate(block.rows(range(block.num_rows))):
        filled = [one for one in every if not is_blank(row.cells[one.index])]
        for one in filled[:_CELLS_OF_A_ROW]:
            day = tally.day_of(row, one) if isinstance(one, Period) else int(NO_DAY if days is None else days[i])
            key = {layout.across_of: one.name}
            yield replace(_row(row, layout, day=day, quantity=float(read[one.index][i]), keys=key), column=one.name)


def _row(row: SourceRow, layout: Layout, *, day: int, quantity: float, keys: Mapping[str, str]) -> PreviewRow:
    part = read_key(keys.get(columns.PARTNUMBER) or cell_of(row, layout.part))
    site: str | Message = columns.ALL_SITES
    if layout.site is not None:
        site = read_key(keys.get(columns.SITE_CODE) or cell_of(row, layout.site))
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


# The rows of a stock file.


def _read_stock(
    name: str, settings: BatchSettings, shown: FilePreview, first: FirstRows, layout: StockLayout
) -> _Found:
    ours = {columns.PARTNUMBER: layout.part, **layout.stock_columns}
    others = ((columns.SITE_CODE, layout.site), (columns.DATE, layout.date), (SUPPLIER, layout.supplier))
    ours |= {one: cells for one, cells in others if cells}
    held, refusal = StockOnHand(items=()), None
    reading = StockReading(name, first, layout, settings)
    try:
        held = reading.on_hand()
    except InvalidInput as error:
        refusal = _told(error)
        with suppress(InvalidInput):
            reading = StockReading(name, first, layout, replace(settings, bad_rows="skip", max_refused_share=1.0))
            held = reading.on_hand()
    counts = None
    if held.items:
        counts = PreviewCounts(
            rows_read=sum(block.num_rows for block in first.blocks(layout)),
            rows_refused=0,
            rows_filtered=reading.rows_filtered,
            parts=len({item.partnumber for item in held.items}),
            sites=len({item.site_code for item in held.items}),
            total=sum(item.on_hand or 0.0 for item in held.items),
            on_order=sum(item.on_order or 0.0 for item in held.items),
        )
    notes = (*shown.notes, *held.notes)
    shown = replace(shown, items=held.items[:ROWS_SHOWN], counts=counts, refusal=refusal, notes=notes)
    return _Found(ours=ours, shown=shown)
