"""Columns of a stock file that may be the units on hand in place of the one that is named so: judged on all rows."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.names import ACCEPTED_NAMES, STOCK_NAMES, normal
from batchcast.ingest.common.problems import AmbiguousColumn
from batchcast.ingest.layout.candidates import question
from batchcast.ingest.layout.sample import Sample

Floats = NDArray[np.float64]
_FREE = re.compile(  # at the start of a word: what can still be promised
    r"(?<![^\W\d_])(?:avail|free|atp\b|disponib|dispon[ií]v|tersedia|bebas|verfügbar|frei|beschikbaar|vrij|libre|доступ)",
    re.IGNORECASE,
)
_PROMISED = re.compile(
    r"(?<![^\W\d_])(?:reserv|alloc|alokasi|dialokasi|commit|booked|promised|pledged|comprom)", re.IGNORECASE
)
_MOST_RIVALS = 4
_NEARLY_ALL = 0.95  # of the rows that are not 0
_LEAST_ROWS = 2  # that show a column to be money


def rival_columns(names: Sequence[str], taken: Collection[int], sample: Sample) -> tuple[int, ...]:
    """Columns of numbers, none of ours, that may be the units on hand: what is free to promise, and quantities."""
    quantities = {normal(name) for accepted in (*ACCEPTED_NAMES.values(), STOCK_NAMES["on_hand"]) for name in accepted}
    found = [i for i, name in enumerate(names) if i not in taken and (is_free(name) or normal(name) in quantities)]
    return tuple(i for i in found if sample.has_numbers(i) and not _is_flag(i, sample))[:_MOST_RIVALS]


def is_free(name: str) -> bool:
    """Whether a column is named for what can still be promised."""
    return _FREE.search(name) is not None


def notes_on_promised(names: Sequence[str], taken: Collection[int], sample: Sample) -> list[Message]:
    """What to say of columns of what is promised, where none has what is left."""
    free = [i for i in range(len(names)) if names[i] and i not in taken]
    found = [i for i in free if _PROMISED.search(names[i]) and any(sample.numbers(i))]
    if not found or any(is_free(names[i]) for i in free):
        return []
    template = N_(
        "Column {column!r} is not taken off the units on hand; if these are promised and still in stock, send what is "
        "left in a column on_hand: else too little is ordered."
    )
    return [Message(template, {"column": names[found[0]]})]


def _is_flag(index: int, sample: Sample) -> bool:
    """Whether a column says yes or no in numbers."""
    return {number for number in sample.numbers(index) if number is not None} <= {0.0, 1.0}


class Rivals:
    """Compares such columns with the units on hand, block by block."""

    def __init__(self, columns: Sequence[int], names: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._names = names
        self._held = 0  # rows with units on hand
        self._differs = dict.fromkeys(columns, 0)  # rows in which they hold another number
        self._times_cost = dict.fromkeys(columns, 0)  # rows whose units on hand are theirs times the cost of one

    def take(self, on_hand: Floats, cost: Floats | None, others: Mapping[int, Floats]) -> None:
        """Further rows, NaN where a cell is no number: shape (rows,) each."""
        held = np.nan_to_num(on_hand) != 0
        self._held += int(held.sum())
        for index, other in others.items():
            differs = held & ~np.isnan(other) & ~np.isclose(on_hand, other)
            self._differs[index] += int(differs.sum())
            if cost is not None:
                self._times_cost[index] += int((differs & np.isclose(on_hand, other * cost, rtol=1e-3)).sum())

    def check(self, chosen: int, sample: Sample) -> None:
        """Ask which column is the units on hand.

        Raises:
            AmbiguousColumn: if the one that was chosen is another times the cost of a unit, which is money; or if what
                is free to promise is not the same.
        """
        for index in self.columns:
            differs, money = self._differs[index], self._times_cost[index]
            is_money = money >= _LEAST_ROWS and money >= _NEARLY_ALL * max(differs, 1)
            if is_money or (differs and is_free(self._names[index])):
                asked: AmbiguousColumn = question("on_hand", [index, chosen], self._names, sample)
                raise asked
