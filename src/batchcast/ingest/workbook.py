"""XLSX workbooks: which sheet and which row the header is, and cells as the text, numbers and dates they are."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from batchcast.domain import columns
from batchcast.domain.errors import N_, InvalidInput, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.archive import check_zip
from batchcast.ingest.bytestream import zip_member
from batchcast.ingest.cells import date_text
from batchcast.ingest.header import counted_periods, likely_column
from batchcast.ingest.keys import key_text
from batchcast.ingest.limits import IngestLimits
from batchcast.ingest.names import SHEET, mapping_example, named_columns
from batchcast.ingest.problems import (
    AmbiguousColumn,
    DamagedFile,
    EmptyInput,
    MissingColumn,
    OverTheLimit,
    UnknownMapping,
)
from batchcast.ingest.sample import MOST_SAMPLED
from batchcast.ingest.source import Block, BrokenRow, FindLayout, LayoutT, SourceRow, WantedColumns, is_blank

_ROWS_IN_BLOCK = 20_000
_HEADER_WITHIN = 30  # rows of a sheet that are searched for the header
_CELL_PLACE = re.compile(rb'<(?:\w+:)?c\s[^>]{0,200}?r="([A-Z]{1,3})(\d{1,7})"')
_CHUNK = 1 << 22


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
    reader: Any  # python_calamine.CalamineSheet
    header_row: int
    notes: tuple[Message, ...] = ()
    several_files: bool = False
    padded: bool = True

    @property
    def format(self) -> Message:
        """What it was read as."""
        values = {"sheet": self.sheet, "row": self.header_row}
        return Message(N_("XLSX, sheet {sheet}, header in row {row}"), values)

    def blocks(self, layout: WantedColumns) -> Generator[Block, None, None]:
        """All rows under the header once; rows with nothing in them are passed over."""
        width = len(layout.header)
        numbered = enumerate(self.reader.iter_rows(), start=1)
        below = islice(numbered, self.header_row, None)
        while rows := list(islice(below, _ROWS_IN_BLOCK)):
            records = [SourceRow(line, _cells(row, width)) for line, row in rows]
            filled = [row for row in records if not all(map(is_blank, row.cells))]
            yield SheetBlock(filled, len(records) - len(filled))


def open_workbook(
    archive: zipfile.ZipFile, path: Path, settings: BatchSettings, limits: IngestLimits, find: FindLayout[LayoutT]
) -> tuple[SheetSource, LayoutT]:
    """The sheet of a workbook that has our columns.

    Raises:
        OverTheLimit: if it unpacks to more than is allowed.
        DamagedFile: if it is corrupt.
        UnknownMapping: if the mapping names a sheet that isn't there.
        AmbiguousColumn: if several sheets could be the history.
        InvalidInput: if no sheet has the columns; the sentence says what the likeliest has.
    """
    check_zip(archive, path.name, limits)
    _check_cells(archive, path.name, limits)
    workbook = _read(path, lambda calamine: calamine.CalamineWorkbook.from_path(str(path)))
    found: list[tuple[SheetSource, LayoutT]] = []
    refused: list[tuple[bool, int, int, InvalidInput]] = []
    for name in _sheets(workbook, settings):
        sheet = _read(path, partial(_sheet, workbook, name))
        if sheet.start is None:
            continue
        try:
            found.append(find_header(name, sheet, settings, find))
        except InvalidInput as error:
            words = max(_words(row) for row in islice(sheet.iter_rows(), _HEADER_WITHIN))
            refused.append((not isinstance(error, UnknownMapping), words, sheet.total_height, error))
    if len(found) > 1:
        template = N_("Sheets {names} could each be the one to read; say which with the mapping {example}.")
        example = mapping_example({SHEET: found[0][0].sheet})
        values = {"names": ", ".join(repr(source.sheet) for source, _ in found), "example": example}
        raise AmbiguousColumn(Message(template, values))
    if found:
        return _with_note(found[0], workbook.sheet_names)
    if not refused:
        raise EmptyInput(Message(N_("{name} has no sheet with anything in it."), {"name": path.name}))
    raise max(refused, key=lambda one: one[:3])[-1]


def find_header(
    name: str, sheet: Any, settings: BatchSettings, find: FindLayout[LayoutT]
) -> tuple[SheetSource, LayoutT]:
    """The first row whose cells name the columns.

    Raises:
        InvalidInput: what is wrong with the likeliest row: the first of those with the most words.
    """
    rows = [[_plain(cell) for cell in row] for row in islice(sheet.iter_rows(), _HEADER_WITHIN + MOST_SAMPLED)]
    headers = [_header(row) for row in rows[:_HEADER_WITHIN]]
    errors: list[InvalidInput] = []
    for row, header in enumerate(headers, start=1):
        where = Message(N_("Sheet {sheet} (row {row})"), {"sheet": name, "row": row})
        try:
            layout = find(header, settings, where=where, sample=rows[row:])
        except InvalidInput as error:
            errors.append(error)
        else:
            return SheetSource(name, sheet, row), layout
    hopeful = [i for i, error in enumerate(errors) if not isinstance(error, MissingColumn | UnknownMapping)]
    hopeful = hopeful or [i for i, error in enumerate(errors) if isinstance(error, MissingColumn)] or [0]
    likeliest = max(hopeful, key=lambda i: (_words(rows[i]), -i))
    periods = max(range(len(headers)), key=lambda i: len(counted_periods(headers[i])))
    if len(counted_periods(headers[periods])) > 2 and periods != likeliest:
        raise _periods_without_dates(name, headers, likeliest, periods)
    raise errors[likeliest]


def _words(row: Sequence[Any]) -> int:
    """The cells that could name a column."""
    texts = {cell for cell in row if isinstance(cell, str) and any(map(str.isalpha, cell))}
    return len(texts) - len(counted_periods(list(texts)))


def _periods_without_dates(name: str, headers: Sequence[Sequence[str]], named: int, periods: int) -> MissingColumn:
    counted = counted_periods(headers[periods])
    template = N_(
        "Sheet {sheet} is a wide table whose periods are no dates: row {periods} has {first!r} to {last!r}. Write the "
        "first date of each period, such as 2024-01-01, into row {row} over its column, and map the column of parts, "
        "such as {example}; rows under it that are no data are then refused one by one."
    )
    values = {"sheet": name, "periods": periods + 1, "first": counted[0], "last": counted[-1], "row": named + 1}
    mapped = {SHEET: name, columns.PARTNUMBER: likely_column(columns.PARTNUMBER, headers[named])}
    return MissingColumn(Message(template, values | {"example": mapping_example(mapped)}))


def _header(row: Sequence[Any]) -> tuple[str, ...]:
    texts = [date_text(_plain(cell)) for cell in row]
    while texts and not texts[-1].strip():
        texts.pop()
    return tuple(texts)


def _cells(row: Sequence[Any], width: int) -> tuple[Any, ...]:
    """The cells of a row, as many as the header has and any further that hold something."""
    cells = [_plain(cell) for cell in row]
    return tuple(cells[:width]) if len(cells) >= width else (*cells, *([None] * (width - len(cells))))


def _plain(cell: Any) -> str | float | dt.date | dt.time | dt.timedelta | None:
    """A cell of the workbook's reader as one of few types."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return key_text(cell)
    return float(cell) if isinstance(cell, int) else cell


