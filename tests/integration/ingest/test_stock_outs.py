"""A column that tells when a part was out of stock."""

from __future__ import annotations

import datetime as dt

import pyarrow.parquet as pq
import pytest

from batchcast.domain import columns
from batchcast.domain.calendar import day_of

HEADER = "date,partnumber,site_code,demand_qty"
MARCH = day_of(dt.date(2024, 3, 1))


def out_days(ingested):
    rows = pq.read_table(ingested.history.path).to_pylist()
    return {row["partnumber"]: row[columns.OUT_DAY] for row in rows}


@pytest.mark.parametrize(
    ("name", "yes", "no"),
    [
        ("stock_out", "1", "0"),
        ("Out of stock", "yes", "no"),
        ("stok_habis", "ya", "tidak"),
        ("stockout", "3", ""),  # days of the month
        ("available", "false", "TRUE"),
        ("tersedia", "tidak", "ya"),
        ("in-stock", "0", "17"),  # pieces
    ],
)
def test_it_is_found_by_its_name_and_read_in_many_ways(read, name, yes, no):
    rows = [f"2024-02-01,A,S,4,{no}", f"2024-03-01,A,S,0,{yes}", f"2024-04-01,A,S,5,{no}", f"2024-03-01,B,S,1,{no}"]

    found = read("\n".join([f"{HEADER},{name}", *rows]))

    assert out_days(found) == {"A": [MARCH], "B": []}
    assert name in found.report.columns.values()
    assert not found.report.rows_refused


def test_it_can_be_mapped(read):
    text = f"{HEADER},habis?\n2024-02-01,A,S,4,no\n2024-03-01,A,S,0,yes\n"

    assert out_days(read(text, column_mapping={"stock_out": "habis?"})) == {"A": [MARCH]}


def test_cells_that_say_neither_count_as_in_stock_and_are_told(read):
    found = read(f"{HEADER},stock_out\n2024-02-01,A,S,4,maybe\n2024-03-01,A,S,0,yes\n")

    assert out_days(found) == {"A": [MARCH]}
    assert any("'maybe'" in str(note) for note in found.report.notes)


def test_a_history_without_the_column_is_as_it_was(read):
    plain = read(f"{HEADER}\n2024-02-01,A,S,4\n", name="plain.csv")
    never_out = read(f"{HEADER},stock_out\n2024-02-01,A,S,4,0\n", name="never.csv")

    assert columns.OUT_DAY not in pq.read_schema(plain.history.path).names
    assert never_out.history.path.read_bytes() == plain.history.path.read_bytes()


def test_the_order_of_the_rows_does_not_matter(read):
    rows = [f"2024-0{m}-01,{p},S,{m},{int(m % 3 == 0)}" for m in range(1, 10) for p in "BA"]

    first = read("\n".join([f"{HEADER},stock_out", *rows]), name="one.csv").history.path.read_bytes()
    again = read("\n".join([f"{HEADER},stock_out", *reversed(rows)]), name="two.csv").history.path.read_bytes()

    assert first == again
