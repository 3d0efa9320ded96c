"""Levels that have changed: demand that for months has been far above or below nearly all that was before.

Three months or more that stand apart from a year or more before them are no chance, nor a season: a person is told.
Where a wide gap lies between four or more such months and all before them, demand stayed at the new level on real parts
(decision 0037): the history before it counts as if it had been there, its shape as it was. Where there is no such gap,
or demand fades or has ended, it often came back: that is left to the models. All is decided at each cutoff, from the
history up to it.
"""

# ruff: noqa: PLR0917 (compiled functions take plain arrays, in their order)

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Frequency
from batchcast.forecast.compiled import compiled
from batchcast.forecast.moments import greatest_common_divisor
from batchcast.forecast.panel import Panel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BLOCK = {Frequency.DAILY: 28, Frequency.WEEKLY: 4, Frequency.MONTHLY: 1}  # periods that are summed to about a month
BLOCKS_IN_YEAR = {Frequency.DAILY: 13, Frequency.WEEKLY: 13, Frequency.MONTHLY: 12}  # that come before, at least, ...
LEAST = 3  # ... and after the change; an older one is in the backtests
MOST = 60  # that are looked at, the latest
FAR = 2.0  # times the old level and that of the same time a year ago, or a part of them, from which it is another one
APART = 0.95  # of the pairs of a block before and one after, in which the one after lies on the new side
CHOICES = (
    5_000.0  # ways to choose so many blocks of all: so unlikely is it by chance that the latest are the extreme ones
)
STEADY = 0.6  # of the blocks before have demand
GAP = 0.5  # of the range of all blocks before, by which the latest lie beyond it: demand stays there, ...
SETTLED = 4  # ... after so many blocks, ...
FARTHEST = (
    10.0  # ... and at so many times the old level, or that part of it, at most: beyond, one of the two is no level
)
PERSISTS = 0.9  # of the way from the old level to the new one, at which it stays


def find_changes(values: Floats, offsets: Ints, held: Ints, frequency: Frequency, limits: Floats) -> tuple[Ints, Ints]:
    """How many of the last periods of each series are at another level, at each cutoff, and at one that stays.

    Args:
        values: demand of all series, one after the other, oldest first.
        offsets: shape (series + 1,): series i is `values[offsets[i]:offsets[i + 1]]`.
        held: periods held back from the end at each cutoff.
        frequency: of the periods.
        limits: what a demand counts as at most, shape (cutoffs, series).

    Returns:
        Two of shape (cutoffs, series); 0 where there is none.
    """
    found, stays = np.zeros(limits.shape, dtype=np.int64), np.zeros(limits.shape, dtype=np.int64)
    _find(values, offsets, held, BLOCK[frequency], BLOCKS_IN_YEAR[frequency], limits, found, stays)
    return found, stays


