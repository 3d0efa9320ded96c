"""What the lead time may bring adds up to certainty, agrees with the stock figures and never falls from day to day."""

from __future__ import annotations

import numpy as np
import pytest

from batchcast.domain.stock import LeadTimeDemand, levels_with, stock_at
from batchcast.results.inventory import PublishedDemand
from batchcast.results.lead_time import look_ahead

LEVEL = 0.95


def published(scale: float, zeros: float = 0.0, lead_time: float = 30.0) -> PublishedDemand:
    """Demand that is nothing up to some level, and beyond it falls exponentially."""
    levels = np.array(levels_with(LEVEL))
    quantiles = np.where(levels <= zeros, 0.0, scale * (np.log1p(-zeros) - np.log1p(-levels)))[None, :]
    mean = LeadTimeDemand(levels, quantiles).mean
    return PublishedDemand(
        levels=levels, quantiles=quantiles, mean=mean, lead_time=np.array([lead_time]), service_level=LEVEL
    )


CASES = [
    pytest.param(published(0.0), id="nothing"),
    pytest.param(published(0.3, zeros=0.9), id="one now and then"),
    pytest.param(published(2.0), id="a few"),
    pytest.param(published(11.0, zeros=0.5), id="tens"),
    pytest.param(published(800.0), id="thousands"),
    pytest.param(published(5e6), id="millions"),
    pytest.param(published(40.0, lead_time=0.5), id="half a period"),
    pytest.param(published(40.0, lead_time=3650.0), id="ten years"),
]


@pytest.mark.parametrize("demand", CASES)
def test_the_bins_are_all_amounts_once_and_their_chances_add_up_to_one(demand: PublishedDemand):
    bins = look_ahead(demand, 1.0, LEVEL).bins

    assert (bins[0].first, bins[0].last) == (0, 0)
    assert bins[-1].last is None
    assert [one.first for one in bins[1:]] == [one.last + 1 for one in bins[:-1] if one.last is not None]
    assert sum(one.chance for one in bins) == pytest.approx(1.0)
    assert min(one.chance for one in bins) >= 0
    assert bins[-1].chance <= 0.0101
    assert 3 <= len(bins) <= 10


@pytest.mark.parametrize("demand", CASES)
@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.99, 0.999])
def test_the_reorder_point_is_short_no_more_often_than_its_level_says(demand: PublishedDemand, level: float):
    stock = stock_at(LeadTimeDemand(demand.levels, demand.quantiles, demand.mean), demand.mean, level)

    ahead = look_ahead(demand, float(stock.reorder_point[0]), level)

    assert 0 <= ahead.short <= 1 - level + 1e-9


@pytest.mark.parametrize("demand", CASES)
def test_running_totals_never_fall_and_end_at_the_figures_of_the_lead_time(demand: PublishedDemand):
    totals = look_ahead(demand, 1.0, LEVEL).totals
    whole = LeadTimeDemand(demand.levels, demand.quantiles, demand.mean)

    for name in ("periods", "mean", "middle", "high"):
        values = [getattr(one, name) for one in totals]
        assert values == sorted(values)
    assert totals[-1].periods == demand.lead_time[0]
    assert totals[-1].mean == pytest.approx(float(demand.mean[0]))
    assert totals[-1].high >= float(whole.quantile(LEVEL)[0]) - 1e-9
    assert len(totals) <= 60


def test_a_chance_is_what_drawing_many_demands_finds():
    demand = published(11.0, zeros=0.5)
    draw = np.random.default_rng(1).random(200_000)
    drawn = np.ceil(np.where(draw < 0.5, 0.0, 11.0 * -np.log1p(-(draw - 0.5) / 0.5)) - 1e-9)

    ahead = look_ahead(demand, 20.0, LEVEL)

    assert ahead.none == pytest.approx(0.5, abs=0.01)
    assert ahead.short == pytest.approx(float((drawn > 20).mean()), abs=0.01)
    assert ahead.usual == pytest.approx(float(np.median(drawn[drawn > 0])), abs=1.0)
    for one in ahead.bins[:-1]:
        inside = (drawn >= one.first) & (drawn <= (one.last or 0))
        assert one.chance == pytest.approx(float(inside.mean()), abs=0.015)


def test_where_nothing_is_demanded_no_amount_is_usual():
    ahead = look_ahead(published(0.0), 0.0, LEVEL)

    assert (ahead.none, ahead.usual, ahead.short) == (1.0, None, 0.0)
