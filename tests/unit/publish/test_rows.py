"""Files read row by row: in pieces of any size, and let go of as soon as they are done."""

from __future__ import annotations

from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.publish.rows import RowReader, RowReaders


@pytest.fixture
def path(tmp_path: Path) -> Path:
    pq.write_table(pa.table({"n": range(10)}), tmp_path / "ten.parquet", row_group_size=4)
    return tmp_path / "ten.parquet"


def is_open(path: Path) -> bool:
    return str(path) in {file.path for file in psutil.Process().open_files()}


def test_pieces_of_any_size_are_the_whole(path: Path) -> None:
    reader = RowReader(path, most_at_once=3)

    taken = [reader.take(count)["n"].to_pylist() for count in (1, 5, 0, 2)]
    reader.skip(1)

    assert taken == [[0], [1, 2, 3, 4, 5], [], [6, 7]]
    assert reader.rows_left == 1
    assert reader.take(9)["n"].to_pylist() == [9]


def test_a_file_that_is_done_is_let_go_of_while_the_others_stay(path: Path) -> None:
    other = path.with_name("other.parquet")
    other.write_bytes(path.read_bytes())

    with RowReaders() as readers:
        readers[path].take(10)
        readers[other].take(9)

        assert not is_open(path)
        assert is_open(other)
        assert len(readers[path].take(1)) == 0
    assert not is_open(other)
