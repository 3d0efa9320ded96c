"""XLSX workbooks: which sheet and which row the header is, and cells as the text, numbers and dates they are."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchcast.domain.errors import InvalidInput
from batchcast.domain.message import Message, mark
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.archive import check_zip
from batchcast.ingest.cells import date_text
from batchcast.ingest.header import SHEET, Layout, find_columns, named_columns
from batchcast.ingest.keys import key_text
from batchcast.ingest.limits import IngestLimits
from batchcast.ingest.problems import (
    AmbiguousColumn,
    DamagedFile,
    EmptyInput,
    MissingColumn,
    OverTheLimit,
    UnknownMapping,
)
from batchcast.ingest.source import Block, BrokenRow, SourceRow, is_blank

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
        """Cells as they are: text, float, date or None."""
        return [row.cells[index] for row in self.records]

    def rows(self, indices: Iterable[int]) -> Iterator[SourceRow]:
        """The rows in full."""
        return (self.records[i] for i in indices)


@dataclass(slots=True)
class SheetSource:
    """One sheet of a workbook."""

    sheet: str
    rows: Sequence[Sequence[Any]]  # of the whole sheet
    first_row: int  # sheet row of the first
    header_row: int  # sheet row of the header
    notes: tuple[Message, ...]
    several_files: bool = False
    format: Message = field(init=False)

    def __post_init__(self) -> None:
        values = {"sheet": self.sheet, "row": self.header_row}
        self.format = Message(mark("XLSX, sheet {sheet}, header in row {row}"), values)

    def blocks(self, layout: Layout) -> Iterator[Block]:
        """All rows under the header once; rows with nothing in them are passed over."""
        width = len(layout.header)
        start = self.header_row - self.first_row + 1
        for begin in range(start, len(self.rows), _ROWS_IN_BLOCK):
            numbered = enumerate(self.rows[begin : begin + _ROWS_IN_BLOCK], start=begin + self.first_row)
            records = [SourceRow(line, _cells(row, width)) for line, row in numbered]
            filled = [row for row in records if not all(map(is_blank, row.cells))]
            yield SheetBlock(filled, len(records) - len(filled))


def open_workbook(
    archive: zipfile.ZipFile, path: Path, settings: BatchSettings, limits: IngestLimits
) -> tuple[SheetSource, Layout]:
    """The sheet of a workbook that is a demand history.

    Raises:
        OverTheLimit: if it unpacks to more than is allowed.
        DamagedFile: if it is corrupt.
        UnknownMapping: if the mapping names a sheet that isn't there.
        AmbiguousColumn: if several sheets could be the history.
        InvalidInput: if no sheet has the columns; the sentence says what the likeliest has.
    """
    check_zip(archive, path.name, limits)
    _check_cells(archive, path.name, limits)
    workbook = _loaded(path)
    names = _sheets(workbook, settings)
    found: list[tuple[SheetSource, Layout]] = []
    refused: list[tuple[int, InvalidInput]] = []
    for name in names:
        rows, first_row = _rows(workbook, name, path)
        if rows:
            try:
                found.append(_find_header(name, rows, first_row, settings))
            except InvalidInput as error:
                refused.append((len(rows), error))
    if len(found) > 1:
        template = mark("Sheets {names} could each be the history; say which with the mapping sheet={first}.")
        values = {"names": ", ".join(repr(source.sheet) for source, _ in found), "first": found[0][0].sheet}
        raise AmbiguousColumn(Message(template, values))
    if found:
        return _with_note(found[0], workbook.sheet_names)
    if not refused:
        raise EmptyInput(Message(mark("{name} has no sheet with anything in it."), {"name": path.name}))
    raise max(refused, key=lambda one: one[0])[1]


def _find_header(
    name: str, rows: Sequence[Sequence[Any]], first_row: int, settings: BatchSettings
) -> tuple[SheetSource, Layout]:
    """The first row whose cells name the columns; where there is none, say what the likeliest row holds."""
    candidates = []
    for offset, row in enumerate(rows[:_HEADER_WITHIN]):
        header = _header(row)
        where = Message(mark("Sheet {sheet} (row {row})"), {"sheet": name, "row": offset + first_row})
        try:
            layout = find_columns(header, settings, where=where)
        except InvalidInput as error:
            words = sum(1 for cell in row if isinstance(cell, str) and cell.strip())
            candidates.append((not isinstance(error, MissingColumn | UnknownMapping), words, -offset, header, error))
        else:
            return SheetSource(name, rows, first_row, offset + first_row, ()), layout
    likeliest = max(candidates, key=lambda one: one[:3])
    raise likeliest[-1]


def _header(row: Sequence[Any]) -> tuple[str, ...]:
    texts = [date_text(_plain(cell)) for cell in row]
    while texts and not texts[-1].strip():
        texts.pop()
    return tuple(texts)


def _cells(row: Sequence[Any], width: int) -> tuple[Any, ...]:
    """Cells of a row, as many as the header has and any further that hold something."""
    cells = [_plain(cell) for cell in row]
    return tuple(cells[:width]) if len(cells) >= width else (*cells, *([None] * (width - len(cells))))


def _plain(cell: Any) -> str | float | dt.date | dt.time | dt.timedelta | None:
    """A cell of the workbook's reader as one of few types."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return key_text(cell)
    return float(cell) if isinstance(cell, int) else cell  # type: ignore[no-any-return]


