"""A table as a workbook: XlsxWriter makes the workbook, its styles and header; the rows are XML put together by Arrow.

`docs/decisions/0039-rows-of-workbooks.md` says why, with the measurements. Sheets are written as their rows come, and
the other parts once the number of sheets is known: a ZIP holds its members in any order.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from batchcast.domain.errors import N_, Message
from batchcast.publish.cells import TEXT, Column, harmless_text, is_text, joined, joined_bytes
from batchcast.publish.certificate import PublishFailed
from batchcast.publish.kinds import FORECAST

SHEET_ROWS = 1_048_576  # a sheet ends here, header included
CELL_CHARACTERS = 32_767  # a text cell ends here
_CREATED = dt.datetime(1980, 1, 1)  # the same rows give the same bytes, whenever and wherever
_DATE_WIDTH = 11  # characters
_PIECE_ROWS = 16_384  # as XML at a time
_FIRST_DAY = 25_569  # 1970-01-01 as a spreadsheet counts days
_LEVEL = 3  # of compression: a higher one takes twice the time for a tenth of the size
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")  # what XML, or a workbook, reads otherwise
_SHEET = "xl/worksheets/sheet{}.xml"


class XlsxWriter:
    """Appends tables to a workbook; a full sheet is continued on a further one, with its header again."""

    def __init__(self, path: Path, schema: pa.Schema, title: str = FORECAST) -> None:
        self._title, self._schema = title, schema  # the title is that of the sheets
        parts = _parts_of(schema, title, sheets=1)
        self._head, self._date, self._tail = _around_rows(parts[_SHEET.format(1)].decode())
        self._letters = [_letters_of(place) for place in range(len(schema))]
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._sheets = 0
        self._open_sheet()

    def write(self, table: pa.Table) -> None:
        """Append the rows.

        Raises:
            PublishFailed: if a text is longer than a cell can be.
        """
        start = 0
        while start < table.num_rows:
            if self._row == SHEET_ROWS:
                self._close_sheet()
                self._open_sheet()
            piece = table.slice(start, min(_PIECE_ROWS, SHEET_ROWS - self._row))
            self._put(piece)
            start += piece.num_rows

    def close(self) -> None:
        """Finish the file.

        Raises:
            OSError: if it can't be written.
        """
        with self._zip:
            self._close_sheet()
            sheets = {_SHEET.format(number + 1) for number in range(self._sheets)}
            for name, content in _parts_of(self._schema, self._title, sheets=self._sheets).items():
                if name not in sheets:
                    self._zip.writestr(_member(name), content)

    def _open_sheet(self) -> None:
        self._sheets += 1
        self._sheet: IO[bytes] = self._zip.open(_member(_SHEET.format(self._sheets)), "w", force_zip64=True)
        head = self._head if self._sheets == 1 else self._head.replace(' tabSelected="1"', "")
        self._sheet.write(head.encode())
        self._row = 1

    def _close_sheet(self) -> None:
        self._sheet.write(self._tail.encode())
        self._sheet.close()

    def _put(self, table: pa.Table) -> None:
        numbers = pc.cast(pa.array(np.arange(self._row + 1, self._row + 1 + table.num_rows)), TEXT)
        cells = [
            self._cells(column.combine_chunks(), letters, numbers)
            for column, letters in zip(table.columns, self._letters, strict=True)
        ]
        self._sheet.write(joined_bytes(joined('<row r="', numbers, '">', *cells, "</row>")))
        self._row += table.num_rows

    def _cells(self, column: Column, letters: str, numbers: Column) -> Column:
        """A column as cells, nothing where it is null."""
        place = joined(f'<c r="{letters}', numbers)
        if is_text(column):
            cells = joined(place, '" t="inlineStr"><is><t', _text_of(column), "</t></is></c>")
        elif pa.types.is_date32(column.type):
            days = pc.cast(pc.add(pc.cast(column, pa.int32()), _FIRST_DAY), TEXT)
            cells = joined(place, f'" s="{self._date}"><v>', days, "</v></c>")
        else:
            cells = joined(place, '"><v>', _number_of(column), "</v></c>")
        return pc.fill_null(cells, "")


def _text_of(column: Column) -> Column:
    """Each text after `<t`, with the attribute that keeps the space at its ends."""
    longest = pc.max(pc.utf8_length(column)).as_py() or 0
    if longest > CELL_CHARACTERS:
        template = N_(
            "A text of {found} characters does not fit a cell of an XLSX file, which holds {most}. "
            "Choose CSV or Parquet. Nothing was published."
        )
        raise PublishFailed(Message(template, {"found": longest, "most": CELL_CHARACTERS}))
    encoded = column.dictionary_encode()
    texts = harmless_text(pc.cast(encoded.dictionary, TEXT))
    texts = pa.array([_ESCAPED.sub(_escape, text) for text in texts.to_pylist()], TEXT)
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        texts = pc.replace_substring(texts, plain, entity)
    has_space = pc.match_substring_regex(texts, r"^\s|\s$|\n")
    return joined(pc.if_else(has_space, ' xml:space="preserve">', ">"), texts).take(encoded.indices)


def _escape(found: re.Match[str]) -> str:
    text = found.group()
    return f"_x005F{text}" if len(text) > 1 else f"_x{ord(text):04X}_"


def _number_of(column: Column) -> Column:
    """Each number as XML has it: the shortest text that reads back to the same value."""
    if not pa.types.is_floating(column.type):
        return pc.cast(column, TEXT)
    if pc.all(pc.is_finite(column)).as_py() not in (True, None):
        raise TypeError("a number that is not finite has no cell in a workbook")
    return pc.cast(pc.add(column, 0.0), TEXT)


# The parts of a workbook that are not its rows, as XlsxWriter makes them.


def _parts_of(schema: pa.Schema, title: str, *, sheets: int) -> dict[str, bytes]:
    """The members of a workbook whose sheets have a header, and below it one row with a date."""
    import xlsxwriter

    content = io.BytesIO()
    workbook = xlsxwriter.Workbook(content, {"in_memory": True})
    workbook.set_properties({"created": _CREATED})
    date, bold = workbook.add_format({"num_format": "yyyy-mm-dd"}), workbook.add_format({"bold": True})
    for number in range(1, sheets + 1):
        sheet = workbook.add_worksheet(title if number == 1 else f"{title} {number}")
        sheet.freeze_panes(1, 0)
        for place, field in enumerate(schema):
            if pa.types.is_date32(field.type):
                sheet.set_column(place, place, _DATE_WIDTH)
            sheet.write_string(0, place, field.name, bold)
        sheet.write_datetime(1, 0, _CREATED, date)
    workbook.close()
    with zipfile.ZipFile(content) as members:
        return {name: members.read(name) for name in members.namelist()}


def _around_rows(sheet: str) -> tuple[str, str, str]:
    """Of a sheet what stands before its rows and after them, and between both the number of the style of dates."""
    row = re.search(r'<row r="2".*?</row>', sheet)
    style = re.search(r' s="(\d+)"', row.group()) if row else None
    assert row is not None and style is not None  # noqa: S101, PT018 the row that `_parts_of` has written
    head = re.sub(r'<dimension ref="[^"]*"/>', "", sheet[: row.start()])
    return head, style.group(1), sheet[row.end() :]


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _CREATED.timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    info._compresslevel = _LEVEL  # type: ignore[attr-defined]  # public from Python 3.13 on
    return info


def _letters_of(place: int) -> str:
    """The letters of a column, counted from 0: A, B, ... AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
