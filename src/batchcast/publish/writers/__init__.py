"""Tables to files, piece by piece, in the format that the file's suffix names.

Comes in: pieces of one table, all of one schema, in order.
Goes out: one file whose bytes depend on the rows, not on how they were cut into pieces.
Open first: `csv.py`, the default and the simplest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pyarrow as pa

from batchcast.publish.kinds import TABLE_FORMATS
from batchcast.publish.writers.csv import CsvWriter
from batchcast.publish.writers.parquet import ParquetWriter
from batchcast.publish.writers.xlsx import XlsxWriter

SUFFIXES = tuple(f".{name}" for name in TABLE_FORMATS)


class TableWriter(Protocol):
    """Writes one table to one file."""

    def write(self, table: pa.Table) -> None:
        """Append the rows."""

    def close(self) -> None:
        """Finish the file; without it the file is not whole."""


def open_writer(path: Path, schema: pa.Schema, *, title: str = "forecast") -> TableWriter:
    """The writer for the suffix of `path`, CSV where it has none of ours; a workbook's sheets are called `title`."""
    match path.suffix.lower():
        case ".xlsx":
            return XlsxWriter(path, schema, title)
        case ".parquet":
            return ParquetWriter(path, schema)
        case _:
            return CsvWriter(path, schema)


__all__ = ["SUFFIXES", "CsvWriter", "ParquetWriter", "TableWriter", "XlsxWriter", "open_writer"]