def _with_note(found: tuple[SheetSource, LayoutT], names: Sequence[str]) -> tuple[SheetSource, LayoutT]:
    source, _ = found
    others = [name for name in names if name != source.sheet]
    if others:
        template = N_("Only sheet {sheet} is read; left alone: {others}.")
        source.notes = (Message(template, {"sheet": source.sheet, "others": ", ".join(others)}),)
    return found


def _sheets(workbook: Any, settings: BatchSettings) -> list[str]:
    """Names of the sheets to look at: the one of the mapping, else all that are visible."""
    chosen = settings.column_mapping.get(SHEET)
    if chosen is None:
        return _visible(workbook)
    if chosen not in workbook.sheet_names:
        template = N_("The mapping names the sheet {found!r}; the workbook has {names}.")
        raise UnknownMapping(Message(template, {"found": chosen, "names": named_columns(workbook.sheet_names)}))
    return [chosen]


def _visible(workbook: Any) -> list[str]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    visible = (m for m in workbook.sheets_metadata if m.visible == SheetVisibleEnum.Visible)
    return [m.name for m in visible if m.typ == SheetTypeEnum.WorkSheet]


def _read(path: Path, read: Callable[[Any], Any]) -> Any:
    """What the workbook's reader gives; what it raises, even from its native code, as our error."""
    import python_calamine

    try:
        return read(python_calamine)
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise _damaged(path, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise _damaged(path, error) from error


def _sheet(workbook: Any, name: str, _: Any) -> Any:
    return workbook.get_sheet_by_name(name)


def _check_cells(archive: zipfile.ZipFile, name: str, limits: IngestLimits) -> None:
    """Refuse a sheet that spans more cells than can be held, before a reader spreads it out.

    Raises:
        OverTheLimit: if one does.
        DamagedFile: if a sheet can't be unpacked.
    """
    for info in archive.infolist():
        if not re.fullmatch(r"xl/worksheets/[^/]+\.xml", info.filename):
            continue
        rows, columns = _span(archive, info, limits)
        if rows * columns > limits.max_cells:
            template = N_("{name} has a sheet of {rows} rows by {columns} columns; at most {most} cells are read.")
            values = {"name": name, "rows": rows, "columns": columns, "most": limits.max_cells}
            raise OverTheLimit(Message(template, values))


def _span(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: IngestLimits) -> tuple[int, int]:
    """The last row and column a sheet has a cell in."""
    last_row, letters, rest = 0, {b"A"}, b""
    with zip_member(archive, info, limits).open() as stream:
        while chunk := stream.read(_CHUNK):
            data = rest + chunk
            places = _CELL_PLACE.findall(data)
            if places:
                letters |= {column for column, _ in places}
                last_row = max(last_row, *(int(row) for _, row in places))
            rest = data[-300:]
    return last_row, max(_number_of(column) for column in letters)


def _number_of(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _damaged(path: Path, error: BaseException) -> DamagedFile:
    template = N_("{name} is not a whole workbook ({cause}). Open and save it in a spreadsheet, or send it as CSV.")
    return DamagedFile(Message(template, {"name": path.name, "cause": str(error)}))
