"""Stock figures at another service level are between those that are known, and never contradict those published."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchcast.results.ladder import StockLadder

LEVELS = [0.5, 0.8, 0.95, 0.99, 0.9999]
PUBLISHED = {
    "service_level": 0.95,
    "lead_time_mean": 2.0,
    "lead_time_quantile": 6.0,
    "safety_stock": 4.0,
    "reorder_point": 6.0,
    "expected_fill_rate": 0.9625,
}


def ladder(quantiles: list[float], **published: Any) -> StockLadder:
    return StockLadder.of({"levels": LEVELS, "quantiles": quantiles}, PUBLISHED | published)


def test_at_its_own_level_the_figures_are_those_published() -> None:
    assert ladder([1, 3, 6, 9, 20]).at(0.95) == PUBLISHED


@pytest.mark.parametrize(("level", "quantile"), [(0.5, 1.0), (0.8, 3.0), (0.99, 9.0), (0.9999, 20.0)])
def test_at_a_level_of_the_ladder_the_quantile_is_that_of_the_ladder(level: float, quantile: float) -> None:
    found = ladder([1, 3, 6, 9, 20]).at(level)

    assert found["lead_time_quantile"] == found["reorder_point"] == quantile
    assert found["safety_stock"] == max(quantile - 2.0, 0.0)


def test_between_two_levels_the_tail_is_straight_in_the_log_of_what_is_left() -> None:
    halfway = 1 - (0.05 * 0.01) ** 0.5  # between 0.95 and 0.99

    assert ladder([1.5, 3.5, 6, 9.5, 20]).at(halfway)["lead_time_quantile"] == pytest.approx(7.75)


def test_where_demand_is_whole_so_is_every_quantile() -> None:
    assert ladder([1, 3, 6, 9, 20]).at(0.97)["lead_time_quantile"] == 7.0


def test_where_nothing_is_needed_it_is_a_zero_without_a_minus() -> None:
    assert str(ladder([0, 0, 6, 9, 20]).at(0.7)["lead_time_quantile"]) == "0.0"


def test_without_demand_nothing_is_needed_and_everything_served() -> None:
    none = {"lead_time_mean": 0.0, "lead_time_quantile": 0.0, "reorder_point": 0.0, "expected_fill_rate": 1.0}

    found = ladder([0, 0, 0, 0, 0], **none).at(0.7)

    assert (found["reorder_point"], found["expected_fill_rate"]) == (0.0, 1.0)


def test_the_fill_rate_is_what_an_even_spread_of_demand_says() -> None:
    """Demand that is evenly spread over 0 to 10: a stock of 5 fails to serve 1.25 of a mean of 5."""
    levels = [0.5 + k / 1000 for k in range(500)] + [0.9999]
    kept = {"levels": levels, "quantiles": [10.0 * level for level in levels]}
    published = {"lead_time_mean": 5.0, "lead_time_quantile": 9.5, "reorder_point": 10.0, "expected_fill_rate": 1.0}

    found = StockLadder.of(kept, PUBLISHED | published).at(0.5)

    assert found["reorder_point"] == 5.0
    assert found["expected_fill_rate"] == pytest.approx(0.75, abs=2e-3)


def test_no_stock_serves_no_demand() -> None:
    """The quantiles say that hardly anything is short of a stock of 0; it is all of the mean."""
    published = {"lead_time_mean": 2.0, "lead_time_quantile": 1.0, "reorder_point": 1.0, "expected_fill_rate": 0.9}
    kept = {"levels": [0.5, 0.95, 0.9999], "quantiles": [0.0, 1.0, 1.0]}

    assert StockLadder.of(kept, PUBLISHED | published).at(0.5)["expected_fill_rate"] == 0.0


@given(
    steps=st.lists(st.floats(0, 50), min_size=5, max_size=5),
    mean=st.floats(0, 100),
    rate=st.floats(0, 1),
    levels=st.lists(st.floats(0.5, 0.9999), min_size=2, max_size=8),
)
def test_a_higher_level_never_asks_for_less_nor_serves_less(
    steps: list[float], mean: float, rate: float, levels: list[float]
) -> None:
    quantiles = [sum(steps[: place + 1]) for place in range(len(LEVELS))]
    own = {"lead_time_quantile": quantiles[2], "reorder_point": float(-(-quantiles[2] // 1)), "lead_time_mean": mean}
    own |= {"safety_stock": max(quantiles[2] - mean, 0.0), "expected_fill_rate": rate if mean > 0 else 1.0}

    found = [ladder(quantiles, **own).at(level) for level in sorted([*levels, 0.95])]

    names = ("lead_time_quantile", "safety_stock", "reorder_point", "expected_fill_rate")
    for lower, higher in pairwise(found):
        assert all(lower[name] <= higher[name] + 1e-9 for name in names), (lower, higher)
