"""The lines of the published CSV files that each partition's worker writes, and the files put together from them.

A worker checks its tables and writes their rows as text; publishing copies it in the order of the history. Of each
series it is kept where its lines end, so that they can be cut wherever the ranges of a partition end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain.plan import ForecastRequest, Partition
from batchcast.publish.cells import joined_bytes, row_ends
from batchcast.publish.certificate import PublishedFile
from batchcast.publish.combined import CombinedResult, PartitionResult, check_one_schema, describe_schema
from batchcast.publish.kinds import CSV
from batchcast.publish.verify import rejected
from batchcast.publish.writers import CsvText, write_table

LINES_FILE, INDEX_FILE = "lines.bin", "lines.npz"  # in the folder of a partition's result
_ABOUT = "about"  # of the index: JSON by kind; the other arrays are where the lines of each series end, by kind
_COPIED_BYTES = 1 << 20  # at a time


def write_lines(partition: Partition, folder: Path, *, request: ForecastRequest, history_path: Path) -> None:
    """Check the result of one partition, and write the lines of its tables beside them.

    Raises:
        ResultRejected: if the result is not whole, or not possible.
    """
    combined = CombinedResult([(partition, folder)], request=request, history_path=history_path)
    about, ends, start = {}, {}, 0
    with (folder / LINES_FILE).open("wb") as file:
        for kind in combined.TABLES:
            described, ends[kind] = _write_table(file, combined.table(kind), combined.rows_each(kind))
            about[kind] = {**described, "start": start}
            start = file.tell()
    for _ in combined.figures():  # they are published as a table, and only checked
        continue
    places = np.cumsum(combined.has_forecast())
    np.savez(
        folder / INDEX_FILE,
        allow_pickle=False,
        **{_ABOUT: np.array(json.dumps(about))},
        **{kind: np.append(0, mine)[places] for kind, mine in ends.items()},
    )


def _write_table(file: IO[bytes], pieces: Iterator[pa.Table], rows_each: int) -> tuple[dict[str, Any], Any]:
    """Append the lines of a table; returns what is told of them, and where those of each series end."""
    text, digest, ends, written = CsvText(), hashlib.sha256(), [np.zeros(0, dtype=np.int64)], 0
    schema = pa.schema([])
    for piece in pieces:
        schema, lines = piece.schema, text.lines(piece)
        given = joined_bytes(lines)
        digest.update(given)
        file.write(given)
        ends.append(written + row_ends(lines)[rows_each - 1 :: rows_each])
        written += len(given)
    described = {"header": text.header(schema.names).decode(), "schema": describe_schema(schema)}
    return {**described, "sha256": digest.hexdigest()}, np.concatenate(ends)


def write_kind(path: Path, kind: str, combined: CombinedResult) -> PublishedFile:
    """Write one of the tables that every partition gives: from its lines, or where one has none from its rows.

    Raises:
        ResultRejected: if the result of a partition is not whole, or not possible.
        OSError: if the file can't be written.
    """
    if path.suffix.lower() == f".{CSV}" and has_lines(combined):
        return _join(path, kind, combined)
    write_table(path, combined.table(kind))
    return PublishedFile.of(path)


def has_lines(combined: CombinedResult) -> bool:
    """Every partition has its lines; those that an earlier version finished have none."""
    return all((result.folder / INDEX_FILE).exists() for result in combined.results)


def _join(path: Path, kind: str, combined: CombinedResult) -> PublishedFile:
    """The lines of all partitions, in the order of the history."""
    whole, size = hashlib.sha256(), 0
    lines = {result.partition.number: _Lines(result, kind) for result in combined.results}
    first = lines[combined.results[0].partition.number]
    with path.open("wb") as file:

        def append(piece: bytes) -> None:
            nonlocal size
            whole.update(piece)
            file.write(piece)
            size += len(piece)

        append(first.about["header"].encode())
        for start, stop, result in combined.ranges:
            mine = lines[result.partition.number]
            check_one_schema(mine.about["schema"], first.about["schema"], result)
            for piece in mine.take(stop - start):
                append(piece)
    for mine in lines.values():
        mine.check_all_taken()
    return PublishedFile(name=path.name, sha256=whole.hexdigest(), size=size)


@dataclass
class _Lines:
    """The lines of one kind of one partition, given out from first to last."""

    result: PartitionResult
    kind: str
    taken: int = 0  # series
    digest: Any = field(default_factory=hashlib.sha256)  # of the lines given out

    @cached_property
    def _index(self) -> tuple[dict[str, Any], NDArray[np.int64]]:
        """What is told of the lines, and where those of each series end."""
        try:
            with (self.result.folder / INDEX_FILE).open("rb") as file, np.load(file, allow_pickle=False) as index:
                return json.loads(str(index[_ABOUT]))[self.kind], index[self.kind]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise self._rejected(f"{INDEX_FILE} can't be read ({error})") from error

    @property
    def about(self) -> dict[str, Any]:
        """The header of the table, its columns in words, its digest, where it starts in the file."""
        return self._index[0]

    def take(self, series: int) -> Iterator[bytes]:
        """The lines of the next series, in pieces."""
        ends = self._index[1]
        if self.taken + series > len(ends):
            raise self._rejected(f"{INDEX_FILE} tells of {len(ends)} series only")
        start = int(ends[self.taken - 1]) if self.taken else 0
        self.taken += series
        left = (int(ends[self.taken - 1]) if self.taken else 0) - start
        try:
            with (self.result.folder / LINES_FILE).open("rb") as file:
                file.seek(self.about["start"] + start)
                while left and (piece := file.read(min(left, _COPIED_BYTES))):
                    self.digest.update(piece)
                    yield piece
                    left -= len(piece)
        except OSError as error:
            raise self._rejected(f"{LINES_FILE} can't be read ({error})") from error

    def check_all_taken(self) -> None:
        """Check that all lines were given out, and are those that were checked."""
        if self.taken != len(self._index[1]) or self.digest.hexdigest() != self.about["sha256"]:
            raise self._rejected(f"{LINES_FILE} is not what was checked")

    def _rejected(self, what: str) -> Exception:
        return rejected(self.result.partition.number, what)
