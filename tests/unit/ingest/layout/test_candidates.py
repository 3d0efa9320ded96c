from __future__ import annotations

import pytest

from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import AmbiguousColumn, MissingColumn
from batchcast.ingest.layout.header import find_columns
from batchcast.ingest.layout.quantitychecks import check_balance
from batchcast.ingest.layout.sample import Sample


def layout_of(header, *rows, **mapping):
    return find_columns(header.split(","), BatchSettings(column_mapping=mapping), sample=[r.split(",") for r in rows])


def question_of(header, *rows):
    with pytest.raises(AmbiguousColumn) as asked:
        layout_of(header, *rows)
    assert asked.value.setting == "column_mapping"
    return [choice.settings["column_mapping"] for choice in asked.value.choices]


@pytest.mark.parametrize(
    "header",
    [
        "Buchungsdatum,Material,Werk,Menge",
        "Tanggal,No. Barang,Nama Gudang,Kuantitas",
        "Fecha,Artículo,Almacén,Cantidad",
    ],
)
def test_the_names_of_erps_are_read(header):
    layout = layout_of(header)
    assert list(layout.columns.values()) == header.split(",")


def test_a_quantity_beats_money_and_the_report_says_so():
    layout = layout_of(
        "date,item,SALES,QUANTITYORDERED,price", "2024-01-01,a,19.98,2,9.99", "2024-01-02,a,29.97,3,9.99"
    )

    assert layout.columns["demand_qty"] == "QUANTITYORDERED"
    assert "not 'SALES': QUANTITYORDERED times price" in "\n".join(map(str, layout.notes))


def test_the_product_of_another_column_and_a_price_is_no_quantity():
    header = "Tanggal,Kode Barang,Kuantitas,Harga,Jumlah"  # jumlah is a quantity elsewhere, an amount here
    layout = layout_of(header, "2024-01-01,a,2,5000,10000", "2024-01-02,b,3,7000,21000")

    assert layout.columns["demand_qty"] == "Kuantitas"


def test_two_quantities_are_a_question_with_what_each_holds():
    header = "date,item,Qty Ordered,Qty Shipped"
    with pytest.raises(AmbiguousColumn) as asked:
        layout_of(header, "2024-01-01,a,2,1.5", "2024-01-02,a,3,2.5")

    readings = [str(choice.reading) for choice in asked.value.choices]
    assert readings[0] == "column Qty Ordered (C): whole numbers, such as 2, 3"
    assert readings[1].startswith("column Qty Shipped (D): numbers with decimals")


def test_money_alone_is_asked_about():
    choices = question_of("date,item,Sales,Pieces", "2024-01-01,a,19.98,2", "2024-01-02,a,29.97,3")
    assert choices == ["demand_qty=Pieces", "demand_qty=Sales", "demand_qty==1"]

    mapped = layout_of("date,item,Sales,Pieces", "2024-01-01,a,19.98,2", demand_qty="Sales")
    assert mapped.columns["demand_qty"] == "Sales"


def test_whole_sales_are_units():
    assert layout_of("date,item,sales", "2024-01-01,a,2", "2024-01-02,a,3").columns["demand_qty"] == "sales"


def test_two_dates_are_a_question_unless_one_holds_none():
    rows = ["2024-01-01,2024-01-20,a,2", "2024-02-01,2024-02-21,a,2"]
    assert question_of("Order Date,Ship Date,item,qty", *rows) == ["date=Order Date", "date=Ship Date"]

    blank = layout_of("Order Date,Ship Date,item,qty", "2024-01-01,,a,2", "2024-01-02,,a,2")
    assert blank.columns["date"] == "Order Date"


def test_a_second_column_of_dates_is_said():
    layout = layout_of("date,created,item,qty", "2024-01-01,2024-01-05,a,2")
    assert "'created' hold dates too" in "\n".join(map(str, layout.notes))


