"""XLSX as planners open it: text is text, dates are dates, formulas are harmless, and memory stays bounded.

XlsxWriter in its constant-memory mode: `docs/decisions/0003-xlsx-writer.md` says why, with the measurements.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from batchcast.domain.errors import N_, Message
from batchcast.publish.cells import Column, harmless_text
from batchcast.publish.certificate import PublishFailed
from batchcast.publish.writers.text import is_text

SHEET_ROWS = 1_048_576  # a sheet ends here, header included
CELL_CHARACTERS = 32_767  # a text cell ends here
_CREATED = dt.datetime(1980, 1, 1)  # the same rows give the same bytes, whenever and wherever
_DATE_WIDTH = 11  # characters
_PIECE_ROWS = 8_192  # as Python values at a time

Write = Callable[[int, int, Any], object]  # row, column, value


class XlsxWriter:
    """Appends tables to a workbook; a full sheet is continued on a further one, with its header again."""

    def __init__(self, path: Path, schema: pa.Schema, title: str = "forecast") -> None:
        self._title = title  # of the sheets
        self._schema = schema
        self._workbook = xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": str(path.parent)})
        self._workbook.set_properties({"created": _CREATED})
        self._date = self._workbook.add_format({"num_format": "yyyy-mm-dd"})
        self._bold = self._workbook.add_format({"bold": True})
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
                self._open_sheet()
            piece = table.slice(start, min(_PIECE_ROWS, SHEET_ROWS - self._row))
            self._put(piece)
            start += piece.num_rows

    def close(self) -> None:
        """Finish the file.

        Raises:
            OSError: if it can't be written.
        """
        try:
            self._workbook.close()
        except FileCreateError as error:
            raise OSError(*getattr(error.args[0], "args", error.args)) from error

    def _open_sheet(self) -> None:
        self._sheets += 1
        self._sheet = self._workbook.add_worksheet(
            self._title if self._sheets == 1 else f"{self._title} {self._sheets}"
        )
        self._sheet.freeze_panes(1, 0)
        for place, field in enumerate(self._schema):
            if pa.types.is_date32(field.type):
                self._sheet.set_column(place, place, _DATE_WIDTH)
            self._sheet.write_string(0, place, field.name, self._bold)
        self._row = 1

    def _put(self, table: pa.Table) -> None:
        columns = [_values(column.combine_chunks()) for column in table.columns]
        writes = [self._writer_of(field) for field in self._schema]
        for cells in zip(*columns, strict=True):
            for place, value in enumerate(cells):
                if value is not None:
                    writes[place](self._row, place, value)
            self._row += 1

    def _writer_of(self, field: pa.Field) -> Write:
        sheet = self._sheet
        if pa.types.is_date32(field.type):
            date = self._date
            return lambda row, place, value: sheet.write_datetime(row, place, value, date)
        write: Write = sheet.write_string if is_text(pa.nulls(0, field.type)) else sheet.write_number
        return write


def _values(column: Column) -> list[Any]:
    """The cells of a column as Python values; null is None."""
    if not is_text(column):
        return list(column.to_pylist())
    longest = pc.max(pc.utf8_length(column)).as_py() or 0
    if longest > CELL_CHARACTERS:
        template = N_(
            "A text of {found} characters does not fit a cell of an XLSX file, which holds {most}. "
            "Choose CSV or Parquet. Nothing was published."
        )
        raise PublishFailed(Message(template, {"found": longest, "most": CELL_CHARACTERS}))
    return list(harmless_text(column).to_pylist())
