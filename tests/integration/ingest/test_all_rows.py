"""What the first rows do not show is met in others: columns are judged by rows from all over a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.ingest.common.problems import AmbiguousColumn, AmbiguousSign, UnreadablePeriods
from batchcast.ingest.files import table

FIRST = dt.date(2023, 1, 1)
SIZES = [700, 3600]  # rows: a file that is judged by all of them, and a larger one
Row = tuple[object, ...]


def day(number: int) -> str:
    return (FIRST + dt.timedelta(days=number)).isoformat()


def text(header: str, rows: list[Row]) -> str:
    return "\n".join([header, *(",".join(map(str, row)) for row in rows)])


def moves(count: int, parts: int, *, receipts: bool) -> Iterator[Row]:
    """Rows of many parts in turn, each with the stock of its part after it; every fifth of a part may be a receipt."""
    stock = [500] * parts
    for i in range(count):
        part, turn = i % parts, i // parts
        sign, quantity = (1 if receipts and turn % 5 == 4 else -1), 1 + (7 * turn + 3 * part) % 11
        stock[part] += sign * quantity
        yield day(turn % 900), f"P{part:03d}", quantity, stock[part]


@pytest.mark.parametrize("count", SIZES)
def test_an_opening_balance_in_the_last_row_is_left_out(read, count):
    rows: list[Row] = [(day(count - i), f"P{i % 7}", 1 + i % 5, f"WO {i}") for i in range(count)]
    content = text("date,part,qty,Keterangan", [*rows, (day(0), "P0", 9000, "Saldo awal")])

    report = read(content).report

    assert report.rows_ignored == 1
    assert str(report.notes[0]).startswith("1 rows are balances, not demand, and are left out: Keterangan 'Saldo awal'")


@pytest.mark.parametrize("place", [1777, 4250, 5555])
@pytest.mark.parametrize("name", ["Keterangan", "Doc Type"])
def test_an_opening_balance_of_one_part_in_the_middle_of_a_large_file_is_left_out(read, place, name):
    rows: list[Row] = [(day(i % 600), f"P{i % 700}", 1 + (i + i // 700) % 11, f"WO {i % 40}") for i in range(9000)]
    rows.insert(place, (day(0), "P650", 9000, "Opening balance"))
    content = text(f"date,part,qty,Site code,{name}", [(*row[:3], "A", row[3]) for row in rows])

    report = read(content).report

    assert report.rows_ignored == 1
    assert str(report.notes[0]).startswith("1 rows are balances, not demand, and are left out")
    assert read(content, ignore_columns=(name,)).report.rows_ignored == 0


@pytest.mark.parametrize("count", [900, 6000])
def test_receipts_without_a_sign_are_asked_about_where_the_rows_of_a_part_are_far_apart(read, count):
    parts = count // 60
    content = text("date,part,qty,Saldo", list(moves(count, parts, receipts=True)))

    with pytest.raises(AmbiguousSign, match=r"'Saldo' \(D\) rises by it \d+ times and falls \d+ times"):
        read(content)

    assert read(content, demand_sign="positive").report.rows_kept == count
    assert read(text("date,part,qty,Saldo", list(moves(count, parts, receipts=False)))).report.rows_kept == count


@pytest.mark.parametrize("count", SIZES)
def test_money_is_asked_about_where_prices_begin_later(read, count):
    rows: list[Row] = [(day(i % 700), f"P{i % 90}", 1 + i % 9, "", 1 + i % 9) for i in range(450)]
    rows += [(day(i % 700), f"P{i % 90}", (1 + i % 9) * 25, 25, 1 + i % 9) for i in range(450, 3 * count)]

    with pytest.raises(AmbiguousColumn, match="may hold money, not units"):
        read(text("date,part,Qty,Price,Pieces", rows[: 2 * count]), column_mapping={})


@pytest.mark.parametrize("count", SIZES)
def test_a_site_that_the_first_rows_do_not_vary_is_said(read, count):
    rows: list[Row] = [(day(i % 30), f"P{i % 10}", 2, "North" if i < count // 2 else "South") for i in range(count)]

    notes = [str(note) for note in read(text("date,part,qty,Zone", rows)).report.notes]

    assert any(note.startswith("Column 'Zone' (D) may be the site") for note in notes)


@pytest.mark.parametrize("is_large", [False, True])
def test_a_table_is_judged_by_the_columns_that_are_not_read_too(read, tmp_path, monkeypatch, is_large):
    monkeypatch.setattr(table, "_EVERY_COLUMN", 500 if is_large else 5000)
    rows = list(moves(900, 15, receipts=True))
    names = ("date", "part", "qty", "Saldo")
    path = tmp_path / "demand.parquet"
    pq.write_table(
        pa.table({name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}), path
    )

    with pytest.raises(AmbiguousSign, match="'Saldo'"):
        read(path)


# Columns of totals in a wide table: they are left out as the first rows add up, and all others have to.

MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]


def wide(count: int, *, wrong: tuple[int, ...] = (), name: str = "Total") -> str:
    rows: list[Row] = []
    for i in range(count):
        months = [(i * month) % 7 for month in range(1, 13)]
        rows.append((f"P{i}", *months, sum(months) + (5 if i in wrong else 0)))
    return text(",".join(["part", *MONTHS, name]), rows)


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("name", ["2024", "Total"])
def test_a_total_that_other_rows_contradict_is_no_total(read, count, name):
    content = wide(count, wrong=tuple(range(450, count)), name=name)

    with pytest.raises(UnreadablePeriods, match=rf"Columns among the periods are no periods: '{name}' \(N\)"):
        read(content.replace("\n", ",1\n").replace(f"{name},1", f"{name},2025-01"))

    notes = " ".join(map(str, read(content).report.notes))
    assert "is not the sum of the periods in" in notes or "are not read: " in notes


@pytest.mark.parametrize("count", SIZES)
def test_a_few_rows_whose_total_is_wrong_are_said(read, count):
    ingested = read(wide(count, wrong=(count - 3,)))

    notes = [str(note) for note in ingested.report.notes]
    assert (
        f"The total 'Total' (N) is not the sum of the periods in 1 rows, such as line {count - 1:,}: the periods count."
        in notes
    )


def test_totals_that_add_up_are_left_out_without_more(read):
    notes = [str(note) for note in read(wide(700)).report.notes]

    assert "Columns of totals are left out: 'Total' (N)." in notes
    assert not any("is not the sum" in note for note in notes)


def test_totals_among_the_periods_and_beside_them_are_both_said(read):
    rows = [(f"P{i}", 1, i, 3, 4 + i, i, 5, 6, 11 + i) for i in range(9)]
    header = "part,2024-01,2024-02,2024-03,Q1,2024-04,2024-05,2024-06,Q2"

    notes = [str(note) for note in read(text(header, rows)).report.notes]

    assert {"Columns of totals are left out: 'Q1' (E).", "Columns of totals are left out: 'Q2' (I)."} <= set(notes)
