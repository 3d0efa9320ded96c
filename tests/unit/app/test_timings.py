"""Estimates come from what batches here really took."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchcast.app.timings import TYPICAL_PACE, Timing, Timings


def _timing(scale: float, version: str = "1") -> Timing:
    cells, series = 1_000_000, 1_000
    typical = cells * TYPICAL_PACE.seconds_per_cell + series * TYPICAL_PACE.seconds_per_series
    return Timing(version=version, cells=cells, series=series, work_seconds=typical * scale, start_seconds=scale)


def test_a_new_installation_estimates_with_the_typical_pace(tmp_path: Path) -> None:
    assert Timings(tmp_path / "none").pace("1") == TYPICAL_PACE


def test_the_pace_is_the_median_of_what_was_measured(tmp_path: Path) -> None:
    timings = Timings(tmp_path / "deep" / "timings.jsonl")
    for scale in (2.0, 3.0, 100.0):
        timings.add(_timing(scale))

    pace = timings.pace("1")

    assert pace.seconds_per_cell == pytest.approx(TYPICAL_PACE.seconds_per_cell * 3)
    assert pace.start_seconds == 3.0


def test_one_slow_first_batch_does_not_spoil_the_second_estimate(tmp_path: Path) -> None:
    timings = Timings(tmp_path / "timings.jsonl")
    timings.add(_timing(30.0))
    timings.add(_timing(1.0))

    assert timings.pace("1").start_seconds == 1.0


def test_batches_of_another_version_do_not_count(tmp_path: Path) -> None:
    timings = Timings(tmp_path / "timings.jsonl")
    timings.add(_timing(9.0, version="0"))

    assert timings.pace("1") == TYPICAL_PACE


def test_a_line_cut_short_by_a_crash_is_passed_over(tmp_path: Path) -> None:
    timings = Timings(tmp_path / "timings.jsonl")
    timings.add(_timing(2.0))
    with (tmp_path / "timings.jsonl").open("a") as file:
        file.write('{"version": "1", "cel')

    assert timings.latest("1") == [_timing(2.0)]
