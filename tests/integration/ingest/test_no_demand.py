"""Plans, purchases, returns, corrections and transfers of stock are never taken for demand without a word."""

from __future__ import annotations

import datetime as dt

import pytest

from batchcast.ingest.common.problems import AmbiguousColumn, MissingColumn, ReceiptsAndIssues

DAYS = [str(dt.date(2024, 1, 1) + dt.timedelta(days=i)) for i in range(36)]
PARTS = ("A-1", "A-2", "B-7")
MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]


def rows(header, *cells):
    """A row for each day and part, with further cells: a text, or those of a cycle."""
    keys = [(day, part) for day in DAYS for part in PARTS]
    cycles = [[cell] if isinstance(cell, str) else cell for cell in cells]
    lines = [",".join([*key, *(str(cycle[i % len(cycle)]) for cycle in cycles)]) for i, key in enumerate(keys)]
    return "\n".join([header, *lines])


@pytest.mark.parametrize(
    "header",
    [
        "Tanggal,Kode Barang,Rencana,Realisasi",
        "Datum,Artikel,Soll,Ist",
        "Date,Item,Budget,Actual",
        "Date,Item,Target,Realized",
        "Fecha,Artículo,Presupuesto,Real",
        "Date,Article,Prévision,Réalisé",
        "Datum,Artikel,Begroting,Werkelijk",
        "Дата,Артикул,План,Факт",
        "日付,物料,计划,实际",
    ],
)
def test_actuals_are_named_before_plans_in_every_language(read, header):
    with pytest.raises(AmbiguousColumn) as asked:
        read(rows(header, [5, 7, 9], [4, 8, 6]))

    first, second = header.split(",")[3], header.split(",")[2]
    assert [choice.settings["column_mapping"] for choice in asked.value.choices] == [
        f"demand_qty={first}",
        f"demand_qty={second}",
    ]


@pytest.mark.parametrize("plan", ["Forecast Qty", "Planned Quantity", "Qty Rencana", "Budget"])
def test_a_plan_alone_is_refused_and_beside_a_quantity_said(read, plan):
    with pytest.raises(MissingColumn, match="is named for a plan or forecast, which is no demand"):
        read(rows(f"Date,Item,{plan}", [5, 7, 9]))

    report = read(rows(f"Date,Item,{plan},Quantity", [5, 7, 9], [4, 8, 6])).report

    assert report.columns["demand_qty"] == "Quantity"
    assert any(plan in str(note) and "not read, nor taken off" in str(note) for note in report.notes)


@pytest.mark.parametrize("kinds", [("Actual", "Budget"), ("Realisasi", "Rencana"), ("Ist", "Plan"), ("Факт", "План")])
def test_rows_of_plans_beside_those_of_what_happened_are_a_question(read, series, kinds):
    content = rows("date,part,Scenario,qty", kinds, [3, 4])
    with pytest.raises(ReceiptsAndIssues, match="rows of several kinds together") as asked:
        read(content)

    ingested = read(content, only_rows=(asked.value.choices[0].settings["only_rows"],))
    assert ingested.report.rows_kept == 54

    lines = [",".join([part, kind, *(["2"] * 12)]) for part in PARTS for kind in kinds]
    wide = "\n".join([f"Part,Type,{','.join(MONTHS)}", *lines])
    with pytest.raises(ReceiptsAndIssues, match="all of them would be summed") as asked:
        read(wide)
    totals = []
    for choice in asked.value.choices:
        settings = {name: (text,) for name, text in choice.settings.items()}
        totals.append(sum(sum(days.values()) for days in series(read(wide, **settings)).values()))
    assert totals == [72, 144]


@pytest.mark.parametrize(
    "kinds", [("Masuk", "Keluar"), ("Received", "Issued"), ("Opening stock", "Issue"), ("Zugang", "Abgang")]
)
def test_so_are_rows_of_receipts_and_issues_of_a_wide_table(read, kinds):
    lines = [",".join([part, kind, *(["2"] * 12)]) for part in PARTS for kind in kinds]

    with pytest.raises(ReceiptsAndIssues, match="'Jenis' names kinds of rows") as asked:
        read("\n".join([f"Part,Jenis,{','.join(MONTHS)}", *lines]))

    assert asked.value.choices[0].settings == {"only_rows": f"Jenis={kinds[1]}"}


PURCHASES = [
    "Document Date,Material,Order Quantity,Purchasing Document,Vendor",
    "Bestelldatum,Artikelnummer,Menge,Bestellnummer,Lieferant",
    "Date,Part No,Qty,PO No,Supplier Name",
    "Tanggal,Kode Barang,Qty,No PO,Pemasok",
    "Date,Part No,Qty,GRN No,PO Number",
    "Fecha,Artículo,Cantidad,Orden de compra,Proveedor",
]


@pytest.mark.parametrize("header", PURCHASES)
def test_what_was_bought_is_asked_about(read, header):
    content = rows(header, [5, 7, 9], "4500001", "Acme")
    with pytest.raises(AmbiguousColumn, match="may be a list of purchases or receipts") as asked:
        read(content)

    (choice,) = asked.value.choices
    ours, _, name = choice.settings["column_mapping"].partition("=")
    assert read(content, column_mapping={ours: name}).report.rows_kept == 108


@pytest.mark.parametrize(
    "header",
    [
        "PO Date,Item Code,PO Qty,PO Number,Vendor",
        "Tgl PO,Kode Barang,Jumlah PO,No PO,Supplier",
        "Receipt Date,Part No,Received Qty,GRN No,Supplier",
    ],
)
def test_its_columns_are_not_advised_as_those_of_demand(read, header):
    with pytest.raises((MissingColumn, AmbiguousColumn), match="may be a list of purchases or receipts") as refused:
        read(rows(header, [5, 7, 9], "4500001", "Acme"))

    assert "demand_qty=PO" not in str(refused.value)


