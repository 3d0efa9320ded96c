"""Parquet as programs read it: text to the letter, row groups that do not depend on the pieces that came in."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

GROUP_ROWS = 131_072


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