def test_warehouse_and_location_are_a_question_with_both_joined():
    choices = question_of("date,item,Warehouse,Location,qty", "2024-01-01,a,K,A-01,2")
    assert choices == ["site_code=Warehouse", "site_code=Location", "site_code=Warehouse+Location"]


def test_a_column_that_may_be_the_site_is_said():
    rows = [f"2024-0{month},{part},{camp},2" for month in range(1, 9) for part in "ab" for camp in ("North", "South")]
    assert "'Camp' (C) may be the site" in "\n".join(map(str, layout_of("date,item,Camp,qty", *rows).notes))

    kinds = [f"2024-0{month},{part},kind of {part},2" for month in range(1, 9) for part in "ab"]
    assert not layout_of("date,item,Kind,qty", *kinds).notes


def test_advice_comes_from_what_the_columns_hold():
    with pytest.raises(MissingColumn) as refused:
        layout_of("Sparte,Wann,Zahl,Meins", "07-4410,2024-01-05,3,ST", "1R-0751,2024-01-06,4,ST")
    assert "partnumber=Sparte" in str(refused.value)
    assert "date=Wann" in str(refused.value)
    assert "demand_qty=Zahl" in str(refused.value)


def test_months_without_a_year_name_the_column_of_years():
    with pytest.raises(MissingColumn, match="years stand in column 'Fiskal'"):
        layout_of("Fiskal,Part,Jan,Feb,Mrz,Apr", "2024,a,1,2,3,4")


def test_parts_across_are_asked_about():
    with pytest.raises(AmbiguousColumn, match="dates down"):
        layout_of("date,07-4410,1R-0751", "2024-01-01,3,4", "2024-02-01,5,6")


def found_in(header, rows):
    return find_columns(header, BatchSettings(), sample=rows)


PRICES = {"A": 12500.0, "B": 80250.5, "C": 990.0}
SOLD = [(f"2024-01-{day + 1:02d}", "ABC"[day % 3], day % 7 + 1) for day in range(24)]


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        (["Jumlah", "Harga", "Banyaknya"], lambda part, sold: [PRICES[part] * sold, PRICES[part], sold]),
        (["Jumlah", "Harga", "Qty Jual"], lambda part, sold: [PRICES[part] * sold * 0.9, PRICES[part], sold]),
        (["Quantity", "Unit Price"], lambda part, sold: [PRICES[part] + 0.5, sold]),
        (["Sales", "Currency"], lambda part, sold: [PRICES[part] * sold, "IDR"]),
        (["Sales"], lambda part, sold: [sold * 125000]),
        (["Qty"], lambda part, sold: [f"Rp {sold * 1250}"]),
    ],
)
def test_money_is_asked_about_under_any_name(header, cells):
    rows = [[date, part, *cells(part, sold)] for date, part, sold in SOLD]

    with pytest.raises(AmbiguousColumn, match=f"{header[0]!r} .* may hold money"):
        found_in(["date", "part", *header], rows)


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        (["Qty", "Price"], lambda part, sold: [sold, PRICES[part]]),
        (["Sales"], lambda part, sold: [sold]),
        (["Qty", "Price", "Ordered"], lambda part, sold: [sold, 1, sold + 1]),
        (["Litres", "Qty"], lambda part, sold: [sold * 0.25, sold]),
    ],
)
def test_quantities_are_not_taken_for_money(header, cells):
    rows = [[date, part, *cells(part, sold)] for date, part, sold in SOLD]

    assert found_in(["date", "part", *header], rows).quantity.name in {"Qty", "Sales"}


