"""The demand summed over other windows than the lead time: by hand, and against demand that is drawn."""

from __future__ import annotations

import math

import numpy as np
import pytest

from batchcast.domain.stock import LeadTimeDemand, levels_with
from batchcast.domain.sums import SHORTER, means_of, over_windows, windows_to

LEVELS = np.array(levels_with(0.95))


def rare(none: float = 0.6, size: float = 10.0) -> LeadTimeDemand:
    """Nothing as often as `none`, otherwise exponential demand of that mean size."""
    quantiles = np.where(none >= LEVELS, 0.0, size * (np.log1p(-none) - np.log1p(-LEVELS)))
    return LeadTimeDemand(LEVELS, quantiles[None, :])


def window(demand: LeadTimeDemand, ratio: float) -> LeadTimeDemand:
    mean = demand.mean * ratio
    return LeadTimeDemand(LEVELS, over_windows(demand, np.full(len(demand.quantiles), ratio)), mean)


def test_at_the_lead_time_nothing_changes():
    assert window(rare(), 1.0).quantiles.tolist() == rare().quantiles.tolist()


def test_a_window_of_half_a_lead_time_worked_by_hand():
    """No demand in 0.6 ** 0.5 ** 0.8 = 0.7458: so Q is 0 up to level 0.7.

    If there is any, it was 10 on average and now is 10 * 0.5 * 0.4 / 0.2542 = 7.868. At level 0.9 the chance of more
    is 0.1 of 0.2542: so often the demand over the lead time, if there is any, is beyond 10 * ln(2.542) = 9.329.
    """
    demand = rare(size=10.0)
    mean = float(demand.mean[0]) / 0.4
    none = 0.6 ** (0.5**SHORTER)
    usual = mean * 0.5 * 0.4 / (1 - none)
    wanted = usual + (10 * math.log((1 - none) / 0.1) - mean) * (usual / mean) ** SHORTER

    found = window(demand, 0.5)

    assert found.quantile(0.7)[0] == 0.0
    assert found.quantile(0.9)[0] == pytest.approx(wanted, rel=1e-6)
    assert found.mean[0] == pytest.approx(demand.mean[0] * 0.5, rel=0.02)


@pytest.mark.parametrize("periods", [1, 3, 15, 60])
def test_the_figures_are_near_those_of_demand_that_is_drawn(periods: int):
    """Orders of 1 to 9 on one day in eight at a level that varies a little: sums over windows, drawn 40,000 times."""
    rng = np.random.default_rng(5)
    level = rng.gamma(16.0, 1 / 16.0, size=(40_000, 1))
    days = rng.integers(1, 10, size=(40_000, 60)) * (rng.random((40_000, 60)) < level / 8)
    over = days.cumsum(axis=1)
    demand = LeadTimeDemand(LEVELS, np.quantile(over[:, 6], LEVELS, method="inverted_cdf")[None, :])

    found = window(demand, periods / 7)

    for wanted in (0.9, 0.95, 0.99):
        stock = math.ceil(found.quantile(wanted)[0] - 1e-9)
        promised = 1 - found.chance_above(np.array([stock + 1e-9]))[0]
        assert (over[:, periods - 1] <= stock).mean() == pytest.approx(promised, abs=0.05)
    assert found.none[0] == pytest.approx((over[:, periods - 1] == 0).mean(), abs=0.12)


def test_steady_demand_of_a_month_has_days_without_any():
    """20 units a month, Poisson: half of all days have none, though no month has. Told from the month it is less."""
    units = np.random.default_rng(3).poisson(20, 100_000)
    month = LeadTimeDemand(LEVELS, np.quantile(units, LEVELS, method="inverted_cdf")[None, :])

    assert month.none[0] == 0.0
    assert 0.04 < window(month, 1 / 28).none[0] < 0.5


def test_the_windows_that_are_kept_have_the_lead_time_and_the_last():
    assert windows_to(1, 1) == [1]
    assert windows_to(7, 7) == [1, 2, 3, 4, 5, 6, 7]
    assert windows_to(45, 30) == [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 30, 32, 40, 45]
    assert len(windows_to(365, 30)) < 35


@pytest.mark.parametrize(
    ("periods", "mean"), [(0.5, 1.0), (1.0, 2.0), (1.5, 2.0), (2.0, 2.0), (3.0, 6.0), (4.0, 10.0), (8.0, 20.0)]
)
def test_a_mean_lies_between_those_of_the_windows_beside_it(periods: float, mean: float):
    assert means_of(np.array([1.0, 2.0, 4.0]), np.array([[2.0, 2.0, 10.0]]), np.array([periods]))[0] == mean
