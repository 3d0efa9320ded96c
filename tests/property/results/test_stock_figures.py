"""Whatever the demand and the stock, every answer about them gives the same figure."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from batchcast.domain.inventory import OrderLine, StockItem
from batchcast.domain.stock import LEVELS, LeadTimeDemand, fit_to_mean, stock_at
from batchcast.results.inventory import Inventory, published_demand, stock_figures_at

OWN = LEVELS.index(0.95)


@st.composite
def fitted(draw: st.DrawFn) -> tuple[np.ndarray, float]:
    """Quantiles of a series as they are kept, and the mean that is published."""
    step = st.one_of(st.just(0.0), st.integers(0, 9), st.floats(0.01, 50))
    quantiles = np.cumsum(draw(st.lists(step, min_size=len(LEVELS), max_size=len(LEVELS))))
    mean = draw(st.one_of(st.just(0.0), st.floats(1e-3, 1e4)))
    return fit_to_mean(quantiles[None, :], np.array(LEVELS), np.array([mean]), 0.95), round(mean, 9)


def ordered(quantiles: np.ndarray, mean: float, on_hand: float) -> OrderLine:
    published = published_demand(
        np.array(LEVELS),
        quantiles,
        mean=np.array([mean]),
        quantile=np.round(quantiles[:, OWN], 9),
        lead_time=np.array([7.0]),
        service_level=0.95,
    )
    (line,) = Inventory([StockItem(site_code="A", partnumber="1", on_hand=on_hand)], published).lines()
    return line


@given(known=fitted(), level=st.one_of(st.just(0.95), st.floats(0.5, 0.9999)), stock=st.floats(0, 500))
def test_every_answer_gives_the_same_figure(known: tuple[np.ndarray, float], level: float, stock: float) -> None:
    quantiles, mean = known
    demand = LeadTimeDemand(np.array(LEVELS), quantiles)
    of_batch = stock_at(demand, np.array([mean]), 0.95)  # what stock.csv says
    row = {"service_level": 0.95, "lead_time": 7, "lead_time_mean": mean}
    row |= {"lead_time_quantile": round(float(of_batch.quantile[0]), 9)}
    kept = {"levels": list(LEVELS), "quantiles": quantiles[0].tolist()}

    at_own, at_level = (stock_figures_at(kept, row, each) for each in (0.95, level))

    line = ordered(quantiles, mean, at_own["reorder_point"])
    assert line.reorder_point == at_own["reorder_point"] == of_batch.reorder_point[0]
    for found in (at_own["expected_fill_rate"], line.fill_rate_now):
        assert abs(found - of_batch.fill_rate[0]) <= 1e-9
    now = ordered(quantiles, mean, at_level["reorder_point"]).fill_rate_now
    assert now is not None
    assert abs(now - at_level["expected_fill_rate"]) <= 1e-9
    assert ordered(quantiles, mean, stock).fill_rate_now == demand.fill_rate(np.array([stock]))[0]
