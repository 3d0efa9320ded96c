"""What holds of any demand over the lead time and any stock."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from batchcast.domain.stock import LEVELS, LeadTimeDemand, fit_to_mean, levels_with, stock_at
from batchcast.domain.sums import over_windows

service_levels = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.96, 0.99, 0.9999])
means = st.one_of(st.just(0.0), st.floats(1e-3, 1e4))


@st.composite
def ladders(draw: st.DrawFn, service_level: float = 0.95) -> np.ndarray:
    """Quantiles of one series at `levels_with(service_level)`: often 0 for long, often whole, sometimes all equal."""
    count = len(levels_with(service_level))
    steps = draw(
        st.lists(st.one_of(st.just(0.0), st.integers(0, 9), st.floats(0.01, 50)), min_size=count, max_size=count)
    )
    nothing = draw(st.integers(0, count))
    return np.cumsum([0.0] * nothing + steps[nothing:])[None, :]


def naive_short(levels: np.ndarray, quantiles: np.ndarray, stock: float) -> float:
    """E[max(D - stock, 0)] as a sum over many equally likely demands between each two levels."""
    depths, knots = np.append(0.0, -np.log1p(-levels)), np.append(0.0, quantiles)
    total = max(quantiles[-1] - stock, 0.0) * (1 - levels[-1])
    for (left, right), (low, high) in zip(pairwise(depths), pairwise(knots), strict=True):
        chances = np.linspace(np.exp(-left), np.exp(-right), 5_001)
        middles = (chances[1:] + chances[:-1]) / 2
        demands = low + (high - low) * (-np.log(middles) - left) / (right - left)
        total += np.maximum(demands - stock, 0.0).mean() * (np.exp(-left) - np.exp(-right))
    return float(total)


@given(quantiles=ladders(), stock=st.floats(0, 200))
def test_units_short_are_a_sum_over_the_distribution(quantiles: np.ndarray, stock: float) -> None:
    levels = np.array(LEVELS)

    found = LeadTimeDemand(levels, quantiles).short_of(np.array([stock]))[0]

    np.testing.assert_allclose(found, naive_short(levels, quantiles[0], stock), rtol=1e-5, atol=1e-6)


@given(quantiles=ladders(), stocks=st.lists(st.floats(0, 1000), min_size=2, max_size=9), pack=st.floats(0, 50))
def test_more_stock_never_serves_less_and_enough_serves_all(
    quantiles: np.ndarray, stocks: list[float], pack: float
) -> None:
    demand, ascending = LeadTimeDemand(np.array(LEVELS), quantiles), np.array(sorted(stocks))
    same = np.zeros(len(stocks), dtype=np.int64)

    rates, values = demand.fill_rate(ascending, same), demand.value_of(np.full(len(stocks), pack), ascending, same)

    assert (np.diff(rates) >= -1e-12).all()
    assert (np.diff(values) <= 1e-9 * (1 + quantiles[0, -1])).all()  # one more unit is worth less and less
    assert ((rates >= 0) & (rates <= 1)).all()
    assert demand.fill_rate(quantiles[:, -1])[0] == 1.0
    assert demand.fill_rate(np.zeros(1))[0] == (0.0 if quantiles[0, -1] > 0 else 1.0)


@given(data=st.data(), level=service_levels, mean=means)
def test_where_there_is_demand_no_stock_serves_none_of_it(data: st.DataObject, level: float, mean: float) -> None:
    levels = np.array(levels_with(level))
    fitted = fit_to_mean(data.draw(ladders(level)), levels, np.array([mean]), level)

    demand = LeadTimeDemand(levels, fitted, np.array([mean]))

    assert demand.fill_rate(np.zeros(1))[0] == (0.0 if demand.mean[0] > 0 else 1.0)
    assert demand.mean[0] >= mean * (1 - 1e-8) - 1e-8


@given(data=st.data(), level=service_levels, mean=means)
def test_a_fitted_distribution_has_the_mean_and_keeps_the_quantile(
    data: st.DataObject, level: float, mean: float
) -> None:
    levels = np.array(levels_with(level))
    own = int(np.searchsorted(levels, level))
    quantiles = data.draw(ladders(level))

    fitted = fit_to_mean(quantiles, levels, np.array([mean]), level)

    assert fitted[0, own] == quantiles[0, own]
    assert (np.diff(fitted) >= 0).all()
    assert fitted.min() >= 0
    found = LeadTimeDemand(levels, fitted).mean[0]
    least = np.where(np.arange(len(levels)) < own, 0.0, quantiles[0, own])
    bound = LeadTimeDemand(levels, least[None, :]).mean[0]
    if mean >= bound and own < len(levels) - 1:
        np.testing.assert_allclose(found, mean, rtol=1e-9, atol=1e-12)
    elif mean < bound:
        np.testing.assert_allclose(found, bound, rtol=1e-9)


@given(quantiles=ladders(), mean=means)
def test_a_fitted_distribution_stays_as_it_is(quantiles: np.ndarray, mean: float) -> None:
    levels = np.array(LEVELS)
    once = fit_to_mean(quantiles, levels, np.array([mean]), 0.95)

    np.testing.assert_allclose(
        fit_to_mean(once, levels, LeadTimeDemand(levels, once).mean, 0.95), once, rtol=1e-6, atol=1e-12
    )


@given(quantiles=st.lists(ladders(), min_size=2, max_size=4), ratio=st.sampled_from([0.25, 1.0, 3.0]))
def test_a_series_has_the_same_figures_alone_and_among_others(quantiles: list[np.ndarray], ratio: float) -> None:
    levels, count = np.array(LEVELS), len(quantiles)
    together = np.concatenate(quantiles)
    mean, ratios = together.mean(axis=1), np.full(count, ratio)

    fitted = over_windows(LeadTimeDemand(levels, fit_to_mean(together, levels, mean, 0.95), mean), ratios)
    first = fit_to_mean(quantiles[0], levels, mean[:1], 0.95)
    alone = over_windows(LeadTimeDemand(levels, first, mean[:1]), ratios[:1])

    assert fitted[:1].tolist() == alone.tolist()
    both, one = LeadTimeDemand(levels, fitted), LeadTimeDemand(levels, alone)
    assert both.fill_rate(np.full(count, 2.0))[0] == one.fill_rate(np.full(1, 2.0))[0]


@given(quantiles=ladders(), levels=st.lists(st.floats(0.01, 0.9999), min_size=2, max_size=8))
def test_a_higher_service_level_never_asks_for_less_nor_serves_less(quantiles: np.ndarray, levels: list[float]) -> None:
    demand = LeadTimeDemand(np.array(LEVELS), quantiles)

    found = [stock_at(demand, demand.mean, level) for level in sorted({*levels, 0.95})]

    for lower, higher in pairwise(found):
        for name in ("quantile", "safety_stock", "reorder_point", "fill_rate"):
            assert getattr(lower, name)[0] <= getattr(higher, name)[0] + 1e-9
