"""What stands in for periods out of stock, and that they are not judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchcast.forecast.kernels.periods import fill_stand_ins, mark_periods
from batchcast.forecast.partition import forecast_panel
from batchcast.forecast.prepare import learn_knowledge


def filled(values, flags):
    values, flags = np.array(values, dtype=np.float64), np.array(flags, dtype=np.bool_)
    fill_stand_ins(values, np.array([0, len(values)]), flags)
    return values.tolist()


def test_periods_with_a_day_out_of_stock_are_flagged():
    flags = np.zeros(7, dtype=np.bool_)

    periods = np.array([9, 11, 11, 20, 12], dtype=np.int32)  # 9 and 20 lie outside
    mark_periods(periods, np.array([0, 4, 5]), np.array([10, 10]), np.array([0, 4, 7]), flags)

    assert np.flatnonzero(flags).tolist() == [1, 6]


@pytest.mark.parametrize(
    ("values", "flags", "expected"),
    [
        ([1, 2, 3, 0, 0], [0, 0, 0, 1, 1], [1, 2, 3, 3, 2]),  # the nearest first
        ([5, 0, 0, 0, 4], [0, 1, 1, 1, 0], [5, 5, 5, 5, 4]),
        ([0, 0, 7, 2], [1, 1, 0, 0], [7, 2, 7, 2]),  # nothing before: what comes after
        ([4, 9, 1], [0, 1, 0], [4, 9, 1]),  # more was sold than stands in
        ([4, 6], [1, 1], [4, 6]),  # never in stock
    ],
)
def test_the_periods_in_stock_around_stand_in(values, flags, expected):
    assert filled(values, flags) == expected


def test_a_series_never_in_stock_is_not_flagged():
    flags = np.array([True, True])

    fill_stand_ins(np.array([1.0, 2.0]), np.array([0, 2]), flags)

    assert not flags.any()


@pytest.mark.compiled
def test_a_backtest_does_not_judge_what_could_not_be_met(make_panel, make_request):
    panel = make_panel([4.0] * 24, [4.0] * 24)
    flags = np.zeros(48, dtype=np.bool_)
    flags[22] = True  # in what comes after the latest cutoff of the first series
    request = make_request()

    knowledge = learn_knowledge(panel, request)
    judged = forecast_panel(replace(panel, out_of_stock=flags), request, knowledge).accuracy["folds"].to_pylist()

    assert judged == [2, 3]
