"""Planning figures: rounding, and the fence around what is plausible."""

from __future__ import annotations

import numpy as np
import pytest

from batchcast.forecast.evidence import PLAUSIBLE_MULTIPLE, limit_means, limit_quantiles, plausible_step, plausible_sum
from batchcast.forecast.moments import measure_history
from batchcast.forecast.tables import round_forecast

RAW = np.array([[0.3, 0.3, 0.3, 0.3, 0.4], [1.2, 2.5, 0.0, 3.49, 0.51]])


@pytest.mark.parametrize(
    ("rounding", "threshold", "expected"),
    [
        ("none", 0.5, RAW.tolist()),
        ("keep_total", 0.5, [[0, 1, 0, 0, 1], [1, 3, 0, 3, 1]]),
        ("half_up", 0.5, [[0, 0, 0, 0, 0], [1, 3, 0, 3, 1]]),
        ("half_up", 3.0, [[0, 0, 0, 0, 0], [0, 0, 0, 3, 0]]),
        ("ceiling", 0.35, [[0, 0, 0, 0, 1], [2, 3, 0, 4, 1]]),
        ("floor", 0.5, [[0, 0, 0, 0, 0], [1, 2, 0, 3, 0]]),
    ],
)
def test_rounding_by_hand(rounding, threshold: float, expected: list[list[float]]):
    assert round_forecast(RAW, rounding, threshold).tolist() == expected


def test_keep_total_keeps_every_running_total_within_half_a_unit():
    raw = np.random.default_rng(1).gamma(0.3, 1.0, (50, 30))

    rounded = round_forecast(raw, "keep_total", 0.5)

    assert np.abs(rounded.cumsum(axis=1) - raw.cumsum(axis=1)).max() <= 0.5 + 1e-9
    assert rounded.min() >= 0


def test_quantiles_beyond_the_plausible_limit_are_reduced_to_it_and_flagged():
    quantiles, flagged = limit_quantiles(
        np.array([[[1.0, 9.0], [2.0, 3.0]], [[1.0, 2.0], [2.0, 3.0]]]), np.array([5.0, 3.0])
    )

    assert quantiles.tolist() == [[[1, 5], [2, 3]], [[1, 2], [2, 3]]]
    assert flagged.tolist() == [True, False]


def test_the_fence_is_a_multiple_of_the_largest_ever_seen():
    values, offsets = np.array([1.0, 4, 2, 7]), np.array([0, 3, 4], dtype=np.int64)

    moments = measure_history(values, offsets, np.zeros(1, dtype=np.int64), 2)

    assert plausible_sum(moments).tolist() == [
        [PLAUSIBLE_MULTIPLE * 6, PLAUSIBLE_MULTIPLE * 14]
    ]  # one period of 7 is 14 in two
    assert plausible_step(moments).tolist() == [[PLAUSIBLE_MULTIPLE * 4, PLAUSIBLE_MULTIPLE * 7]]


def test_means_are_held_within_the_fence_and_what_is_not_finite_is_unknown():
    steps = np.array([[[3.0, 1, 1], [-2.0, 1, 1], [1, 1, np.inf], [1, 1, np.nan], [0, 9.0, 9]]])

    held = limit_means(steps, np.full((1, 5), 4.5), span=2)

    assert held[0, :2].tolist() == [[3, 1, 1], [0, 1, 1]]
    assert np.isnan(held[0, 2:4, 2]).all()
    assert held[0, 4].tolist() == [0, 4.5, 4.5]
