"""A plan: mode, partitions, estimate and hints."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from batchcast.domain.errors import InvalidSettings
from batchcast.domain.history import HistoryFacts, SeriesTable
from batchcast.domain.plan import Pace, Plan
from batchcast.domain.settings import BatchSettings
from batchcast.plan.planner import batch_seconds, plan_batch, useful_workers

MakeHistory = Callable[..., tuple[HistoryFacts, SeriesTable]]
# Rows of the 13 sites of the founding sample, 11,919 in all.
FOUNDING_ROWS = (3185, 2287, 1763, 1271, 953, 915, 540, 371, 218, 142, 95, 91, 88)


@pytest.fixture
def plan(make_history: MakeHistory, pace: Pace) -> Callable[..., Plan]:
    """Plans a history given the rows of each series by site."""

    def plan_rows(rows_of_sites: dict[str, list[int]], /, **settings: Any) -> Plan:
        facts, series = make_history(rows_of_sites)
        return plan_batch(facts, series, BatchSettings(**settings), pace)

    return plan_rows


def texts(messages: Any) -> str:
    return " ".join(map(str, messages))


@pytest.mark.parametrize(("rows", "partitions"), [(5_000, 3), (10_000, 5), (20_000, 10), (50_000, 20), (90_000, 20)])
def test_partitions_by_size_are_as_many_as_the_rows_need(plan: Callable[..., Plan], rows: int, partitions: int) -> None:
    found = plan({"Kendari": [5] * (rows // 5)}, partition_strategy="auto")

    counts = [p.rows for p in found.partitions]
    assert len(counts) == partitions
    assert max(counts) <= 1.3 * rows / partitions


def test_founding_sample_gets_a_partition_a_site_largest_first(plan: Callable[..., Plan]) -> None:
    sites = {f"S{n:02}": [1] * rows for n, rows in enumerate(reversed(FOUNDING_ROWS))}

    found = plan(sites)

    assert found.batch_mode
    assert [p.rows for p in found.partitions] == list(FOUNDING_ROWS)
    assert [p.sites for p in found.partitions][:2] == [("S12",), ("S11",)]
    assert (found.rows, found.sites, found.series, found.parts) == (11_919, 13, 11_919, 3_185)


def test_equal_sites_come_in_the_order_of_their_codes(plan: Callable[..., Plan]) -> None:
    found = plan({"b": [5], "a": [5], "Z": [5], "é": [5]}, batch_mode="on")

    assert [p.sites[0] for p in found.partitions] == ["Z", "a", "b", "é"]


def test_smallest_sites_share_partitions_when_there_are_too_many(plan: Callable[..., Plan]) -> None:
    sites = {"A": [90], "B": [20], "C": [30], "D": [60], "E": [10], "F": [40]}

    found = plan(sites, batch_mode="on", max_partitions=3)

    assert [(p.sites, p.rows) for p in found.partitions] == [(("A",), 90), (("B", "D"), 80), (("C", "E", "F"), 80)]
    assert found.partitions[2].ranges == ((2, 3), (4, 6))


def test_large_series_stays_whole_and_the_rest_is_shared_evenly(plan: Callable[..., Plan]) -> None:
    found = plan({"A": [100, 100, 4000, 100, 100]}, batch_mode="on", partition_strategy="auto")

    assert [p.rows for p in found.partitions] == [200, 4000, 200]


def test_partitions_are_never_more_than_series(plan: Callable[..., Plan]) -> None:
    found = plan({"A": [9000, 9000]}, partition_strategy="auto")

    assert [p.ranges for p in found.partitions] == [((0, 1),), ((1, 2),)]


def test_cells_count_the_periods_up_to_the_cutoff(make_history: MakeHistory, pace: Pace) -> None:
    facts, series = make_history({"A": [3, 3, 3]})
    starts = np.array([0, 10, 10_000], dtype=np.int32) + series.first_day  # the last begins after the cutoff

    found = plan_batch(facts, replace(series, first_day=starts), BatchSettings(), pace)

    days = (dt.date(2025, 5, 10) - dt.date(2024, 1, 1)).days + 1
    assert found.partitions[0].cells == days + days - 10


@pytest.mark.parametrize(
    ("sites", "batch_mode"),
    [
        ({"A": [4_999]}, False),
        ({"A": [5_000]}, True),
        ({s: [1] * 500 for s in "ABCDE"}, True),
        ({s: [1] * 500 for s in "ABCD"}, False),
        ({s: [1] * 499 for s in "ABCDE"}, False),
    ],
)
def test_batch_mode_auto_switches_on_for_large_histories(
    plan: Callable[..., Plan], sites: dict[str, list[int]], batch_mode: bool
) -> None:
    found = plan(sites)

    assert found.batch_mode is batch_mode
    assert (len(found.partitions) == 1) == (not batch_mode or len(sites) == 1)


def test_batch_mode_ignores_the_site_filter_and_says_so(plan: Callable[..., Plan]) -> None:
    found = plan({"A": [1], "B": [1]}, batch_mode="on", site_codes=("B",))

    assert found.sites == 2
    assert "Batch mode forecasts all 2 sites: the site filter (B) is ignored" in texts(found.notes)


def test_normal_mode_takes_the_sites_asked_for_alone(plan: Callable[..., Plan]) -> None:
    found = plan({"A": [1, 2], "B": [3], "C": [4, 5, 6]}, site_codes=("C", "A"))

    (partition,) = found.partitions
    assert partition.ranges == ((0, 2), (3, 6))
    assert (partition.sites, partition.rows, partition.series, partition.parts) == (("A", "C"), 18, 5, 3)
    assert (found.rows, found.sites, found.series, found.parts) == (18, 2, 5, 3)
    assert not found.batch_mode


def test_unknown_sites_are_all_named_with_what_was_meant(plan: Callable[..., Plan]) -> None:
    with pytest.raises(InvalidSettings) as caught:
        plan({"Kendari": [1], "Morowali": [1]}, site_codes=("kendari", "XX", "Morowali"))

    assert [str(problem) for problem in caught.value.problems] == [
        "site_codes names 'kendari', which is not in the history; did you mean 'Kendari'?",
        "site_codes names 'XX', which is not in the history; it holds Kendari, Morowali.",
    ]


def test_long_list_of_sites_is_cut(plan: Callable[..., Plan]) -> None:
    with pytest.raises(InvalidSettings, match=r"it holds S00, .*S09, \.\.\.\.$"):
        plan({f"S{n:02}": [1] for n in range(12)}, site_codes=("qqqq",))


def test_batch_mode_off_on_a_large_history_is_said(plan: Callable[..., Plan]) -> None:
    found = plan({"A": [9_000], "B": [9_000]}, batch_mode="off")

    assert [p.ranges for p in found.partitions] == [((0, 2),)]
    assert "batch_mode is off: all 18,000 rows are forecast in one partition" in texts(found.notes)


def test_estimate_is_the_time_of_the_busiest_worker(make_history: MakeHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchcast.domain.settings.usable_cores", lambda: 2)
    facts, series = make_history({"A": [1] * 5, "B": [1] * 4, "C": [1] * 3})
    second_a_series = Pace(seconds_per_cell=0, seconds_per_series=1, start_seconds=2)

    found = plan_batch(facts, series, BatchSettings(batch_mode="on"), second_a_series)

    assert found.estimate_seconds == 2 + (4 + 3)  # A alone on one worker, B then C on the other
    assert found.single_job_seconds == 2 + 12
    assert found.speed_up == pytest.approx(14 / 9)


@pytest.mark.parametrize(
    ("start", "asked", "workers"), [(0, None, 4), (3, None, 4), (5, None, 2), (20, None, 1), (20, 3, 3)]
)
def test_a_worker_is_worth_its_start_unless_it_is_asked_for(start, asked, workers, make_history, monkeypatch) -> None:
    monkeypatch.setattr("batchcast.domain.settings.usable_cores", lambda: 4)
    facts, series = make_history({"A": [1] * 5, "B": [1] * 4, "C": [1] * 3})  # 12 seconds of work
    pace = Pace(seconds_per_cell=0, seconds_per_series=1, start_seconds=2, worker_start_seconds=start)
    settings = BatchSettings(batch_mode="on", max_parallel=asked)

    found = plan_batch(facts, series, settings, pace)

    assert useful_workers(found.partitions, settings, pace) == workers
    assert found.estimate_seconds == batch_seconds(found.partitions, 0, pace, workers=workers)


def test_what_is_learned_across_series_counts_where_it_is_asked_for(make_history: MakeHistory) -> None:
    facts, series = make_history({"A": [10] * 400})
    pace = Pace(seconds_per_cell=0, seconds_per_series=0, start_seconds=1, step_seconds_per_case=1e-3)

    months, weeks, local = (
        plan_batch(facts, series, BatchSettings(batch_mode="off", **settings), pace, learns=learns)
        for settings, learns in (
            ({"frequency": "M", "horizon": 2}, True),
            ({"frequency": "W"}, True),
            ({"frequency": "W", "models": ("ses",)}, False),
        )
    )

    assert 1000 < months.cases < weeks.cases
    assert weeks.estimate_seconds == pytest.approx(1 + weeks.cases / 1000)
    assert (local.cases, local.estimate_seconds) == (0, 1)


def test_estimate_is_never_zero(make_history: MakeHistory) -> None:
    facts, series = make_history({"A": [1]})

    found = plan_batch(facts, series, BatchSettings(), Pace(seconds_per_cell=0, seconds_per_series=0, start_seconds=0))

    assert found.estimate_seconds == found.single_job_seconds > 0


def test_dates_of_the_plan_are_those_of_the_history_used(plan: Callable[..., Plan]) -> None:
    found = plan({"A": [1]}, frequency="M")

    assert (found.first_date, found.last_date) == (dt.date(2024, 1, 1), dt.date(2025, 4, 30))
    assert plan({"A": [1]}).last_date == dt.date(2025, 5, 10)


def test_good_plan_has_no_hints(plan: Callable[..., Plan]) -> None:
    assert plan({"A": [10] * 100, "B": [10] * 80}, batch_mode="on").hints == ()


def test_small_partitions_are_hinted_at(plan: Callable[..., Plan]) -> None:
    found = plan({"A": [900], **{f"B{n}": [9] for n in range(7)}}, batch_mode="on")

    assert "7 of 8 partitions hold fewer than 500 rows (P1, P2, P3, P4, P5, ...)" in texts(found.hints)
    assert plan({"A": [9]}, batch_mode="on").hints == ()  # one partition can't be joined with another


def test_large_partitions_with_a_short_limit_are_hinted_at(plan: Callable[..., Plan]) -> None:
    hint = "1 of 1 partitions are large for a limit of 30 seconds (P0): they risk a time-out"

    assert hint in texts(plan({"A": [6_000]}, max_execution_time=30).hints)
    assert plan({"A": [6_000]}).hints == ()


def test_partition_that_takes_half_its_limit_is_hinted_at(make_history: MakeHistory) -> None:
    facts, series = make_history({"A": [600]})
    slow = Pace(seconds_per_cell=0, seconds_per_series=200, start_seconds=0)

    assert "risk a time-out" in texts(plan_batch(facts, series, BatchSettings(), slow).hints)


def test_memory_over_the_limit_is_hinted_at(make_history: MakeHistory, pace: Pace) -> None:
    facts, series = make_history({"A": [1] * 100})
    long_ago = replace(series, first_day=np.full(100, -200_000, dtype=np.int32))

    found = plan_batch(facts, long_ago, BatchSettings(memory_limit_mb=512), pace)

    assert "may need up to 1,054 MB, over the limit of 512 MB (P0)" in texts(found.hints)


def test_short_series_are_hinted_at(make_history: MakeHistory, pace: Pace) -> None:
    facts, series = make_history({"A": [1, 1, 1]})
    starts = series.first_day + np.array([0, 494, 495], dtype=np.int32)  # 496 days in all

    found = plan_batch(facts, replace(series, first_day=starts), BatchSettings(), pace)

    assert "2 of 3 series have fewer than 3 periods of history" in texts(found.hints)


@pytest.mark.parametrize("strategy", ["site", "auto"])
def test_a_million_series_are_planned_in_seconds(make_history: MakeHistory, pace: Pace, strategy: str) -> None:
    facts, series = make_history({f"S{n:03}": np.arange(1, 5_001) % 7 + 1 for n in range(200)})
    settings = BatchSettings(partition_strategy=strategy)  # type: ignore[arg-type]

    started = time.process_time()
    found = plan_batch(facts, series, settings, pace)
    seconds = time.process_time() - started

    assert found.series == 1_000_000
    assert seconds < 10  # of CPU; below one on an idle machine
