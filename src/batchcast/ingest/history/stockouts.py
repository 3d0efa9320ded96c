"""Days on which a part was out of stock, as a column of the history says: what was sold then is not what was wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchcast.ingest.common.source import is_blank
from batchcast.ingest.history.accumulate import DAY_BITS, Whole
from batchcast.ingest.values.cells import DistinctCells
from batchcast.ingest.values.keys import Codes, key_text

_RUN = 1 << 20  # rows marked before runs are merged

Flags = NDArray[np.bool_]
_YES = frozenset({"1", "true", "t", "yes", "y", "ya", "x", "benar"})
_NO = frozenset({"0", "false", "f", "no", "n", "tidak", "salah", "-"})


class Answers:
    """Reads a column of yes and no."""

    def __init__(self) -> None:
        self.unclear = 0  # rows whose cell says neither yes nor no; they are not flagged
        self.example = ""

    def flags(self, cells: DistinctCells, *, means: bool) -> Flags:
        """Which rows are flagged, shape (rows,).

        Args:
            cells: of the column.
            means: what yes, or a number over 0, says: that the row is flagged, or that it is not.
        """
        said = [_read(cell) for cell in cells.cells]
        unclear = np.array(
            [answer is None and not is_blank(cell) for answer, cell in zip(said, cells.cells, strict=True)]
        )
        if unclear.any():
            self.unclear += int(unclear[cells.index].sum())
            self.example = self.example or key_text(cells.cells[int(np.flatnonzero(unclear)[0])])
        out = np.array([answer is not None and answer == means for answer in said], dtype=np.bool_)
        return out[cells.index]


class StockOuts(Answers):
    """The (series, day) pairs that were out of stock, both numbered from 0 as they are met."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[Whole] = []
        self._waiting = 0

    def add(self, series: Codes, days: NDArray[np.int32]) -> None:
        """Add flagged rows, shape (rows,) each; days by their number."""
        if len(series):
            self._keys.append(np.unique((series.astype(np.int64) << DAY_BITS) | days))
            self._waiting += len(self._keys[-1])
            if self._waiting > _RUN:
                self._keys, self._waiting = [np.unique(np.concatenate(self._keys))], 0

    def any(self) -> bool:
        """Was any row flagged?"""
        return bool(self._keys)

    def since(self, days: NDArray[np.int32], most: int) -> bool:
        """Whether any was flagged on one of so many last days; `days` since 1970-01-01, by their number."""
        last = int(days.max(initial=0))
        return any(bool((days[keys & ((1 << DAY_BITS) - 1)] > last - most).any()) for keys in self._keys)

    def of_series(self, series: Whole, days: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Bounds, shape (series + 1,), and the flagged days of some series, ascending within each.

        Args:
            series: numbers of series.
            days: days since 1970-01-01, by their number.
        """
        keys = np.unique(np.concatenate(self._keys)) if self._keys else np.zeros(0, dtype=np.int64)
        self._keys, self._waiting = [keys], 0
        start = np.searchsorted(keys, series << DAY_BITS)
        lengths = np.searchsorted(keys, (series + 1) << DAY_BITS) - start
        bounds = np.zeros(len(series) + 1, dtype=np.int32)
        np.cumsum(lengths, out=bounds[1:])
        at = np.arange(bounds[-1]) + np.repeat(start - bounds[:-1], lengths)
        flagged = days[keys[at] & ((1 << DAY_BITS) - 1)]
        position = np.repeat(np.arange(len(series)), lengths)
        return bounds, flagged[np.lexsort((flagged, position))].astype(np.int32)


def _read(cell: Any) -> bool | None:
    """Yes, no, or None where it says neither; a number is yes where it is over 0."""
    text = key_text(cell).strip().casefold() if not isinstance(cell, bool) else str(cell).casefold()
    if text in _YES:
        return True
    if text in _NO:
        return False
    try:
        return float(text.replace(",", ".")) > 0
    except ValueError:
        return None
