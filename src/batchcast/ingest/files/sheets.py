"""Sheets of any workbook: which one and which row has the columns, and its rows as text, numbers and dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

from batchcast.domain import columns
from batchcast.domain.errors import N_, Choice, InvalidInput, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.limits import EXCEL_ROWS
from batchcast.ingest.common.names import SHEET, known_names, mapping_example, named_columns, normal
from batchcast.ingest.common.problems import AmbiguousColumn, AmbiguousDates, EmptyInput, MissingColumn, UnknownMapping
from batchcast.ingest.common.source import Block, BrokenRow, FindLayout, LayoutT, SourceRow, WantedColumns, is_blank
from batchcast.ingest.files.novalues import NoValues
from batchcast.ingest.layout.missing import counted_periods, likely_column
from batchcast.ingest.layout.sample import MOST_SAMPLED
from batchcast.ingest.layout.tworows import ask_about_year, header_in_two_rows, says_more, two_row_headers
from batchcast.ingest.values.cells import date_text
from batchcast.ingest.values.keys import key_text

_ROWS_IN_BLOCK = 20_000
_CELLS_IN_BLOCK = 4_000_000
_HEADER_WITHIN = 30  # rows of a sheet that are searched for the header
Range = tuple[tuple[int, int], tuple[int, int]]  # first and last (row, column), counted from 0


class SheetReader(Protocol):
    """One sheet, as its reader gives it."""

    @property
    def start(self) -> tuple[int, int] | None:
        """The first row and column with something in them, counted from 0; None where there is none."""

    @property
    def end(self) -> tuple[int, int] | None:
        """The last of them."""

    @property
    def total_height(self) -> int:
        """Rows up to the last with something in it."""

    @property
    def merged_cell_ranges(self) -> Sequence[Range] | None:
        """Cells that are merged."""

    def iter_rows(self) -> Iterator[Sequence[Any]]:
        """All rows from the first of the sheet on."""


class Workbook(Protocol):
    """A file of several sheets."""

    @property
    def kind(self) -> str:
        """As a person calls it: XLSX."""

    @property
    def names(self) -> Sequence[str]:
        """Of all sheets."""

    @property
    def visible(self) -> Sequence[str]:
        """Of those that are not hidden."""

    def sheet(self, name: str) -> SheetReader:
        """One of them."""

    def no_values(self, name: str) -> NoValues:
        """Its cells that hold an error or a formula without its result, where the reader gives them as blank."""

    def damage(self, name: str) -> Mapping[int, Message]:
        """Its rows, counted from 1, whose text can't be read, and why."""


@dataclass(frozen=True, slots=True)
class SheetBlock:
    """Some rows of a sheet."""

    records: Sequence[SourceRow]
    blank_lines: int
    file: str | None = None
    broken: Sequence[BrokenRow] = ()

    @property
    def num_rows(self) -> int:
        """Rows that every column has."""
        return len(self.records)

    def column(self, index: int) -> list[Any]:
        """The cells as they are: text, float, date or None."""
        return [row.cells[index] for row in self.records]

    def rows(self, indices: Iterable[int]) -> Iterator[SourceRow]:
        """The rows in full."""
        return (self.records[i] for i in indices)


