"""Whether the column of quantities holds money, or the stock after each row: asked before it is forecast as demand."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from batchcast.domain import columns
from batchcast.domain.errors import N_, Choice, Message
from batchcast.ingest.common.names import MONEY_NAMES, letter_of, normal
from batchcast.ingest.common.problems import AmbiguousColumn
from batchcast.ingest.layout.candidates import (
    LEAST_PRICE,
    MOST_CHOICES,
    PRICES,
    choices_of,
    contents_of,
    is_money,
    median_of,
    numeric_columns,
)
from batchcast.ingest.layout.sample import Sample

_ROUND = 100  # money in small coins is a multiple of it
_CURRENCIES = ("currency", "curr", "mata_uang", "matauang", "valuta", "waers", "währung", "moneda", "devise", "kurs")


def check_money(index: int, names: Sequence[str], sample: Sample, taken: Collection[int]) -> None:
    """Ask before a column that looks like money is forecast as units.

    Raises:
        AmbiguousColumn: if it is another column times a price; if it is named for money and stands beside a currency,
            is in round thousands, or has decimals where another column has whole numbers; or if it holds one number for
            each part, and a column of prices others.
    """
    if not sample:
        return
    others = [i for i in numeric_columns(names, sample, {*taken, index}) if not sample.has_decimals(i)]
    is_named = normal(names[index]) in map(normal, MONEY_NAMES)
    money = is_money(index, names, sample) or (is_named and _is_like_money(index, names, sample))
    swapped = [] if money else _swapped_with(index, names, sample)
    others += [i for i in swapped if i not in others]
    if money or swapped or (is_named and others and sample.has_decimals(index)):
        template = N_(
            "Column {name!r} ({letter}) may hold money, not units: {speaks}. Say which column is the demand, or that "
            "each row counts as one."
        )
        values = {"name": names[index], "letter": letter_of(index), "speaks": contents_of(index, names, sample)}
        rows = Choice(settings={"column_mapping": "demand_qty==1"}, reading=Message(N_("each row counts as one unit")))
        choices = [*choices_of(columns.DEMAND_QTY, [*others, index], names, sample), rows]
        raise AmbiguousColumn(Message(template, values), choices=choices)


def check_balance(
    index: int, keys: Sequence[int], names: Sequence[str], sample: Sample, taken: Collection[int]
) -> None:
    """Ask before the stock after each row of a ledger is forecast as demand.

    Args:
        index: the column taken as the quantity.
        keys: those of the part and the site.
        names: of all columns.
        sample: the first rows.
        taken: columns that are one of ours.

    Raises:
        AmbiguousColumn: if it changes from row to row of a part by what one other column holds, or by two of them less
            each other.
    """
    others = numeric_columns(names, sample, {*taken, index})[:MOST_CHOICES]
    moves = sample.moves_of_balance(index, keys, others)
    if moves is None:
        return
    template = N_(
        "Column {name!r} ({letter}) may be the stock after each row, not the demand: from row to row of a part it "
        "changes by {moves}. Say which column is the demand."
    )
    by = " / ".join(f"{names[i]!r} ({letter_of(i)})" for i in moves)
    values = {"name": names[index], "letter": letter_of(index), "moves": by}
    choices = choices_of(columns.DEMAND_QTY, [*moves, index], names, sample)
    raise AmbiguousColumn(Message(template, values), choices=choices)


def _is_like_money(index: int, names: Sequence[str], sample: Sample) -> bool:
    """Whether a currency stands beside, or nearly all numbers are large and round."""
    if any(normal(name) in map(normal, _CURRENCIES) for name in names):
        return True
    found = [number for number in sample.numbers(index) if number]
    is_round = sum(number % _ROUND == 0 for number in found) >= len(found) * 0.95
    return is_round and median_of(index, sample) >= _ROUND * LEAST_PRICE


def _swapped_with(index: int, names: Sequence[str], sample: Sample) -> list[int]:
    """Columns of prices that vary from row to row, where this one, as a price, holds one number for each of many."""
    accepted = {normal(name) for name in PRICES}
    prices = [i for i, name in enumerate(names) if normal(name) in accepted and i != index and sample.has_numbers(i)]
    if not prices or not sample.has_decimals(index) or len(sample.distinct(index)) * 8 > len(sample.filled(index)):
        return []
    return [
        i for i in prices if len(sample.distinct(i)) > 2 * len(sample.distinct(index)) and not sample.has_decimals(i)
    ]
