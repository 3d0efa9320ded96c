"""The pieces of a history file that a partition needs: its row groups, and what says where they stand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from batchcast.domain.batch import FilePiece


@dataclass
class HistoryPieces:
    """Cuts a checked history, a Parquet file on this machine, between its row groups; no byte is in two pieces."""

    path: Path
    _pieces: list[FilePiece] = field(init=False)  # what stands before the row groups, each of them, and the footer
    _rows: list[int] = field(init=False)  # first row of each row group, and the number of all

    def __post_init__(self) -> None:
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path, memory_map=False) as file:
            groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        self._rows, starts, end = [0], [], 0
        for group in groups:
            columns = [group.column(number) for number in range(group.num_columns)]
            firsts = [one.dictionary_page_offset or one.data_page_offset for one in columns]
            starts.append(min(firsts))
            end = max(first + one.total_compressed_size for first, one in zip(firsts, columns, strict=True))
            self._rows.append(self._rows[-1] + group.num_rows)
        edges = [0, *starts, end, self.path.stat().st_size]
        with self.path.open("rb") as stream:
            contents = (stream.read(after - before) for before, after in pairwise(edges))
            self._pieces = [
                FilePiece(start=start, size=len(content), sha256=hashlib.sha256(content).hexdigest())
                for start, content in zip(edges, contents, strict=False)
            ]

    def of_rows(self, ranges: Iterable[tuple[int, int]]) -> tuple[FilePiece, ...]:
        """The pieces with these [start, stop) rows, and the two that every reader needs."""
        wanted = list(ranges)
        groups = zip(self._pieces[1:-1], self._rows, self._rows[1:], strict=False)
        found = [piece for piece, first, last in groups if any(start < last and stop > first for start, stop in wanted)]
        return self._pieces[0], *found, self._pieces[-1]
