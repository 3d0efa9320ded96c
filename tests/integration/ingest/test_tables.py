from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from functools import partial

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.domain.calendar import day_of
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common import problems as found
from batchcast.ingest.reader import ingest_file, ingest_table

FIRST = day_of(dt.date(2024, 1, 1))
COLUMNS = {
    "date": [dt.date(2024, 1, 1), dt.date(2024, 1, 2), dt.date(2024, 1, 1)],
    "partnumber": ["007", "B", "007"],
    "site_code": ["S", "S", "S"],
    "demand_qty": [1, 2, 3],
}


@pytest.fixture
def read_table(tmp_path):
    def read_it(table, **settings):
        return ingest_table(table, into=tmp_path / "ingested", settings=BatchSettings(**settings))

    return read_it


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


@pytest.mark.parametrize("make", [pa.table, pl.DataFrame, pd.DataFrame])
def test_tables_of_three_libraries_read_the_same(read_table, series, make):
    ingested = read_table(make(COLUMNS))

    assert series(ingested) == {("S", "007"): {FIRST: 4.0}, ("S", "B"): {FIRST + 1: 2.0}}
    assert ingested.report.source == "table"
    assert len(ingested.history.input_sha256) == 64


PADDED = ["A", " A\t", "\u00a0A "]


def test_space_around_keys_is_dropped_in_files_and_tables_of_every_kind_and_said(read_table, tmp_path, series):
    """Blanks, tabs and hard spaces; a key of nothing else is none."""
    dates = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
    rows = list(zip(dates, [*PADDED, "\u00a0\t"], ["S", "S ", "\tS", "S"], [1, 2, 4, 8], strict=True))
    table = pa.table({name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)})
    pq.write_table(table, tmp_path / "x.parquet")
    (tmp_path / "x.csv").write_text("\n".join(",".join(map(str, row)) for row in [COLUMNS, *rows]), encoding="utf-8")
    book = openpyxl.Workbook()
    for row in [list(COLUMNS), *rows]:
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")

    read = partial(ingest_file, into=tmp_path / "out", settings=BatchSettings())
    for ingested in (read_table(table), *(read(tmp_path / f"x.{kind}") for kind in ("parquet", "csv", "xlsx"))):
        assert {key: sum(days.values()) for key, days in series(ingested).items()} == {("S", "A"): 7}
        assert ingested.report.rows_refused == 1
        assert any("' A\\t'; it is dropped" in str(note) for note in ingested.report.notes)


def test_categories_and_time_stamps_of_pandas_read(read_table, series):
    frame = pd.DataFrame(COLUMNS)
    frame["partnumber"] = frame["partnumber"].astype("category")
    frame["date"] = pd.to_datetime(frame["date"])

    assert series(read_table(frame)) == {("S", "007"): {FIRST: 4.0}, ("S", "B"): {FIRST + 1: 2.0}}


def test_refused_rows_have_the_number_of_the_row(read_table, rejected):
    ingested = read_table(
        pa.table(
            {
                "date": pa.array(
                    [dt.date(2024, 1, 1), None, dt.date(1, 1, 1), dt.date(2024, 1, 1), dt.date(2024, 1, 1)]
                ),
                "partnumber": ["A", "A", "A", None, "A"],
                "demand_qty": [1.0, 1.0, 1.0, 1.0, float("inf")],
            }
        )
    )

    assert [(p.line, p.column, p.value) for p in ingested.report.problems] == [
        (2, "date", ""),
        (3, "date", "0001-01-01"),
        (4, "partnumber", ""),
        (5, "demand_qty", "inf"),
    ]
    assert [str(p.reason) for p in ingested.report.problems][1] == "has the year 1, which is outside 1900 to 2200"
    assert len(rejected(ingested)) == 4


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (pa.array([202312, 202401]), [dt.date(2023, 12, 1), dt.date(2024, 1, 1)]),
        (pa.array([20240115, 20240116]), [dt.date(2024, 1, 15), dt.date(2024, 1, 16)]),
        (
            pa.array([dt.datetime(2024, 1, 1, 23, 59), dt.datetime(1969, 12, 31, 23, 59)]),
            [dt.date(1969, 12, 31), dt.date(2024, 1, 1)],
        ),
        (pa.array([1704067200 - 3600, 1704067200], pa.timestamp("s", tz="Asia/Jakarta")), [dt.date(2024, 1, 1)]),
        (pa.array(["13/01/2024", "02/01/2024"]).dictionary_encode(), [dt.date(2024, 1, 2), dt.date(2024, 1, 13)]),
        (pa.array([dt.date(2024, 1, 1)] * 2, pa.date64()), [dt.date(2024, 1, 1)]),
    ],
)  # fmt: skip
def test_dates_of_every_type_read(read, series, dates, expected):
    ingested = read(parquet(pa.table({"date": dates, "part": ["A", "A"], "qty": [1, 1]})))

    assert list(series(ingested)[("ALL", "A")]) == [day_of(one) for one in expected]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (pa.array([7, 123456789012345678]), {"7", "123456789012345678"}),
        (pa.array([7.0, 1.5]), {"7", "1.5"}),
        (pa.array([Decimal("7.50"), Decimal("1.00")]), {"7.5", "1"}),
        (pa.array(["a", "b"], pa.large_string()), {"a", "b"}),
        (pa.array(["a", "b"], pa.string_view()), {"a", "b"}),
        (pa.array([True, False]), {"TRUE", "FALSE"}),
    ],
)
def test_keys_of_every_type_become_text(read_table, series, keys, expected):
    ingested = read_table(pa.table({"date": ["2024-01-01"] * 2, "part": keys, "qty": [1, 1]}))

    assert {part for _, part in series(ingested)} == expected


