"""Histories to plan, by their facts alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from batchcast.domain.calendar import Frequency, day_of
from batchcast.domain.history import HistoryFacts, SeriesTable, SiteFacts
from batchcast.domain.plan import Pace

EVERY_DAY = (True,) * 7
PACE = Pace(seconds_per_cell=1e-6, seconds_per_series=1e-3, start_seconds=1.0)


def facts_of(**changed: Any) -> HistoryFacts:
    """Facts of a daily history of 2024-01-01 to 2025-05-10, a Saturday."""
    values: dict[str, Any] = {
        "rows": 100,
        "series": 2,
        "parts": 2,
        "sites": (SiteFacts(site_code="Kendari", rows=100, series=2),),
        "first_date": dt.date(2024, 1, 1),
        "last_date": dt.date(2025, 5, 10),
        "frequency": Frequency.DAILY,
        "weekdays": EVERY_DAY,
        "is_integer": True,
    }
    return HistoryFacts(**values | changed)


def history_of(rows_of_sites: dict[str, Sequence[int]], **changed: Any) -> tuple[HistoryFacts, SeriesTable]:
    """Facts and series of a history, given the rows of each series by site; part 0 is the first of each site."""
    codes = sorted(rows_of_sites, key=str.encode)
    rows = [count for code in codes for count in rows_of_sites[code]]
    table = SeriesTable(
        site_codes=tuple(codes),
        site_index=np.repeat(np.arange(len(codes)), [len(rows_of_sites[code]) for code in codes]).astype(np.int32),
        part_index=np.concatenate([np.arange(len(rows_of_sites[code])) for code in codes]).astype(np.int32),
        rows=np.array(rows, dtype=np.int32),
        first_day=np.full(len(rows), day_of(dt.date(2024, 1, 1)), dtype=np.int32),
    )
    sites = tuple(
        SiteFacts(site_code=code, rows=sum(rows_of_sites[code]), series=len(rows_of_sites[code])) for code in codes
    )
    parts = max(len(counts) for counts in rows_of_sites.values())
    facts = facts_of(rows=sum(rows), series=len(rows), parts=parts, sites=sites, **changed)
    return facts, table


@pytest.fixture
def make_facts() -> Callable[..., HistoryFacts]:
    """Makes facts of a daily history; give fields to change it."""
    return facts_of


@pytest.fixture
def make_history() -> Callable[..., tuple[HistoryFacts, SeriesTable]]:
    """Makes facts and series, given the rows of each series by site."""
    return history_of


@pytest.fixture
def pace() -> Pace:
    """A microsecond a cell, a millisecond a series, a second to start."""
    return PACE
