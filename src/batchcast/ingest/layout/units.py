"""The unit of each quantity in a column of its own: a sum over several units of one part means nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Choice, Message
from batchcast.ingest.common.names import PLAIN_UNIT_NAMES, UNIT_NAMES, normal
from batchcast.ingest.common.problems import SeveralUnits
from batchcast.ingest.layout.rowfilter import counted_values, filter_text
from batchcast.ingest.layout.sample import Sample
from batchcast.ingest.values.cells import DistinctCells, date_text
from batchcast.ingest.values.keys import NO_KEY, Codes
from batchcast.ingest.values.numbers import is_unit, unit_key

_MOST_UNITS = 40  # different ones; a column of more holds something else
_MOST = 0.8  # of the cells are known units, where the name alone does not tell
_MOST_CHOICES = 8
_MOST_NAMED = 3  # parts
_WAITING = 1 << 20  # pairs of a part and a unit before equal ones are brought together


def unit_column(names: Sequence[str], taken: Collection[int], quantity: int, sample: Sample) -> int | None:
    """The column of the units of the quantities, the first behind it or else the nearest; None where there is none."""
    found = [i for i, name in enumerate(names) if i not in taken and _is_named(normal(name), i, sample)]
    return min(found, key=lambda i: (i < quantity, abs(i - quantity)), default=None)


def _is_named(name: str, index: int, sample: Sample) -> bool:
    if name in map(normal, UNIT_NAMES):
        return True
    if name not in PLAIN_UNIT_NAMES or not sample:
        return False
    filled = sample.filled(index)
    return sum(is_unit(str(cell)) for cell in filled) >= _MOST * len(filled)


class UnitsOfParts:
    """Counts the rows of each part by unit, and asks where one part has several."""

    def __init__(self, column: str) -> None:
        self._column = column
        self._numbers: dict[str, int] = {}  # of a unit, by its key
        self._written: dict[int, Counter[str]] = defaultdict(Counter)  # its rows, as it is written
        self._pairs: list[NDArray[np.int64]] = []  # of a part and a unit, each once a piece
        self._waiting = 0
        self._has_too_many = False

    def add(self, parts: Codes, cells: DistinctCells, good: NDArray[np.bool_]) -> None:
        """Add rows, shape (rows,) each; those that are not good or have no unit are passed over."""
        texts = [date_text(cell).strip() for cell in cells.cells]
        numbers = np.array([self._number(text) for text in texts], dtype=np.int64)
        if self._has_too_many:
            return
        units = numbers[cells.index]
        counted = good & (units >= 0) & (parts != NO_KEY)
        rows = np.bincount(cells.index[counted], minlength=len(texts)).tolist()
        for text, number, count in zip(texts, numbers.tolist(), rows, strict=True):
            if count:
                self._written[number][text] += count
        self._pairs.append(np.unique(parts[counted].astype(np.int64) * _MOST_UNITS + units[counted]))
        self._waiting += len(self._pairs[-1])
        if self._waiting > _WAITING:
            self._pairs, self._waiting = [np.unique(np.concatenate(self._pairs))], 0

    def notes(self, parts: Sequence[str], *, is_chosen: bool) -> list[Message]:
        """What to say of them, once all rows have been read.

        Args:
            parts: by their number.
            is_chosen: rows were chosen by their unit: then it is not asked again.

        Raises:
            SeveralUnits: a question, if a part has quantities in several units.
        """
        if self._has_too_many or len(self._written) < 2 or is_chosen or not self._are_units():
            return []
        pairs = np.unique(np.concatenate(self._pairs))
        part, unit = pairs // _MOST_UNITS, pairs % _MOST_UNITS
        mixed = np.isin(part, part[1:][part[1:] == part[:-1]])
        if mixed.any():
            raise self._question([parts[i] for i in np.unique(part[mixed])], set(unit[mixed].tolist()))
        template = N_("Quantities are in several units of column {column!r}, one for each part: {units}.")
        return [Message(template, {"column": self._column, "units": counted_values(self._by_unit())})]

    def _number(self, text: str) -> int:
        key = unit_key(text)
        if not key:
            return -1
        number = self._numbers.setdefault(key, len(self._numbers))
        self._has_too_many |= number >= _MOST_UNITS
        return number

    def _are_units(self) -> bool:
        """Whether most rows hold a unit, where the name of the column says so of other things as often."""
        known = sum(count for spelled in self._written.values() for text, count in spelled.items() if is_unit(text))
        every = sum(spelled.total() for spelled in self._written.values())
        return normal(self._column) in map(normal, UNIT_NAMES) or known >= _MOST * every

    def _by_unit(self) -> Mapping[str, int]:
        return {spelled.most_common(1)[0][0]: spelled.total() for spelled in self._written.values()}

    def _question(self, parts: Sequence[str], units: Collection[int]) -> SeveralUnits:
        template = N_(
            "{count:,} parts, such as {parts}, have quantities in several units of column {column!r}: {units}. "
            "Their sum would mean nothing; choose the rows with one unit by {@only_rows}, or export the base "
            "unit."
        )
        named = ", ".join(repr(one) for one in parts[:_MOST_NAMED])
        values = {"count": len(parts), "parts": named, "column": self._column, "units": counted_values(self._by_unit())}
        ranked = sorted(units, key=lambda unit: -self._written[unit].total())
        choices = [self._only(unit, units) for unit in ranked[:_MOST_CHOICES]]
        every = [text for spelled in self._written.values() for text in spelled]
        reading = Message(N_("all rows, as the units count alike"))
        choices.append(Choice(settings={"only_rows": filter_text(self._column, every)}, reading=reading))
        return SeveralUnits(Message(template, values), setting="only_rows", choices=choices)

    def _only(self, unit: int, units: Collection[int]) -> Choice:
        """One of the units of parts that have several; parts in one other unit are kept."""
        kept = [unit, *(number for number in self._written if number not in units)]
        values = [text for number in kept for text in self._written[number]]
        left = sum(spelled.total() for number, spelled in self._written.items() if number not in kept)
        name = self._written[unit].most_common(1)[0][0]
        template = N_("only the {count:,} rows in {unit}; {left:,} rows in other units are left out")
        if len(kept) > 1:
            template = N_(
                "the {count:,} rows in {unit}, and those of parts in one other unit; {left:,} rows are left out"
            )
        reading = Message(template, {"count": self._written[unit].total(), "unit": name, "left": left})
        return Choice(settings={"only_rows": filter_text(self._column, values)}, reading=reading)
