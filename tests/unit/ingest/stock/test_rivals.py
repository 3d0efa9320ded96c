"""Which column of a stock file is the units on hand: asked where another may be, by all rows, and money never is."""

from __future__ import annotations

import re

import pytest

from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import AmbiguousColumn, InvalidStockFile
from batchcast.ingest.stock.stockfile import read_stock

PARTS = [(f"P{i:04}", 3 + i % 40) for i in range(900)]


@pytest.fixture
def read(tmp_path):
    def read(header: str, rows, **settings):
        path = tmp_path / "stok.csv"
        path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]), encoding="utf-8")
        return read_stock(path, BatchSettings(**settings))

    return read


def choices(asked) -> list[str]:
    return [choice.settings["column_mapping"] for choice in asked.value.choices]


@pytest.mark.parametrize("free", ["Available", "Free to Use", "ATP", "Disponible", "Stok Tersedia", "Verfügbar"])
@pytest.mark.parametrize("first", [0, 850], ids=["in the first rows", "in the last rows"])
def test_units_free_to_promise_that_differ_are_a_question(read, free, first):
    rows = [(part, units, units - 2 * (i >= first)) for i, (part, units) in enumerate(PARTS)]

    with pytest.raises(AmbiguousColumn, match="Several columns could be on_hand") as asked:
        read(f"Part,On Hand,{free}", rows)

    assert choices(asked) == [f"on_hand={free}", "on_hand=On Hand"]
    for mapped, total in ((free, 2), ("On Hand", 3)):
        held = read(f"Part,On Hand,{free}", rows, column_mapping={"on_hand": mapped})
        assert held.items[-1].on_hand == PARTS[-1][1] - 3 + total - (1 if mapped == free else 0)


def test_units_free_to_promise_that_are_the_same_are_no_question(read):
    assert len(read("Part,On Hand,Available", [(part, units, units) for part, units in PARTS]).items) == len(PARTS)


@pytest.mark.parametrize("available", [(0, 1), (1, 1)])
def test_a_flag_is_no_rival(read, available):
    rows = [(part, units, available[i % 2]) for i, (part, units) in enumerate(PARTS)]

    assert read("Part,On Hand,Available", rows).items[0].on_hand == 3


@pytest.mark.parametrize("first", [0, 500], ids=["in all rows", "in rows after the first"])
@pytest.mark.parametrize(("units", "money"), [("Qty", "Stock"), ("Kuantitas", "Persediaan"), ("Menge", "Bestand")])
def test_money_is_never_taken_for_units(read, units, money, first):
    rows = [
        (part, held, cost, held * cost) for i, (part, held) in enumerate(PARTS) for cost in [15 if i >= first else 1]
    ]

    with pytest.raises(AmbiguousColumn) as asked:
        read(f"Part,{units},Harga,{money}", rows)

    assert choices(asked) == [f"on_hand={units}", f"on_hand={money}"]


def test_another_quantity_is_no_rival_where_it_is_no_price_apart(read):
    assert read("Part,Qty,Harga,Stok", [(part, 7, 15, units) for part, units in PARTS]).items[1].on_hand == 4


def test_what_is_promised_is_said_where_nothing_says_what_is_left(read):
    rows = [(part, units, 2) for part, units in PARTS]

    notes = [str(note) for note in read("Part,On Hand,Reserved", rows).notes]
    assert any(note.startswith("Column 'Reserved' is not taken off the units on hand") for note in notes)
    (note,) = read("Part,On Hand,Reserved", [(part, units, 0) for part, units in PARTS]).notes
    assert str(note).startswith("Columns that are not read: 'Reserved'.")


@pytest.mark.parametrize("name", ["Stock Value", "Nilai Persediaan", "Bestandswert"])
def test_no_column_of_money_is_advised(read, name):
    with pytest.raises(InvalidStockFile, match="has no column of units") as refused:
        read(f"Part,{name}", PARTS)

    assert f"on_hand={name}" not in str(refused.value)


