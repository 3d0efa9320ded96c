"""Whether the band of single periods holds what it says, where a trend or a season is no surprise."""

from __future__ import annotations

import numpy as np
import pytest

from batchcast.forecast import forecast_panel, learn_pool


@pytest.mark.compiled
@pytest.mark.parametrize("shape", ["trend", "season"])
def test_a_trend_or_a_season_does_not_widen_the_band(make_panel, make_request, shape):
    draw = np.random.default_rng(3)
    months = np.arange(63)
    expected = 40.0 + 4.0 * months if shape == "trend" else 120.0 + 80.0 * np.sin(2 * np.pi * months / 12)
    demand = np.maximum(np.round(expected + draw.normal(0, 6.0, (80, 63))), 0.0)
    panel, request = make_panel(*demand[:, :60]), make_request()

    result = forecast_panel(panel, request, learn_pool(panel, request)).forecast

    low, high = (result[name].to_numpy().reshape(80, 3) for name in ("p10", "p90"))
    inside = ((demand[:, 60:] >= low) & (demand[:, 60:] <= high)).mean()
    assert inside >= 0.7
    assert (high - low).mean() < {"trend": 60.0, "season": 75.0}[shape]  # 139 and 93 by the variance around the mean
