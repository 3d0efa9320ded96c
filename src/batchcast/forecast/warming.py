"""Warming: every compiled kernel loaded, or compiled and cached the first time ever."""

from __future__ import annotations

import numpy as np

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.panel import Panel
from batchcast.forecast.partition import forecast_panel
from batchcast.forecast.prepare import learn_knowledge
from batchcast.forecast.year import learn_year
from batchcast.forecast.year_choice import TRIED, judge_years


def warm() -> None:
    """Forecast a few invented days of a few series, which passes through every kernel."""
    request = ForecastRequest(
        calendar=Calendar(frequency=Frequency.DAILY),
        last_period=20_000,
        skip=0,
        horizon=2,
        lead_time=2,
        quantiles=(0.5, 0.9),
        models=(),
        service_level=0.95,
        rounding="none",
        zero_threshold=0.5,
        folds=3,
        seed=0,
    )
    length, count = 64, 4
    steps = np.arange(length * count)
    panel = Panel(
        values=(steps % 3 % 2 * (1.0 + steps % 7)) * np.repeat([1.0, 0.5, 1.0, 300.0], length),
        offsets=np.arange(0, length * count + 1, length),
        site_codes=["a"] * count,
        partnumbers=[str(k) for k in range(count)],
        last_demand=np.full(count, request.last_period, dtype=np.int32),
        last_period=request.last_period,
    )
    forecast_panel(panel, request, learn_knowledge(panel, request))
    judge_years(panel, request, (2, 4), TRIED)  # too short a history for a year of its own
    profile = learn_year(panel, request.calendar, 2, own=True)
    profile.flatten(panel, profile.of_panel(panel, request.calendar), request.calendar)
