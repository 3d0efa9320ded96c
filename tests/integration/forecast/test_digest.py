"""The digest of a partition's rows: the same for the same rows, wherever they stand; another for any other."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.forecast.partition import digest_rows

ROWS = [
    ("A", "1", 10, [10, 12], [1.0, 2.5]),
    ("A", "22", 11, [11], [3.0]),
    ("Ä", "", 12, [], []),
    ("B", "1", 13, [13, 14, 15], [1.0, 0.0, 7.0]),
]
NAMES = ["site_code", "partnumber", "first_day", "day", "quantity"]


@pytest.fixture
def write(tmp_path):
    """Writes a history of these rows, so many in a row group."""

    def make(rows, size=100):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet"
        types = [pa.string(), pa.string(), pa.int32(), pa.list_(pa.int32()), pa.list_(pa.float64())]
        columns = [pa.array(list(column), kind) for column, kind in zip(zip(*rows, strict=True), types, strict=True)]
        pq.write_table(pa.table(columns, names=NAMES), path, row_group_size=size)
        return path

    return make


def test_where_the_rows_stand_makes_no_difference(write):
    whole = digest_rows(write(ROWS), [[(0, 4)]])

    assert digest_rows(write(ROWS, size=1), [[(0, 4)]]) == whole
    assert digest_rows(write(ROWS, size=3), [[(0, 2), (2, 4)]]) == whole
    assert digest_rows(write([ROWS[3], *ROWS], size=2), [[(1, 5)]]) == whole


def test_each_partition_has_its_own(write):
    path = write(ROWS, size=2)

    first, second, both = digest_rows(path, [[(0, 1), (3, 4)], [(1, 3)], [(0, 4)]])

    assert len({first, second, both}) == 3
    assert digest_rows(write([ROWS[0], ROWS[3]]), [[(0, 2)]]) == [first]
    assert digest_rows(write(ROWS[1:3]), [[(0, 2)]]) == [second]


@pytest.mark.parametrize(
    "changed",
    [
        ("A", "1", 10, [10, 12], [1.0, 2.6]),
        ("A", "1", 10, [10, 13], [1.0, 2.5]),
        ("A", "1", 9, [10, 12], [1.0, 2.5]),
        ("A", "2", 10, [10, 12], [1.0, 2.5]),
        ("B", "1", 10, [10, 12], [1.0, 2.5]),
        ("A1", "", 10, [10, 12], [1.0, 2.5]),
        ("A", "1", 10, [10], [1.0]),
    ],
)
def test_any_other_content_has_another(write, changed):
    assert digest_rows(write([changed, *ROWS[1:]]), [[(0, 4)]]) != digest_rows(write(ROWS), [[(0, 4)]])


def test_what_moves_from_one_row_to_the_next_is_seen(write):
    moved = [("A", "12", 10, [10, 12, 11], [1.0, 2.5, 3.0]), ("A", "2", 11, [], [])]

    assert digest_rows(write(moved), [[(0, 2)]]) != digest_rows(write(ROWS[:2]), [[(0, 2)]])
