"""Whatever the history and the settings, a plan takes every series in once."""

from __future__ import annotations

import datetime as dt
from itertools import chain, pairwise
from typing import Any, Literal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from batchcast.domain.calendar import Frequency, day_of
from batchcast.domain.history import HistoryFacts, SeriesTable, SiteFacts
from batchcast.domain.plan import Pace, Plan
from batchcast.domain.settings import BatchSettings
from batchcast.plan.planner import plan_batch

PACE = Pace(seconds_per_cell=1e-6, seconds_per_series=1e-3, start_seconds=0.5)
FIRST, LAST = dt.date(2024, 1, 1), dt.date(2024, 3, 31)
HISTORIES = st.lists(st.lists(st.integers(1, 3000), min_size=1, max_size=12), min_size=1, max_size=12)


def plan_of(sites: list[list[int]], **changed: Any) -> Plan:
    rows = np.array(list(chain.from_iterable(sites)), dtype=np.int32)
    table = SeriesTable(
        site_codes=tuple(f"S{n:02}" for n in range(len(sites))),
        site_index=np.repeat(np.arange(len(sites)), [len(site) for site in sites]).astype(np.int32),
        part_index=np.concatenate([np.arange(len(site)) for site in sites]).astype(np.int32),
        rows=rows,
        first_day=np.full(len(rows), day_of(FIRST), dtype=np.int32),
    )
    facts = HistoryFacts(
        rows=int(rows.sum()),
        series=len(rows),
        parts=max(map(len, sites)),
        sites=tuple(SiteFacts(site_code=f"S{n:02}", rows=sum(s), series=len(s)) for n, s in enumerate(sites)),
        first_date=FIRST,
        last_date=LAST,
        frequency=Frequency.DAILY,
        weekdays=(True,) * 7,
        is_integer=True,
    )
    return plan_batch(facts, table, BatchSettings(**changed), PACE)


@given(
    sites=HISTORIES,
    strategy=st.sampled_from(["site", "auto"]),
    max_partitions=st.integers(1, 15),
    max_rows=st.integers(100, 5000),
    batch_mode=st.sampled_from(["on", "off", "auto"]),
)
@settings(max_examples=150)
def test_every_series_is_in_exactly_one_partition(
    sites: list[list[int]],
    strategy: Literal["site", "auto"],
    max_partitions: int,
    max_rows: int,
    batch_mode: Literal["on", "off", "auto"],
) -> None:
    plan = plan_of(
        sites,
        partition_strategy=strategy,
        max_partitions=max_partitions,
        max_rows_per_partition=max_rows,
        batch_mode=batch_mode,
    )

    rows = list(chain.from_iterable(sites))
    ranges = sorted(chain.from_iterable(p.ranges for p in plan.partitions))
    assert list(chain.from_iterable(range(*r) for r in ranges)) == list(range(len(rows)))
    assert [p.number for p in plan.partitions] == list(range(len(plan.partitions)))
    assert 1 <= len(plan.partitions) <= max_partitions or not plan.batch_mode
    for p in plan.partitions:
        members = [row for start, stop in p.ranges for row in range(start, stop)]
        assert p.series == len(members) > 0
        assert p.rows == sum(rows[row] for row in members)
        assert p.cells == 91 * p.series
        assert all(stop < start for (_, stop), (start, _) in pairwise(p.ranges))  # ascending, apart
    assert plan.rows == sum(rows)


@given(sites=HISTORIES, max_partitions=st.integers(1, 15))
def test_site_is_never_split_and_the_largest_partition_is_the_first(
    sites: list[list[int]], max_partitions: int
) -> None:
    plan = plan_of(sites, batch_mode="on", max_partitions=max_partitions)

    named = list(chain.from_iterable(p.sites for p in plan.partitions))
    counts = [p.rows for p in plan.partitions]
    assert sorted(named) == [f"S{n:02}" for n in range(len(sites))]
    assert len(plan.partitions) == min(len(sites), max_partitions)
    assert counts == sorted(counts, reverse=True)


@given(sites=HISTORIES, max_partitions=st.integers(1, 15), max_rows=st.integers(100, 5000))
@settings(max_examples=150)
def test_partitions_by_size_are_contiguous_and_as_even_as_whole_series_allow(
    sites: list[list[int]], max_partitions: int, max_rows: int
) -> None:
    plan = plan_of(
        sites,
        batch_mode="on",
        partition_strategy="auto",
        max_partitions=max_partitions,
        max_rows_per_partition=max_rows,
    )

    rows = list(chain.from_iterable(sites))
    count = len(plan.partitions)
    mean = sum(rows) / count
    assert count == min(-(-sum(rows) // max_rows), max_partitions, len(rows))
    assert all(len(p.ranges) == 1 for p in plan.partitions)
    assert max(p.rows for p in plan.partitions) <= mean + max(rows)
    if max(rows) <= 0.3 * mean:
        assert max(p.rows for p in plan.partitions) <= 1.3 * mean


@given(rows=st.lists(st.integers(1, 20), min_size=1, max_size=9), count=st.integers(1, 9))
def test_fullest_partition_is_the_least_that_any_cutting_gives(rows: list[int], count: int) -> None:
    count = min(count, len(rows))
    plan = plan_of([[r * 100 for r in rows]], batch_mode="on", partition_strategy="auto", max_partitions=count)
    made = len(plan.partitions)

    assert max(p.rows for p in plan.partitions) == 100 * _least_fullest(tuple(rows), made)


def _least_fullest(rows: tuple[int, ...], count: int) -> int:
    """By trying every cutting."""
    if count == 1:
        return sum(rows)
    return min(max(sum(rows[:cut]), _least_fullest(rows[cut:], count - 1)) for cut in range(1, len(rows) - count + 2))


@given(sites=HISTORIES, workers=st.integers(1, 2))
def test_speed_up_is_at_least_one(sites: list[list[int]], workers: int) -> None:
    plan = plan_of(sites, batch_mode="on", max_parallel=min(workers, BatchSettings().parallel))

    assert 1 <= plan.speed_up <= workers
    assert plan.estimate_seconds > 0


@given(sites=HISTORIES)
def test_same_history_gives_the_same_plan(sites: list[list[int]]) -> None:
    assert plan_of(sites, batch_mode="on") == plan_of(sites, batch_mode="on")