@pytest.mark.parametrize(
    ("header", "cells", "joined"),
    [
        (["Tahun", "Bulan"], [2024, 5], "Tahun+Bulan"),
        (["Month", "Year"], ["May", "2024"], "Year+Month"),
        (["Day", "Month", "Year"], [3, 5, 2024], "Year+Month+Day"),
    ],
)
def test_a_date_in_pieces_is_a_question(header, cells, joined):
    with pytest.raises(AmbiguousColumn) as asked:
        found_in([*header, "part", "qty"], [[*cells, "A", 3]])

    assert [dict(one.settings) for one in asked.value.choices] == [{"column_mapping": f"date={joined}"}]


@pytest.mark.parametrize("header", [["Date", "Year", "Month"], ["Fiscal Year", "Month", "Date"]])
def test_a_whole_date_wins_over_pieces(header):
    cells = {"Date": "2024-05-01", "Year": 2024, "Month": 5, "Fiscal Year": 2024}
    mapping = BatchSettings(column_mapping={"date": "Date"}) if "Fiscal Year" in header else BatchSettings()

    layout = find_columns([*header, "part", "qty"], mapping, sample=[[*(cells[one] for one in header), "A", 3]])

    assert layout.date.name == "Date"


def test_columns_of_numbers_that_may_be_sites_are_named():
    with pytest.raises(AmbiguousColumn, match=r"If each is a site, say so"):
        found_in(["Date", "Part", "Kolaka", "Bahodopi"], [["2024-01-01", "A", 3, 4]])


def ledger(*, newest_first: bool = False, signed: bool = False) -> Sample:
    """Rows of three parts by turns: part, additions, issues (or both as one signed number), stock after each row."""
    rows, held = [], {"A": 40, "B": 7, "C": 90}
    for number in range(60):
        part = "ABC"[number % 3]
        added, issued = (number * 5 % 13 if number % 4 == 0 else 0), number * 7 % 5
        held[part] += added - issued
        moves = [added - issued] if signed else [added or None, issued]
        rows.append([part, *moves, held[part]])
    return Sample(rows[::-1] if newest_first else rows)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("signed", [False, True])
def test_a_stock_after_each_row_is_no_demand_unasked(newest_first, signed):
    names = ["Part", "Change", "Qty"] if signed else ["Part", "In", "Out", "Qty"]

    with pytest.raises(AmbiguousColumn) as asked:
        check_balance(len(names) - 1, [0], names, ledger(newest_first=newest_first, signed=signed), {0})

    assert str(asked.value).startswith(f"Column 'Qty' ({'C' if signed else 'D'}) may be the stock after each row")
    assert [choice.settings["column_mapping"].partition("=")[2] for choice in asked.value.choices] == names[1:]


@pytest.mark.parametrize("other", [1, 12, None])
def test_a_demand_whose_changes_are_by_chance_another_column_is_none_to_ask_about(other):
    rows = [["A", other if other is not None else number % 2, number % 2 + 1] for number in range(60)]

    check_balance(2, [0], ["Part", "Lines", "Qty"], Sample(rows), {0})


@pytest.mark.parametrize("step", [1, -2])
def test_a_demand_that_grows_by_a_constant_beside_it_is_none_to_ask_about(step):
    rows = [["A", abs(step), 200 + step * number] for number in range(60)]

    check_balance(2, [0], ["Part", "Lines", "Qty"], Sample(rows), {0})


@pytest.mark.parametrize(
    ("ours", "said"), [("date", "hold dates too and are left alone"), ("demand_qty", "not 'value'")]
)
def test_what_is_said_of_other_columns_goes_once_a_mapping_has_chosen(ours, said) -> None:
    header = ["date", "due date", "part", "qty", "value"]
    rows = [[f"2025-01-{day:02}", f"2025-02-{day:02}", f"P{day % 3}", str(day), str(day * day)] for day in range(1, 29)]
    chosen = {"date": "date", "demand_qty": "qty"}[ours]

    def notes(**mapping: str) -> str:
        found = find_columns(header, BatchSettings(column_mapping=mapping), sample=rows)
        return "\n".join(map(str, found.notes))

    assert said in notes()
    assert said not in notes(**{ours: chosen})
