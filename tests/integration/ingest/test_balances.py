"""Balances in a ledger: rows that hold one are left out and said; a column of them shows receipts without a sign."""

from __future__ import annotations

import pytest

from batchcast.ingest.common.problems import AmbiguousSign

DAYS = [f"2024-{1 + i // 28:02d}-{1 + i % 28:02d}" for i in range(60)]
ISSUES = [1 + i * i % 7 for i in range(60)]


def remarked(opening: str, column: str = "Keterangan", *, others: bool = True) -> str:
    """Issues of one part, with the balance of the first day in the same column."""
    rows = [f"2024-01-01,A,150,{opening}"]
    rows += [f"{day},A,{q},{f'WO {i}' if others else ''}" for i, (day, q) in enumerate(zip(DAYS, ISSUES, strict=True))]
    return "\n".join([f"Tanggal,Kode Barang,Keluar,{column}", *rows])


def ledger(*, receipts: bool, backwards: bool = False, signed: bool = False) -> str:
    """Movements with the balance after each; every fifth may be a receipt."""
    rows, balance = [], 400
    for i, (day, quantity) in enumerate(zip(DAYS, ISSUES, strict=True)):
        sign = 1 if receipts and i % 5 == 4 else -1
        balance += sign * quantity
        rows.append(f"{day},A,{-sign * quantity if signed else quantity},{balance}")
    return "\n".join(["date,part,qty,Closing Stock", *(rows[::-1] if backwards else rows)])


@pytest.mark.parametrize("others", [True, False], ids=["among other words", "among blanks"])
@pytest.mark.parametrize(
    "opening",
    [
        "Saldo awal", "SALDO AWAL 2024", "Stok akhir bulan", "Opening balance", "Balance b/f", "brought forward",
        "Anfangsbestand 01.01.", "Saldovortrag", "Saldo inicial", "Stock initial", "Giacenza iniziale", "期初余额",
        "Остаток на начало",
    ],
)  # fmt: skip
def test_rows_of_balances_are_left_out_and_said(read, series, opening, others):
    ingested = read(remarked(opening, others=others))

    assert sum(series(ingested)["ALL", "A"].values()) == sum(ISSUES)
    assert ingested.report.rows_ignored == 1
    note = str(ingested.report.notes[0])
    assert note.startswith(f"1 rows are balances, not demand, and are left out: Keterangan {opening!r} (1).")
    assert "ignore_columns=Keterangan" in note


def test_the_column_that_tells_them_can_be_left_alone(read, series):
    ingested = read(remarked("Saldo awal"), ignore_columns=("Keterangan",))

    assert sum(series(ingested)["ALL", "A"].values()) == sum(ISSUES) + 150


@pytest.mark.parametrize("word", ["Opening hours", "awal", "Balance shaft", "Stock", "WO 12 saldo", "Devirra"])
def test_other_words_are_no_balance(read, word):
    assert read(remarked(word)).report.rows_ignored == 0


def test_a_word_in_most_rows_describes_something_else(read):
    rows = "\n".join(f"{day},A,2,Opening stock" for day in DAYS)

    assert read(f"date,part,qty,list\n{rows}").report.rows_kept == len(DAYS)


@pytest.mark.parametrize("backwards", [True, False])
def test_a_balance_that_rises_and_falls_by_the_quantity_is_a_question(read, series, backwards):
    content = ledger(receipts=True, backwards=backwards)

    with pytest.raises(AmbiguousSign, match=r"'Closing Stock' .* rises by it 1\d times and falls 4\d times") as asked:
        read(content)

    assert [choice.settings for choice in asked.value.choices] == [{"demand_sign": "positive"}]
    ingested = read(content, demand_sign="positive")
    assert sum(series(ingested)["ALL", "A"].values()) == sum(ISSUES)


def test_so_is_one_that_is_mapped_to_the_quantity(read):
    content = ledger(receipts=True).replace("qty", "Mutasi")
    with pytest.raises(AmbiguousSign):
        read(content, column_mapping={"demand_qty": "Mutasi"})


@pytest.mark.parametrize("written", [{"receipts": False}, {"receipts": True, "signed": True}], ids=str)
def test_issues_alone_and_movements_with_a_sign_are_none(read, written):
    content = ledger(**written)

    assert read(content).report.rows_kept == len(DAYS)
