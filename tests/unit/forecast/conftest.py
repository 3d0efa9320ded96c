"""Panels and requests that tests of forecasting start from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.panel import NO_DEMAND, Panel

LAST_PERIOD = 600

_REQUEST = ForecastRequest(
    calendar=Calendar(frequency=Frequency.MONTHLY),
    last_period=LAST_PERIOD,
    skip=0,
    horizon=3,
    lead_time=3,
    quantiles=(0.1, 0.5, 0.9),
    models=(),
    service_level=0.95,
    rounding="keep_total",
    zero_threshold=0.5,
    folds=3,
    seed=0,
)


@pytest.fixture(scope="session")
def make_request() -> Callable[..., ForecastRequest]:
    """A request for three months, with any field changed."""

    def make(**changes: Any) -> ForecastRequest:
        return replace(_REQUEST, **changes)

    return make


@pytest.fixture(scope="session")
def make_panel() -> Callable[..., Panel]:
    """A panel of the series given, all ending at the same period; site and part are told by the position."""

    def make(*series: Sequence[float], last_period: int = LAST_PERIOD, sites: int = 2) -> Panel:
        last = [last_period - len(y) + 1 + int(np.flatnonzero(y)[-1]) if np.any(y) else NO_DEMAND for y in series]
        return Panel(
            values=np.concatenate([np.asarray(y, dtype=np.float64) for y in series] or [np.zeros(0)]),
            offsets=np.cumsum([0, *map(len, series)], dtype=np.int64),
            site_codes=[f"site-{k % sites}" for k in range(len(series))],
            partnumbers=[f"part-{k:04d}" for k in range(len(series))],
            last_demand=np.array(last, dtype=np.int32),
            last_period=last_period,
        )

    return make
