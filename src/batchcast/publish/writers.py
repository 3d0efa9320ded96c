"""Tables to files, piece by piece, in the format that the file's suffix names.

The bytes of a file depend on the rows, not on how they were cut into pieces.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from batchcast.publish.cells import TEXT, Column, harmless_text, is_text, joined, joined_bytes, plain_numbers
from batchcast.publish.kinds import CSV_SEMICOLON, FORECAST
from batchcast.publish.workbook import XlsxWriter

GROUP_ROWS = 131_072  # of a Parquet file


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


class CsvText:
    """The lines of a CSV file: UTF-8, comma, ISO dates, plain decimals, no formulas; missing values are empty.

    There is no byte order mark: many programs read it as a part of the first column's name. `of_decimal_comma` is for
    spreadsheets of such a language: semicolons between the cells, a comma in numbers, and the mark, by which Excel
    knows UTF-8.
    """

    def __init__(self, *, of_decimal_comma: bool = False) -> None:
        self._has_comma = of_decimal_comma
        self._separator = ";" if of_decimal_comma else ","

    def header(self, names: Sequence[str]) -> bytes:
        """The first line, with what stands before it."""
        cells = self._quoted(harmless_text(pa.array(names, TEXT))).to_pylist()
        mark = codecs.BOM_UTF8 if self._has_comma else b""
        return mark + (self._separator.join(cells) + "\n").encode()

    def lines(self, table: pa.Table) -> Column:
        """A text for each row, its end of line included."""
        cells = [self._as_text(column.combine_chunks()) for column in table.columns]
        return joined(*cells[:-1], joined(cells[-1], "\n"), separator=self._separator)

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


class CsvWriter:
    """Appends tables to a CSV file; what it looks like is told by `CsvText`."""

    def __init__(self, path: Path, schema: pa.Schema, *, of_decimal_comma: bool = False) -> None:
        self._text = CsvText(of_decimal_comma=of_decimal_comma)
        self._file = path.open("wb")
        self._file.write(self._text.header(schema.names))

    def write(self, table: pa.Table) -> None:
        """Append the rows."""
        self._file.write(joined_bytes(self._text.lines(table)))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


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
