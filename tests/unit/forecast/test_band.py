"""Whether the band of single periods holds what it says: no wider for a trend or a season, wider for late steps."""

from __future__ import annotations

import numpy as np
import pytest

from batchcast.forecast.partition import forecast_panel
from batchcast.forecast.prepare import learn_knowledge


@pytest.mark.compiled
@pytest.mark.parametrize("shape", ["trend", "season"])
def test_a_trend_or_a_season_does_not_widen_the_band(make_panel, make_request, shape):
    draw = np.random.default_rng(3)
    months = np.arange(63)
    expected = 40.0 + 4.0 * months if shape == "trend" else 120.0 + 80.0 * np.sin(2 * np.pi * months / 12)
    demand = np.maximum(np.round(expected + draw.normal(0, 6.0, (80, 63))), 0.0)
    panel, request = make_panel(*demand[:, :60]), make_request()

    result = forecast_panel(panel, request, learn_knowledge(panel, request)).forecast

    low, high = (result[name].to_numpy().reshape(80, 3) for name in ("p10", "p90"))
    inside = ((demand[:, 60:] >= low) & (demand[:, 60:] <= high)).mean()
    assert inside >= 0.7
    assert (high - low).mean() < {"trend": 60.0, "season": 75.0}[shape]  # 139 and 93 by the variance around the mean


@pytest.fixture
def band(make_panel, make_request):
    """Width of the band at each of twelve steps, and the share of what came that it held."""

    def band(demand, lead_time):
        panel, request = make_panel(*demand[:, :-12]), make_request(horizon=12, lead_time=lead_time)
        found = forecast_panel(panel, request, learn_knowledge(panel, request)).forecast
        low, high = (found[name].to_numpy().reshape(len(demand), 12) for name in ("p10", "p90"))
        inside = (demand[:, -12:] >= low) & (demand[:, -12:] <= high)
        return (high - low).mean(axis=0), inside.mean(axis=0)

    return band


@pytest.mark.compiled
@pytest.mark.parametrize(("lead_time", "least"), [(3, 0.55), (12, 0.65)])
def test_the_band_grows_with_the_step_where_the_level_wanders(band, lead_time, least):
    draw = np.random.default_rng(4)
    levels = np.maximum(60.0 + np.cumsum(draw.normal(0, 4.0, (120, 96)), axis=1), 5.0)

    width, inside = band(draw.poisson(levels).astype(float), lead_time)

    assert width[-3:].mean() > 1.2 * width[0]
    assert inside[-3:].mean() > least


@pytest.mark.compiled
@pytest.mark.parametrize("lead_time", [1, 3, 12])
def test_the_band_does_not_grow_where_the_level_stays_or_is_foreseen(band, lead_time):
    draw = np.random.default_rng(4)
    months = np.arange(96)
    steady = draw.poisson(60.0, (60, 96)).astype(float)
    trend = np.maximum(np.round(40.0 + 4.0 * months + draw.normal(0, 6.0, (60, 96))), 0.0)
    season = np.round(160.0 + 80.0 * np.sin(2 * np.pi * months / 12) + draw.normal(0, 6.0, (60, 96)))

    width, inside = band(steady, lead_time)
    assert width[-3:].mean() < 1.1 * width[0]
    assert inside.mean() > 0.75
    width, _ = band(trend, lead_time)
    assert width[-3:].mean() < 1.1 * width[0]
    width, _ = band(season, lead_time)
    assert width[:2].mean() * 0.7 < width[-2:].mean() < 1.2 * width[:2].mean()  # the same months of the year


@pytest.mark.compiled
@pytest.mark.parametrize("level", [100.0, 1_000.0])
def test_a_long_and_even_history_bounds_what_like_parts_make_of_its_spread(make_panel, make_request, level):
    draw = np.random.default_rng(4)
    wild = draw.poisson(draw.gamma(1.0, 30.0, (80, 48)))
    even = np.round(draw.normal(level, 0.03 * level, 48))
    panel, request = make_panel(even, even[-35:], *wild), make_request(horizon=12, service_level=0.99)

    long, short = forecast_panel(panel, request, learn_knowledge(panel, request)).stock.to_pylist()[:2]

    assert long["reorder_point"] < 1.12 * long["lead_time_mean"]
    assert short["reorder_point"] > 1.12 * short["lead_time_mean"]  # under three lead times say little of it
