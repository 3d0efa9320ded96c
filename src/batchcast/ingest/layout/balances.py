"""Balances in a ledger: rows that hold one, told by the words in a column, and a column of them beside the movements.

What a row of a balance has in the column of quantities was never demanded: it is left out. A column of balances tells
which movements are receipts, where these have no sign.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import product

import numpy as np

from batchcast.domain.errors import N_, Choice, Message
from batchcast.ingest.common.names import RECEIPT_NAMES, letter_of, normal, target_of
from batchcast.ingest.common.problems import AmbiguousSign
from batchcast.ingest.common.source import Block
from batchcast.ingest.layout.rowfilter import ChosenRows, counted_values
from batchcast.ingest.layout.sample import Sample, filled_rows
from batchcast.ingest.values.cells import date_text, distinct

_BALANCE = re.compile(
    r"\b(?:"
    r"(?:saldo|stok|stock|persediaan)\s+(?:awal|akhir)|(?:awal|akhir)\s+(?:saldo|stok)"
    r"|(?:opening|closing|beginning|initial)\s+(?:bal(?:ance)?|stock|inventory|qty|quantity)\b"
    r"|(?:bal(?:ance)?\.?\s+)?(?:brought|carried)\s+forward|balance\s+forward|bal(?:ance)?\.?\s+[bc]/[fd]\b"
    r"|(?:anfangs|end|eröffnungs|schluss)(?:bestand|saldo)|saldo\s?vortrag"
    r"|(?:saldo|stock|existencias?|inventario|estoque|giacenza)\s+(?:inicial|final|iniziale|finale|anterior)\b"
    r"|(?:stock|solde)\s+(?:initial|final)|report\s+à\s+nouveau|begin(?:saldo|voorraad)|eindvoorraad"
    r"|(?:начальный|входящий|конечный|исходящий)\s+остаток|остаток\s+на\s+(?:начало|конец)|dönem\s+başı|devir"
    r")\b|期初|期末|前期繰越|次期繰越",
    re.IGNORECASE,
)
_MOST_BALANCES = 6  # columns of numbers that are looked at
_LEAST_OF_EACH = 2  # rises and falls of a balance that show both receipts and issues
_MOST_SHARE = 0.5  # of some rows: a word in more of them describes something else


def balance_column(names: Sequence[str], taken: Collection[int], sample: Sample) -> tuple[int, ...]:
    """The first column, none of ours, with the words of a balance in a few of some rows; empty: there is none."""
    for index, name in enumerate(names):
        if name and index not in taken and not sample.has_numbers(index):
            found = sum(_BALANCE.search(cell) is not None for cell in sample.filled(index) if isinstance(cell, str))
            if 0 < found <= _MOST_SHARE * len(sample.rows):
                return (index,)
    return ()


def check_moves(
    quantity: Sequence[int], keys: Sequence[int], names: Sequence[str], sample: Sample, taken: Collection[int]
) -> None:
    """Ask before receipts that have no sign are forecast as demand.

    Args:
        quantity: the column of quantities; none where all rows have one value.
        keys: those of the part and the site.
        names: of all columns.
        sample: some rows.
        taken: columns that are one of ours.

    Raises:
        AmbiguousSign: if another column rises by the quantity of some rows, and falls by that of others.
    """
    others = [i for i in range(len(names)) if i not in taken and names[i] and sample.has_numbers(i)]
    for index, other in product(quantity, others[:_MOST_BALANCES]):
        rises, falls = sample.directions(other, keys, index)
        if min(rises, falls) < _LEAST_OF_EACH:
            continue
        template = N_(
            "Column {name!r} ({letter}) holds receipts and issues without a sign: in the rows that were looked at the "
            "balance {balance!r} ({other}) rises by it {rises} times and falls {falls} times. Export issues alone, or "
            "with a sign, or with a column that names the kind of each row; or set {@demand_sign=positive}, if every "
            "row is demand."
        )
        values = {"name": names[index], "letter": letter_of(index), "balance": names[other], "other": letter_of(other)}
        every = Choice(settings={"demand_sign": "positive"}, reading=Message(N_("every row is demand")))
        message = Message(template, values | {"rises": rises, "falls": falls})
        raise AmbiguousSign(message, setting="demand_sign", choices=[every])


def receipts_column(names: Sequence[str], taken: Collection[int], sample: Sample) -> int | None:
    """The column of numbers, none of ours, that is named for what came in; None where there is none."""
    wanted = {normal(name) for name in RECEIPT_NAMES}
    named = (i for i, name in enumerate(names) if i not in taken and normal(name) in wanted)
    return next((i for i in named if sample.has_numbers(i)), None)


class ReceiptRows:
    """Leaves out rows with a receipt and no quantity, as lists have that write what came in beside what went out."""

    def __init__(self, quantity: Sequence[int], receipts: int | None, names: Sequence[str]) -> None:
        """Takes the columns of a header of these names; without one of receipts, nothing is left out."""
        self.rows = 0
        self._quantity, self._receipts, self._names = quantity, receipts, names

    def without(self, block: Block) -> Block:
        """The other rows of a block."""
        if self._receipts is None or not block.num_rows:
            return block
        is_left = np.ones(block.num_rows, dtype=np.bool_)
        is_left[filled_rows(block.column(self._receipts))] = False
        is_left[filled_rows(block.column(self._quantity[0]))] = True
        left = np.flatnonzero(is_left)
        self.rows += block.num_rows - len(left)
        return block if len(left) == block.num_rows else ChosenRows(block, left, block.blank_lines)

    def notes(self) -> list[Message]:
        """What was left out."""
        if not self.rows or self._receipts is None:
            return []
        template = N_(
            "{rows:,} rows have nothing in {quantity!r} and something in {receipts!r}: they are receipts, and are left "
            "out."
        )
        values = {
            "rows": self.rows,
            "quantity": self._names[self._quantity[0]],
            "receipts": self._names[self._receipts],
        }
        return [Message(template, values)]


class BalanceRows:
    """Leaves the rows of balances out of every block, and counts them."""

    def __init__(self, column: Sequence[int], names: Sequence[str]) -> None:
        """Takes the column that tells them, of a header of these names; with none, nothing is left out."""
        self.rows = 0
        self._column, self._names = column, names
        self._counts = Counter[str]()  # rows by what the column says

    def without(self, block: Block) -> Block:
        """The other rows of a block."""
        if not self._column or not block.num_rows:
            return block
        cells = distinct(block.column(self._column[0]))
        texts = [date_text(cell).strip() for cell in cells.cells]
        is_balance = np.array([_BALANCE.search(text) is not None for text in texts], dtype=np.bool_)
        if not is_balance.any():
            return block
        counts = np.bincount(cells.index, minlength=len(texts)).tolist()
        self._counts.update(
            {text: count for text, count, found in zip(texts, counts, is_balance, strict=True) if found}
        )
        left = np.flatnonzero(~is_balance[cells.index])
        self.rows += block.num_rows - len(left)
        return ChosenRows(block, left, block.blank_lines)

    def notes(self) -> list[Message]:
        """What was left out."""
        if not self.rows:
            return []
        template = N_(
            "{rows:,} rows are balances, not demand, and are left out: {column} {values}. If they are demand, set "
            "{@ignore_columns=$name}."
        )
        name = target_of(self._column[0], self._names)
        values = {"rows": self.rows, "column": self._names[self._column[0]], "values": counted_values(self._counts)}
        return [Message(template, values | {"name": name})]
