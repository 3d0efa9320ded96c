"""Rows of a ledger are told apart by the values of a column of any name."""

from __future__ import annotations

import pytest

from batchcast.ingest.layout.movements import are_opposites, movement_columns, names_kinds, role_of, roles_of
from batchcast.ingest.layout.sample import Sample


@pytest.mark.parametrize(
    ("issue", "receipt"),
    [
        ("Sale", "Purchase"),
        ("Barang Keluar", "Barang Masuk"),
        ("OUT", "IN"),
        ("Расход", "Приход"),
        ("出库", "入库"),
        ("Sales order issue", "PO Receipt"),
        ("Sortie", "Entrée"),
        ("Saída", "Entrada"),
        ("Warenausgang", "Wareneingang"),
        ("ISS-SO", "RCT-PO"),
        ("Outwards", "Inwards"),
        ("Çıkış", "Giriş"),
        ("Issue", "Transfer"),
        ("Penjualan", "Stock Opname"),
        ("Mutasi Keluar", "Mutasi Masuk"),
        ("销售出库", "采购入库"),
        ("領料單", "進貨單"),
        ("出庫", "入庫"),
        ("출고", "입고"),
        ("자재출고", "구매입고"),
        ("จ่ายออก", "รับเข้า"),
        ("ใบเบิก", "ใบรับสินค้า"),
        ("Xuất kho", "Nhập kho"),
        ("صرف", "استلام"),
        ("Расход", "начальный остаток"),
        ("Abgang", "Eröffnung"),
    ],
)
def test_a_column_of_any_name_tells_issues_from_receipts(issue, receipt):
    sample = Sample([["A-1", issue, 3], ["A-1", receipt, 9], ["A-1", issue, 2]])

    assert movement_columns(["Part", "Catatan", "Qty"], {0, 2}, sample) == (1,)
    assert role_of(issue, "Catatan") == "issue"
    assert role_of(receipt, "Catatan") == "receipt"


@pytest.mark.parametrize(
    "kind", ["Return", "Retur Penjualan", "Sales Return", "Storno", "退货", "Возврат", "销售退货入库", "คืนสินค้า"]
)
def test_returns_take_demand_back(kind):
    assert role_of(kind, "Type") == "reversal"


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("INV", "issue"),
        ("Sales Invoice", "issue"),
        ("Faktur", "issue"),
        ("Purchase Invoice", "receipt"),
        ("RTN", "reversal"),
        ("Sales Credit Memo", "reversal"),
        ("Purchase Credit Memo", "receipt"),
        ("Gutschrift", "reversal"),
        ("Credit", ""),
    ],
)
def test_documents_tell_what_their_rows_are(kind, role):
    assert role_of(kind, "Document Type") == role


@pytest.mark.parametrize(
    "kind", ["Purchase Return", "Retur Pembelian", "Transfer Out", "Return Receipt", "采购退货出库"]
)
def test_what_goes_back_to_a_supplier_or_to_another_site_is_no_demand(kind):
    assert role_of(kind, "Type") == "receipt"


@pytest.mark.parametrize(
    ("name", "values"),
    [("D/C", "CD"), ("Dr/Cr", ("Dr", "Cr")), ("Shkzg", "HS"), ("Kode Transaksi", "KM"), ("In/Out", "IO")],
)
def test_two_letters_in_a_column_of_directions_tell_kinds(name, values):
    sample = Sample([["A-1", values[0], 3], ["A-1", values[1], 9]])

    assert movement_columns(["Part", name, "Qty"], {0, 2}, sample) == (1,)


@pytest.mark.parametrize(
    ("name", "values"), [("Class", "CDEF"), ("Customer", ("A", "B", "C", "D")), ("Batch", "1234"), ("Made on", 4)]
)
def test_columns_of_many_values_numbers_or_dates_are_not_looked_at(name, values):
    values = [f"2024-0{k}-01" for k in range(1, 5)] if values == 4 else values
    sample = Sample([["A-1", value, 3] for value in values])

    assert movement_columns(["Part", name, "Qty"], {0, 2}, sample) == ()


def test_a_column_of_one_value_in_the_first_rows_may_tell_kinds_later_and_a_likelier_one_comes_first():
    sample = Sample([["A-1", "PT Maju", "x", "D", "Penjualan", 3]] * 20)

    assert movement_columns(["Part", "Company", "Uraian", "D/C", "Ket", "Qty"], {0, 5}, sample) == (4, 3, 2)


