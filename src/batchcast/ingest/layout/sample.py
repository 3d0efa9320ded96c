"""What the columns of a file hold, by some of its rows: dates, numbers, text. It decides advice and questions."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import chain, combinations, zip_longest
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.names import letter_of
from batchcast.ingest.common.source import Block, is_blank
from batchcast.ingest.values.cells import date_text
from batchcast.ingest.values.dates import read_date
from batchcast.ingest.values.numbers import read_number

MOST_SAMPLED = 400  # rows that a file begins with, and cells that tell what a column holds
_MOST = 0.8  # share of the cells of a column that show what it holds
_LEAST_CHANGES, _MOST_CHANGES = 8, 0.9  # changes of a balance that tell it, and the share that the moves explain
_LEAST_DIFFERENT = 3  # of these changes
_MOST_NAMED = 30  # columns that a sentence lists
_KEY = re.compile(r"(?:19|20)\d{2}[-/.]?P?\d{2,3}|P?\d{2,3}[-/.](?:19|20)\d{2}", re.IGNORECASE)
_CURRENCY = re.compile(r"^\s*(?:Rp\.?|IDR|USD|EUR|GBP|[$€£¥₹])|(?:[$€£¥₹]|IDR|USD|EUR)\s*$")


@dataclass(frozen=True)
class Sample:
    """The first rows of a file, or some from all over it; with none, nothing is known of any column."""

    rows: Sequence[Sequence[Any]] = ()

    def __bool__(self) -> bool:
        return bool(self.rows)

    def cells(self, index: int) -> list[Any]:
        """The cells of a column, None where the row ends before it."""
        return list(self._columns[index]) if index < self.width else [None] * len(self.rows)

    def filled(self, index: int) -> list[Any]:
        """Its cells that hold something."""
        return [cell for cell in self.cells(index) if not is_blank(cell)]

    def has_dates(self, index: int) -> bool:
        """Most cells are dates written out; plain numbers such as 202405 are none here."""
        return self._most(index, "dates", is_date)

    def has_keys(self, index: int) -> bool:
        """Most cells are a year with a month, a week or a day of it, as in 202405 or 2024003."""
        return self._most(index, "keys", lambda cell: _KEY.fullmatch(date_text(cell).strip()) is not None)

    def has_numbers(self, index: int) -> bool:
        """Most cells are numbers."""
        return self._most(index, "numbers", lambda cell: number_of(cell) is not None)

    def has_currency(self, index: int) -> bool:
        """Most cells are written with a currency."""
        return self._most(index, "currency", lambda cell: isinstance(cell, str) and bool(_CURRENCY.search(cell)))

    def has_decimals(self, index: int) -> bool:
        """Half the numbers and more are no whole ones."""
        found = [number for number in self.numbers(index) if number]
        return bool(found) and sum(number != round(number) for number in found) * 2 >= len(found)

    def numbers(self, index: int) -> list[float | None]:
        """Its cells as numbers, without their currency; None where a cell is none."""
        if index not in self._numbers:
            known: dict[tuple[type, Any], float | None] = {}
            for cell in (cells := self.cells(index)):
                if (type(cell), cell) not in known:
                    known[type(cell), cell] = number_of(cell)
            self._numbers[index] = [known[type(cell), cell] for cell in cells]
        return self._numbers[index]

    def distinct(self, index: int) -> list[Any]:
        """Its distinct cells that hold something, in the order they are met."""
        return list(dict.fromkeys(self.filled(index)))

    def is_product(self, index: int, other: int, price: int, within: float = 1e-3) -> bool:
        """Whether the column is the other times the price, in nearly all rows where it is not 0; within a share "
        "of it."""
        triples = zip(self.numbers(index), self.numbers(other), self.numbers(price), strict=True)
        known = [(a, b, c) for a, b, c in triples if a is not None and b is not None and c is not None and a]
        fitting = sum(abs(a - b * c) <= max(0.02, abs(a) * within) for a, b, c in known)
        return len(known) > 1 and fitting >= len(known) * 0.95

    def moves_of_balance(self, index: int, keys: Sequence[int], others: Sequence[int]) -> tuple[int, ...] | None:
        """What a column changes by between rows of the same keys, oldest or newest first; None where by nothing known.

        Args:
            index: the column.
            keys: columns that together tell whose balance it is.
            others: columns that may hold what moves it.

        Returns:
            One of the others, of either sign; or two, of additions and of what is taken away, in any order.
        """
        held = np.array([np.nan if number is None else number for number in self.numbers(index)])
        earlier, later = self._successive(keys)
        change = held[later] - held[earlier]
        telling = np.abs(change) > 0
        if telling.sum() < _LEAST_CHANGES or len(np.unique(change[telling])) < _LEAST_DIFFERENT:
            return None  # a quantity that grows by one from row to row is none of a balance
        moved = {i: np.array([number or 0.0 for number in self.numbers(i)]) for i in others}
        moves: Iterable[tuple[int, ...]] = chain(((i,) for i in others), combinations(others, 2))
        for them in moves:
            by = moved[them[0]] - moved[them[1]] if len(them) > 1 else moved[them[0]]
            fits = [np.isclose(change, sign * by[rows])[telling] for rows in (later, earlier) for sign in (1, -1)]
            if max(fit.mean() for fit in fits) >= _MOST_CHANGES:
                return them
        return None

    def directions(self, balance: int, keys: Sequence[int], quantity: int) -> tuple[int, int]:
        """How often a column rises, and falls, by a quantity that is above 0; (0, 0) where it changes by another.

        Args:
            balance: the column.
            keys: columns that together tell whose balance it is.
            quantity: the column that may move it.
        """
        held, moved = (np.array([np.nan if n is None else n for n in self.numbers(i)]) for i in (balance, quantity))
        earlier, later = self._successive(keys)
        change = held[later] - held[earlier]
        telling = np.abs(change) > 0
        if telling.sum() < _LEAST_CHANGES or len(np.unique(change[telling])) < _LEAST_DIFFERENT:
            return 0, 0
        fits = [(np.isclose(np.abs(change), moved[rows]) & telling, sign) for rows, sign in ((later, 1), (earlier, -1))]
        fit, sign = max(fits, key=lambda one: int(one[0].sum()))  # the newest first: a row moves the one before it
        if fit.sum() < _MOST_CHANGES * telling.sum():
            return 0, 0
        return int((sign * change[fit] > 0).sum()), int((sign * change[fit] < 0).sum())

    def _successive(self, keys: Sequence[int]) -> tuple[list[int], list[int]]:
        """Each two rows of the same keys that follow each other."""
        before: dict[tuple[Any, ...], int] = {}
        pairs = []
        for row, key in enumerate(zip(*(self.cells(i) for i in keys), strict=True)):
            if key in before:
                pairs.append((before[key], row))
            before[key] = row
        return [one for one, _ in pairs], [other for _, other in pairs]

    @cached_property
    def width(self) -> int:
        """Cells of the widest row."""
        return max(map(len, self.rows), default=0)

    @cached_property
    def _columns(self) -> list[tuple[Any, ...]]:
        return list(zip_longest(*self.rows))

    @cached_property
    def _numbers(self) -> dict[int, list[float | None]]:
        return {}

    @cached_property
    def _judged(self) -> dict[tuple[int, str], bool]:
        return {}

    def _most(self, index: int, kind: str, holds: Callable[[Any], bool]) -> bool:
        """Whether most cells of a column hold a kind of value; judged once, by cells from all over it."""
        if (index, kind) not in self._judged:
            filled = self.filled(index)
            counts = Counter(filled[:: len(filled) // (MOST_SAMPLED + 1) + 1])
            held = sum(count for cell, count in counts.items() if holds(cell))
            self._judged[index, kind] = bool(counts) and held >= _MOST * counts.total()
        return self._judged[index, kind]


NOTHING = Sample()


class UnnamedColumns:
    """Counts over all rows the values of columns without a name, and keeps the first rows that hold some."""

    def __init__(self, columns: Sequence[int]) -> None:
        self.counts = dict.fromkeys(columns, 0)  # column -> cells that hold something
        self._rows: list[Sequence[Any]] = []

    @property
    def sample(self) -> Sample:
        """The first rows with a value in each column, in the order of the file."""
        return Sample(self._rows)

    def take(self, block: Block) -> None:
        """Count the values of a block."""
        kept: set[int] = set()
        for index, known in self.counts.items():
            rows = filled_rows(block.column(index))
            self.counts[index] += len(rows)
            kept.update(rows[: max(0, MOST_SAMPLED - known)].tolist())
        if kept:  # to look for the first rows of a block costs as much as reading it
            self._rows += [row.cells for row in block.rows(sorted(kept))]

    def notes(self) -> list[Message]:
        """What to say of those that hold something."""
        found = [f"{letter_of(index)}: {count}" for index, count in self.counts.items() if count]
        if not found:
            return []
        template = N_(
            "Columns without a name are not read; of each the values it holds: {columns}. Give those a name that are "
            "needed."
        )
        shown = ", ".join(found[:_MOST_NAMED]) + (f", … ({len(found)})" if len(found) > _MOST_NAMED else "")
        return [Message(template, {"columns": shown})]


def filled_rows(column: Any) -> NDArray[np.int64]:
    """The numbers of the rows that hold something in a column of a block."""
    if isinstance(column, list):
        return np.array([i for i, cell in enumerate(column) if not is_blank(cell)], dtype=np.int64)
    import pyarrow.compute as pc

    filled = column.is_valid()
    texts = column.dictionary if pa.types.is_dictionary(column.type) else column
    if pa.types.is_string_view(texts.type):
        texts = texts.cast(pa.string())
    if pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type):
        holds = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(texts), ""), fill_value=False)
        filled = holds.take(column.indices).fill_null(False) if texts is not column else holds
    elif pa.types.is_floating(column.type):
        filled = pc.invert(column.is_null(nan_is_null=True))
    return np.flatnonzero(np.asarray(filled))


def without_currency(text: str) -> str:
    """A written amount of money without its currency."""
    return _CURRENCY.sub("", text)


def number_of(cell: Any) -> float | None:
    """A cell as a number, without its currency and whatever its decimal sign."""
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float | Decimal):
        return float(cell) if cell == cell else None  # noqa: PLR0124 NaN is a blank cell of a table
    if not isinstance(cell, str):
        return None
    written = read_number(_CURRENCY.sub("", cell))
    if isinstance(written, Message):
        return None
    return written.comma if written.point is None else written.point


def is_date(cell: Any) -> bool:
    """Whether a cell is a date written out."""
    if isinstance(cell, dt.date):
        return True
    if not isinstance(cell, str) or len(cell) > 40:
        return False
    written = read_date(date_text(cell))
    return not isinstance(written, Message) and written.shape not in ("key", "serial", "ordinal")
