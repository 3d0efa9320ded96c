"""A history is cut between its row groups: what a partition needs is read from a copy that has nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.run.ray.pieces import HistoryPieces


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A file of 10 rows, in row groups of 4, 4 and 2."""
    path = tmp_path / "history.parquet"
    table = pa.table({"part": [f"p{n}" for n in range(10)], "days": [[n] * n for n in range(10)]})
    pq.write_table(table, path, row_group_size=4)
    return path


def test_the_pieces_of_all_rows_are_the_file(history: Path) -> None:
    pieces = HistoryPieces(history).of_rows([(0, 10)])
    content = history.read_bytes()

    assert [after.start for after in pieces[1:]] == [one.start + one.size for one in pieces[:-1]]
    assert pieces[0].start == 0
    assert pieces[-1].start + pieces[-1].size == len(content)
    assert all(hashlib.sha256(content[p.start : p.start + p.size]).hexdigest() == p.sha256 for p in pieces)


@pytest.mark.parametrize(
    ("ranges", "groups"), [([(0, 4)], [0]), ([(3, 5)], [0, 1]), ([(1, 2), (8, 9)], [0, 2]), ([(4, 8)], [1])]
)
def test_rows_are_read_from_the_pieces_with_them_alone(
    history: Path, tmp_path: Path, ranges: list[tuple[int, int]], groups: list[int]
) -> None:
    pieces = HistoryPieces(history).of_rows(ranges)
    copy = tmp_path / "copy.parquet"
    copy.write_bytes(bytes(history.stat().st_size))
    with copy.open("r+b") as target:
        for piece in pieces:
            target.seek(piece.start)
            target.write(history.read_bytes()[piece.start : piece.start + piece.size])

    assert len(pieces) == len(groups) + 2
    for group in groups:
        assert pq.ParquetFile(copy).read_row_group(group) == pq.ParquetFile(history).read_row_group(group)
