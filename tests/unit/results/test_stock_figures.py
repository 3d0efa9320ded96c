"""Stock figures of a published result at any service level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from batchcast.domain.stock import LEVELS, LeadTimeDemand, fit_to_mean
from batchcast.results.inventory import stock_figures_at

PUBLISHED = {
    "service_level": 0.95,
    "lead_time": 7,
    "lead_time_mean": 2.0,
    "lead_time_quantile": 6.0,
    "safety_stock": 4.0,
    "reorder_point": 6.0,
}
QUANTILES = fit_to_mean(
    np.round(np.linspace(0, 2.6, len(LEVELS)) ** 2)[None, :], np.array(LEVELS), np.array([2.0]), 0.95
)
KEPT = {"levels": list(LEVELS), "quantiles": QUANTILES[0].tolist()}
OWN = LEVELS.index(0.95)
PUBLISHED["lead_time_quantile"] = PUBLISHED["reorder_point"] = QUANTILES[0, OWN]
PUBLISHED["safety_stock"] = QUANTILES[0, OWN] - 2.0

BEFORE = {"levels": [0.5, 0.8, 0.95, 0.99, 0.9999], "quantiles": [1.0, 3.0, 6.0, 9.0, 20.0]}  # as version 0.1 kept them
PUBLISHED_BEFORE = PUBLISHED | {"lead_time_quantile": 6.0, "expected_fill_rate": 0.97}


def figures(level: float) -> dict[str, Any]:
    return stock_figures_at(KEPT, PUBLISHED, level)


def test_at_the_level_of_the_batch_the_figures_are_those_published() -> None:
    found = figures(0.95)

    assert {name: found[name] for name in PUBLISHED if name != "lead_time"} == {
        name: value for name, value in PUBLISHED.items() if name != "lead_time"
    }


def test_at_another_level_they_are_those_of_the_distribution() -> None:
    found = figures(0.9)

    quantile, demand = QUANTILES[0, LEVELS.index(0.9)], LeadTimeDemand(np.array(LEVELS), QUANTILES)
    assert found["reorder_point"] == found["lead_time_quantile"] == np.ceil(quantile)
    assert found["safety_stock"] == pytest.approx(found["lead_time_quantile"] - 2.0)
    assert found["expected_fill_rate"] == pytest.approx(demand.fill_rate(np.array([found["reorder_point"]]))[0])


def test_where_the_published_quantile_is_no_whole_number_no_other_has_to_be() -> None:
    found = stock_figures_at(KEPT, PUBLISHED | {"lead_time_quantile": 4.5}, 0.9)

    assert found["lead_time_quantile"] == pytest.approx(QUANTILES[0, LEVELS.index(0.9)])


def test_figures_of_an_earlier_version_are_brought_to_the_mean_when_they_are_read() -> None:
    """The quantile at the service level stays."""
    own, lower, higher = (stock_figures_at(BEFORE, PUBLISHED_BEFORE, level) for level in (0.95, 0.8, 0.99))

    assert (own["lead_time_quantile"], own["reorder_point"]) == (6.0, 6.0)
    assert lower["expected_fill_rate"] < own["expected_fill_rate"] < higher["expected_fill_rate"]
    levels = np.array(BEFORE["levels"])
    fitted = fit_to_mean(np.array([BEFORE["quantiles"]]), levels, np.array([2.0]), 0.95)
    expected = LeadTimeDemand(levels, fitted)
    assert expected.mean[0] == pytest.approx(2.0)
    assert own["expected_fill_rate"] == pytest.approx(expected.fill_rate(np.array([6.0]))[0])


def test_quantiles_of_an_earlier_version_give_way_to_the_published_one() -> None:
    """The published quantile was held back to 5, those below it were not."""
    kept = {"levels": [0.5, 0.8, 0.95, 0.99], "quantiles": [1.0, 5.5, 6.0, 9.0]}

    found = stock_figures_at(kept, PUBLISHED_BEFORE | {"lead_time_quantile": 5.0}, 0.8)

    assert found["lead_time_quantile"] <= 5.0