def _with_note(found: tuple[SheetSource, Layout], names: Sequence[str]) -> tuple[SheetSource, Layout]:
    source, _ = found
    others = [name for name in names if name != source.sheet]
    if others:
        template = mark("Only sheet {sheet} is read; left alone: {others}.")
        source.notes = (Message(template, {"sheet": source.sheet, "others": ", ".join(others)}),)
    return found


def _sheets(workbook: Any, settings: BatchSettings) -> list[str]:
    """Names of the sheets to look at: the one of the mapping, else all that are visible."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    chosen = settings.column_mapping.get(SHEET)
    if chosen is None:
        visible = (m for m in workbook.sheets_metadata if m.visible == SheetVisibleEnum.Visible)
        return [m.name for m in visible if m.typ == SheetTypeEnum.WorkSheet]
    if chosen not in workbook.sheet_names:
        template = mark("The mapping names the sheet {found!r}; the workbook has {names}.")
        raise UnknownMapping(Message(template, {"found": chosen, "names": named_columns(workbook.sheet_names)}))
    return [chosen]


def _loaded(path: Path) -> Any:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        return CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as error:
        raise _damaged(path, error) from error


def _rows(workbook: Any, name: str, path: Path) -> tuple[list[list[Any]], int]:
    """The rows of a sheet from the first that holds something, and the sheet row of that."""
    from python_calamine import CalamineError

    try:
        sheet = workbook.get_sheet_by_name(name)
        rows = sheet.to_python(skip_empty_area=True)
    except (CalamineError, OSError, ValueError) as error:
        raise _damaged(path, error) from error
    start = sheet.start
    if start is None:
        return [], 1
    padding = [None] * start[1]
    return [padding + row for row in rows] if padding else rows, start[0] + 1


def _check_cells(archive: zipfile.ZipFile, name: str, limits: IngestLimits) -> None:
    """Refuse a sheet that spans more cells than can be held, before a reader spreads it out.

    Raises:
        OverTheLimit: if one does.
        DamagedFile: if a sheet can't be unpacked.
    """
    for info in archive.infolist():
        if not re.fullmatch(r"xl/worksheets/[^/]+\.xml", info.filename):
            continue
        rows, columns = _span(archive, info, name)
        if rows * columns > limits.max_cells:
            template = mark("{name} has a sheet of {rows} rows by {columns} columns; at most {most} cells are read.")
            values = {"name": name, "rows": rows, "columns": columns, "most": limits.max_cells}
            raise OverTheLimit(Message(template, values))


def _span(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> tuple[int, int]:
    """The last row and column a sheet has a cell in."""
    last_row, letters, rest = 0, {b"A"}, b""
    from batchcast.ingest.bytestream import zip_member

    with zip_member(archive, info, IngestLimits()).open() as stream:
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


def _damaged(path: Path, error: Exception) -> DamagedFile:
    template = mark("{name} is not a whole workbook ({cause}). Open and save it in a spreadsheet, or send it as CSV.")
    return DamagedFile(Message(template, {"name": path.name, "cause": str(error)}))
