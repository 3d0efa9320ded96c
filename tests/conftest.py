"""Fixtures that every room's tests share."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import hypothesis
import pytest

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.history import DemandHistory, HistoryFacts, SiteFacts
from batchcast.domain.plan import ForecastRequest, Partition, Plan

# How long an example takes says more about the machine than about us; CI tries the same examples at every run.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

SHARED_DATA = Path(os.environ.get("BATCHCAST_DATA", Path(__file__).parents[2] / "shared" / "data"))


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
    request = ForecastRequest(
        calendar=Calendar(frequency=Frequency.MONTHLY),
        last_period=660,
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
    partitions = tuple(
        Partition(number=i, ranges=((i, i + 1),), sites=(f"S{i}",), rows=count, parts=1, series=1, cells=count)
        for i, count in enumerate(cells)
    )
    return Plan(
        request=request,
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
