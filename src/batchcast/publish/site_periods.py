"""Demand and forecast of each site by period: the last periods of the history, then those of the forecast."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.calendar import Frequency
from batchcast.domain.plan import ForecastRequest
from batchcast.publish.cells import Column
from batchcast.publish.demand import Demand

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RECENT = {Frequency.DAILY: 91, Frequency.WEEKLY: 104, Frequency.MONTHLY: 36}  # periods of the history


class SitePeriods:
    """Sums up series that come in pieces, one after the other: where the pieces are cut changes no sum."""

    def __init__(self, request: ForecastRequest) -> None:
        self._request = request
        self._numbers: dict[str, int] = {}  # of each site, in order of appearance
        self._history = np.zeros((0, RECENT[request.calendar.frequency]))
        self._forecast = np.zeros((0, request.horizon))

    def add_forecast(self, sites: Column, quantities: Floats) -> None:
        """Count planning figures, shape (series, horizon), of series at these sites."""
        places = self._places(sites)
        np.add.at(self._forecast, places, quantities)

    def add_demand(self, demand: Demand) -> None:
        """Count the demand of some series."""
        places = self._places(demand.sites)
        recent = demand.periods - (self._request.last_period + 1 - self._history.shape[1])
        shown = recent >= 0
        np.add.at(self._history, (places[demand.owners[shown]], recent[shown]), demand.quantities[shown])

    @property
    def sites(self) -> Sequence[str]:
        """The sites, each once, in the order of the other arrays."""
        return list(self._numbers)

    @property
    def history(self) -> Floats:
        """Demand, shape (sites, periods): the last ones, without those at the start in which no site had any."""
        return self._history[:, self._empty_periods() :]

    @property
    def forecast(self) -> Floats:
        """Planning figures, shape (sites, horizon)."""
        return self._forecast

    @property
    def days(self) -> Ints:
        """First day of each period of `history`, then of `forecast`."""
        request, shown = self._request, self.history.shape[1]
        past = np.arange(request.last_period + 1 - shown, request.last_period + 1)
        ahead = request.last_period + 1 + request.skip + np.arange(request.horizon)
        return request.calendar.first_days(np.concatenate([past, ahead]).astype(np.int32)).astype(np.int64)

    def table(self) -> pa.Table:
        """A row for each site and period."""
        totals = np.concatenate([self.history, self.forecast], axis=1)
        is_forecast = np.arange(totals.shape[1]) >= self.history.shape[1]
        count, periods = totals.shape
        places = pa.array(np.repeat(np.arange(count, dtype=np.int32), periods))
        sites = pa.DictionaryArray.from_arrays(places, pa.array(self.sites, pa.string()))
        return pa.table(
            {
                columns.SITE_CODE: sites.cast(pa.string()),
                columns.DATE: pa.array(np.tile(self.days, count).astype(np.int32)).cast(pa.date32()),
                columns.IS_FORECAST: np.tile(is_forecast, count),
                columns.TOTAL: totals.ravel(),
            }
        )

    def _empty_periods(self) -> int:
        """Periods at the start without any demand."""
        demanded = np.flatnonzero(self._history.sum(axis=0) > 0)
        return int(demanded[0]) if len(demanded) else self._history.shape[1]

    def _places(self, sites: Column) -> Ints:
        """The place of each series in the arrays, which grow as sites appear."""
        encoded = sites.dictionary_encode()
        numbers = [self._numbers.setdefault(site, len(self._numbers)) for site in encoded.dictionary.to_pylist()]
        self._history = _grown(self._history, len(self._numbers))
        self._forecast = _grown(self._forecast, len(self._numbers))
        indices: Ints = np.array(numbers, dtype=np.int64)[encoded.indices.to_numpy(zero_copy_only=False)]
        return indices


def read_periods_of(path: Path, site_code: str) -> list[dict[str, Any]]:
    """The rows of one site in a file of `SitePeriods.table`, by date; empty where it has none."""
    rows: list[dict[str, Any]] = pq.read_table(
        path, filters=[(columns.SITE_CODE, "==", site_code)], use_threads=False
    ).to_pylist()
    return rows


def _grown(sums: Floats, count: int) -> Floats:
    missing = count - len(sums)
    return np.concatenate([sums, np.zeros((missing, sums.shape[1]))]) if missing else sums