@pytest.mark.parametrize(
    "header",
    [
        "Date,Part No,Qty,Customer PO No,Customer",
        "Issue Date,Part No,Qty Issued,PO No,Vendor",
        "Date,Part No,Qty,WO Number,Supplier",
        "Date,Part No,Qty,Remark,Note",
    ],
)
def test_lists_of_issues_and_sales_are_none(read, header):
    assert read(rows(header, [5, 7, 9], "4500001", "Acme")).report.rows_kept == 108


@pytest.mark.parametrize(("suppliers", "is_said"), [("Acme", False), (("Acme", "Bolt", "Cog", "Acme"), True)])
def test_suppliers_that_differ_within_a_part_are_said(read, suppliers, is_said):
    notes = read(rows("Date,Part No,Qty,Supplier", [5, 7, 9], suppliers)).report.notes

    assert any("'Supplier' names suppliers" in str(note) for note in notes) is is_said


@pytest.mark.parametrize(
    "word",
    [
        "correction", "stock transfer to B", "Stock take", "cycle count Q1", "koreksi stok", "transfer ke gudang B",
        "stock opname", "Inventurdifferenz", "Umlagerung", "Bestandskorrektur", "ajuste de inventario", "traspaso",
        "rettifica inventario", "перемещение", "盘点",
    ],
)  # fmt: skip
@pytest.mark.parametrize("others", [("WO 12", "WO 14", ""), tuple(f"job {i}" for i in range(97))], ids=["few", "many"])
def test_rows_that_correct_or_move_stock_are_said(read, word, others):
    remarks = [word if i % 9 == 4 else others[i % len(others)] for i in range(108)]

    notes = [str(note) for note in read(rows("date,part,qty,Remark", [5, 7, 9], remarks)).report.notes]

    assert any(f"12 rows may be no demand: column 'Remark' says '{word}'" in note for note in notes)


@pytest.mark.parametrize("remark", ["planned job", "Transformer", "WO 12", "count me in"])
def test_other_remarks_are_none(read, remark):
    notes = read(rows("date,part,qty,Remark", [5, 7, 9], [remark, "", "x"])).report.notes

    assert not any("may be no demand" in str(note) for note in notes)


@pytest.mark.parametrize(
    ("issued", "returned"),
    [("Keluar", "Retur"), ("Qty Issued", "Returned"), ("Qty Keluar", "Retur"), ("Qty Out", "Returned")],
)
@pytest.mark.parametrize("values", [[0, 0, 0, 1], [0, 0, 1, 2]], ids=str)
def test_returns_beside_issues_are_a_second_quantity_also_where_they_are_small(read, issued, returned, values):
    report = read(rows(f"date,part,{issued},{returned}", [5, 7, 9], values)).report

    assert report.rows_kept == 108
    assert any(f"not read, nor taken off: '{returned}'" in str(note) for note in report.notes)


def test_issued_and_returned_are_no_sites(read):
    with pytest.raises(AmbiguousColumn, match="'Issued' \\(C\\), 'Returned' \\(D\\)"):
        read(rows("date,part,Issued,Returned", [5, 7, 9], [0, 0, 0, 1]))


@pytest.mark.parametrize(("name", "values"), [("Is Return", [0, 1]), ("Returned", ["N", "Y"]), ("Return flag", [0, 1])])
def test_whether_a_row_is_a_return_is_still_asked(read, name, values):
    with pytest.raises(ReceiptsAndIssues):
        read(rows(f"date,part,qty,{name}", [5, 7, 9], values))


@pytest.mark.parametrize(
    ("column", "kind", "word"),
    [
        ("Jenis", "WO", "Stock Opname"),
        ("Tipe", "Bon", "Koreksi stok"),
        ("Bewegungsart", "Bedarf", "Inventurdifferenz"),
        ("Tipo", "OT", "Ajuste de inventario"),
        ("业务类型", "维修", "盘点"),
    ],
)
def test_a_kind_that_corrects_or_moves_stock_is_a_question(read, column, kind, word):
    content = rows(f"date,part,qty,{column}", [5, 7, 9], (kind, kind, kind, word))
    with pytest.raises(ReceiptsAndIssues, match="27 of 108 rows may be no demand") as asked:
        read(content)

    kept = [
        read(content, **{name: (text,) for name, text in choice.settings.items()}).report.rows_kept
        for choice in asked.value.choices
    ]
    assert kept == [81, 108]


def test_remarks_of_most_rows_that_move_stock_are_a_question(read):
    remarks = ["transfer ke gudang B" if i % 3 else f"WO {i}" for i in range(108)]

    with pytest.raises(ReceiptsAndIssues, match="72 of 108 rows may be no demand") as asked:
        read(rows("date,part,qty,Remark", [5, 7, 9], remarks))

    assert asked.value.choices[-1].settings == {"ignore_columns": "Remark"}


def test_the_rows_without_a_kind_are_kept_beside_it(read):
    content = rows("date,part,qty,Jenis", [5, 7, 9], ("", "WO", "Stock Opname"))
    with pytest.raises(ReceiptsAndIssues) as asked:
        read(content)

    assert read(content, only_rows=(asked.value.choices[0].settings["only_rows"],)).report.rows_kept == 72


def test_a_transfer_of_money_is_none_of_stock(read):
    report = read(rows("date,part,qty,Payment Type", [5, 7, 9], ("Bank transfer", "Cash"))).report

    assert report.rows_kept == 108
    assert not any("may be no demand" in str(note) for note in report.notes)
