"""XLSX as planners open it: text is text, dates are dates, formulas are harmless, and memory stays bounded.

A workbook is a zip of a few small XML files and one large one a sheet (ECMA-376). We write that one ourselves, a piece
at a time: `docs/decisions/0003-xlsx-writer.md` says why, with the measurements.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc

from batchcast.domain.message import Message, mark
from batchcast.publish.cells import Column, harmless_text
from batchcast.publish.problems import PublishFailed
from batchcast.publish.writers import workbook
from batchcast.publish.writers.text import TEXT, is_text, joined, joined_bytes

SHEET_ROWS = 1_048_576  # a sheet ends here, header included
SHEET_BYTES = 1_500_000_000  # ... or here, so that no member needs the zip64 format that some programs refuse
CELL_CHARACTERS = 32_767  # a text cell ends here
_DAYS_TO_1970 = 25_569  # a spreadsheet's day 0 is 1899-12-30
_PIECE_ROWS = 32_768
_COMPRESSION_LEVEL = 1  # half the time of the usual 6 for a file a sixth larger
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


class XlsxWriter:
    """Appends tables to a workbook; a full sheet is continued on a further one, with its header again."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION_LEVEL)
        self._schema = schema
        self._sheets = 0
        self._rows = 0  # of the open sheet, header included
        self._bytes = 0  # of the open sheet
        self._sheet: IO[bytes] = self._open_sheet()

    def write(self, table: pa.Table) -> None:
        """Append the rows.

        Raises:
            PublishFailed: if a text is longer than a cell can be.
        """
        start = 0
        while start < table.num_rows:
            if self._rows == SHEET_ROWS or self._bytes > SHEET_BYTES:
                self._close_sheet()
                self._sheet = self._open_sheet()
            piece = table.slice(start, min(_PIECE_ROWS, SHEET_ROWS - self._rows))
            self._put(_rows_as_xml(piece))
            self._rows += piece.num_rows
            start += piece.num_rows

    def close(self) -> None:
        """Finish the file."""
        self._close_sheet()
        for name, text in workbook.frame_members(self._sheets):
            with self._zip.open(_member(name), "w") as file:
                file.write(text.encode())
        self._zip.close()

    def _open_sheet(self) -> IO[bytes]:
        self._sheets += 1
        self._rows = 1
        self._bytes = 0
        sheet = self._zip.open(_member(workbook.sheet_path(self._sheets)), "w")
        sheet.write(workbook.sheet_head(self._schema.names).encode())
        return sheet

    def _close_sheet(self) -> None:
        self._sheet.write(workbook.SHEET_TAIL.encode())
        self._sheet.close()

    def _put(self, xml: memoryview) -> None:
        self._sheet.write(xml)
        self._bytes += len(xml)


def _member(name: str) -> zipfile.ZipInfo:
    """A member dated 1980, so that the same rows give the same bytes."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _rows_as_xml(table: pa.Table) -> memoryview:
    """The rows as `<row>` elements, one after the other."""
    cells = [_cells(column.combine_chunks()) for column in table.columns]
    return joined_bytes(joined("<row>", *cells, "</row>"))


def _cells(column: Column) -> Column:
    """The `<c>` element of each value, never null. Repeated texts and dates are written out once."""
    if pa.types.is_floating(column.type):
        return _filled(joined("<c><v>", column, "</v></c>"))
    distinct = column.dictionary_encode()
    values = distinct.dictionary
    if is_text(values):
        cells = joined('<c t="inlineStr"><is><t xml:space="preserve">', _xml_text(values), "</t></is></c>")
    elif pa.types.is_date32(values.type):
        days = pc.add(pc.cast(values, pa.int32()), _DAYS_TO_1970)
        cells = joined(f'<c s="{workbook.DATE_STYLE}"><v>', days, "</v></c>")
    else:
        cells = joined("<c><v>", values, "</v></c>")
    return _filled(cells.take(distinct.indices))


def _filled(cells: Column) -> Column:
    return pc.fill_null(cells, "<c/>")


def _xml_text(texts: Column) -> Column:
    lengths: Column = pc.utf8_length(texts)
    longest = pc.max(lengths).as_py() or 0
    if longest > CELL_CHARACTERS:
        template = mark(
            "A text of {found} characters does not fit a cell of an XLSX file, which holds {most}. "
            "Choose CSV or Parquet. Nothing was published."
        )
        raise PublishFailed(Message(template, {"found": longest, "most": CELL_CHARACTERS}))
    escaped = [None if text is None else _escape(text) for text in harmless_text(texts).to_pylist()]
    return pa.array(escaped, TEXT)


def _escape(text: str) -> str:
    """XML text; what XML can't hold is written as the spreadsheet's own `_x000D_`."""
    text = _UNSAFE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
