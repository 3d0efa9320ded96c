"""Columns of a stock file that may be the units on hand in place of the one that is named so: judged on all rows."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

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
_UNRESTRICTED = re.compile(  # units that no inspection or block holds back, whether promised or not
    r"frei verwendbar|libre utiliza|utilisation libre|utiliza[cç][aã]o livre|bebas (?:di)?(?:guna|pakai)", re.IGNORECASE
)
_PROMISED = re.compile(
    r"(?<![^\W\d_])(?:reserv|alloc|alokasi|dialokasi|commit|booked|promised|pledged|comprom|outgoing|back.?order"
    r"|(?:on |open )?(?:sales|customer)(?:['’]s)? orders?|so qty|qty (?:on )?so\b|vorgemerkt|kundenauftr|réserv|"
    r"pesanan pelanggan|dipesan pelanggan|gereserv|impegnat|riservat|резерв)",
    re.IGNORECASE,
)
_MOST_RIVALS = 4
_MOST_PROMISED = 4
_NEARLY_ALL = 0.95  # of the rows that are not 0
_LEAST_ROWS = 2  # that show a column to be money


def rival_columns(names: Sequence[str], taken: Collection[int], sample: Sample) -> tuple[int, ...]:
    """Columns of numbers, none of ours, that may be the units on hand: what is free to promise, and quantities."""
    quantities = {normal(name) for accepted in (*ACCEPTED_NAMES.values(), STOCK_NAMES["on_hand"]) for name in accepted}
    found = [i for i, name in enumerate(names) if i not in taken and (is_free(name) or normal(name) in quantities)]
    return tuple(i for i in found if sample.has_numbers(i) and not is_flag(i, sample))[:_MOST_RIVALS]


def is_free(name: str) -> bool:
    """Whether a column is named for what can still be promised."""
    return _FREE.search(name) is not None and _UNRESTRICTED.search(name) is None


def is_promised(name: str) -> bool:
    """Whether a column is named for what is promised to those who asked for it."""
    return _PROMISED.search(name) is not None


def promised_columns(names: Sequence[str], taken: Collection[int], sample: Sample) -> tuple[int, ...]:
    """Columns of numbers, none of ours, of what is promised."""
    found = [i for i, name in enumerate(names) if name and i not in taken and is_promised(name)]
    return tuple(i for i in found if sample.has_numbers(i))[:_MOST_PROMISED]


def note_on_promised(names: Sequence[str], promised: Sequence[int], sample: Sample) -> dict[int, Message]:
    """What to say of the first of the columns of what is promised, by its number."""
    found = [i for i in promised if any(sample.numbers(i))]
    if not found:
        return {}
    template = N_(
        "Column {column!r} is not taken off the units on hand; if these are promised and still in stock, send what is "
        "left in a column on_hand: else too little is ordered."
    )
    return {found[0]: Message(template, {"column": names[found[0]]})}


def is_flag(index: int, sample: Sample) -> bool:
    """Whether a column says yes or no in numbers."""
    return {number for number in sample.numbers(index) if number is not None} <= {0.0, 1.0}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Formula:
    """A way in which what is free may be told from the units on hand."""

    less: tuple[int, ...]  # columns that are taken off
    plus_order: bool  # what is on order is added


@dataclass
class _Fit:
    """How many rows a formula fits."""

    misfits: int = 0
    telling: int = 0  # rows in which it changes the units on hand


class Rivals:
    """Compares such columns with the units on hand, block by block."""

    def __init__(self, columns: Sequence[int], names: Sequence[str], promised: Sequence[int] = ()) -> None:
        """`promised` are columns that may be taken off the units on hand."""
        self.columns = tuple(columns)
        self.promised = tuple(promised) if any(is_free(names[i]) for i in columns) else ()
        self._names = names
        self._rows = 0
        self._differs = dict.fromkeys(columns, 0)  # rows in which they hold another number
        self._times_cost = dict.fromkeys(columns, 0)  # rows whose units on hand are theirs times the cost of one
        lesses = list(dict.fromkeys([(), *((i,) for i in self.promised), self.promised]))
        self._formulas = [_Formula(less=less, plus_order=plus) for less in lesses for plus in (False, True)]
        self._fits = {(i, formula): _Fit() for i in columns for formula in self._formulas}

    def take(self, on_hand: Floats, cost: Floats | None, on_order: Floats | None, others: Mapping[int, Floats]) -> None:
        """Further rows, NaN where a cell is no number: shape (rows,) each; `others` are of all these columns."""
        self._rows += len(on_hand)
        held = np.nan_to_num(on_hand) != 0
        for index in self.columns:
            other = others[index]
            differs = held & ~np.isnan(other) & ~np.isclose(on_hand, other)
            self._differs[index] += int(differs.sum())
            if cost is not None:
                self._times_cost[index] += int((differs & np.isclose(on_hand, other * cost, rtol=1e-3)).sum())
        units, coming = np.nan_to_num(on_hand), 0.0 if on_order is None else np.nan_to_num(on_order)
        for formula in self._formulas:
            change = coming * formula.plus_order - sum(np.nan_to_num(others[i]) for i in formula.less)
            for index in self.columns:
                fit, free = self._fits[index, formula], np.nan_to_num(others[index])
                fits = np.isclose(free, units + change) | ((free == 0) & (units + change < 0)) | np.isnan(others[index])
                fit.misfits += int((~fits).sum())
                fit.telling += int((fits & (np.abs(change) > 0)).sum()) if isinstance(change, np.ndarray) else 0

    def settle(self, chosen: int, on_order: str | None, sample: Sample) -> tuple[tuple[int, ...], dict[int, Message]]:
        """The columns that are to be taken off the units on hand, and what to say of those that show it.

        Raises:
            AmbiguousColumn: if the one that was chosen is another times the cost of a unit, which is money; or if what
                is free to promise is not the same, and no arithmetic over all rows tells why.
        """
        less: tuple[int, ...] = ()
        said = {}
        for index in self.columns:
            differs, money = self._differs[index], self._times_cost[index]
            if money >= _LEAST_ROWS and money >= _NEARLY_ALL * max(differs, 1):
                raise self._question(index, chosen, sample)
            if not is_free(self._names[index]) or not (differs or self._is_apart(index)):
                continue
            formula = self._formula_of(index)
            if formula is None or (less and formula.less and formula.less != less):
                raise self._question(index, chosen, sample)
            less = formula.less or less
            said[index] = self._said(index, chosen, formula, on_order)
        return less, said

    def _is_apart(self, index: int) -> bool:
        """Whether it differs in rows without units on hand alone."""
        return self._fits[index, self._formulas[0]].misfits > 0 and bool(self.promised)

    def _formula_of(self, index: int) -> _Formula | None:
        """The formula that fits all rows, the one that most rows confirm; None where none does."""
        fits = [(self._fits[index, one], one) for one in self._formulas]
        fitting = [(fit.telling, one) for fit, one in fits if not fit.misfits and fit.telling]
        return max(fitting, key=lambda found: found[0])[1] if fitting else None

    def _question(self, index: int, chosen: int, sample: Sample) -> AmbiguousColumn:
        return question("on_hand", [index, chosen], self._names, sample)

    def _said(self, index: int, chosen: int, formula: _Formula, on_order: str | None) -> Message:
        stock = " - ".join(repr(self._names[i]) for i in (chosen, *formula.less))
        sums = stock + (f" + {on_order!r}" if formula.plus_order and on_order else "")
        values = {"free": self._names[index], "formula": sums, "stock": stock, "rows": self._rows}
        if on_order is None:
            return Message(N_("{free!r} is {formula} in all {rows:,} rows: units on hand are {stock}."), values)
        template = N_(
            "{free!r} is {formula} in all {rows:,} rows: units on hand are {stock}, and {order!r} is counted as on "
            "order beside them."
        )
        return Message(template, values | {"order": on_order})
