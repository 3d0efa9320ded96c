"""A column without a name that holds values anywhere is read by its place, asked about, or named with its values."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Sequence
from decimal import Decimal
from html import escape
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from tests.integration.ingest.workbooks import ods_members, packed, xls_bytes, xlsb_members

from batchcast.domain.errors import ReadingQuestion
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import AmbiguousColumn, MissingColumn, UnreadablePeriods
from batchcast.ingest.preview import preview_file
from batchcast.ingest.stock.stockfile import read_stock

Rows = Sequence[Sequence[Any]]
COUNT, FIRST = 900, 700  # rows, and the first that holds a value: far behind those that are looked at beforehand
MONTHS = [f"2024-{month:02d}-01" for month in range(1, 5)]


def as_csv(rows: Rows) -> bytes:
    return "".join(",".join("" if cell is None else str(cell) for cell in row) + "\n" for row in rows).encode()


def as_xlsx(rows: Rows) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, column, cell)
    return content.getvalue()


def as_html(rows: Rows) -> bytes:
    lines = ("".join(f"<td>{'' if cell is None else escape(str(cell))}</td>" for cell in row) for row in rows)
    return f"<html><table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table></html>".encode()


def as_parquet(rows: Rows) -> bytes:
    content = io.BytesIO()
    header, *below = rows
    columns = [pa.array(list(cells)) for cells in zip(*below, strict=True)]
    pq.write_table(pa.table(columns, names=[name or "" for name in header]), content)
    return content.getvalue()


def _floats(rows: Rows) -> list[list[Any]]:
    return [[float(cell) if isinstance(cell, int) else cell for cell in row] for row in rows]


KINDS: dict[str, Callable[[Rows], bytes]] = {
    "demand.csv": as_csv,
    "demand.xlsx": as_xlsx,
    "demand.xls": as_html,
    "demand.parquet": as_parquet,
    "old.xls": lambda rows: xls_bytes(_floats(rows)),
    "demand.ods": lambda rows: packed(ods_members(_floats(rows))),
    "demand.xlsb": lambda rows: packed(xlsb_members(_floats(rows))),
}
each_kind = pytest.mark.parametrize("name", KINDS)


def wide(*, value: Any, at: int | None) -> Rows:
    """Parts with four months and a column without a name at a place, whose values begin late."""
    header: list[Any] = ["part", *MONTHS]
    place = len(header) if at is None else at
    rows: list[Sequence[Any]] = [[*header[:place], None, *header[place:]]]
    for number in range(COUNT):
        cells: list[Any] = [f"P{number}", 1, 2, 3, 4]
        rows.append([*cells[:place], value if number >= FIRST else None, *cells[place:]])
    return rows


def long(*, value: Any) -> Rows:
    late = [value if number >= FIRST else None for number in range(COUNT)]
    days = [f"2024-{1 + number % 12:02d}-01" for number in range(COUNT)]
    return [["date", "part", "qty", None], *([day, "A", 1, one] for day, one in zip(days, late, strict=True))]


@each_kind
@pytest.mark.parametrize(("at", "letter"), [(None, "F"), (3, "D"), (1, "B")], ids=["behind", "among", "before"])
def test_numbers_among_or_beside_the_periods_stop_the_file(read, name, at, letter):
    with pytest.raises(UnreadablePeriods, match=rf"\({letter}\)"):
        read(KINDS[name](wide(value=7, at=at)), name=name)


@each_kind
def test_other_values_behind_the_periods_are_named_with_their_count(read, name):
    report = read(KINDS[name](wide(value="see mail", at=None)), name=name).report

    assert report.columns_unnamed == {"F": COUNT - FIRST}
    assert [note for note in map(str, report.notes) if "without a name" in note and f"F: {COUNT - FIRST}" in note]


@each_kind
@pytest.mark.parametrize("value", [7, "see mail"])
def test_a_long_table_names_it_with_its_count(read, name, value):
    report = read(KINDS[name](long(value=value)), name=name).report

    assert report.columns_unnamed == {"D": COUNT - FIRST}
    assert report.rows_accepted == COUNT


@each_kind
def test_one_with_nothing_in_it_is_not_mentioned(read, name):
    rows = [[*row[:-1], " " if name != "demand.html" else None] for row in long(value=None)]
    report = read(KINDS[name]([["date", "part", "qty", None], *rows[1:]]), name=name).report

    assert not report.columns_unnamed
    assert not [note for note in map(str, report.notes) if "without a name" in note]


@each_kind
def test_it_is_read_by_its_place_where_the_table_needs_it(read, name):
    rows = [["date", "part", None], *([f"2024-{1 + i % 12:02d}-01", "A", 3] for i in range(24))]
    content = KINDS[name](rows)

    with pytest.raises(MissingColumn) as refused:
        read(content, name=name)
    example = str(refused.value.message.values["example"])
    ingested = read(content, name=name, column_mapping={"demand_qty": "(column C)"})

    assert "demand_qty=(column C)" in example
    assert ingested.report.rows_accepted == 24
    assert not ingested.report.columns_unnamed


@each_kind
def test_it_is_left_out_by_its_place(read, name):
    report = read(KINDS[name](wide(value=7, at=None)), name=name, ignore_columns=("(column F)",)).report

    assert not report.columns_unnamed
    assert [note for note in map(str, report.notes) if "(column F)" in note]


@each_kind
def test_each_of_two_columns_of_one_name_can_be_chosen(read, name, series):
    rows = [["date", "part", "qty", "qty"], *([f"2024-{1 + i % 12:02d}-01", "A", 1, 10] for i in range(24))]
    with pytest.raises(ReadingQuestion) as asked:
        read(KINDS[name](rows), name=name)

    chosen = [choice.settings["column_mapping"] for choice in asked.value.choices]
    assert chosen == ["demand_qty=qty (column C)", "demand_qty=qty (column D)"]
    totals = []
    for mapping in chosen:
        ingested = read(KINDS[name](rows), name=name, column_mapping={"demand_qty": mapping.partition("=")[2]})
        totals.append(sum(series(ingested)["ALL", "A"].values()))
    assert totals == [24, 240]


def test_a_stock_file_names_it_with_its_count(tmp_path):
    rows = [["part", "on_hand", None], *([f"P{i}", 5, "odd" if i > 500 else None] for i in range(600))]
    path = tmp_path / "stock.csv"
    path.write_bytes(as_csv(rows))

    held = read_stock(path, BatchSettings())

    assert len(held.items) == 600
    assert [note for note in map(str, held.notes) if "C: 99" in note]


ODD = {
    "list": pa.array([[1, 2]] * 12),
    "struct": pa.array([{"a": 1}] * 12),
    "map": pa.array([[("a", 1)]] * 12, pa.map_(pa.string(), pa.int64())),
    "binary": pa.array([b"\xff"] * 12),
    "duration": pa.array([dt.timedelta(1)] * 12),
    "time": pa.array([dt.time(1)] * 12),
    "decimal": pa.array([Decimal("1.5")] * 12),
    "view": pa.array(["v"] * 12, pa.string_view()),
    "bool": pa.array([True] * 12),
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", ["", "extra", " extra ", "qty2"])
def test_a_parquet_column_of_any_type_that_nothing_reads_is_counted_or_named(read, tmp_path, kind, name):
    days = pa.array([dt.date(2024, month, 1) for month in range(1, 13)])
    arrays = [days, pa.array(["A"] * 12), pa.array([1.0] * 12), ODD[kind]]
    path = tmp_path / "demand.parquet"
    pq.write_table(pa.table(arrays, names=["date", "part", "qty", name]), path)

    report = read(path).report
    preview = preview_file(path, "history", BatchSettings(), into=tmp_path / "preview")

    assert report.rows_kept == 12
    assert report.columns_left_alone == ((name.strip(),) if name else ())
    assert report.columns_unnamed == ({} if name else {"D": 12})
    assert preview.refusal is None


@pytest.mark.parametrize(
    ("header", "cells", "ours"),
    [
        ("date,part,qty,quantity", ("2024-01-01,A,5,", "2024-01-01,A,,7"), "demand_qty"),
        ("order_date,posting_date,part,qty", ("2024-01-01,,A,5", "2024-01-01,2024-02-01,A,5"), "date"),
        ("date,site,warehouse,part,qty", ("2024-01-01,K,,A,5", "2024-01-01,K,L,A,5"), "site_code"),
    ],
)
def test_a_column_that_could_be_ours_and_is_empty_only_at_first_is_a_question(read, header, cells, ours):
    with pytest.raises(AmbiguousColumn) as asked:
        read("\n".join([header, *[cells[0]] * 600, *[cells[1]] * 5]), bad_rows="skip")

    assert ours in str(asked.value)
    assert read("\n".join([header, *[cells[0]] * 600])).report.rows_read == 600