@compiled
def _find(
    values: Floats, offsets: Ints, held: Ints, block: int, year: int, limits: Floats, found: Ints, stays: Ints
) -> None:
    blocks = np.empty(MOST)
    for i in range(len(offsets) - 1):
        for c in range(len(held)):
            stop = offsets[i + 1] - held[c]
            count = min((stop - offsets[i]) // block, MOST)
            if count < year + LEAST:
                continue
            start = stop - count * block
            for b in range(count):
                blocks[b] = 0.0
                for t in range(start + b * block, start + (b + 1) * block):
                    blocks[b] += min(values[t], limits[c, i])
            size, is_settled = _latest_apart(blocks[:count], year)
            found[c, i] = block * size
            stays[c, i] = block * size if is_settled else 0


@compiled
def _latest_apart(blocks: Floats, year: int) -> tuple[int, bool]:
    """The fewest last blocks that stand apart from those before, and whether they have a wide gap: such ones first.

    0 where none do.
    """
    count, found = len(blocks), 0
    later, before, with_demand = 0.0, blocks.sum(), (blocks > 0.0).sum()
    for size in range(1, min(year, count - year) + 1):
        b = count - size
        later += blocks[b]
        before -= blocks[b]
        with_demand -= blocks[b] > 0.0
        new, old = later / size, max(before, 0.0) / b
        if size < LEAST or not new > 0.0 or with_demand < STEADY * b or FAR * min(new, old) > max(new, old):
            continue
        if not _is_no_season(blocks, size, year, new > old):
            continue
        if size >= SETTLED and max(new, old) <= FARTHEST * min(new, old) and _has_gap(blocks, size, new > old):
            return size, True
        if found == 0 and _choose(count, size) >= CHOICES and _is_apart(blocks, size, new > old):
            found = size
    return found, False


@compiled
def _choose(count: int, size: int) -> float:
    ways = 1.0
    for k in range(1, size + 1):
        ways *= (count - size + k) / k
    return ways


@compiled
def _is_apart(blocks: Floats, size: int, is_up: bool) -> bool:
    count, pairs = len(blocks), 0.0
    for b in range(count - size, count):
        for a in range(count - size):
            if blocks[a] == blocks[b]:
                pairs += 0.5
            elif (blocks[b] > blocks[a]) == is_up:
                pairs += 1.0
    return pairs >= APART * size * (count - size)


@compiled
def _has_gap(blocks: Floats, size: int, is_up: bool) -> bool:
    before, after = blocks[: len(blocks) - size], blocks[len(blocks) - size :]
    least, most = before.min(), before.max()
    gap = after.min() - most if is_up else least - after.max()
    return bool(gap > 0.0 and gap >= GAP * (most - least))


@compiled
def _is_no_season(blocks: Floats, size: int, year: int, is_up: bool) -> bool:
    """Is the new level far from that of the same time a year ago too?"""
    later = then = 0.0
    for b in range(len(blocks) - size, len(blocks)):
        later += blocks[b]
        then += blocks[b - year]
    return later >= FAR * then if is_up else FAR * later <= then


def bring_to_new_level(panel: Panel, latest: Ints) -> Panel:
    """The panel with the history before a new level as if it had been there, its shape as it was.

    Args:
        panel: the histories.
        latest: how many of the last periods of each series are at the new level; 0: none.
    """
    if not latest.any():
        return panel
    values = panel.values.copy()
    _bring(values, panel.offsets, latest)
    return replace(panel, values=values)


@compiled
def _bring(values: Floats, offsets: Ints, latest: Ints) -> None:
    for i in range(len(latest)):
        if latest[i] == 0:
            continue
        history = values[offsets[i] : offsets[i + 1]]
        cut, unit = len(history) - latest[i], _unit_of(history)
        old, new = history[:cut].mean(), history[cut:].mean()
        level = old + PERSISTS * (new - old)
        for t in range(len(history)):
            y = history[t] * level / (old if t < cut else new)
            history[t] = np.floor(y / unit + 0.5) * unit if unit > 0.0 else y


@compiled
def _unit_of(history: Floats) -> float:
    """The unit of whole demand; 0 where any is a fraction."""
    unit = 0.0
    for y in history:
        if y != np.floor(y):
            return 0.0
        unit = greatest_common_divisor(y, unit)
    return unit


@dataclass(frozen=True, kw_only=True)
class LevelChanges:
    """The changes of level of a chunk of series at the end of history; arrays have shape (changes,)."""

    rows: Ints  # of the chunk, ascending
    periods: NDArray[np.int32]  # the first at the new level
    before: Floats  # mean demand of a period
    after: Floats  # same, from the change on


def level_changes(panel: Panel, frequency: Frequency, limits: Floats) -> LevelChanges:
    """Those of a panel at its end, with demand as it came.

    Args:
        panel: the histories.
        frequency: of the periods.
        limits: what a demand of each series counts as at most, shape (series,).
    """
    (found,), _ = find_changes(panel.values, panel.offsets, np.zeros(1, dtype=np.int64), frequency, limits[None])
    rows = np.flatnonzero(found)
    counted = [np.minimum(panel.series(i), limits[i]) for i in rows.tolist()]
    pairs = list(zip(counted, found[rows].tolist(), strict=True))
    return LevelChanges(
        rows=rows,
        periods=(panel.last_periods[rows] - found[rows] + 1).astype(np.int32),
        before=np.array([values[:-latest].mean() for values, latest in pairs]),
        after=np.array([values[-latest:].mean() for values, latest in pairs]),
    )
