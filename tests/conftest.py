"""Fixtures that every room's tests share."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import numpy as np
import pytest

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.errors import Message
from batchcast.domain.history import DemandHistory, HistoryFacts, IngestReport, SiteFacts
from batchcast.domain.plan import ForecastRequest, Partition, Plan

if TYPE_CHECKING:
    from batchcast.forecast.panel import Panel

# Tests are imported by their paths; what several of them share is found from here.
sys.path.insert(0, str(Path(__file__).parents[1]))
pytest_plugins = [
    "tests.plugins.watchdog",  # before those that import it
    "tests.plugins.browser",
    "tests.plugins.bucket",
    "tests.plugins.finished_batch",
    "tests.plugins.image",
    "tests.plugins.postgresql",
]

# How long an example takes says more about the machine than about us; CI tries the same examples at every run.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

SHARED_DATA = Path(os.environ.get("BATCHCAST_DATA", Path(__file__).parents[2] / "shared" / "data"))


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
def shared_data() -> Path:
    """The folder of real data sets, which are not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real data sets are not here ({SHARED_DATA}); set BATCHCAST_DATA to their folder")
    return SHARED_DATA


@pytest.fixture(scope="session")
def make_plan() -> Callable[[Sequence[int]], Plan]:
    """Makes a plan whose partitions have these numbers of cells, one series and one site each."""
    return _plan_of


def _plan_of(cells: Sequence[int]) -> Plan:
    partitions = tuple(
        Partition(number=i, ranges=((i, i + 1),), sites=(f"S{i}",), rows=count, parts=1, series=1, cells=count)
        for i, count in enumerate(cells)
    )
    return Plan(
        request=replace(_REQUEST, last_period=660),
        partitions=partitions,
        batch_mode=True,
        rows=sum(cells),
        sites=len(cells),
        parts=1,
        series=len(cells),
        first_date=dt.date(2020, 1, 1),
        last_date=dt.date(2025, 1, 31),
        estimate_seconds=2.0,
        single_job_seconds=4.0,
        hints=(),
        notes=(),
    )


@pytest.fixture(scope="session")
def a_report() -> IngestReport:
    """What was read of the file of `a_history`."""
    return IngestReport(
        source="demand.csv",
        format=Message("CSV"),
        columns={},
        columns_left_alone=(),
        rows_read=6,
        rows_kept=6,
        rows_summed=0,
        rows_refused=0,
    )


@pytest.fixture(scope="session")
def a_history() -> DemandHistory:
    """A history of two sites; its file is not there."""
    facts = HistoryFacts(
        rows=6,
        series=3,
        parts=2,
        sites=(SiteFacts(site_code="S0", rows=4, series=2), SiteFacts(site_code="S1", rows=2, series=1)),
        first_date=dt.date(2020, 1, 1),
        last_date=dt.date(2025, 1, 31),
        frequency=Frequency.MONTHLY,
        weekdays=(True, True, False, True, True, True, False),
        is_integer=True,
    )
    return DemandHistory(path=Path("history.parquet"), facts=facts, input_sha256="0" * 64)


@pytest.fixture(scope="session")
def make_request() -> Callable[..., ForecastRequest]:
    """A request for three months, with any field changed; the lead time is the horizon where it is not."""

    def make(**changes: Any) -> ForecastRequest:
        return replace(_REQUEST, **({"lead_time": changes.get("horizon", _REQUEST.horizon)} | changes))

    return make


@pytest.fixture(scope="session")
def make_panel() -> Callable[..., Panel]:
    """A panel of the series given, all ending at the same period; site and part are told by the position."""
    from batchcast.forecast.panel import NO_DEMAND, Panel

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