@pytest.mark.parametrize(
    ("column", "kind", "role"),
    [
        ("Is Return", "Yes", "reversal"),
        ("Is Return", "No", "issue"),
        ("Retur?", "Ya", "reversal"),
        ("Voided", "0", "issue"),
        ("Status", "Cancelled", "reversal"),
        ("Status", "Selesai", "issue"),
        ("Order Status", "Dibatalkan", "reversal"),
        ("Statistik", "Cancelled", ""),
        ("Keterangan", "Saldo Awal", "receipt"),
        ("Type", "Opening Balance", "receipt"),
        ("Vorgang", "Anfangsbestand", "receipt"),
    ],
)
def test_flags_states_and_opening_balances_are_known(column, kind, role):
    assert role_of(kind, column) == role


@pytest.mark.parametrize(
    ("column", "kind", "role"),
    [
        ("From", "Partners/Vendors", "receipt"),
        ("From", "WH/Stock", "issue"),
        ("Source Location", "Partners/Customers", "reversal"),
        ("To", "Partners/Customers", "issue"),
        ("Destination Location", "Virtual Locations/Production", "issue"),
        ("To", "WH/Stock", "receipt"),
        ("To", "Virtual Locations/Inventory adjustment", "receipt"),
        ("Tujuan", "Gudang Kendari", "receipt"),
        ("Place", "WH/Stock", ""),
        ("Customer", "Partners/Customers", ""),
        ("TranType", "STK-MTL", "issue"),
        ("TranType", "PUR-STK", "receipt"),
        ("TranType", "MFG-STK", "receipt"),
        ("TranType", "MTL-STK", "reversal"),
        ("TranType", "STK-STK", ""),
        ("Transaction", "WOISS", "issue"),
        ("Transaction", "ARRIVAL", "receipt"),
        ("state", "draft", "reversal"),
        ("Status", "Quotation", "reversal"),
        ("Is Return", "1", "reversal"),
        ("type", "Order", "issue"),
        ("type", "Refund", "reversal"),
        ("Event Type", "Payment", "issue"),
        ("type", "Purchase Order", "receipt"),
        ("type", "Transfer Order", "receipt"),
        ("Qty Returned", "1", ""),
    ],
)
def test_places_codes_and_states_tell_what_a_row_is(column, kind, role):
    assert role_of(kind, column) == role


@pytest.mark.parametrize(
    ("column", "kinds"), [("M/K", "MK"), ("D/K", "DK"), ("I / O", "IO"), ("+/-", "+-"), ("B-J", "BJ")]
)
def test_a_column_named_for_its_two_values_tells_opposites(column, kinds):
    assert are_opposites(column, set(kinds))
    assert not are_opposites("Grade", set(kinds))


@pytest.mark.parametrize(
    "name", ["trans type", "TranType", "Trx Code", "Jenis Transaksi", "MvT", "Mutasi", "Vch Type", "Txn"]
)
def test_columns_named_for_kinds_of_movements(name):
    assert names_kinds(name)


@pytest.mark.parametrize(
    "name", ["Transporter", "Transit", "Customer Type", "Type", "Removed", "Order Type", "Country"]
)
def test_columns_named_for_other_things(name):
    assert not names_kinds(name)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("Sales Amount (Actual)", ["261", "201", "262"]),
        ("Harga", ["101", "201", "261"]),
        ("Catatan", ["9", "45", "261", "108"]),
        ("Catatan", ["261.50", "262.50", "261"]),
        ("Catatan", ["110", "140", "150", "170", "180", "261"]),
        ("Entry", [str(number) for number in range(201, 263)]),
    ],
    ids=["money", "price", "other lengths", "decimals", "mostly unknown", "too many"],
)
def test_numbers_that_are_no_codes_of_movements_tell_nothing(column, values):
    assert not set(roles_of(values, column).values()) - {""}
    assert movement_columns(["Part", column, "Qty"], {0, 2}, Sample([["A-1", one, 3] for one in values]))[:1] != (1,)


@pytest.mark.parametrize("values", [["261", "101"], ["261", "262", "901"], ["201", "101", "Z61"], ["261 GI", "101 GR"]])
def test_codes_of_movements_do(values):
    roles = roles_of(values, "Catatan")

    assert roles[values[0]] == "issue"
    assert roles[values[1]] in {"receipt", "reversal"}
