"""Balances in a ledger: rows that hold one, told by the words in a column, and a column of them beside the movements.

What a row of a balance has in the column of quantities was never demanded: it is left out. A column of balances tells
which movements are receipts, where these have no sign.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from batchcast.domain.errors import N_, Choice, Message
from batchcast.ingest.common.arrow import text_array
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


_OF_REMARKS = re.compile(
    r"remark|keterangan|ket\b|descr|deskripsi|uraian|note|memo|comment|catatan|text|particulars|narrat|bemerkung"
    r"|concepto|observa|libell|causale|omschrijving|приме|комм|опис|摘要|备注",
    re.IGNORECASE,
)
_MOST_WATCHED = 2  # columns beside those that are read anyway: each costs as much as another key of the row
_OF_CODES = 0.9  # share of cells of which each is there once


def watched_columns(names: Sequence[str], taken: Collection[int], sample: Sample) -> tuple[int, ...]:
    """Columns of texts, none of ours, in which words of balances may stand further down: those of remarks first."""
    free = [i for i, name in enumerate(names) if name and i not in taken]
    texts = [i for i in free if not (sample.has_numbers(i) or sample.has_dates(i) or _holds_codes(i, sample))]
    texts.sort(key=lambda i: _OF_REMARKS.search(names[i]) is None)
    return tuple(texts[:_MOST_WATCHED])


def _holds_codes(index: int, sample: Sample) -> bool:
    """Whether nearly every cell is another, and without a blank: the numbers of documents."""
    filled = sample.filled(index)
    return len(filled) > 1 and len({cell for cell in filled if " " not in str(cell)}) > _OF_CODES * len(filled)


class BalanceWords:
    """Looks for words of balances in columns of texts, in all rows: the sample may have none of them."""

    def __init__(self, columns: Sequence[int]) -> None:
        self._rows = 0
        self._counts = dict.fromkeys(columns, 0)  # rows with such words

    def take(self, block: Block) -> None:
        """Look at the rows of a block."""
        self._rows += block.num_rows
        for index in self._counts if block.num_rows else ():
            column = block.column(index)
            found = texts_holding(column, _BALANCE)
            if found:
                cells = distinct(column)
                numbers = [i for i, cell in enumerate(cells.cells) if isinstance(cell, str) and cell in found]
                self._counts[index] += int(np.isin(cells.index, numbers).sum())

    def column(self) -> tuple[int, ...]:
        """The first of them with such words in a few of all rows; empty: there is none."""
        found = (i for i, count in self._counts.items() if 0 < count <= _MOST_SHARE * self._rows)
        return tuple(found)[:1]


def texts_holding(column: Any, words: re.Pattern[str]) -> set[str]:
    """The different texts of a column of a block that hold some words."""
    if isinstance(column, list):
        column = text_array(list({cell for cell in column if isinstance(cell, str)}))
    texts = column.dictionary if pa.types.is_dictionary(column.type) else column
    if pa.types.is_string_view(texts.type):
        texts = texts.cast(pa.string())
    if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
        return set()
    likely = pc.match_substring_regex(texts, _for_arrow(words), ignore_case=True)
    return {text for text in texts.filter(likely).to_pylist() if words.search(text)}


def _for_arrow(words: re.Pattern[str]) -> str:
    """A pattern that finds no less: its ends of words are those of ASCII."""
    return words.pattern.replace(r"\b", "")


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
