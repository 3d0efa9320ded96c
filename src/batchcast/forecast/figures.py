"""What is kept of each series for whoever looks at it: stock at other service levels, and the backtest fold by fold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from batchcast.domain import columns
from batchcast.domain.stock import LeadTimeDemand
from batchcast.forecast.backtest import Picture
from batchcast.forecast.forecaster import ChunkForecast


def make_figures(chunk: ChunkForecast, demand: LeadTimeDemand) -> pa.Table:
    """A row a series, in the order of the chunk; `demand` is that over the lead time."""
    count = len(chunk.panel)
    steps = np.arange(count + 1, dtype=np.int32) * len(demand.levels)
    return pa.table(
        {
            columns.SITE_CODE: pa.array(chunk.panel.site_codes, pa.string()),
            columns.PARTNUMBER: pa.array(chunk.panel.partnumbers, pa.string()),
            columns.LEVELS: _lists(np.tile(demand.levels, count), steps),
            columns.QUANTILES: _lists(demand.quantiles.ravel(), steps),
            **_folds(chunk.accuracy.picture, chunk.panel.last_period),
        }
    )


def _folds(picture: Picture, last_period: int) -> dict[str, Any]:
    """A list for each series, with an entry for each fold that could be judged."""
    scored = picture.scored.T
    ends = np.concatenate([[0], scored.sum(axis=1).cumsum()]).astype(np.int32)
    cutoffs = (last_period - picture.held).astype(np.int32)
    every: dict[str, Any] = {
        columns.CUTOFF: np.broadcast_to(cutoffs[:, None], picture.scored.shape),
        columns.ACTUAL: picture.actual,
        columns.FORECAST: picture.forecast,
        columns.LOW: picture.low,
        columns.MEDIAN: picture.median,
        columns.HIGH: picture.high,
        columns.STOCK: picture.stock,
    }
    return {name: _lists(values.T[scored], ends) for name, values in every.items()}


def _lists(values: Any, offsets: Any) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))
