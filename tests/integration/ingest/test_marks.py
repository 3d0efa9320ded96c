"""What planners marked: excluded days are not learned from, days out of stock count as a column would have them."""

from __future__ import annotations

import datetime as dt

import pyarrow.parquet as pq

from batchcast.domain import columns
from batchcast.domain.calendar import day_of

MONTHS = "date,partnumber,site_code,demand_qty\n" + "".join(
    f"2024-{month:02}-01,{part},S,{quantity}\n"
    for month, quantity in enumerate((4, 900, 5, 6, 4, 5), start=1)
    for part in ("A", "B")
)
DAYS = "date,partnumber,site_code,demand_qty\n" + "".join(
    f"2024-03-{day:02},{part},S,{day + 0.25}\n"
    for day in range(1, 29)
    for part in ("A", "B")
    if (day + (part == "B")) % 7
)


def day(text: str) -> int:
    return day_of(dt.date.fromisoformat(text))


def rows_of(found):
    return {row["partnumber"]: row for row in pq.read_table(found.history.path).to_pylist()}


def test_demand_of_an_excluded_month_is_not_learned_from_and_other_demand_stands_in(read):
    found = read(MONTHS, history_marks=("2024-02-10..2024-02-20 exclude A @ S",))

    rows = rows_of(found)
    assert rows["A"][columns.QUANTITY] == rows["B"][columns.QUANTITY] == [4, 900, 5, 6, 4, 5]
    assert rows["A"][columns.LEARNED_QUANTITY] == [4, 0, 5, 6, 4, 5]
    assert rows["B"][columns.LEARNED_QUANTITY] == [4, 900, 5, 6, 4, 5]
    assert {part: len(row[columns.OUT_DAY]) for part, row in rows.items()} == {"A": 11, "B": 0}
    assert found.report.marks == ("2024-02-10..2024-02-20 exclude A @ S",)
    assert "Marks of planners that are used: 1" in str(found.report.notes[0])


def test_a_stock_out_leaves_what_was_sold_and_needs_no_row_of_its_days(read):
    found = read(DAYS, history_marks=("2024-03-06..2024-03-08 stock_out A @ S", "2024-03-19 exclude B @ S"))

    rows = rows_of(found)
    assert rows["A"][columns.OUT_DAY] == [day("2024-03-06"), day("2024-03-07"), day("2024-03-08")]
    assert rows["A"][columns.LEARNED_QUANTITY] == rows["A"][columns.QUANTITY]
    lost = [
        d
        for d, one, other in zip(rows["B"]["day"], rows["B"]["quantity"], rows["B"]["learned_quantity"], strict=True)
        if one != other
    ]
    assert lost == [day("2024-03-19")]


def test_marks_and_columns_count_together(read):
    lines = MONTHS.splitlines()
    flags = [",stock_out,exclude", *(f",{int('05-01' in line)},{int('06-01,A' in line)}" for line in lines[1:])]
    kinds = {2: "exclude", 3: "stock_out", 5: "stock_out"}
    text = "\n".join(line + flag for line, flag in zip(lines, flags, strict=True)) + "\n"

    marks = tuple(f"2024-0{month}-01 {kind} A @ S" for month, kind in kinds.items())
    rows = rows_of(read(text, history_marks=marks))

    assert rows["A"][columns.LEARNED_QUANTITY] == [4, 0, 5, 6, 4, 0]
    assert rows["A"][columns.OUT_DAY] == [day("2024-02-01"), day("2024-03-01"), day("2024-05-01")]
    assert rows["B"][columns.OUT_DAY] == [day("2024-05-01")]


def test_marks_of_other_parts_sites_and_times_change_nothing_and_neither_do_those_that_are_left_out(read):
    others = (
        "2024-02-01 exclude C @ S",
        "2024-02-01 exclude A @ T",
        "2023-02-01 stock_out A @ S",
        "2024-07-01 stock_out A @ S",
    )
    plain = read(MONTHS, name="plain.csv").history.path.read_bytes()

    other = read(MONTHS, name="other.csv", history_marks=others)
    off = read(MONTHS, name="off.csv", history_marks=("2024-02-01 exclude A @ S",), use_marks="off")

    assert other.history.path.read_bytes() == off.history.path.read_bytes() == plain
    assert other.report.marks == off.report.marks == ()


def test_the_period_of_a_week_is_found_by_any_of_its_days(read):
    monday = dt.date(2024, 1, 1)
    rows = [f"{monday + dt.timedelta(weeks=k)},{part},S,{k % 5 + 1}" for k in range(30) for part in "AB"]
    text = "\n".join(["date,partnumber,site_code,demand_qty", *rows])

    row = rows_of(read(text, history_marks=("2024-01-11..2024-01-12 exclude A @ S",)))["A"]

    assert [place for place, quantity in enumerate(row[columns.LEARNED_QUANTITY]) if quantity == 0] == [1]
