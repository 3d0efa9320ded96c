"""The mathematics of stock, worked by hand: what a distribution says of any stock, and how it is brought to a mean."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import nbinom

from batchcast.domain.stock import (
    LEVELS,
    LeadTimeDemand,
    fit_to_mean,
    levels_with,
    order_up_to,
    raise_to_whole,
    stock_at,
)


def demand_of(levels: list[float], *quantiles: list[float]) -> LeadTimeDemand:
    return LeadTimeDemand(np.array(levels), np.array(quantiles, dtype=np.float64))


def at(stock: float) -> np.ndarray:
    return np.array([stock])


def test_a_demand_that_falls_to_a_half_at_two_units_worked_by_hand():
    """P(D > x) is 2 ** (-x / 2) below 2, and 0 from 2 on; half of all lead times need 2.

    Its mean is the area from 0 to 2: 2 / ln 2 * (1 - 1/2) = 1 / ln 2. A stock of 1 is short of
    2 / ln 2 * (0.7071 - 0.5), a share of 2 * (0.7071 - 0.5) = 0.4142 of the mean.
    """
    demand = demand_of([0.5], [2.0])

    assert demand.mean[0] == pytest.approx(1 / math.log(2))
    assert demand.short_of(at(1.0))[0] == pytest.approx(2 / math.log(2) * (math.sqrt(0.5) - 0.5))
    assert demand.fill_rate(at(1.0))[0] == pytest.approx(2 - math.sqrt(2))
    assert demand.value_of(at(1.0), at(1.0))[0] == pytest.approx(demand.short_of(at(1.0))[0])
    assert demand.quantile(1 - math.sqrt(0.5))[0] == pytest.approx(1.0)


def test_a_part_that_is_seldom_asked_for_worked_by_hand():
    """No demand in 8 of 10 lead times; from level 0.8 to 0.9 it goes from 0 to 5: P(D > x) = 0.2 * 2 ** (-x / 5).

    Mean 0.2 * 5 / ln 2 * (1 - 1/2) = 0.7213. At level 0.85 demand is 5 * log2(0.2 / 0.15) = 2.0752: the reorder point
    is 3, which is short of 0.2 * 5 / ln 2 * (2 ** -0.6 - 0.5) = 0.23048, and serves 1 - 0.23048 / 0.7213 = 0.68049.
    """
    demand = demand_of([0.8, 0.9], [0.0, 5.0])

    stock = stock_at(demand, demand.mean, 0.85)

    assert demand.mean[0] == pytest.approx(0.72135, abs=1e-5)
    assert stock.quantile[0] == pytest.approx(2.07519, abs=1e-5)
    assert stock.safety_stock[0] == pytest.approx(2.07519 - 0.72135, abs=1e-5)
    assert stock.reorder_point[0] == 3.0
    assert stock.fill_rate[0] == pytest.approx(0.68049, abs=1e-5)
    assert demand.fill_rate(at(0.0))[0] == 0.0
    assert demand.fill_rate(at(5.0))[0] == 1.0


def test_a_series_without_demand_needs_no_stock_and_is_served():
    stock = stock_at(demand_of([0.5, 0.95], [0.0, 0.0]), np.zeros(1), 0.95)

    assert [x[0] for x in (stock.quantile, stock.reorder_point, stock.safety_stock, stock.fill_rate)] == [0, 0, 0, 1]


def test_demand_that_lies_beyond_every_quantile_is_not_served_by_no_stock():
    """A mean of 0.002 with every quantile 0 up to 0.999: demand of 1 in 1,000, which is 2 units on average."""
    demand = LeadTimeDemand(np.array([0.5, 0.999]), np.zeros((1, 2)), at(0.002))

    assert demand.mean[0] == pytest.approx(0.002)
    assert stock_at(demand, at(0.002), 0.999).fill_rate.tolist() == [0.0]
    assert demand.short_of(at(2.0))[0] == pytest.approx(0.002 / math.e)
    assert demand.fill_rate(at(2.0))[0] == pytest.approx(1 - 1 / math.e)


def test_a_mean_beyond_the_quantile_leaves_no_safety_stock():
    assert stock_at(demand_of([0.5, 0.95], [1.0, 90.0]), at(3.0), 0.5).safety_stock.tolist() == [0.0]


def test_where_demand_is_whole_so_is_every_quantile_and_no_zero_has_a_minus():
    stock = stock_at(demand_of([0.5, 0.95], [0.0, 3.0]), at(0.4), 0.7, is_whole=True)

    assert stock.quantile.tolist() == stock.reorder_point.tolist() == [1.0]
    assert str(raise_to_whole(np.array([-1e-12]))[0]) == "0.0"
    assert raise_to_whole(np.array([3.0000000001, 3.1])).tolist() == [3.0, 4.0]


def test_an_order_goes_up_to_one_period_more_than_the_reorder_point():
    assert order_up_to(np.array([12.0, 1.0]), np.array([5.0, 0.4]), np.array([2.0, 2.0])).tolist() == [15.0, 1.0]


def test_a_service_level_of_its_own_is_kept_too():
    assert levels_with(0.95) == LEVELS
    assert levels_with(0.96)[-8:] == (0.95, 0.96, 0.97, 0.98, 0.99, 0.995, 0.999, 0.9999)


# From 0 to 4 the chance falls from 1 to 0.5: 4 / ln 2 * 0.5 = 2.885; from 4 to 10 to 0.1: 6 / ln 5 * 0.4 = 1.491.
BENT = (np.array([[4.0, 10.0]]), np.array([0.5, 0.9]))
UNDER, OVER = 4 / math.log(2) * 0.5, 6 / math.log(5) * 0.4


def test_a_smaller_mean_shrinks_what_lies_under_the_quantile_at_the_service_level():
    """Where 4 becomes 2 the area is 2 / ln 2 * 0.5 to the left of it, and 8 / ln 5 * 0.4 to the right."""
    mean = UNDER / 2 + OVER * 8 / 6

    assert fit_to_mean(*BENT, at(mean), 0.9).tolist() == [[pytest.approx(2.0), 10.0]]


def test_a_larger_mean_stretches_what_lies_beyond_it():
    assert fit_to_mean(*BENT, at(UNDER + OVER * 1.5), 0.5).tolist() == [[4.0, pytest.approx(13.0)]]


def test_beyond_the_largest_factor_the_tail_grows():
    quantiles, levels = np.zeros((1, len(LEVELS))), np.array(LEVELS)

    fitted = fit_to_mean(quantiles, levels, at(0.02), 0.95)

    assert LeadTimeDemand(levels, fitted).mean[0] == pytest.approx(0.02)
    assert fitted[0, : LEVELS.index(0.95) + 1].tolist() == [0.0] * (LEVELS.index(0.95) + 1)
    assert (np.diff(fitted[0, LEVELS.index(0.95) :]) > 0).all()


def test_a_mean_too_small_for_the_quantile_leaves_the_least_there_can_be():
    """10 at level 0.9 and beyond, 0 at level 0.5 and below."""
    fitted = fit_to_mean(*BENT, at(0.3), 0.9)

    assert fitted.tolist() == [[0.0, 10.0]]
    assert LeadTimeDemand(BENT[1], fitted).mean[0] == pytest.approx(10 / math.log(5) * 0.4)


@pytest.mark.parametrize(("mean", "dispersion"), [(0.3, 2.0), (1.0, 5.0), (3.0, 2.0), (20.0, 5.0), (2000.0, 100.0)])
def test_the_fill_rate_is_near_that_of_the_distribution_the_quantiles_are_of(mean: float, dispersion: float):
    """A sum over a negative binomial, unit by unit; the fewer units are asked for, the more lies between the levels."""
    true, levels = nbinom(mean / (dispersion - 1), 1 / dispersion), np.array(LEVELS)
    quantiles = fit_to_mean(true.ppf(levels)[None, :], levels, at(mean), 0.95)

    for level in (0.9, 0.95, 0.99):
        stock = stock_at(LeadTimeDemand(levels, quantiles), at(mean), level)
        units = np.arange(200_000)
        short = (true.pmf(units) * np.maximum(units - stock.reorder_point[0], 0)).sum()
        assert stock.fill_rate[0] == pytest.approx(1 - short / mean, abs=0.025 if mean < 20 else 0.004)
