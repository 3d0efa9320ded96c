"""Stock that a demand history carries: several rows of a part, of which the latest that has a value counts."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import random
import zipfile
from pathlib import Path

import openpyxl
import pandas
import polars
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from batchcast.domain.inventory import StockItem, StockOnHand
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import AmbiguousColumn, AmbiguousDates, InvalidStockFile, MixedDateOrders
from batchcast.ingest.stock import stockfile, stockrows
from batchcast.ingest.stock.stockfile import read_stock, read_stock_table

HISTORY = """\
tanggal,kode_barang,gudang,jumlah,stok,harga
03/04/2025,A,S,1,7,2.5
25/04/2025,A,S,2,,3
25/04/2025,B,S,1,0,
01/05/2025,A,S,1,4,
02/01/2025,C,S,1,9,1
"""
HELD = (
    StockItem(site_code="S", partnumber="A", on_hand=4, unit_cost=3),
    StockItem(site_code="S", partnumber="B", on_hand=0),
    StockItem(site_code="S", partnumber="C", on_hand=9, unit_cost=1),
)


@pytest.fixture
def read(tmp_path: Path):
    def read(content: str | bytes, name: str = "demand.csv", **settings) -> StockOnHand:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_stock(path, BatchSettings(**settings))

    return read


def sentences(held: StockOnHand) -> list[str]:
    return [str(note) for note in held.notes]


def test_the_latest_value_of_each_column_counts_and_that_is_said(read):
    held = read(HISTORY)

    assert held.items == HELD
    assert sentences(held) == [
        "Stock is taken from the latest of 5 rows: for each part and column the last value by date counts.",
        "Stock on hand is as of 2025-01-02 to 2025-05-01: a part keeps the last value that it has.",
        "Dates are read day_first: '25/04/2025' (line 3) allows nothing else.",
    ]


def sheet(text: str) -> bytes:
    book = openpyxl.Workbook()
    for line in text.splitlines():
        book.active.append([cell or None for cell in line.split(",")])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def parquet(text: str) -> bytes:
    content = io.BytesIO()
    pq.write_table(pacsv.read_csv(io.BytesIO(text.encode())), content)
    return content.getvalue()


def zipped(text: str) -> bytes:
    header, *rows = text.splitlines(keepends=True)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("1.csv", header + "".join(rows[:2]))
        archive.writestr("2.csv", header + "".join(rows[2:]))
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("demand.csv.gz", gzip.compress(HISTORY.encode())),
        ("demand.csv", HISTORY.replace(",", ";").replace("2.5", "2,5").encode("utf-16")),
        ("demand.xlsx", sheet(HISTORY)),
        ("demand.parquet", parquet(HISTORY)),
        ("demand.zip", zipped(HISTORY)),
    ],
    ids=["gz", "utf-16", "xlsx", "parquet", "zip"],
)
def test_every_kind_of_file_that_a_history_comes_in(read, name, content):
    assert read(content, name).items == HELD


@pytest.mark.parametrize("convert", [pa.Table.to_pandas, polars.from_arrow, pa.Table.to_pylist])
def test_tables_with_typed_dates_and_numbers(convert):
    days = [dt.date(2025, 5, 1), dt.date(2025, 4, 3), dt.date(2025, 6, 1)]
    table = pa.table({"date": days, "part": ["A", "A", "B"], "stock": [4, 7, None], "cost": [None, 2.5, 1]})
    given = table if convert is pa.Table.to_pylist else convert(table)

    held = read_stock_table(given)

    assert held.items == (
        StockItem(site_code="ALL", partnumber="A", on_hand=4, unit_cost=2.5),
        StockItem(site_code="ALL", partnumber="B", unit_cost=1),
    )
    assert read_stock_table(pandas.DataFrame({"part": ["A"], "stock": [1]})).items[0].on_hand == 1


def test_of_one_day_the_last_row_of_the_file_counts_and_that_is_said(read):
    text = "date,part,stock\n2025-01-02,A,5\n2025-01-02,A,3\n2025-01-01,A,9\n2025-01-02,B,1\n2025-01-02,B,1\n"

    held = read(text)

    assert [item.on_hand for item in held.items] == [3, 1]
    expected = "Parts with several values on their latest day: 1, such as A (ALL); the last row of the file counts."
    assert expected in sentences(held)


def test_dates_are_never_guessed(read):
    text = "date,part,stock\n03/04/2025,A,5\n04/03/2025,A,3\n"

    with pytest.raises(AmbiguousDates, match=r"is '03/04/2025' \(line 2\) 2025-04-03 or 2025-03-04"):
        read(text)
    assert read(text, date_order="day_first").items[0].on_hand == 5
    assert read(text, date_order="month_first").items[0].on_hand == 3
    with pytest.raises(MixedDateOrders):
        read("date,part,stock\n25/04/2025,A,5\n04/25/2025,A,3\n")


def test_a_date_is_not_looked_at_where_every_part_has_one_row(read):
    held = read("date,part,stock,order_date,posting_date\n03/04/2025,A,5,x,y\nlater,B,3,x,y\n")

    assert [item.on_hand for item in held.items] == [5, 3]
    (note,) = map(str, held.notes)
    assert note.startswith("Columns that are not read: 'order_date', 'posting_date'.")
    with pytest.raises(AmbiguousColumn, match="Several columns could be date"):
        read("part,stock,order_date,posting_date\nA,1,2025-01-01,2025-01-01\nA,1,2025-01-02,2025-01-02\n")


def test_without_a_date_two_equal_rows_of_a_part_are_an_error(read):
    with pytest.raises(
        InvalidStockFile, match="'A' of site 'ALL' in line 2 and again, with the same figures, in line 4"
    ):
        read("part,stock\nA,1\nB,1\nA,1\n")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("31/02/2025,A,S,1,1,1", "date '31/02/2025' is not a date: that month has no such day in line 7 of demand.csv"),
        (",A,S,1,1,1", "date is empty in line 7 of demand.csv; correct it, or take the line out"),
        ("01/02/2025,,S,1,1,1", "partnumber is empty in line 7 of demand.csv"),
        ("01/02/2025,A", "Line 7 of demand.csv does not have the 6 cells of the header"),
    ],
)
def test_a_row_of_no_day_or_part_refuses_the_file_unless_such_rows_are_left_out(read, row, sentence):
    with pytest.raises(InvalidStockFile, match=sentence):
        read(f"{HISTORY}{row}\n")

    held = read(f"{HISTORY}{row}\n", bad_rows="skip", max_refused_share=0.5)

    assert held.items == HELD
    assert "1 rows whose date, part or site can't be read are left out." in sentences(held)


def test_a_cell_that_counts_must_be_readable_and_an_older_one_need_not(read):
    assert read(f"{HISTORY}01/01/2025,A,S,1,none,free\n").items == HELD
    with pytest.raises(InvalidStockFile, match=r"on_hand is 'none' in line 7 of demand\.csv; write a number, at most"):
        read(f"{HISTORY}01/06/2025,A,S,1,none,\n")
    with pytest.raises(InvalidStockFile, match=r"unit_cost is 'free' in line 7 of demand\.csv; write a number from 0"):
        read(f"{HISTORY}01/06/2025,A,S,1,3,free\n")


def test_lines_with_nothing_in_them_are_no_rows(read):
    held = read(f"{HISTORY},,,,,\n")

    assert held.items == HELD
    assert "of 5 rows" in sentences(held)[0]


@pytest.mark.parametrize("seed", range(6))
def test_a_plain_loop_over_the_rows_says_the_same(read, monkeypatch, seed):
    """In blocks of a few rows, so that series, days and ties go across them."""
    draw = random.Random(seed)
    rows = []
    for _ in range(400):
        cells = [f"2025-01-{draw.randint(1, 9):02}", draw.choice("ABCDEFG"), draw.choice("XYZ")]
        rows.append([*cells, "1", draw.choice(["", "1", "2", "3"]), draw.choice(["", "", "2.5", "4"])])
    text = "date,part,site,qty,stock,cost\n" + "".join(",".join(row) + "\n" for row in rows)
    told: dict[tuple[str, str], dict[str, tuple[str, float]]] = {}
    for day, part, site, _, stock, cost in rows:
        of_part = told.setdefault((site, part), {})
        for name, cell in (("on_hand", stock), ("unit_cost", cost)):
            if cell and day >= of_part.get(name, ("", 0.0))[0]:
                of_part[name] = (day, float(cell))
    whole = stockfile.StockReading._blocks
    monkeypatch.setattr(stockfile.StockReading, "_blocks", lambda reading: pieces_of(whole(reading), draw))

    held = read(text)

    assert {(item.site_code, item.partnumber): item for item in held.items} == {
        (site, part): StockItem(site_code=site, partnumber=part, **{name: value for name, (_, value) in of.items()})
        for (site, part), of in told.items()
    }
    assert [(item.site_code, item.partnumber) for item in held.items] == list(told)


def pieces_of(blocks, draw):
    """The same rows in blocks of one to nine."""
    for _, block in blocks:
        rows = list(block.rows(range(block.num_rows)))
        first = 0
        while first < len(rows):
            piece = rows[first : first + draw.randint(1, 9)]
            yield first, RowsBlock(piece)
            first += len(piece)


class RowsBlock:
    """A block of a few rows."""

    file, broken, blank_lines = None, (), 0

    def __init__(self, rows):
        self._rows, self.num_rows = rows, len(rows)

    def column(self, index):
        return pa.array([row.cells[index] for row in self._rows])

    def rows(self, indices):
        return (self._rows[i] for i in indices)


def test_a_later_block_counts_for_a_later_or_the_same_day_only():
    """By hand: 5 of day 1; then 6 of day 1, which differs; then 7 of day 0 is passed over; then 8 of day 2."""
    one = stockrows.LatestValues()
    steps = [(1, 5.0, [5.0], False), (1, 6.0, [6.0], True), (0, 7.0, [6.0], True), (2, 8.0, [8.0], False)]

    for row, (day, value, values, differs) in enumerate(steps):
        one.take(*(stockrows.np.array([x]) for x in (0, day, value, row)))
        assert one.numbers(1) == values
        assert bool(one.differs[0]) is differs
