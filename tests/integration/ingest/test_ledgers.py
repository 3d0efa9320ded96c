"""Lists of movements as systems export them: what counts as demand is asked, or said in the first lines."""

from __future__ import annotations

import pytest

from batchcast.ingest.common.problems import MissingColumn, ReceiptsAndIssues

DAYS = [f"2024-{1 + i // 28:02d}-{1 + i % 28:02d}" for i in range(50)]


def table(header, *columns):
    rows = (
        ",".join((day, f"P{i % 4}", str(1 + i % 6), *(column(i) for column in columns))) for i, day in enumerate(DAYS)
    )
    return "\n".join([f"date,part,qty,{header}", *rows])


def total(series, ingested):
    return sum(quantity for days in series(ingested).values() for quantity in days.values())


def notes_of(ingested):
    return [str(note) for note in ingested.report.notes]


def test_moves_of_odoo_are_asked_about_by_where_they_come_from(read):
    content = table(
        "From,To,Status",
        lambda i: "WH/Stock" if i % 4 else "Partners/Vendors",
        lambda i: "Partners/Customers" if i % 4 else "WH/Stock",
        lambda i: "Done" if i % 5 else "Cancelled",
    )

    with pytest.raises(ReceiptsAndIssues, match=r"From 'WH/Stock' \(37\), 'Partners/Vendors' \(13\)") as asked:
        read(content)

    settings = asked.value.choices[0].settings
    assert settings == {"only_rows": "From=WH/Stock", "demand_sign": "positive"}
    first = notes_of(read(content, only_rows=("From=WH/Stock",), demand_sign="positive"))[0]
    assert first.startswith("All rows count as demand, whatever column 'Status' says: 'Done' (30), 'Cancelled' (7).")


def test_moves_out_of_stock_alone_are_no_question(read):
    content = table("From,To,Status", lambda i: "WH/Stock", lambda i: "Partners/Customers", lambda i: "Done")

    assert read(content).report.rows_kept == len(DAYS)


def test_kinds_that_nobody_knows_are_said_with_their_counts(read):
    notes = notes_of(read(table("trans type", lambda i: "31" if i % 5 else "10")))

    assert notes[0].startswith("All rows count as demand, whatever column 'trans type' says: '31' (40), '10' (10).")


@pytest.mark.parametrize(("header", "values"), [("trans type", "3"), ("customer type", "AB"), ("type", "AB")])
def test_one_kind_and_other_types_are_not_said(read, header, values):
    notes = notes_of(read(table(header, lambda i: values[i % len(values)])))

    assert not any("whatever column" in note for note in notes)


@pytest.mark.parametrize(
    ("came", "went"), [("Masuk", "Keluar"), ("In Qty", "Out Qty"), ("Inwards Quantity", "Outwards Quantity")]
)
@pytest.mark.parametrize("zero", ["", "0"])
def test_rows_of_receipts_have_no_demand(read, series, came, went, zero):
    rows = "\n".join(f"{day},A,{f'50,{zero}' if i % 5 == 0 else f'{zero},{1 + i % 6}'}" for i, day in enumerate(DAYS))

    ingested = read(f"date,part,{came},{went}\n{rows}")

    assert sum(series(ingested)["ALL", "A"].values()) == sum(1 + i % 6 for i in range(50) if i % 5)
    assert ingested.report.rows_refused == 0
    said = [note for note in notes_of(ingested) if "they are receipts" in note]
    expected = f"10 rows have nothing in '{went}' and something in '{came}': they are receipts, and are left out."
    assert said == ([] if zero else [expected])


def test_a_row_with_neither_is_refused(read):
    rows = "\n".join(f"{day},A,,{1 + i % 6}" for i, day in enumerate(DAYS))

    ingested = read(f"date,part,Masuk,Keluar\n2024-01-01,A,30,\n{rows}\n2024-05-01,A,,")

    assert (ingested.report.rows_refused, ingested.report.rows_ignored) == (1, 1)


@pytest.mark.parametrize("name", ["Qty Requested", "Qty Returned", "Jumlah Retur", "Issues Quantity"])
def test_other_columns_of_quantities_are_said(read, name):
    said = [note for note in notes_of(read(table(name, lambda i: str(i % 3)))) if "other columns of quantities" in note]

    assert len(said) == 1
    assert repr(name) in said[0]
    assert not any("other columns" in note for note in notes_of(read(table(name, lambda i: "0"))))


@pytest.mark.parametrize("name", ["Unit Price", "Line No", "Harga Satuan", "UnitCost", "TrnValue"])
def test_columns_of_other_things_are_none(read, name):
    assert not any("other columns" in note for note in notes_of(read(table(name, lambda i: str(i % 3 + 1)))))


def test_rows_that_are_chosen_by_another_column_are_asked_about_as_before(read):
    content = table("Plant,Movement", lambda i: "1000", lambda i: "Issue" if i % 4 else "Receipt")

    with pytest.raises(ReceiptsAndIssues):
        read(content, only_rows=("Plant=1000",))

    assert read(content, only_rows=("Plant=1000", "Movement=Issue")).report.rows_kept == 37


@pytest.mark.parametrize(("sold", "back"), [("Order", "Refund"), ("Payment", "Refunded"), ("Invoice", "Credit note")])
def test_refunds_without_a_sign_are_a_question(read, sold, back):
    content = table("type", lambda i: sold if i % 4 else back)

    with pytest.raises(ReceiptsAndIssues, match=f"type '{sold}' \\(37\\), '{back}' \\(13\\)"):
        read(content)


def test_amounts_are_no_codes_of_movements(read, series):
    amounts = (261, 81, 201, 99, 262)
    rows = (f"{day},Sale,P{i % 4},-{1 + i % 6},{amounts[i % 5]}" for i, day in enumerate(DAYS))
    found = read("\n".join(["Posting Date,Entry Type,Item No.,Quantity,Sales Amount (Actual)", *rows]))

    assert (
        notes_of(found)[0] == "Demand is the negative quantities of Quantity: Entry Type 'Sale' (50) are goods issues."
    )
    assert total(series, found) == sum(1 + i % 6 for i in range(len(DAYS)))


@pytest.mark.parametrize("issues", ["Issues", "Total Issue Quantities"])
def test_issues_beside_receipts_are_the_demand(read, series, issues):
    rows = (f"{day};P{i % 4};1000;0;{1 + i % 6};{200 - i}" for i, day in enumerate(DAYS))
    found = read("\n".join([f"Posting Date;Material;Plant;Total Receipts;{issues};Closing Stock", *rows]))

    assert found.report.columns["demand_qty"] == issues
    assert total(series, found) == sum(1 + i % 6 for i in range(len(DAYS)))


def test_receipts_are_not_advised_as_the_demand_beside_others(read):
    rows = (f"{day};P{i % 4};0;{1 + i % 6}" for i, day in enumerate(DAYS))

    with pytest.raises(MissingColumn, match=r"column_mapping=demand_qty=Gone\b"):
        read("\n".join(["Posting Date;Material;Receipts;Gone", *rows]))
