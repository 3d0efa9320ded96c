"""A panel holds every period of every series, from the one of its first row to the cutoff."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.domain.calendar import Calendar, Frequency, day_of
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.panel import NO_DEMAND, Panel, read_panel

Days = dict[dt.date, float]
CUTOFF = dt.date(2024, 1, 10)


def write_history(path: Path, series: list[tuple[str, str, dt.date, Days]], row_group_size: int = 2) -> Path:
    table = pa.table(
        {
            "site_code": [site for site, _, _, _ in series],
            "partnumber": [part for _, part, _, _ in series],
            "first_day": pa.array([day_of(first) for _, _, first, _ in series], pa.int32()),
            "rows": pa.array([len(days) for *_, days in series], pa.int32()),
            "day": pa.array([[day_of(d) for d in days] for *_, days in series], pa.list_(pa.int32())),
            "quantity": pa.array([list(days.values()) for *_, days in series], pa.list_(pa.float64())),
        }
    )
    pq.write_table(table, path, row_group_size=row_group_size)
    return path


def january(day: int) -> dt.date:
    return dt.date(2024, 1, day)


@pytest.fixture
def read(tmp_path: Path, make_request: Callable[..., ForecastRequest]) -> Callable[..., Panel]:
    def read_series(
        *series: tuple[str, str, dt.date, Days],
        frequency: Frequency = Frequency.DAILY,
        last: dt.date = CUTOFF,
        ranges: list[tuple[int, int]] | None = None,
    ) -> Panel:
        calendar = Calendar(frequency=frequency)
        request = make_request(calendar=calendar, last_period=calendar.period_of_day(day_of(last)))
        path = write_history(tmp_path / "history.parquet", list(series))
        return read_panel(path, [(0, len(series))] if ranges is None else ranges, request)

    return read_series


def test_a_series_runs_from_its_first_day_to_the_cutoff_with_zeros_between(read: Callable[..., Panel]) -> None:
    panel = read(("a", "x", january(6), {january(7): 2.0, january(9): 1.5}))

    assert panel.series(0).tolist() == [0.0, 2.0, 0.0, 1.5, 0.0]
    assert panel.last_demand.tolist() == [day_of(january(9))]
    assert (panel.site_codes, panel.partnumbers) == (["a"], ["x"])


def test_demand_after_the_cutoff_is_left_out(read: Callable[..., Panel]) -> None:
    panel = read(("a", "x", january(9), {january(9): 1.0, january(11): 9.0}))

    assert panel.series(0).tolist() == [1.0, 0.0]


def test_a_series_that_begins_after_the_cutoff_stays_with_no_period(read: Callable[..., Panel]) -> None:
    panel = read(
        ("a", "x", january(10), {january(10): 1.0}),
        ("a", "y", january(11), {january(11): 9.0}),
        ("b", "x", january(10), {january(10): 3.0}),
    )

    assert panel.lengths.tolist() == [1, 0, 1]
    assert panel.values.tolist() == [1.0, 3.0]
    assert panel.last_demand[1] == NO_DEMAND


def test_returns_are_netted_within_a_period_and_a_period_is_never_negative(read: Callable[..., Panel]) -> None:
    days = {january(1): 5.0, january(3): -2.0, january(8): -4.0, january(9): 1.0}
    panel = read(("a", "x", january(1), days), frequency=Frequency.WEEKLY, last=january(21))

    assert panel.series(0).tolist() == [3.0, 0.0, 0.0]
    assert panel.last_demand[0] == Calendar(frequency=Frequency.WEEKLY).period_of_day(day_of(january(1)))


def test_days_become_months_from_the_first_to_the_last(read: Callable[..., Panel]) -> None:
    days = {dt.date(2023, 11, 30): 1.0, dt.date(2024, 1, 1): 2.0, dt.date(2024, 1, 31): 4.0}
    panel = read(("a", "x", dt.date(2023, 11, 2), days), frequency=Frequency.MONTHLY, last=dt.date(2024, 2, 29))

    assert panel.series(0).tolist() == [1.0, 0.0, 6.0, 0.0]


def test_a_series_without_any_demand_is_zeros(read: Callable[..., Panel]) -> None:
    panel = read(("a", "x", january(8), {}))

    assert panel.series(0).tolist() == [0.0, 0.0, 0.0]
    assert panel.last_demand.tolist() == [NO_DEMAND]


def test_only_the_wanted_rows_are_read_across_row_groups(read: Callable[..., Panel]) -> None:
    series = [("a", f"p{k}", january(10), {january(10): float(k + 1)}) for k in range(9)]
    panel = read(*series, ranges=[(1, 2), (3, 6), (8, 9)])

    assert panel.partnumbers == ["p1", "p3", "p4", "p5", "p8"]
    assert panel.values.tolist() == [2.0, 4.0, 5.0, 6.0, 9.0]


def test_no_range_is_an_empty_panel(read: Callable[..., Panel]) -> None:
    panel = read(("a", "x", january(10), {january(10): 1.0}), ranges=[])

    assert len(panel) == 0
    assert panel.values.size == 0


def test_a_chunk_is_the_same_series_with_nothing_copied(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel([1.0, 2.0], [], [3.0], [4.0, 5.0])
    chunk = panel.chunk(1, 4)

    assert len(chunk) == 3
    assert [chunk.series(k).tolist() for k in range(3)] == [[], [3.0], [4.0, 5.0]]
    assert chunk.partnumbers == panel.partnumbers[1:4]
    assert np.shares_memory(chunk.values, panel.values)
