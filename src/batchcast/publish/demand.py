"""The demand of some series by period, as the models saw it: returns netted within each period, up to the cutoff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.plan import ForecastRequest
from batchcast.publish.cells import Column


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """Entries of series, each with one period; series by series, periods ascending."""

    sites: Column  # of each series
    owners: NDArray[np.int64]  # place of the series of each entry
    periods: NDArray[np.int32]
    quantities: NDArray[np.float64]  # at least 0

    @classmethod
    def of(cls, piece: pa.Table, request: ForecastRequest) -> Self:
        """The demand in rows of the history, which have days that ascend."""
        days, lengths = _flat(piece, columns.DAY)
        quantities, _ = _flat(piece, columns.QUANTITY)
        series = np.repeat(np.arange(len(lengths)), lengths)
        periods = request.calendar.periods_of_days(days.astype(np.int32))
        seen = periods <= request.last_period
        series, periods, quantities = series[seen], periods[seen], quantities[seen]
        begins = np.ones(len(series), dtype=bool)  # the days of a period stand together
        begins[1:] = (series[1:] != series[:-1]) | (periods[1:] != periods[:-1])
        net = np.bincount(np.cumsum(begins) - 1, weights=quantities) if len(series) else np.zeros(0)
        return cls(
            sites=piece[columns.SITE_CODE].combine_chunks(),
            owners=series[begins],
            periods=periods[begins],
            quantities=np.maximum(net, 0.0),
        )

    def totals(self) -> NDArray[np.float64]:
        """Demand of each series."""
        return np.bincount(self.owners, weights=self.quantities, minlength=len(self.sites)).astype(np.float64)

    def periods_with_demand(self) -> NDArray[np.int32]:
        """How many periods of each series have some."""
        return np.bincount(self.owners[self.quantities > 0], minlength=len(self.sites)).astype(np.int32)


def _flat(piece: pa.Table, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The values of a column of lists, one list after the other, and the length of each list."""
    chunks = piece[name].chunks
    values = [chunk.flatten().to_numpy() for chunk in chunks] or [np.zeros(0)]
    lengths = [chunk.value_lengths().to_numpy() for chunk in chunks] or [np.zeros(0, np.int64)]
    return np.concatenate(values), np.concatenate(lengths)
