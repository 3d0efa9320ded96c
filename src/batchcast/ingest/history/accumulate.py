"""Adds up quantities by series and day, exactly: the order of the rows never changes a bit.

Whole quantities are added as int64. Others are split into three int64 limbs of 30 bits below the unit, which
holds every float64 of 2^-8 and more without loss; the sum of a cell is rounded once, at the end.

Totals are a (series, day) matrix where it is well filled, else sorted runs of (series, day) keys, so that the
work is linear in the rows in both and the memory follows the distinct totals.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.problems import QuantitiesTooLarge

Whole = NDArray[np.int64]
Limbs = tuple[Whole, ...]
Numbers = NDArray[np.int32] | NDArray[np.int64]

LIMB_BITS = 30
DAY_BITS = 20  # of a key: more days than 1900 to 2200 has
_SMALL = 1 << 22  # cells of a matrix that cost nothing
_FILLED = 8  # a matrix may have so many cells for each row
_AT_ONCE = 1 << 12  # series of a matrix that are added up at once
_RUN = 1 << 20  # rows accepted before runs are merged
_MOST_NARROW = 2e9  # of the same, while int32 is wide enough
_MOST_IN_ALL = 4e18  # of the absolute whole quantities, so that no sum leaves int64


class SeriesTotals(NamedTuple):
    """Totals of some series, by their position in what was asked for; days as their rank among all days."""

    first: NDArray[np.int64]  # (series,), the first day with a row, even of zeros
    position: NDArray[np.int64]  # (totals,), ascending
    rank: NDArray[np.int64]  # (totals,), ascending within a position
    total: NDArray[np.float64]  # (totals,), none of them 0


class Totals:
    """Sums of quantity by (series, day), both numbered from 0 as they are met."""

    def __init__(self) -> None:
        self._in_all = 0.0
        self._rows = 0
        self._series = 0
        self._days = 0
        self._depth = 1  # limbs in use
        self._keys: Whole = np.empty(0, dtype=np.int64)  # sorted, distinct
        self._sums: Limbs = (np.empty(0, dtype=np.int64),)
        self._runs: list[tuple[Whole, Limbs]] = []
        self._waiting = 0  # rows in the runs
        self._matrix: _Matrix | None = None

    @property
    def is_integer(self) -> bool:
        """Every quantity added was whole."""
        return self._depth == 1

    def add(
        self, series: NDArray[np.int32], days: NDArray[np.int32], quantities: NDArray[np.int64 | np.float64]
    ) -> None:
        """Add rows: shape (rows,) each.

        Raises:
            QuantitiesTooLarge: if the sum of all could leave what is added exactly.
        """
        if not len(series):
            return
        self._in_all += float(np.abs(quantities).sum(dtype=np.float64))
        if self._in_all > _MOST_IN_ALL:
            raise QuantitiesTooLarge(
                Message(
                    N_("The quantities add up to more than {most:.0e}; they can't be demand."), {"most": _MOST_IN_ALL}
                )
            )
        limbs = split(quantities)
        self._depth = max(self._depth, len(limbs))
        self._rows += len(series)
        self._series = max(self._series, int(series.max()) + 1)
        self._days = max(self._days, int(days.max()) + 1)
        if self._matrix is not None and not self._is_filled():
            self._keys, self._sums = self._matrix.runs()
            self._matrix = None
        if self._matrix is not None:
            self._matrix.add(series, days, limbs, self._series, self._days, narrow=self._in_all < _MOST_NARROW)
            return
        self._runs.append(((series.astype(np.int64) << DAY_BITS) | days, limbs))
        self._waiting += len(series)
        if self._waiting >= max(_RUN, len(self._keys)) or self._is_filled():
            self._merge()

    def finish(self) -> None:
        """No row follows."""
        if self._runs:
            self._merge()

    @property
    def cells(self) -> int:
        """Distinct (series, day) that have a row."""
        return len(self._keys) if self._matrix is None else self._matrix.cells

    def count_days(self, groups: NDArray[np.int64], group_count: int, day_count: int) -> Whole:
        """How many series of each group have a row on each day: shape (groups, days), days by their number.

        Args:
            groups: of each series, shape (series,).
            group_count: how many groups there are.
            day_count: how many days there are.
        """
        if self._matrix is not None:
            return self._matrix.count_days(groups, group_count, day_count)
        at = groups[self._keys >> DAY_BITS] * day_count + (self._keys & ((1 << DAY_BITS) - 1))
        return np.bincount(at, minlength=group_count * day_count).reshape(group_count, day_count)

    def sum_days(self, groups: NDArray[np.int64], group_count: int, days: NDArray[np.int64]) -> NDArray[np.float64]:
        """The sum of each group on some days: shape (groups, days).

        Args:
            groups: of each series, shape (series,); one of `group_count` is of none.
            group_count: how many groups there are.
            days: by their number.
        """
        if self._matrix is not None:
            return self._matrix.sum_days(groups, group_count, days)
        place = np.full(self._days, -1, dtype=np.int64)
        place[days] = np.arange(len(days))
        series, at = self._keys >> DAY_BITS, place[self._keys & ((1 << DAY_BITS) - 1)]
        kept = (at >= 0) & (groups[series] < group_count)
        total = _joined(tuple(limb[kept] for limb in self._sums))
        places = groups[series[kept]] * len(days) + at[kept]
        return np.bincount(places, total, group_count * len(days)).astype(float).reshape(group_count, len(days))

    def sums(self, count: int) -> NDArray[np.float64]:
        """The sum of each of so many series over all days: shape (count,)."""
        if self._matrix is not None:
            return self._matrix.sums(count)
        return np.bincount(self._keys >> DAY_BITS, _joined(self._sums), count).astype(float)

    def cells_of(self, series: NDArray[np.int64]) -> int:
        """Distinct days that have a row, over some series."""
        if self._matrix is not None:
            return self._matrix.cells_of(series)
        ends = np.searchsorted(self._keys, (series + 1) << DAY_BITS)
        return int((ends - np.searchsorted(self._keys, series << DAY_BITS)).sum())

    def cells_by_series(self, count: int) -> Whole:
        """Distinct days that have a row, of each of so many series: shape (count,)."""
        if self._matrix is not None:
            return self._matrix.cells_by_series(count)
        return np.bincount(self._keys >> DAY_BITS, minlength=count)

    def of_series(self, series: NDArray[np.int64], day_order: NDArray[np.int64]) -> SeriesTotals:
        """The totals of some series; `day_order` has the numbers of the days in ascending order of day."""
        if self._matrix is not None:
            return self._matrix.of_series(series, day_order)
        start = np.searchsorted(self._keys, series << DAY_BITS)
        lengths = np.searchsorted(self._keys, (series + 1) << DAY_BITS) - start
        ends = np.cumsum(lengths)
        at = np.arange(ends[-1]) + np.repeat(start - (ends - lengths), lengths)
        rank = np.argsort(day_order)[self._keys[at] & ((1 << DAY_BITS) - 1)]
        position = np.repeat(np.arange(len(series)), lengths)
        sorted_at = np.argsort((position << DAY_BITS) | rank)
        first = rank[sorted_at[ends - lengths]]
        total = _joined(tuple(limb[at[sorted_at]] for limb in self._sums))
        kept = total != 0
        return SeriesTotals(first, position[sorted_at][kept], rank[sorted_at][kept], total[kept])

    def _is_filled(self) -> bool:
        return self._series * self._days <= max(_SMALL, _FILLED * self._rows)

    def _merge(self) -> None:
        """Bring the waiting runs together with what is there."""
        if self._is_filled():
            matrix = _Matrix()
            narrow = self._in_all < _MOST_NARROW
            for keys, limbs in [(self._keys, self._sums), *self._runs]:
                days = keys & ((1 << DAY_BITS) - 1)
                matrix.add(keys >> DAY_BITS, days, limbs, self._series, self._days, narrow=narrow)
            self._matrix = matrix
            self._keys, self._sums = np.empty(0, dtype=np.int64), (np.empty(0, dtype=np.int64),)
        else:
            keys = np.concatenate([self._keys, *(keys for keys, _ in self._runs)])
            sums = tuple(
                np.concatenate([_limb(self._sums, i), *(_limb(limbs, i) for _, limbs in self._runs)])
                for i in range(self._depth)
            )
            order = np.argsort(keys)
            keys = keys[order]
            starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
            self._keys = keys[starts]
            self._sums = tuple(np.add.reduceat(limb[order], starts) for limb in sums)
        self._runs, self._waiting = [], 0


class _Matrix:
    """Totals as (series, day) matrices, one a limb, that grow by doubling; int32 while that is wide enough."""

    def __init__(self) -> None:
        self._limbs: list[NDArray[Any]] = [np.zeros((0, 0), dtype=np.int32)]
        self._seen = np.zeros((0, 0), dtype=np.bool_)

    @property
    def cells(self) -> int:
        return int(np.count_nonzero(self._seen))

    def add(
        self, series: Numbers, days: Numbers, limbs: Limbs, series_met: int, days_met: int, *, narrow: bool
    ) -> None:
        if (not narrow or len(limbs) > 1) and self._limbs[0].dtype == np.int32:
            self._limbs[0] = self._limbs[0].astype(np.int64)
        self._grow(series_met, days_met, len(limbs))
        at = series.astype(np.int64) * self._seen.shape[1] + days
        for matrix, limb in zip(self._limbs, limbs, strict=False):
            np.add.at(matrix.reshape(-1), at, limb.astype(matrix.dtype, copy=False))
        self._seen.reshape(-1)[at] = True

    def count_days(self, groups: NDArray[np.int64], group_count: int, day_count: int) -> Whole:
        counts = np.zeros((group_count, day_count), dtype=np.int64)
        for group in range(group_count):
            counts[group] = self._seen[np.flatnonzero(groups == group)][:, :day_count].sum(axis=0)
        return counts

    def sum_days(self, groups: NDArray[np.int64], group_count: int, days: NDArray[np.int64]) -> NDArray[np.float64]:
        sums = np.zeros((group_count, len(days)))
        order = np.argsort(groups, kind="stable")
        bounds = np.searchsorted(groups[order], np.arange(group_count + 1))
        for group in range(group_count):
            for start in range(bounds[group], bounds[group + 1], _AT_ONCE):
                rows = order[start : min(start + _AT_ONCE, bounds[group + 1])]
                for i, limb in enumerate(self._limbs):
                    sums[group] += limb[np.ix_(rows, days)].sum(axis=0, dtype=np.int64) * 2.0 ** (-LIMB_BITS * i)
        return sums

    def sums(self, count: int) -> NDArray[np.float64]:
        sums = np.zeros(count)
        for i, limb in enumerate(self._limbs):
            found = limb[:count].sum(axis=1, dtype=np.int64)
            sums[: len(found)] += found * 2.0 ** (-LIMB_BITS * i)
        return sums

    def cells_of(self, series: NDArray[np.int64]) -> int:
        return int(np.count_nonzero(self._seen[series]))

    def cells_by_series(self, count: int) -> Whole:
        by_series: Whole = np.count_nonzero(self._seen[:count], axis=1).astype(np.int64)
        return np.pad(by_series, (0, count - len(by_series)))

    def runs(self) -> tuple[Whole, Limbs]:
        series, days = np.nonzero(self._seen)
        limbs = tuple(matrix[series, days].astype(np.int64) for matrix in self._limbs)
        return (series.astype(np.int64) << DAY_BITS) | days, limbs

    def of_series(self, series: NDArray[np.int64], day_order: NDArray[np.int64]) -> SeriesTotals:
        in_order = bool((day_order == np.arange(len(day_order))).all())
        days: Any = slice(len(day_order)) if in_order else day_order
        first = self._seen[series][:, days].argmax(axis=1)
        sums = tuple(matrix[series][:, days] for matrix in self._limbs)
        position, rank = np.nonzero(sums[0] if len(sums) == 1 else np.logical_or.reduce(sums))
        total = _joined(tuple(limb[position, rank].astype(np.int64) for limb in sums))
        kept = total != 0
        if kept.all():
            return SeriesTotals(first, position, rank, total)
        return SeriesTotals(first, position[kept], rank[kept], total[kept])

    def _grow(self, series: int, days: int, depth: int) -> None:
        rows, columns = self._seen.shape
        if series > rows or days > columns:
            shape = (_doubled(rows, series), _doubled(columns, days))
            self._limbs = [_enlarged(matrix, shape) for matrix in self._limbs]
            self._seen = _enlarged(self._seen, shape)
        while len(self._limbs) < depth:
            self._limbs.append(np.zeros(self._seen.shape, dtype=np.int64))


def _doubled(size: int, needed: int) -> int:
    size = max(size, 64)
    while size < needed:
        size *= 2
    return size


def _enlarged(matrix: NDArray[np.generic], shape: tuple[int, int]) -> NDArray:  # type: ignore[type-arg]
    larger = np.zeros(shape, dtype=matrix.dtype)
    larger[: matrix.shape[0], : matrix.shape[1]] = matrix
    return larger


def split(quantities: NDArray[np.int64 | np.float64]) -> Limbs:
    """Whole part, and where there is more: two limbs below the unit."""
    if quantities.dtype == np.int64:
        return (quantities.astype(np.int64, copy=False),)
    whole = np.rint(quantities)
    rest = quantities - whole
    if not rest.any():
        return (whole.astype(np.int64),)
    scaled = rest * 2.0**LIMB_BITS
    middle = np.rint(scaled)
    last = np.rint((scaled - middle) * 2.0**LIMB_BITS)
    return whole.astype(np.int64), middle.astype(np.int64), last.astype(np.int64)


def _limb(limbs: Limbs, number: int) -> Whole:
    return limbs[number] if number < len(limbs) else np.zeros_like(limbs[0])


def _joined(limbs: Limbs) -> NDArray[np.float64]:
    """Each sum as a float64, the same for the same sum however it came about."""
    if len(limbs) == 1:
        return limbs[0].astype(np.float64)
    whole, middle, last = limbs
    half, size = 1 << (LIMB_BITS - 1), np.int64(LIMB_BITS)
    carry = (last + half) >> size
    last = last - (carry << size)
    middle = middle + carry
    carry = (middle + half) >> size
    middle = middle - (carry << size)
    below = middle * 2.0**-LIMB_BITS + last * 2.0 ** (-2 * LIMB_BITS)
    joined: NDArray[np.float64] = (whole + carry) + below
    return joined
