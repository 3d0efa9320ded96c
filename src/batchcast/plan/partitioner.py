"""Cuts the sorted series of a history into partitions: a site each, or evenly by size. A series is never split.

Every way of cutting gives, for each series, the number of its partition; the ranges follow from it.
"""

from __future__ import annotations

import difflib
import heapq
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.domain.history import HistoryFacts, SeriesTable
from batchcast.domain.plan import ForecastRequest, Partition
from batchcast.domain.settings import BatchSettings

Numbers = NDArray[np.int64]


def partition_by_site(series: SeriesTable, *, max_partitions: int) -> Numbers:
    """Partition number of each series: a partition a site, largest first, so that P0 is the largest.

    With more sites than `max_partitions` each further site, largest first, joins the least filled partition, so that
    the smallest share. Ties go by site_code. Shape (series,).
    """
    site_rows = np.bincount(series.site_index, weights=series.rows, minlength=len(series.site_codes)).astype(np.int64)
    largest_first = np.argsort(-site_rows, kind="stable").tolist()
    filled: list[tuple[int, int]] = [(0, bin_) for bin_ in range(min(max_partitions, len(largest_first)))]
    bin_of_site = np.zeros(len(largest_first), dtype=np.int64)
    for site in largest_first:
        rows, bin_ = filled[0]
        bin_of_site[site] = bin_
        heapq.heapreplace(filled, (rows + int(site_rows[site]), bin_))
    rows_of_bin = np.bincount(bin_of_site, weights=site_rows, minlength=len(filled))
    first_site = np.full(len(filled), len(largest_first), dtype=np.int64)
    np.minimum.at(first_site, bin_of_site, np.arange(len(largest_first)))
    order = np.lexsort((first_site, -rows_of_bin))
    number_of_bin = np.empty(len(filled), dtype=np.int64)
    number_of_bin[order] = np.arange(len(filled))
    return number_of_bin[bin_of_site][series.site_index]


