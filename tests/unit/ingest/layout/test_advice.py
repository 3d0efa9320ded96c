"""What is advised where a column is missing: one that can hold it by its cells, and reads the file if it is pasted."""

from __future__ import annotations

import re

import pytest

from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import AmbiguousDates, MissingColumn
from batchcast.ingest.layout.header import find_columns
from batchcast.ingest.layout.tworows import ask_about_year

UNITS = [1 + i % 7 for i in range(40)]


def refused(header: list[str], rows: list[tuple], **settings) -> str:
    with pytest.raises(MissingColumn) as error:
        find_columns(header, BatchSettings(**settings), sample=[tuple(map(str, row)) for row in rows])
    return str(error.value)


@pytest.mark.parametrize(
    ("money", "units"),
    [
        ("Net Sales", "Pcs"), ("Betrag", "Stück"), ("Amount (IDR)", "Terjual"), ("Nilai", "Banyak"), ("Umsatz", "Stk"),
        ("Importe", "Piezas"), ("Unit Price", "Pieces"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_first", [True, False])
def test_units_are_advised_and_never_money(money, units, is_first):
    names = [money, units] if is_first else [units, money]
    rows = [("2024-01-01", "A", *([q * 15000, q] if is_first else [q, q * 15000])) for q in UNITS]

    said = refused(["Date", "Part", *names], rows)

    assert f"column_mapping=demand_qty={units}" in said


@pytest.mark.parametrize("money", ["Amount", "Total Price", "Nilai (Rp)", "Revenue"])
def test_money_alone_is_no_quantity(money):
    said = refused(["Date", "Part", money], [("2024-01-01", "A", q * 15000) for q in UNITS])

    assert f"demand_qty: '{money}' is named for money" in said
    assert re.findall(r"column_mapping=(\S+)", said) == ["demand_qty==1."]


@pytest.mark.parametrize("name", ["KW", "Periode/Jahr", "Kalenderwoche"])
@pytest.mark.parametrize("key", ["202401", "2024003", "2024-07", "2024/012"])
def test_a_column_of_keys_is_advised_as_the_date(name, key):
    said = refused([name, "Werk", "Material", "Menge"], [(key, "W", "A", q) for q in UNITS])

    assert f"column_mapping=date={name};" in said


def test_the_part_is_asked_for_once_the_year_is_known():
    months = ["Januari", "Februari", "Maret", "April"]
    rows = [("A", "Kolaka", 1, 2, 3, 4)] * 3

    assert "no year in their headers" in refused(["Kode", "Gudang", *months], rows)
    said = refused(["Kode", "Gudang", *months], rows, first_year=2024)
    assert "has no column for partnumber." in said
    assert "column_mapping=partnumber=Kode;" in said


@pytest.mark.parametrize("measures", [("Qty", "Amount"), ("In", "Out")])
def test_the_year_of_the_titles_is_offered_for_months_over_pairs_of_columns(measures):
    names = [f"{measure} {month}" for month in ("Jan", "Feb", "Mar") for measure in measures]

    with pytest.raises(AmbiguousDates) as asked:
        ask_about_year(["Part", *names], ["Usage 2024"], BatchSettings())

    (choice,) = asked.value.choices
    assert choice.settings == {"first_year": "2024"}
    assert str(choice.reading) == "from Jan 2024 to Mar 2024"


def test_of_a_table_of_periods_only_the_part_is_missing():
    months = ["Jan 2024", "Feb 2024", "Oct 2024"]
    said = refused(["Row Labels", *months, "Grand Total"], [("A", 1, 2, 3, 6)] * 3)

    assert "has no column for partnumber." in said
    assert 'column_mapping="partnumber=Row Labels"' in said


UNKNOWN = [  # date, part, site, money and units in languages whose names are not known
    ("Ημερομηνία", "Κωδικός", "Αποθήκη", "Αξία", "Ποσότητα"),
    ("Dátum", "Cikkszám", "Raktár", "Érték", "Mennyiség"),
    ("Päivä", "Nimike", "Varasto", "Arvo", "Määrä"),
    ("c1", "c2", "c3", "c4", "c5"),
]


@pytest.mark.parametrize("names", UNKNOWN, ids=lambda names: names[0])
@pytest.mark.parametrize("price", [12.5, 1200])
@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (0, 3, 2, 4, 1), (2, 3, 0, 4, 1)])
def test_names_that_are_not_known_are_told_by_what_they_hold(names, price, order):
    """The part has the most codes, and of two columns of numbers the one of money is larger, or has decimals."""
    rows = [(f"2024-01-{1 + i:02d}", f"07-44{i % 9}", "KDI", q * price, q) for i, q in enumerate(UNITS[:28])]
    said = refused([names[i] for i in order], [tuple(row[i] for i in order) for row in rows])

    assert f'column_mapping="date={names[0]}, partnumber={names[1]}, demand_qty={names[4]}"' in said


@pytest.mark.parametrize(
    "row", [("2024-01-05", "07-4410", "KDI", "4"), ("05/01/2024", "4", "P-1"), ("P-1", "4.5", "5 Jan 2024")]
)
def test_a_row_of_data_in_place_of_the_header_is_told(row):
    said = refused(list(row), [row] * 5)

    assert "has no header: its first row is one of data" in said
    assert "column_mapping" not in said


@pytest.mark.parametrize("row", [("2024-01-05", "07-4410", "4"), ("5 Jan 2024", "P-1", "4.5")])
def test_nor_is_that_row_lost_where_its_cells_are_mapped(row):
    mapping = dict(zip(("date", "partnumber", "demand_qty"), row, strict=True))

    assert "has no header: its first row is one of data" in refused(list(row), [row] * 5, column_mapping=mapping)
