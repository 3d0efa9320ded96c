"""CSV for planners and programs alike: UTF-8, comma, ISO dates, plain decimals, no formulas.

No byte order mark: Excel alone would like one, and many a program takes it for a part of the first column's name.
Who opens the result in Excel takes XLSX.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from batchcast.publish.cells import Column, harmless_text
from batchcast.publish.writers.text import TEXT, is_text, joined, joined_bytes, plain_numbers


class CsvWriter:
    """Appends tables to a CSV file. Whole numbers have no decimal point, missing values are empty."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("wb")
        header = _quoted(harmless_text(pa.array(schema.names, TEXT))).to_pylist()
        self._file.write((",".join(header) + "\n").encode())

    def write(self, table: pa.Table) -> None:
        """Append the rows."""
        cells = [_as_text(column.combine_chunks()) for column in table.columns]
        lines = joined(*cells[:-1], joined(cells[-1], "\n"), separator=",")
        self._file.write(joined_bytes(lines))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def _as_text(column: Column) -> Column:
    """The cells of a column, never null."""
    if pa.types.is_floating(column.type):
        cells = plain_numbers(column)
    else:  # texts, dates, whole numbers: few distinct ones, each written out once
        distinct = column.dictionary_encode()
        texts = pc.cast(distinct.dictionary, TEXT)
        cells = (_quoted(harmless_text(texts)) if is_text(distinct.dictionary) else texts).take(distinct.indices)
    return pc.fill_null(cells, "")


def _quoted(texts: Column) -> Column:
    """Quotes around the texts that need them."""
    needs = pc.match_substring_regex(texts, '[",\r\n]|^ | $')
    return pc.if_else(needs, joined('"', pc.replace_substring(texts, '"', '""'), '"'), texts)
