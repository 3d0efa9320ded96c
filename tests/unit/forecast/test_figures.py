"""Planning figures: rounding, stock, and the fence around what is plausible."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nbinom

from batchcast.forecast.distributions.negbin import negbin_quantiles
from batchcast.forecast.evidence import FENCE, fence_of_steps, fence_of_sums, hold_back, hold_means
from batchcast.forecast.moments import measure_history
from batchcast.forecast.rounding import round_forecast
from batchcast.forecast.stock import stock_figures, stock_levels

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


def test_stock_figures_by_hand():
    # Above 0.9: quantiles 6 (half of the tail), 8, 10, 20 (a twentieth). Beyond a stock of 5: 1, 3, 5, 15.
    # Short: 0.1 * (0.5*1 + 0.3*3 + 0.15*5 + 0.05*15) = 0.29 of a mean of 3.
    stock = stock_figures(np.array([3.0]), np.array([[4.2, 6, 8, 10, 20]]), 0.9)

    assert stock.quantile.tolist() == [4.2]
    assert stock.reorder_point.tolist() == [5.0]
    assert stock.safety_stock == pytest.approx([1.2])
    assert stock.fill_rate == pytest.approx([1 - 0.29 / 3])


def test_a_series_without_demand_needs_no_stock():
    stock = stock_figures(np.zeros(1), np.zeros((1, 5)), 0.95)

    assert [x[0] for x in (stock.reorder_point, stock.safety_stock, stock.fill_rate)] == [0, 0, 1]


def test_no_stock_serves_no_demand():
    """The tail says 0.05 * 0.5 = 0.025 short of a mean of 0.1; without any stock it is all of it."""
    stock = stock_figures(np.array([0.1]), np.array([[0.0, 0, 0, 0, 10]]), 0.95)

    assert (stock.reorder_point[0], stock.fill_rate[0]) == (0, 0)


def test_a_mean_beyond_the_quantile_leaves_no_safety_stock():
    assert stock_figures(np.array([3.0]), np.array([[1.0, 2, 3, 4, 90]]), 0.5).safety_stock.tolist() == [0.0]


@pytest.mark.parametrize(("mean", "dispersion"), [(3.0, 2.0), (20.0, 5.0), (2000.0, 100.0)])
def test_the_expected_fill_rate_is_near_that_of_the_whole_distribution(mean: float, dispersion: float):
    levels = stock_levels(0.95)
    quantiles = negbin_quantiles(np.array([mean]), np.array([dispersion]), np.ones(1), levels)
    demand = np.arange(200_000)
    chance = nbinom.pmf(demand, mean / (dispersion - 1), 1 / dispersion)

    stock = stock_figures(np.array([mean]), quantiles, 0.95)

    short = (chance * np.maximum(demand - stock.reorder_point[0], 0)).sum()
    assert stock.fill_rate[0] == pytest.approx(1 - short / mean, abs=0.004)


def test_quantiles_beyond_the_fence_are_held_back_and_flagged():
    quantiles, flagged = hold_back(np.array([[[1.0, 9.0], [2.0, 3.0]], [[1.0, 2.0], [2.0, 3.0]]]), np.array([5.0, 3.0]))

    assert quantiles.tolist() == [[[1, 5], [2, 3]], [[1, 2], [2, 3]]]
    assert flagged.tolist() == [True, False]


def test_the_fence_is_a_multiple_of_the_largest_ever_seen():
    values, offsets = np.array([1.0, 4, 2, 7]), np.array([0, 3, 4], dtype=np.int64)

    moments = measure_history(values, offsets, np.zeros(1, dtype=np.int64), 2)

    assert fence_of_sums(moments).tolist() == [[FENCE * 6, FENCE * 14]]  # one period of 7 is 14 in two
    assert fence_of_steps(moments).tolist() == [[FENCE * 4, FENCE * 7]]


def test_means_are_held_within_the_fence_and_what_is_not_finite_is_unknown():
    steps = np.array([[[3.0, 1, 1], [-2.0, 1, 1], [np.inf, 1, 1], [np.nan, 1, 1], [9.0, 0, 9]]])

    held = hold_means(steps, np.full((1, 5), 4.5), skip=1, span=2)

    assert held[0, :2].tolist() == [[3, 1, 1], [0, 1, 1]]
    assert np.isnan(held[0, 2:4, 0]).all()
    assert held[0, 4].tolist() == [4.5, 0, 4.5]
