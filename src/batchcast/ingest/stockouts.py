"""Days on which a part was out of stock, as a column of the history says: what was sold then is not what was wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchcast.ingest.cells import DistinctCells
from batchcast.ingest.keys import Codes, key_text
from batchcast.ingest.source import is_blank

Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

_YES = frozenset({"1", "true", "t", "yes", "y", "ya", "x", "benar"})
_NO = frozenset({"0", "false", "f", "no", "n", "tidak", "salah", "-"})
_DAY_BITS = 20
_RUN = 1 << 20  # flagged rows gathered before they are made distinct


class StockOuts:
    """The (series, day) pairs that were flagged, both numbered from 0 as they are met."""

    def __init__(self) -> None:
        self._keys: list[Whole] = []
        self._waiting = 0
        self.unclear = 0  # rows whose cell says neither yes nor no; they count as in stock
        self.example = ""

    def flags(self, cells: DistinctCells, *, means_out: bool) -> Flags:
        """Which rows are flagged, shape (rows,).

        Args:
            cells: of the column.
            means_out: yes, or a number over 0, means out of stock; else it means available.
        """
        said = [_read(cell) for cell in cells.cells]
        unclear = np.array(
            [answer is None and not is_blank(cell) for answer, cell in zip(said, cells.cells, strict=True)]
        )
        if unclear.any():
            self.unclear += int(unclear[cells.index].sum())
            self.example = self.example or key_text(cells.cells[int(np.flatnonzero(unclear)[0])])
        out = np.array([answer is not None and answer == means_out for answer in said], dtype=np.bool_)
        return out[cells.index]

    def add(self, series: Codes, days: NDArray[np.int32]) -> None:
        """Add flagged rows, shape (rows,) each; days by their number."""
        if len(series):
            self._keys.append(np.unique((series.astype(np.int64) << _DAY_BITS) | days))
            self._waiting += len(self._keys[-1])
            if self._waiting > _RUN:
                self._keys, self._waiting = [np.unique(np.concatenate(self._keys))], 0

    def any(self) -> bool:
        """Was any row flagged?"""
        return bool(self._keys)

    def of_series(self, series: Whole, days: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Bounds, shape (series + 1,), and the flagged days of some series, ascending within each.

        Args:
            series: numbers of series.
            days: days since 1970-01-01, by their number.
        """
        keys = np.unique(np.concatenate(self._keys)) if self._keys else np.zeros(0, dtype=np.int64)
        self._keys, self._waiting = [keys], 0
        start = np.searchsorted(keys, series << _DAY_BITS)
        lengths = np.searchsorted(keys, (series + 1) << _DAY_BITS) - start
        bounds = np.zeros(len(series) + 1, dtype=np.int32)
        np.cumsum(lengths, out=bounds[1:])
        at = np.arange(bounds[-1]) + np.repeat(start - bounds[:-1], lengths)
        flagged = days[keys[at] & ((1 << _DAY_BITS) - 1)]
        place = np.repeat(np.arange(len(series)), lengths)
        return bounds, flagged[np.lexsort((flagged, place))].astype(np.int32)


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
