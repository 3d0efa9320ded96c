"""Stock figures of one series at any service level, from the quantiles of its lead-time demand at some levels.

Between two levels the quantile is linear in -log(1 - level), in which the tails of demand are nearly straight. At the
level that the batch was asked for the figures are those published; figures at other levels never contradict them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from batchcast.domain import columns

Floats = NDArray[np.float64]

_STRATA = 64  # of the tail above a level, over which the demand not served is averaged


@dataclass(frozen=True, kw_only=True)
class StockLadder:
    """Quantiles of the lead-time demand of one series, and the figures published at one of the levels."""

    levels: Floats  # ascending, in (0, 1)
    quantiles: Floats  # at these levels, never descending
    published: Mapping[str, Any]  # the stock figures of the series, by column of the index

    @classmethod
    def of(cls, kept: Mapping[str, Any], published: Mapping[str, Any]) -> Self:
        """The ladder of a series from its row of the kept figures."""
        own = float(published[columns.SERVICE_LEVEL])
        found = dict(zip(kept[columns.LEVELS], kept[columns.QUANTILES], strict=True))
        found[own] = published[columns.LEAD_TIME_QUANTILE]
        levels = np.array(sorted(found))
        quantiles = np.array([found[level] for level in levels.tolist()])
        at = int(np.searchsorted(levels, own))
        quantiles[:at] = np.minimum(quantiles[:at], quantiles[at])  # published ones were held back and rounded
        return cls(levels=levels, quantiles=np.maximum.accumulate(quantiles), published=published)

    def at(self, service_level: float) -> dict[str, Any]:
        """Stock figures at a service level: monotone in it, and those published at the level of the batch."""
        own = float(self.published[columns.SERVICE_LEVEL])
        names = (columns.LEAD_TIME_QUANTILE, columns.SAFETY_STOCK, columns.REORDER_POINT, columns.FILL_RATE)
        mean = float(self.published[columns.LEAD_TIME_MEAN])
        if service_level == own:
            figures = {name: self.published[name] for name in names}
        else:
            quantile = float(self._quantile(np.array([service_level]))[0])
            reorder_point = float(math.ceil(quantile))
            figures = {
                columns.LEAD_TIME_QUANTILE: quantile,
                columns.SAFETY_STOCK: max(quantile - mean, 0.0),
                columns.REORDER_POINT: reorder_point,
                columns.FILL_RATE: self._fill_rate(reorder_point, mean),
            }
        return {columns.SERVICE_LEVEL: service_level, columns.LEAD_TIME_MEAN: mean, **figures}

    def _quantile(self, levels: Floats) -> Floats:
        """Quantiles at other levels; the last beyond it. Whole numbers where all of the ladder are."""
        found = np.interp(_depth(levels), _depth(self.levels), self.quantiles)
        is_whole = bool((self.quantiles == np.floor(self.quantiles)).all())
        return np.ceil(found - 1e-9) + 0.0 if is_whole else found  # a minus zero becomes zero

    def _fill_rate(self, reorder_point: float, mean: float) -> float:
        """Expected share of the lead-time demand that a stock serves, on the published side of the published one.

        No stock serves none.
        """
        if mean <= 0:
            return 1.0
        published_point, published_rate = (
            float(self.published[name]) for name in (columns.REORDER_POINT, columns.FILL_RATE)
        )
        if reorder_point == published_point:
            return published_rate
        if reorder_point == 0:
            return 0.0
        least = float(self.levels[0])
        tail = (1.0 - least) * (np.arange(_STRATA) + 0.5) / _STRATA
        excess = np.maximum(self._quantile(1.0 - tail) - reorder_point, 0.0)
        rate = min(max(1.0 - (1.0 - least) * float(excess.mean()) / mean, 0.0), 1.0)
        return max(rate, published_rate) if reorder_point > published_point else min(rate, published_rate)


def _depth(levels: Floats) -> Floats:
    return -np.log1p(-levels)
