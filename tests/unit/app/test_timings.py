"""Estimates come from what batches here really took."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from batchcast.app.installation.timings import COLD_PACE, TYPICAL_PACE, Timing, Timings, pace_from
from batchcast.plan.planner import steps_seconds


def _timing(scale: float, version: str = "1", *, series: int = 1_000) -> Timing:
    """Of a batch that took so many times as long as one at the pace of a typical command."""
    cells, partitions = series * 1000, 4
    work = cells * COLD_PACE.seconds_per_cell + series * COLD_PACE.seconds_per_series
    steps = steps_seconds(series=series, partitions=partitions, cases=12_000, pace=COLD_PACE)
    return Timing(
        version=version,
        cells=cells,
        series=series,
        partitions=partitions,
        cases=12_000,
        work_seconds=(work + partitions * COLD_PACE.seconds_per_partition) * scale,
        start_seconds=steps * scale,
    )


def test_a_new_installation_estimates_with_the_typical_pace(tmp_path: Path) -> None:
    assert Timings(tmp_path / "none").pace("1") == COLD_PACE


def test_the_pace_is_the_median_of_what_was_measured(tmp_path: Path) -> None:
    timings = Timings(tmp_path / "deep" / "timings.jsonl")
    for scale in (2.0, 3.0, 100.0):
        timings.add(_timing(scale))

    pace = timings.pace("1")

    assert pace.seconds_per_cell == pytest.approx(COLD_PACE.seconds_per_cell * 3)
    assert pace.start_seconds == pytest.approx(COLD_PACE.start_seconds * 3)


def test_one_slow_first_batch_does_not_spoil_the_second_estimate(tmp_path: Path) -> None:
    timings = Timings(tmp_path / "timings.jsonl")
    timings.add(_timing(30.0))
    timings.add(_timing(1.0))

    assert timings.pace("1").start_seconds == pytest.approx(COLD_PACE.start_seconds)


def test_a_timing_that_does_not_tell_what_was_learned_says_nothing_of_the_steps() -> None:
    old = replace(_timing(4.0), cases=None)

    alone, beside = pace_from([old], COLD_PACE), pace_from([old, old, _timing(2.0)], COLD_PACE)

    assert alone.start_seconds == COLD_PACE.start_seconds
    assert beside.start_seconds == pytest.approx(COLD_PACE.start_seconds * 2)
    assert alone.seconds_per_cell == pytest.approx(COLD_PACE.seconds_per_cell * 4)


def test_batches_of_another_version_do_not_count(tmp_path: Path) -> None:
    timings = Timings(tmp_path / "timings.jsonl")
    timings.add(_timing(9.0, version="0"))

    assert timings.pace("1") == COLD_PACE


def test_a_line_cut_short_by_a_crash_is_passed_over(tmp_path: Path) -> None:
    timings = Timings(tmp_path / "timings.jsonl")
    timings.add(_timing(2.0))
    with (tmp_path / "timings.jsonl").open("a") as file:
        file.write('{"version": "1", "cel')

    assert timings.latest("1") == [_timing(2.0)]


def test_batches_of_any_size_tell_the_same_pace() -> None:
    small, large = (pace_from([_timing(2.0, series=series)], COLD_PACE) for series in (50, 50_000))

    assert small.step_seconds_per_series == pytest.approx(large.step_seconds_per_series)
    assert small.seconds_per_partition == pytest.approx(large.seconds_per_partition)


def test_only_the_latest_batches_count(tmp_path: Path) -> None:
    timings = Timings(tmp_path / "timings.jsonl")
    for scale in (9.0,) * 9 + (2.0,) * 3:
        timings.add(_timing(scale))

    assert timings.pace("1").seconds_per_series == pytest.approx(COLD_PACE.seconds_per_series * 2)


def test_a_server_without_measurements_has_warm_workers() -> None:
    assert pace_from([]) == TYPICAL_PACE
    assert TYPICAL_PACE.start_seconds < COLD_PACE.start_seconds