@pytest.mark.parametrize(
    "quantities",
    [
        pa.array([1, 2], pa.uint8()),
        pa.array([1, 2], pa.uint64()),
        pa.array([1.0, 2.0], pa.float32()),
        pa.array([Decimal("1.0"), Decimal("2.0")]),
        pa.array(["1", "2"], pa.large_string()),
        pa.array(["1", "2"]).dictionary_encode(),
        pa.array([1, 2]).dictionary_encode(),
    ],
)
def test_quantities_of_every_type_read(read_table, series, quantities):
    ingested = read_table(pa.table({"date": ["2024-01-01"] * 2, "part": ["A", "B"], "qty": quantities}))

    assert series(ingested) == {("ALL", "A"): {FIRST: 1.0}, ("ALL", "B"): {FIRST: 2.0}}


def test_quantities_that_are_not_there_are_refused(read_table):
    for quantities in (
        pa.nulls(2),
        pa.array([None, np.nan]),
        pa.array([None, None], pa.int32()),
        pa.array([10**18, -(10**16)]),
    ):
        ingested = read_table(pa.table({"date": ["2024-01-01"] * 2, "part": ["A", "B"], "qty": quantities}))
        assert (ingested.history, ingested.report.rows_refused) == (None, 2)


@pytest.mark.parametrize(
    ("column", "cells"),
    [("qty", [True, False]), ("qty", [dt.date(2024, 1, 1)] * 2), ("part", [["A"], ["B"]]), ("part", [b"A", b"B"])],
)
def test_columns_of_types_that_hold_no_such_thing_are_refused(read, read_table, column, cells):
    table = pa.table({"date": ["2024-01-01"] * 2, "part": ["A", "B"], "qty": [1, 2]} | {column: cells})

    with pytest.raises(found.UnreadableColumn, match=column):
        read_table(table)
    with pytest.raises(found.UnreadableColumn, match=column):
        read(parquet(table))


def test_what_is_no_table_is_refused(read_table):
    with pytest.raises(found.UnknownFormat, match="list"):
        read_table([1, 2])
    with pytest.raises(found.EmptyInput):
        read_table(pa.table({}))
    with pytest.raises(found.UnreadableColumn):
        read_table(pd.DataFrame({"date": ["2024-01-01", 5], "part": ["A", "B"], "qty": [1, 2]}))
    with pytest.raises(found.NoRows):
        read_table(
            pa.table(
                {"date": pa.array([], pa.date32()), "part": pa.array([], pa.string()), "qty": pa.array([], pa.int8())}
            )
        )


def test_wide_tables_are_melted(read_table, series):
    ingested = read_table(pd.DataFrame({"part": ["A", "B"], "2024-01-01": [1.0, np.nan], "2024-01-02": [2.0, 3.0]}))

    assert series(ingested) == {("ALL", "A"): {FIRST: 1.0, FIRST + 1: 2.0}, ("ALL", "B"): {FIRST + 1: 3.0}}
    assert (ingested.report.rows_read, ingested.report.rows_refused) == (3, 0)


def test_the_first_rows_of_a_parquet_file_decide_between_columns_and_what_is_advised(tmp_path):
    days = [dt.date(2024, 1, day) for day in range(1, 29)]
    numbers = list(range(1, 29))
    columns = {"Buchungstag": days, "Art Nr X": [f"A-{i % 3}" for i in numbers], "Stk": numbers}
    path = tmp_path / "x.parquet"

    pq.write_table(pa.table(columns), path)
    with pytest.raises(found.MissingColumn, match="no column") as missing:
        ingest_file(path, into=tmp_path / "out", settings=BatchSettings())
    for right in ("date=Buchungstag", "partnumber=Art Nr X", "demand_qty=Stk"):
        assert right in str(missing.value)

    prices = [Decimal("2.50")] * 28
    money = {"date": days, "part": columns["Art Nr X"], "sales": [i * 2.5 for i in numbers], "price": prices}
    pq.write_table(pa.table(money | {"Stk": numbers}), path)
    with pytest.raises(found.AmbiguousColumn, match="may hold money"):
        ingest_file(path, into=tmp_path / "out", settings=BatchSettings())


def test_a_parquet_file_whose_first_rows_are_damaged_is_refused(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table(COLUMNS | {"partnumber": ["PARTPART", "B", "C"]}), path, compression="none")
    path.write_bytes(path.read_bytes().replace(b"PARTPART", b"PART\xff\xfe\xffT", 1))
    with pytest.raises(found.DamagedFile):
        ingest_file(path, into=tmp_path / "out", settings=BatchSettings())
