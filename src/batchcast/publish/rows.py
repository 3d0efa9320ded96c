"""Reads Parquet files from first row to last in pieces of any size, with few of them open at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

_BATCH_ROWS = 32_768  # decoded at a time
MOST_OPEN_FILES = 64


class RowReader:
    """The rows of one Parquet file, in order; it can be closed at any place and goes on from there."""

    def __init__(self, path: Path, columns: Sequence[str] | None = None, *, most_at_once: int = _BATCH_ROWS) -> None:
        self._path = path
        self._batch_rows = min(most_at_once, _BATCH_ROWS)  # few where a row is a whole series
        self._columns = list(columns) if columns is not None else None
        self._position = 0  # rows given out so far
        self._batches: Iterator[pa.RecordBatch] | None = None
        self._file: pq.ParquetFile | None = None
        self._rest: pa.RecordBatch | None = None  # read, not yet given out
        with pq.ParquetFile(path) as file:
            self.schema: pa.Schema = file.schema_arrow
            groups = range(file.metadata.num_row_groups)
            self._group_rows: list[int] = [file.metadata.row_group(i).num_rows for i in groups]

    @property
    def rows_left(self) -> int:
        """Rows not yet given out."""
        return sum(self._group_rows) - self._position

    def skip(self, count: int) -> None:
        """Leave out the next rows."""
        if count:
            self.close()
            self._position += count

    def take(self, count: int) -> pa.Table:
        """The next `count` rows; fewer where the file ends."""
        wanted = min(count, self.rows_left)
        pieces: list[pa.RecordBatch] = []
        missing = wanted
        while missing:
            batch = self._next_batch()
            pieces.append(batch.slice(0, missing))
            self._rest = batch.slice(missing) if batch.num_rows > missing else None
            missing -= pieces[-1].num_rows
        self._position += wanted
        if not self.rows_left:
            self.close()  # a file that is done holds tens of megabytes
        names = self._columns if self._columns is not None else self.schema.names
        return pa.Table.from_batches(pieces, schema=pa.schema([self.schema.field(name) for name in names]))

    def close(self) -> None:
        """Close the file; the next `take` opens it again."""
        if self._file is not None:
            self._file.close()
        self._file = self._batches = self._rest = None

    def _next_batch(self) -> pa.RecordBatch:
        if self._rest is not None:
            return self._rest
        if self._batches is None:
            return self._open_at_position()
        return next(self._batches)

    def _open_at_position(self) -> pa.RecordBatch:
        group, before = 0, self._position
        while before >= self._group_rows[group]:
            before -= self._group_rows[group]
            group += 1
        self._file = pq.ParquetFile(self._path)
        groups = range(group, len(self._group_rows))
        self._batches = self._file.iter_batches(
            batch_size=self._batch_rows, row_groups=list(groups), columns=self._columns, use_threads=False
        )
        batch = next(self._batches)
        while before >= batch.num_rows:
            before -= batch.num_rows
            batch = next(self._batches)
        return batch.slice(before)


class RowReaders:
    """A reader for each of many files, of which the least recently used are closed meanwhile."""

    def __init__(self) -> None:
        self._readers: dict[Path, RowReader] = {}
        self._open: OrderedDict[Path, RowReader] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for reader in self._open.values():
            reader.close()

    def __getitem__(self, path: Path) -> RowReader:
        reader = self._readers.get(path)
        if reader is None:
            reader = self._readers[path] = RowReader(path)
        self._open[path] = reader
        self._open.move_to_end(path)
        if len(self._open) > MOST_OPEN_FILES:
            self._open.popitem(last=False)[1].close()
        return reader