def test_columns_that_are_as_likely_are_a_question(read):
    with pytest.raises(AmbiguousColumn) as asked:
        read("Part,System Qty,Counted Qty", [(part, units, units + 1) for part, units in PARTS])

    assert choices(asked) == ["on_hand=System Qty", "on_hand=Counted Qty"]


def test_a_column_for_each_site_is_told_as_such(read):
    with pytest.raises(
        InvalidStockFile, match=r"'Kolaka', 'Sofifi'\. If each is a site, write a row for each part and"
    ):
        read("Part,Kolaka,Sofifi", [(part, units, 2) for part, units in PARTS])


def test_keys_that_differ_in_writing_alone_are_said(read):
    held = read("Part,On Hand", [("AB-1", 3), ("ab-1", 4), ("AB-1\N{NO-BREAK SPACE}", 5), ("001", 1), ("1", 2)])

    assert {item.partnumber: item.on_hand for item in held.items} == {"AB-1": 8, "ab-1": 4, "001": 1, "1": 2}
    said = "\n".join(map(str, held.notes))
    assert "'AB-1' / 'ab-1'" in said
    assert "'001' / '1'" in said
    assert r"'AB-1\xa0'; it is dropped" in said


LISTS = {
    "SAP Business One": ("Item No.,In Stock,Committed,Ordered,Available", lambda h, p, o: (h, p, o, h - p + o)),
    "NetSuite": ("Item,On Hand,Committed,Available,On Order", lambda h, p, o: (h, p, h - p, o)),
    "Dynamics 365": (
        "Item number,Physical inventory,Physical reserved,Available physical,Ordered in total,On order",
        lambda h, p, o: (h, p, h - p, o, 0),
    ),
    "Odoo": ("Product,On Hand,Free to Use,Incoming,Outgoing", lambda h, p, o: (h, h - p, o, p)),
    "floored at zero": ("Part,Stok,Dialokasikan,Tersedia,Dipesan", lambda h, p, o: (h, p, max(0, h - p), o)),
    "two kinds of promises": (
        "Part,Voorraad,Gereserveerd,Sales Orders,Beschikbaar,On Order",
        lambda h, p, o: (h, p - p // 2, p // 2, h - p, o),
    ),
}


@pytest.mark.parametrize(("header", "row"), LISTS.values(), ids=LISTS)
def test_what_is_free_is_no_question_where_the_arithmetic_of_all_rows_explains_it(read, header, row):
    kept = [(part, units, i % 7, 10 * (i % 3)) for i, (part, units) in enumerate(PARTS)]

    held = read(header, [(part, *row(units, promised, coming)) for part, units, promised, coming in kept])

    assert [(item.on_hand, item.on_order) for item in held.items] == [(h - p, o) for _, h, p, o in kept]
    assert any(f"in all {len(PARTS):,} rows: units on hand are" in str(note) for note in held.notes)


@pytest.mark.parametrize(("header", "row"), LISTS.values(), ids=LISTS)
def test_one_row_that_does_not_fit_is_a_question(read, header, row):
    rows = [[part, *row(units + 9, i % 7, 10 * (i % 3))] for i, (part, units) in enumerate(PARTS)]
    free = next(i for i, name in enumerate(header.split(",")) if re.match("Avail|Free|Tersedia|Beschik", name))
    rows[777][free] += 1

    with pytest.raises(AmbiguousColumn, match="Several columns could be on_hand"):
        read(header, rows)


def test_what_is_free_with_what_is_on_order_leaves_the_stock_as_it_is(read):
    held = read("Part,On Hand,On Order,Available", [(part, units, 5, units + 5) for part, units in PARTS])

    assert [(item.on_hand, item.on_order) for item in held.items] == [(units, 5) for _, units in PARTS]


def test_promises_that_no_arithmetic_takes_off_are_said(read):
    rows = [(part, units, 1, units - 1, 2) for part, units in PARTS]

    said = "\n".join(map(str, read("Item,On Hand,Committed,Available,Back Ordered", rows).notes))

    assert "'On Hand' - 'Committed' in all" in said
    assert "Column 'Back Ordered' is not taken off" in said