@dataclass(slots=True)
class SheetSource:
    """One sheet of a workbook."""

    sheet: str
    reader: SheetReader
    header_row: int
    kind: str = "XLSX"
    no_values: NoValues = field(default_factory=dict)  # cells that hold an error or a formula without its result
    damage: Mapping[int, Message] = field(default_factory=dict)  # row -> why its text can't be read
    notes: tuple[Message, ...] = ()
    several_files: bool = False

    @property
    def format(self) -> Message:
        """What it was read as."""
        values = {"kind": self.kind, "sheet": self.sheet, "row": self.header_row}
        return Message(N_("{kind}, sheet {sheet}, header in row {row}"), values)

    def blocks(self, layout: WantedColumns) -> Generator[Block, None, None]:
        """All rows under the header once; rows with nothing in them are passed over."""
        width = len(layout.header)
        merged = _Merged(self.reader, layout.plain)
        numbered = enumerate(self.reader.iter_rows(), start=1)
        below = islice(numbered, self.header_row, None)
        while rows := list(islice(below, max(1, min(_ROWS_IN_BLOCK, _CELLS_IN_BLOCK // max(1, width))))):
            records = [SourceRow(line, self._cells(line, row, width, merged)) for line, row in rows]
            filled = [row for row in records if not all(map(is_blank, row.cells))]
            blank = len(records) - len(filled)
            broken = [_damaged_row(row, self.damage[row.line]) for row in filled if row.line in self.damage]
            if broken:
                filled = [row for row in filled if row.line not in self.damage]
            yield SheetBlock(filled, blank, broken=broken)

    def _cells(self, line: int, row: Sequence[Any], width: int, merged: _Merged) -> tuple[Any, ...]:
        cells = _cells(row, width)
        found = self.no_values.get(line)
        if found:
            cells = tuple(found.get(i, cell) for i, cell in enumerate(cells))
        return merged.fill(line, cells) if merged else cells


def _damaged_row(row: SourceRow, reason: Message) -> BrokenRow:
    column = next((i for i, cell in enumerate(row.cells) if isinstance(cell, str) and "\ufffd" in cell), 0)
    return BrokenRow(row, column, reason)


class _Merged:
    """Cells that are merged over several rows: text and dates count in each of them, quantities only once."""

    def __init__(self, sheet: SheetReader, quantities: frozenset[int]) -> None:
        self._last: dict[tuple[int, int], int] = {}  # first row and column of a range -> its last row
        self._held: dict[int, tuple[int, Any]] = {}  # column -> last row, and the cell that counts up to it
        for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
            if bottom > top and left not in quantities:
                self._last[top + 1, left] = bottom + 1
        self._columns = sorted({column for _, column in self._last})

    def __bool__(self) -> bool:
        return bool(self._last)

    def fill(self, line: int, cells: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row, with the cells of ranges that began above it."""
        filled = list(cells)
        for column in self._columns:
            if column >= len(filled):
                continue
            last = self._last.get((line, column))
            if last is not None:
                self._held[column] = last, filled[column]
            until, cell = self._held.get(column, (0, None))
            if filled[column] is None and line <= until:
                filled[column] = cell
        return tuple(filled)


def choose_sheet(
    workbook: Workbook, file_name: str, settings: BatchSettings, find: FindLayout[LayoutT]
) -> tuple[SheetSource, LayoutT]:
    """The sheet of a workbook that has our columns.

    Raises:
        UnknownMapping: if the mapping names a sheet that isn't there.
        AmbiguousColumn: if several sheets could be the history.
        InvalidInput: if no sheet has the columns; the sentence says what the likeliest has.
    """
    found: list[tuple[SheetSource, LayoutT]] = []
    refused: list[tuple[bool, int, int, InvalidInput]] = []
    for name in _sheets(workbook, settings):
        sheet = workbook.sheet(name)
        if sheet.start is None:
            continue
        try:
            no_values = workbook.no_values(name)
            source, layout = find_header(name, sheet, settings, find, no_values)
            source.kind, source.no_values, source.damage = workbook.kind, no_values, workbook.damage(name)
            found.append((source, layout))
        except InvalidInput as error:
            words = max(_words(row) for row in islice(sheet.iter_rows(), _HEADER_WITHIN))
            refused.append((not isinstance(error, UnknownMapping), words, sheet.total_height, error))
    if len(found) > 1:
        template = N_(
            "Sheets {names} could each be the one to read; say which with {@column_mapping=$example}. To read "
            "all of them, save each as CSV with a column for what its name says, and send them in one zip."
        )
        example = mapping_example({SHEET: found[0][0].sheet})
        values = {"names": ", ".join(repr(source.sheet) for source, _ in found), "example": example}
        raise AmbiguousColumn(Message(template, values), choices=[_choice_of(source) for source, _ in found])
    if found:
        return _with_notes(found[0], workbook.names)
    if not refused:
        raise EmptyInput(Message(N_("{name} has no sheet with anything in it."), {"name": file_name}))
    raise max(refused, key=lambda one: one[:3])[-1]


def find_header(
    name: str, sheet: SheetReader, settings: BatchSettings, find: FindLayout[LayoutT], no_values: NoValues
) -> tuple[SheetSource, LayoutT]:
    """The first row whose cells name the columns; a cell without a value is named by what stands there.

    Raises:
        InvalidInput: what is wrong with the likeliest row: the first of those with the most words.
    """
    rows = [[_plain(cell) for cell in row] for row in islice(sheet.iter_rows(), _HEADER_WITHIN + MOST_SAMPLED)]
    width = (sheet.end or (0, 0))[1] + 1
    headers = [_header(row, width) for row in rows[:_HEADER_WITHIN]]
    for i, header in enumerate(headers):
        if shown := no_values.get(i + 1):
            headers[i] = tuple(shown.get(column, text) for column, text in enumerate(header))
    known = known_names([*settings.column_mapping.values(), *getattr(find, "names", ())])
    errors: list[InvalidInput] = []

    def tried(row: int, *, advise: bool) -> LayoutT | InvalidInput:
        where = Message(N_("Sheet {sheet} (row {row})"), {"sheet": name, "row": row})
        try:
            return find(headers[row - 1], settings, where=where, sample=rows[row:] if advise else None)
        except InvalidInput as error:
            return error

    for row, header in enumerate(headers, start=1):
        found = tried(row, advise=not known.isdisjoint(map(normal, header)))
        if not isinstance(found, InvalidInput):
            return SheetSource(name, sheet, row), found
        errors.append(found)
    for row, header in two_row_headers(headers):
        if known.isdisjoint(map(normal, header)):
            continue
        try:
            layout = find(header, settings, sample=rows[row:])
        except AmbiguousDates:
            raise
        except InvalidInput as error:
            if says_more(error, header, errors[row - 1]):
                ask_about_year(header, _titles(name, rows[: row - 2]), settings)
                raise
            continue
        return SheetSource(name, sheet, row, notes=(header_in_two_rows(row, header),)), layout
    hopeful = [i for i, error in enumerate(errors) if not isinstance(error, MissingColumn | UnknownMapping)]
    hopeful = hopeful or [i for i, error in enumerate(errors) if isinstance(error, MissingColumn)] or [0]
    likeliest = max(hopeful, key=lambda i: (_words(rows[i]), -i))
    if isinstance(errors[likeliest], MissingColumn):
        ask_about_year(headers[likeliest], _titles(name, rows[:likeliest]), settings)
    periods = max(range(len(headers)), key=lambda i: len(counted_periods(headers[i])))
    if len(counted_periods(headers[periods])) > 2 and periods != likeliest:
        raise _periods_without_dates(name, headers, likeliest, periods)
    said = tried(likeliest + 1, advise=True)
    raise said if isinstance(said, InvalidInput) else errors[likeliest]


def _titles(name: str, rows: Iterable[Sequence[Any]]) -> list[str]:
    """The texts above a header, and the name of the sheet."""
    return [name, *(date_text(cell) for row in rows for cell in row)]


def _words(row: Sequence[Any]) -> int:
    """The cells that could name a column."""
    texts = {cell for cell in row if isinstance(cell, str) and any(map(str.isalpha, cell))}
    return len(texts) - len(counted_periods(list(texts)))


def _periods_without_dates(name: str, headers: Sequence[Sequence[str]], named: int, periods: int) -> MissingColumn:
    counted = counted_periods(headers[periods])
    template = N_(
        "Sheet {sheet} is a wide table whose periods are no dates: row {periods} has {first!r} to {last!r}. Write the "
        "first date of each period, such as 2024-01-01, into row {row} over its column, and name the column of "
        "parts with {@column_mapping=$example}; rows under it that are no data are then refused one by one."
    )
    values = {"sheet": name, "periods": periods + 1, "first": counted[0], "last": counted[-1], "row": named + 1}
    mapped = {SHEET: name, columns.PARTNUMBER: likely_column(columns.PARTNUMBER, headers[named])}
    return MissingColumn(Message(template, values | {"example": mapping_example(mapped)}))


def _header(row: Sequence[Any], width: int) -> tuple[str, ...]:
    """The names in a row, of all columns that the sheet has."""
    return tuple(date_text(cell) for cell in _cells(row, width))


def _cells(row: Sequence[Any], width: int) -> tuple[Any, ...]:
    """The cells of a row, as many as the header has."""
    cells = [_plain(cell) for cell in row]
    return tuple(cells[:width]) if len(cells) >= width else (*cells, *([None] * (width - len(cells))))


def _plain(cell: Any) -> str | float | dt.date | dt.time | dt.timedelta | None:
    """A cell of the workbook's reader as one of few types."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return key_text(cell)
    return float(cell) if isinstance(cell, int) else cell


def _choice_of(source: SheetSource) -> Choice:
    reading = Message(N_("sheet {sheet}, {rows} rows"), {"sheet": source.sheet, "rows": source.reader.total_height})
    return Choice(settings={"column_mapping": f"{SHEET}={source.sheet}"}, reading=reading)


def _with_notes(found: tuple[SheetSource, LayoutT], names: Sequence[str]) -> tuple[SheetSource, LayoutT]:
    source, layout = found
    notes = list(source.notes)
    others = [name for name in names if name != source.sheet]
    if others:
        template = N_("Only sheet {sheet} is read; left alone: {others}.")
        notes.append(Message(template, {"sheet": source.sheet, "others": ", ".join(others)}))
    if _Merged(source.reader, layout.plain):
        notes.append(Message(N_("Merged cells of text or dates count in each row that they cover.")))
    full = (source.reader.end or (0, 0))[0] + 1
    if full in EXCEL_ROWS:
        template = N_(
            "Sheet {sheet} has {rows:,} rows, as many as a sheet of Excel holds: Excel drops those beyond without a "
            "word. Send the rest too."
        )
        notes.append(Message(template, {"sheet": source.sheet, "rows": full}))
    source.notes = tuple(notes)
    return found


def _sheets(workbook: Workbook, settings: BatchSettings) -> Sequence[str]:
    """Names of the sheets to look at: the one of the mapping, else all that are visible."""
    chosen = settings.column_mapping.get(SHEET)
    if chosen is None:
        return workbook.visible
    if chosen not in workbook.names:
        template = N_("The mapping names the sheet {found!r}; the workbook has {names}.")
        raise UnknownMapping(Message(template, {"found": chosen, "names": named_columns(workbook.names)}))
    return [chosen]
