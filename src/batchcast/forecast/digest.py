"""What a partition is made of: a digest of its rows, the same wherever in a history file they stand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from batchcast.domain import columns

_LISTS = (columns.DAY, columns.QUANTITY, columns.LEARNED_QUANTITY, columns.OUT_DAY)  # the last two where it has them


class _RowDigest:
    """Takes rows in pieces; where they were cut makes no difference, for lengths and contents are digested apart."""

    def __init__(self) -> None:
        self._digests: dict[str, Any] = {}

    def add(self, rows: Any) -> None:
        """Take the next rows, a record batch of pyarrow."""
        for name in columns.SERIES:
            self._take_lists(name, rows.column(name).cast("large_binary"), width=1)
        self._take(columns.FIRST_DAY, rows.column(columns.FIRST_DAY).to_numpy())
        for name in (name for name in _LISTS if name in rows.schema.names):
            self._take_lists(name, rows.column(name))

    def hexdigest(self) -> str:
        """Of all rows so far."""
        whole = hashlib.sha256()
        for name in sorted(self._digests):
            whole.update(self._digests[name].digest())
        return whole.hexdigest()

    def _take_lists(self, name: str, lists: Any, width: int = 0) -> None:
        if width:
            offsets = np.frombuffer(lists.buffers()[1], dtype=np.int64)[lists.offset : lists.offset + len(lists) + 1]
            content = np.frombuffer(lists.buffers()[2] or b"", dtype=np.uint8)
        else:
            offsets, content = lists.offsets.to_numpy(), lists.values.to_numpy()
        self._take(f"{name} lengths", np.diff(offsets).astype(np.int64))
        self._take(name, content[offsets[0] : offsets[-1]])

    def _take(self, name: str, values: Any) -> None:
        self._digests.setdefault(name, hashlib.sha256()).update(np.ascontiguousarray(values))


def digest_rows(history_path: Path, partitions: Sequence[Sequence[tuple[int, int]]]) -> list[str]:
    """SHA-256 of the rows of each partition, in hexadecimal; the history is read once.

    Args:
        history_path: a checked history (`domain.history.DemandHistory`).
        partitions: of each its [start, stop) rows of the file, ascending and disjoint.
    """
    import pyarrow.parquet as pq

    digests = [_RowDigest() for _ in partitions]
    ranges = sorted((start, stop, number) for number, mine in enumerate(partitions) for start, stop in mine)
    first = 0  # row of the file that the group begins with
    with pq.ParquetFile(history_path) as file:
        lists = [name for name in _LISTS if name in file.schema_arrow.names]
        for group in range(file.metadata.num_row_groups):
            rows = file.read_row_group(group, columns=[*columns.SERIES, columns.FIRST_DAY, *lists], use_threads=False)
            batch = rows.combine_chunks().to_batches()[0]
            last = first + rows.num_rows
            for start, stop, number in ranges:
                if start < last and stop > first:
                    piece = slice(max(start, first) - first, min(stop, last) - first)
                    digests[number].add(batch.slice(piece.start, piece.stop - piece.start))
            first = last
    return [digest.hexdigest() for digest in digests]
