"""Tables to files, piece by piece, in the format that the file's suffix names.

The bytes of a file depend on the rows, not on how they were cut into pieces. XLSX is written by XlsxWriter in its
constant-memory mode: `docs/decisions/0003-xlsx-writer.md` says why, with the measurements.
"""

from __future__ import annotations

import codecs
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from batchcast.domain.errors import N_, Message
from batchcast.publish.certificate import PublishFailed
from batchcast.publish.kinds import CSV_SEMICOLON, FORECAST, TABLE_FORMATS

Column = Any  # a pyarrow array: its stubs separate the kinds of values, which are known only at run time

SUFFIXES = tuple(f".{name}" for name in TABLE_FORMATS)
TEXT = pa.large_string()  # 64-bit offsets: a piece may hold more than 2 GB
GROUP_ROWS = 131_072  # of a Parquet file
SHEET_ROWS = 1_048_576  # a sheet ends here, header included
CELL_CHARACTERS = 32_767  # a text cell ends here
_CREATED = dt.datetime(1980, 1, 1)  # the same rows give the same bytes, whenever and wherever
_DATE_WIDTH = 11  # characters
_PIECE_ROWS = 8_192  # as Python values at a time

Write = Callable[[int, int, Any], object]  # row, column, value


class TableWriter(Protocol):
    """Writes one table to one file."""

    def write(self, table: pa.Table) -> None:
        """Append the rows."""

    def close(self) -> None:
        """Finish the file; without it the file is not whole."""


def open_writer(path: Path, schema: pa.Schema, *, title: str = FORECAST) -> TableWriter:
    """The writer for the suffix of `path`, CSV where it has none of ours; a workbook's sheets are called `title`."""
    match path.suffix.lower():
        case ".xlsx":
            return XlsxWriter(path, schema, title)
        case ".parquet":
            return ParquetWriter(path, schema)
        case suffix if suffix == f".{CSV_SEMICOLON}":
            return CsvWriter(path, schema, of_decimal_comma=True)
        case _:
            return CsvWriter(path, schema)


def write_table(path: Path, pieces: Iterator[pa.Table], *, title: str = FORECAST) -> None:
    """Write the pieces of one table, of which there is at least one; a workbook's sheet has the title."""
    first = next(pieces)
    writer = open_writer(path, first.schema, title=title)
    try:
        writer.write(first)
        for piece in pieces:
            writer.write(piece)
    finally:
        writer.close()


class CsvWriter:
    """Appends tables to a CSV file: UTF-8, comma, ISO dates, plain decimals, no formulas; missing values are empty.

    There is no byte order mark: many programs read it as a part of the first column's name. `of_decimal_comma` is for
    spreadsheets of such a language: semicolons between the cells, a comma in numbers, and the mark, by which Excel
    knows UTF-8.
    """

    def __init__(self, path: Path, schema: pa.Schema, *, of_decimal_comma: bool = False) -> None:
        self._has_comma = of_decimal_comma
        self._separator = ";" if of_decimal_comma else ","
        self._file = path.open("wb")
        header = self._quoted(harmless_text(pa.array(schema.names, TEXT))).to_pylist()
        mark = codecs.BOM_UTF8 if of_decimal_comma else b""
        self._file.write(mark + (self._separator.join(header) + "\n").encode())

    def write(self, table: pa.Table) -> None:
        """Append the rows."""
        cells = [self._as_text(column.combine_chunks()) for column in table.columns]
        lines = joined(*cells[:-1], joined(cells[-1], "\n"), separator=self._separator)
        self._file.write(joined_bytes(lines))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def _as_text(self, column: Column) -> Column:
        """The cells of a column, never null."""
        if pa.types.is_floating(column.type):
            cells = plain_numbers(column)
            cells = pc.replace_substring(cells, ".", ",") if self._has_comma else cells
        else:  # texts, dates, whole numbers: few distinct ones, each written out once
            distinct = column.dictionary_encode()
            texts = pc.cast(distinct.dictionary, TEXT)
            is_words = is_text(distinct.dictionary)
            cells = (self._quoted(harmless_text(texts)) if is_words else texts).take(distinct.indices)
        return pc.fill_null(cells, "")

    def _quoted(self, texts: Column) -> Column:
        """Quotes around the texts that need them."""
        needs = pc.match_substring_regex(texts, f'["{self._separator}\r\n]|^ | $')
        return pc.if_else(needs, joined('"', pc.replace_substring(texts, '"', '""'), '"'), texts)


