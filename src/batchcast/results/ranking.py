"""Ranks the series of a result: ABC by the share of a year, XYZ by how even its months are.

ABC counts the value of the year where the file has costs for most of the demand, else its units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain import columns

Floats = NDArray[np.float64]

ABC, XYZ = ("A", "B", "C"), ("X", "Y", "Z")
_SHARES = (0.80, 0.95)  # of all demand: where A ends, and B
_COSTED = 0.8  # share of the series with demand whose cost is known, from which value is counted
_VARIATIONS = (0.5, 1.0)  # standard deviation over mean of the twelve months: where X ends, and Y


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """The last year of each series and its ranks; arrays of shape (series,), but for the first."""

    recent: Floats  # shape (series, 12): demand of the last twelfths of a year, the oldest first
    abc: NDArray[np.str_]
    xyz: NDArray[np.str_]
    values: Floats | None = None  # of the year's demand, in the money of the file; None: ABC counts units

    def columns_of(self, rows: slice) -> dict[str, Any]:
        """The columns of the index for some series."""
        recent = self.recent[rows]
        valued = {} if self.values is None else {columns.YEAR_VALUE: self.values[rows]}
        lists = pa.FixedSizeListArray.from_arrays(pa.array(recent.ravel(), pa.float32()), recent.shape[1])
        return {
            columns.RECENT: lists,
            columns.YEAR_TOTAL: recent.sum(axis=1),
            **valued,
            columns.ABC: pa.array(self.abc[rows], pa.string()),
            columns.XYZ: pa.array(self.xyz[rows], pa.string()),
        }


def rank(recent: Floats, costs: Floats | None = None) -> Ranking:
    """The ranks of all series of a result, by their last twelve months in units.

    Args:
        recent: shape (series, 12): the units of these months.
        costs: of a unit of each series, NaN where it is unknown: a few of these count as the median of the others.
    """
    totals = recent.sum(axis=1)
    values = None if costs is None else _values(totals, costs)
    return Ranking(recent=recent, abc=_abc(totals if values is None else values), xyz=_xyz(recent), values=values)


def costs_of(of_parts: pa.Table) -> Floats | None:
    """The cost of a unit of each series, NaN where it is unknown; None where the file has none."""
    if columns.UNIT_COST not in of_parts.column_names:
        return None
    costs: Floats = of_parts[columns.UNIT_COST].to_numpy().astype(np.float64)
    return costs


def _values(totals: Floats, costs: Floats) -> Floats | None:
    """What the demand of each series is worth; None where too few costs are known to compare series by it."""
    has_demand, is_known = totals > 0, costs > 0
    if not has_demand.any() or (has_demand & is_known).sum() < _COSTED * has_demand.sum():
        return None
    worth: Floats = totals * np.where(is_known, costs, np.median(costs[is_known]))
    return worth


def _abc(totals: Floats) -> NDArray[np.str_]:
    """A: the fewest series that have 80 % of all demand; B: the next, up to 95 %; C: the others."""
    order = np.argsort(-totals, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(totals[order])])[: len(order)]  # what those ahead of each have
    places = np.searchsorted(_SHARES, before / max(totals.sum(), 1e-12), side="right")
    ranks = np.empty(len(totals), dtype="<U1")
    ranks[order] = np.array(ABC)[np.where(totals[order] > 0, places, len(_SHARES))]
    return ranks


def _xyz(recent: Floats) -> NDArray[np.str_]:
    """X: the months differ little; Z: by more than their mean, or there was no demand."""
    mean = recent.mean(axis=1)
    variation = np.divide(recent.std(axis=1), mean, out=np.full(len(mean), np.inf), where=mean > 0)
    ranks: NDArray[np.str_] = np.array(XYZ)[np.searchsorted(_VARIATIONS, variation, side="left")]
    return ranks