def partition_by_size(series: SeriesTable, *, max_rows: int, max_partitions: int) -> Numbers:
    """Partition number of each series: as many contiguous, evenly filled partitions as the rows need. Shape (series,).

    The largest partition is as small as whole series in this order allow: at most the mean plus one series.
    """
    total = int(series.rows.sum(dtype=np.int64))
    wanted = min(-(-total // max_rows), max_partitions, len(series.rows))
    cuts = _even_cuts(series.rows.tolist(), max(wanted, 1))
    return np.repeat(np.arange(len(cuts) - 1), np.diff(cuts))


def build_partitions(series: SeriesTable, numbers: Numbers, request: ForecastRequest) -> tuple[Partition, ...]:
    """The partitions, from the number of each series; -1 is a series that is not forecast."""
    count = int(numbers.max()) + 1
    cells = periods_of_series(series, request)
    starts, stops, owners = _runs(numbers)
    ranges: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for start, stop, owner in zip(starts.tolist(), stops.tolist(), owners.tolist(), strict=True):
        if owner >= 0:
            ranges[owner].append((start, stop))
    sites = _distinct(numbers, series.site_index, count)
    parts = _distinct(numbers, series.part_index, count)
    rows, periods, members = (_sum_by(numbers, values, count) for values in (series.rows, cells, np.ones_like(cells)))
    return tuple(
        Partition(
            number=number,
            ranges=tuple(ranges[number]),
            sites=tuple(series.site_codes[site] for site in sites[number].tolist()),
            rows=int(rows[number]),
            parts=len(parts[number]),
            series=int(members[number]),
            cells=int(periods[number]),
        )
        for number in range(count)
    )


def periods_of_series(series: SeriesTable, request: ForecastRequest) -> Numbers:
    """Periods of each series from its first to the end of its site; none where it begins later."""
    first = request.calendar.periods_of_days(series.first_day)
    ends = np.array([request.end_of(site) for site in series.site_codes], dtype=np.int64)
    return np.maximum(ends[series.site_index] + 1 - first.astype(np.int64), 0)


def _sum_by(numbers: Numbers, values: NDArray[np.int32] | Numbers, count: int) -> Numbers:
    taken = numbers >= 0
    return np.bincount(numbers[taken], weights=values[taken], minlength=count).astype(np.int64)


def _distinct(numbers: Numbers, index: NDArray[np.int32], count: int) -> list[Numbers]:
    """The distinct values of `index` in each partition, ascending."""
    taken = numbers >= 0
    width = int(index.max()) + 1
    keys = np.sort(numbers[taken] * width + index[taken])
    keys = keys[np.concatenate(([True], np.diff(keys) > 0))]  # six times faster than np.unique
    return np.split(keys % width, np.searchsorted(keys, np.arange(1, count) * width))


def _runs(numbers: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Start, stop and number of each run of equal numbers."""
    edges = np.flatnonzero(np.diff(numbers)) + 1
    starts = np.concatenate(([0], edges))
    stops = np.concatenate((edges, [len(numbers)]))
    return starts, stops, numbers[starts]


def _even_cuts(rows: list[int], count: int) -> list[int]:
    """Cut points [0, ..., len(rows)] of `count` contiguous, non-empty parts whose largest is as small as possible.

    Within that bound each cut is the one nearest to an even share of what is left.
    """
    ends = [0, *accumulate(rows)]
    cap = _smallest_cap(ends, count, largest=max(rows))
    earliest = _earliest_cuts(ends, count, cap)
    cuts = [0]
    for part in range(1, count):
        start = cuts[-1]
        target = ends[start] + (ends[-1] - ends[start]) / (count - part + 1)
        low = max(earliest[part], start + 1)
        high = min(bisect_right(ends, ends[start] + cap) - 1, len(rows) - (count - part))
        cuts.append(min(max(_nearest(ends, target), low), high))
    return [*cuts, len(rows)]


def _smallest_cap(ends: list[int], count: int, *, largest: int) -> int:
    """The least number of rows that the fullest of `count` contiguous parts must hold."""
    low = max(-(-ends[-1] // count), largest)
    high = low + largest  # the nearest cut to every even share is off by half a series at most
    while low < high:
        middle = (low + high) // 2
        if _fits(ends, count, middle):
            high = middle
        else:
            low = middle + 1
    return low


def _fits(ends: list[int], count: int, cap: int) -> bool:
    position = 0
    for _ in range(count):
        position = bisect_right(ends, ends[position] + cap) - 1
        if position == len(ends) - 1:
            return True
    return False


def _earliest_cuts(ends: list[int], count: int, cap: int) -> list[int]:
    """For each cut the earliest place from which the rest still fits under the cap."""
    earliest = [0] * (count + 1)
    earliest[count] = len(ends) - 1
    for part in range(count - 1, 0, -1):
        earliest[part] = bisect_left(ends, ends[earliest[part + 1]] - cap)
    return earliest


def _nearest(ends: list[int], target: float) -> int:
    after = bisect_left(ends, target)
    return after if after == 0 or ends[after] - target < target - ends[after - 1] else after - 1


# Whether a history is cut into partitions at all, and which of its sites are forecast.

# `batch_mode: auto` switches on from here.
BATCH_ROWS = 5_000
BATCH_SITES = 5
BATCH_PARTS = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What a batch takes in."""

    batch_mode: bool
    sites: tuple[str, ...]  # forecast, in the order of the history
    notes: tuple[Message, ...]


def choose_scope(facts: HistoryFacts, settings: BatchSettings) -> Scope:
    """Batch mode or one partition, and the sites taken in.

    Raises:
        InvalidSettings: if `site_codes` names sites the history does not hold; all of them are named.
    """
    all_sites = tuple(site.site_code for site in facts.sites)
    batch_mode = settings.batch_mode == "on" or (settings.batch_mode == "auto" and _is_large(facts))
    if batch_mode:
        return Scope(batch_mode=True, sites=all_sites, notes=_ignored_filter_notes(settings, facts))
    if settings.site_codes:
        return Scope(batch_mode=False, sites=_filtered(all_sites, settings.site_codes), notes=())
    return Scope(batch_mode=False, sites=all_sites, notes=_one_partition_notes(settings, facts))


def _is_large(facts: HistoryFacts) -> bool:
    return facts.rows >= BATCH_ROWS or (len(facts.sites) >= BATCH_SITES and facts.parts >= BATCH_PARTS)


def _ignored_filter_notes(settings: BatchSettings, facts: HistoryFacts) -> tuple[Message, ...]:
    if not settings.site_codes:
        return ()
    template = N_(
        "Batch mode forecasts all {sites} sites: the site filter ({chosen}) is ignored. Set {@batch_mode=off} "
        "to forecast these sites alone."
    )
    return (Message(template, {"sites": len(facts.sites), "chosen": ", ".join(settings.site_codes)}),)


def _one_partition_notes(settings: BatchSettings, facts: HistoryFacts) -> tuple[Message, ...]:
    if settings.batch_mode == "off" and _is_large(facts):
        template = N_(
            "{@batch_mode} is off: all {rows:,} rows are forecast in one partition, on one core. Set "
            "{@batch_mode=auto} to share the work."
        )
        return (Message(template, {"rows": facts.rows}),)
    return ()


def _filtered(all_sites: tuple[str, ...], chosen: tuple[str, ...]) -> tuple[str, ...]:
    known = set(all_sites)
    unknown = [_unknown_site(site, all_sites) for site in dict.fromkeys(chosen) if site not in known]
    if unknown:
        raise InvalidSettings(unknown)
    wanted = set(chosen)
    return tuple(site for site in all_sites if site in wanted)


def _unknown_site(site: str, all_sites: tuple[str, ...]) -> Message:
    by_folded = {known.casefold(): known for known in all_sites}
    near = difflib.get_close_matches(site.casefold(), by_folded, n=1)
    if near:
        template = N_("{@site_codes} names {site!r}, which is not in the history; did you mean {near!r}?")
        return Message(template, {"site": site, "near": by_folded[near[0]]})
    shown = ", ".join(all_sites[:10]) + (", ..." if len(all_sites) > 10 else "")
    template = N_("{@site_codes} names {site!r}, which is not in the history; it holds {known}.")
    return Message(template, {"site": site, "known": shown})
