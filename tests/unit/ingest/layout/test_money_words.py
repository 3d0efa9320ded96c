"""Quantities are named before money, in the languages of the files."""

from __future__ import annotations

import pytest

from batchcast.domain import columns
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.demandnames import by_likelihood, is_named_for_money, is_named_for_quantities
from batchcast.ingest.common.problems import MissingColumn
from batchcast.ingest.layout.header import find_columns

PAIRS = [  # a quantity, and money that may stand beside it
    ("Adet", "Tutar"),
    ("MİKTAR", "TUTARI"),
    ("Satış Adedi", "Birim Fiyatı"),
    ("Menge", "Nettobetrag"),
    ("Anzahl", "Verkaufspreis"),
    ("Kuantitas", "Jumlah Harga"),
    ("Jumlah", "Nilai (Rp)"),
    ("Cantidad", "Precio unitario"),
    ("Quantité", "Montant HT"),
    ("Quantidade", "Preço"),
    ("Quantità", "Importo"),
    ("Aantal", "Bedrag"),
    ("Antal", "Belopp"),
    ("Antal", "Beløb"),
    ("Määrä", "Hinta"),
    ("Ilość", "Wartość netto"),
    ("Množství", "Částka"),
    ("Mennyiség", "Összeg"),
    ("Cantitate", "Valoare"),
    ("Количество", "Сумма"),
    ("Кількість", "Вартість"),
    ("Ποσότητα", "Αξία"),
    ("الكمية", "المبلغ"),
    ("כמות", "סכום"),
    ("मात्रा", "राशि"),
    ("จำนวน", "จำนวนเงิน"),
    ("Số lượng", "Thành tiền"),
    ("数量", "金额"),
    ("個数", "単価"),
    ("수량", "금액"),
    ("Units", "Unit Price"),
]


@pytest.mark.parametrize(("quantity", "money"), PAIRS)
def test_a_quantity_is_named_before_money(quantity, money):
    assert is_named_for_quantities(quantity)
    assert not is_named_for_money(quantity)
    assert is_named_for_money(money)
    assert by_likelihood([0, 1], [money, quantity]) == [1, 0]


@pytest.mark.parametrize(("quantity", "money"), PAIRS)
def test_advice_maps_the_quantity_and_neither_as_the_part(quantity, money):
    names = ["Zeile", "Foo", money, f"{quantity} X"]
    rows = [[f"2024-01-{day:02d}", f"A-{day % 3}", f"{day * 7}.5", str(day)] for day in range(1, 10)]

    with pytest.raises(MissingColumn) as refused:
        find_columns(names, BatchSettings(), sample=rows)

    said = str(refused.value)
    assert "date=Zeile" in said
    assert "partnumber=Foo" in said
    assert f"{columns.DEMAND_QTY}={money}" not in said


@pytest.mark.parametrize("name", ["Centre", "Material", "Valve", "Werk", "Bedarf", "Verbrauch", "Summe", "Priceless"])
def test_other_names_are_none_of_money(name):
    assert not is_named_for_money(name)