class ParquetWriter:
    """Appends tables to a Parquet file, in row groups of `group_rows`, or of `GROUP_ROWS`."""

    def __init__(self, path: Path, schema: pa.Schema, *, group_rows: int | None = None) -> None:
        self._group_rows = group_rows or GROUP_ROWS
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def write(self, table: pa.Table) -> None:
        """Append the rows."""
        self._waiting.append(table)
        self._rows += table.num_rows
        while self._rows >= self._group_rows:
            self._write_group(self._group_rows)

    def close(self) -> None:
        """Finish the file."""
        if self._rows:
            self._write_group(self._rows)
        self._writer.close()

    def _write_group(self, rows: int) -> None:
        waiting = pa.concat_tables(self._waiting)
        self._writer.write_table(waiting.slice(0, rows).combine_chunks(), row_group_size=rows)
        self._rows -= rows
        self._waiting = [waiting.slice(rows)] if self._rows else []


class XlsxWriter:
    """Appends tables to a workbook; a full sheet is continued on a further one, with its header again."""

    def __init__(self, path: Path, schema: pa.Schema, title: str = FORECAST) -> None:
        self._title = title  # of the sheets
        self._schema = schema
        import xlsxwriter

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
        from xlsxwriter.exceptions import FileCreateError

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


# Text cells that no spreadsheet runs as a formula.

# A cell is run where it starts with one of these. A semicolon, tab or line break starts a new cell where the
# spreadsheet's list separator is not ours (Excel in Indonesian splits at semicolons), so what follows one counts too.
_STARTERS = r"=+\-@＝＋－＠"
_SEPARATORS = r";\t\r\n"
_RISKY = rf"(^|[{_SEPARATORS}])('* *[{_STARTERS}])"
_BLANK_START = r"^('*[\t\r\n])"


def harmless_text(texts: Column) -> Column:
    """The texts with an apostrophe before every character that would start a formula; null stays null.

    `=1+1` becomes `'=1+1`; `'=1+1` becomes `''=1+1`, so that different texts stay different.
    """
    return pc.replace_substring_regex(
        pc.replace_substring_regex(texts, pattern=_BLANK_START, replacement=r"'\1"),
        pattern=_RISKY,
        replacement=r"\1'\2",
    )


# Columns of text put together row by row, and given to a file without a copy of each row.


def joined(*pieces: Column | str, separator: str = "") -> Column:
    """The pieces of each row, one after the other; null where one of them is."""
    columns = [pa.scalar(p, TEXT) if isinstance(p, str) else pc.cast(p, TEXT) for p in pieces]
    return pc.binary_join_element_wise(*columns, pa.scalar(separator, TEXT))


def joined_bytes(rows: Column) -> memoryview:
    """All the rows, one after the other, as UTF-8: a view of the buffer of Arrow."""
    if len(rows) == 0:
        return memoryview(b"")
    offsets = memoryview(rows.buffers()[1]).cast("q")
    return memoryview(rows.buffers()[2])[offsets[rows.offset] : offsets[rows.offset + len(rows)]]


def is_text(values: Column) -> bool:
    """The values are text of either offset width."""
    return bool(pa.types.is_string(values.type) or pa.types.is_large_string(values.type))


# Numbers as plain decimals: the shortest that reads back to the same value, and never an exponent.


def plain_numbers(values: Column) -> Column:
    """`1e-07` is `0.0000001`, `3.0` is `3`, `-0.0` is `0`; null stays null."""
    texts = pc.cast(pc.add(values, 0.0), TEXT)
    with_exponent = pc.fill_null(pc.match_substring(texts, "e"), False)
    if not pc.any(with_exponent).as_py():
        return texts
    plain = [np.format_float_positional(value, trim="-") for value in pc.filter(values, with_exponent).to_pylist()]
    return pc.replace_with_mask(texts, with_exponent, pa.array(plain, TEXT))
