"""Numbers the series: each distinct pair of site and part gets the next number as it is met."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]
_LARGEST_TABLE = 1 << 25  # pairs that are looked up in a table; beyond it, by search


class SeriesKeys:
    """Series, by the numbers of their site and part."""

    def __init__(self) -> None:
        self._table: Codes | None = np.full((0, 0), -1, dtype=np.int32)
        self._pairs: NDArray[np.int64] = np.empty(0, dtype=np.int64)  # site << 32 | part, in order of number
        self._sorted: NDArray[np.int64] = self._pairs  # the same, sorted, where there is no table
        self._numbers: Codes = np.empty(0, dtype=np.int32)  # of the sorted ones

    def __len__(self) -> int:
        return len(self._pairs)

    @property
    def sites(self) -> NDArray[np.int64]:
        """Number of each series' site."""
        return self._pairs >> 32

    @property
    def parts(self) -> NDArray[np.int64]:
        """Number of each series' part."""
        return self._pairs & 0xFFFFFFFF

    def codes(self, sites: Codes, parts: Codes) -> Codes:
        """The number of each row's series."""
        if not len(sites):
            return np.empty(0, dtype=np.int32)
        table = self._fitting(int(sites.max()) + 1, int(parts.max()) + 1)
        if table is not None:
            return self._looked_up(table, sites, parts)
        return self._searched((sites.astype(np.int64) << 32) | parts)

    def _fitting(self, sites: int, parts: int) -> Codes | None:
        """The table, made large enough, or None once it would be too large."""
        if self._table is None:
            return None
        rows, columns = self._table.shape
        if sites <= rows and parts <= columns:
            return self._table
        shape = (_grown(rows, sites), _grown(columns, parts))
        if shape[0] * shape[1] > _LARGEST_TABLE:
            self._table = None
            order = np.argsort(self._pairs)
            self._sorted, self._numbers = self._pairs[order], order.astype(np.int32)
            return None
        larger = np.full(shape, -1, dtype=np.int32)
        larger[:rows, :columns] = self._table
        self._table = larger
        return larger

    def _looked_up(self, table: Codes, sites: Codes, parts: Codes) -> Codes:
        flat, width = table.reshape(-1), table.shape[1]
        at = sites.astype(np.int64) * width + parts
        codes: Codes = flat[at]
        if codes.min() < 0:
            unknown = at[codes < 0]
            new = np.unique(unknown[np.flatnonzero(np.diff(unknown, prepend=-1))])  # most repeat the row before
            flat[new] = np.arange(len(self._pairs), len(self._pairs) + len(new), dtype=np.int32)
            self._pairs = np.concatenate([self._pairs, (new // width) << 32 | new % width])
            codes = flat[at]
        return codes

    def _searched(self, pairs: NDArray[np.int64]) -> Codes:
        distinct, inverse = np.unique(pairs, return_inverse=True)
        at = np.searchsorted(self._sorted, distinct)
        known = np.zeros(len(distinct), dtype=np.bool_)
        inside = at < len(self._sorted)
        known[inside] = self._sorted[at[inside]] == distinct[inside]
        new = distinct[~known]
        numbers = np.arange(len(self._pairs), len(self._pairs) + len(new), dtype=np.int32)
        self._sorted = np.insert(self._sorted, at[~known], new)
        self._numbers = np.insert(self._numbers, at[~known], numbers)
        self._pairs = np.concatenate([self._pairs, new])
        codes: Codes = self._numbers[np.searchsorted(self._sorted, distinct)][inverse]
        return codes


def _grown(size: int, needed: int) -> int:
    size = max(size, 16)
    while size < needed:
        size *= 2
    return size
