"""The demand summed over any window: one joint answer, from that over the lead time.

Of the demand over the lead time its quantiles are known, and they were judged by backtests. The mean of another window
is `ratio` times as large. With P0 the chance of no demand over the lead time, the demand over that window has

    chance of no demand    P0 ** (ratio ** growth)
    mean, if there is any  the mean of the window / the chance of any
    spread around that     that of the lead time, times the ratio of these two means ** growth

With a growth of 1 all of the spread would be a level that is not known, with 0.5 all of it would be noise that evens
out; measured were SHORTER below the lead time and LONGER beyond it. A quantile never falls as the window grows: the
chance of demand, the mean where there is any and its spread rise, and that spread rises no faster than the mean.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.stock import LeadTimeDemand

Floats = NDArray[np.float64]

SHORTER, LONGER = 0.9, 0.8
_FIRST = 8  # windows of up to so many periods are all kept, ...
_OF_EACH_DOUBLING = 4  # ... of longer ones so many until the next twice as long


def windows_to(most: int, lead_time: int) -> list[int]:
    """Windows whose means are kept, in periods: ascending, the lead time and the longest among them."""
    kept = {*range(1, min(_FIRST, most) + 1), lead_time, most}
    size = _FIRST
    while size < most:
        kept.update(range(size, min(2 * size, most + 1), size // _OF_EACH_DOUBLING))
        size *= 2
    return sorted(kept)


def means_of(windows: Floats, means: Floats, periods: Floats) -> Floats:
    """Mean of the demand summed over windows between those kept, shape (series,): never falling as they grow.

    Beyond the longest that is kept, demand goes on at the pace that it has in that.

    Args:
        windows: periods, ascending, shape (windows,).
        means: of them, never descending, shape (series, windows).
        periods: of the window of each series, above 0, shape (series,).
    """
    every = np.arange(len(means))
    ends, totals = np.append(0.0, windows), np.concatenate([np.zeros((len(means), 1)), means], axis=1)
    left = np.minimum(np.searchsorted(ends, periods, side="right") - 1, len(windows) - 1)
    before, after = totals[every, left], totals[every, left + 1]
    share = (periods - ends[left]) / (ends[left + 1] - ends[left])
    within = np.where(share == 1.0, after, before + share * (after - before))
    return np.asarray(np.where(share > 1.0, after * (periods / windows[-1]), within))


def over_windows(demand: LeadTimeDemand, ratio: Floats) -> Floats:
    """Quantiles of the demand over windows, one of each series, at the levels of `demand`: shape (series, levels).

    Args:
        demand: over the lead time.
        ratio: mean of the window / mean of the lead time, above 0, shape (series,); at 1 nothing changes.
    """
    rare, exponent = _rarity(demand), np.where(ratio < 1.0, SHORTER, LONGER)
    any_there, any_here = -np.expm1(-rare), -np.expm1(-rare * ratio**exponent)
    usual = demand.mean / np.where(any_there > 0, any_there, 1.0)
    growth = ratio * any_there / np.where(any_here > 0, any_here, 1.0)
    shift = np.log(np.where(any_there > 0, any_here / np.where(any_there > 0, any_there, 1.0), 1.0))
    depths = -np.log1p(-demand.levels)
    there = demand.at_depths(depths + shift[:, None])
    spread = growth**exponent
    found = (usual * growth)[:, None] + (there - usual[:, None]) * spread[:, None]
    is_some = depths > -np.log(np.where(any_here > 0, any_here, 1.0))[:, None]
    quantiles = np.where(is_some, np.maximum(found, 0.0), 0.0)
    return np.where((ratio == 1.0)[:, None], demand.quantiles, quantiles)


def _rarity(demand: LeadTimeDemand) -> Floats:
    """-log of the chance of no demand over the lead time, shape (series,).

    Where that is under the lowest level, it is told from the spread: Poisson orders of equal size, whose variance is
    half of it.
    """
    known = demand.none
    orders = 2.0 * demand.mean**2 / np.where(demand.variance > 0, demand.variance, 1.0)
    orders = np.where(demand.variance > 0, orders, np.inf)
    told = np.maximum(orders, -np.log(demand.levels[0]))
    return np.where(known > 0, -np.log(np.where(known > 0, known, 1.0)), told)
