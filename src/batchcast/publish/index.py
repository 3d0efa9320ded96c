"""The index of a result: a row a series with all that a person may look for, sort by, or want to see at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.plan import ForecastRequest

_OF_STOCK = (
    columns.LAST_DEMAND,
    columns.LEAD_TIME,
    columns.SERVICE_LEVEL,
    columns.LEAD_TIME_MEAN,
    columns.LEAD_TIME_QUANTILE,
    columns.SAFETY_STOCK,
    columns.REORDER_POINT,
    columns.FILL_RATE,
)
_OF_ACCURACY = (columns.FOLDS, columns.PINBALL, columns.PINBALL_NAIVE, columns.COVERED, columns.BIAS)


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesFigures:
    """What no table of a partition tells; each of shape (series,), in the order of the history."""

    history_total: NDArray[np.float64]  # demand up to the cutoff, returns netted within each period
    demand_periods: NDArray[np.int32]  # periods with demand
    forecast_total: NDArray[np.float64]  # of the planning figures, over the horizon

    @classmethod
    def of(cls, history: Iterator[pa.Table], request: ForecastRequest, forecast_total: NDArray[np.float64]) -> Self:
        """The figures of series whose days and quantities come in pieces."""
        pieces = [_demand(piece, request) for piece in history]
        return cls(
            history_total=np.concatenate([total for total, _ in pieces] or [np.zeros(0)]),
            demand_periods=np.concatenate([periods for _, periods in pieces] or [np.zeros(0, np.int32)]),
            forecast_total=forecast_total,
        )


def index_pieces(tables: Iterator[tuple[pa.Table, pa.Table]], figures: SeriesFigures) -> Iterator[pa.Table]:
    """The index in pieces, from the stock and the accuracy of the same series."""
    start = 0
    for stock, accuracy in tables:
        rows = slice(start, start + stock.num_rows)
        start = rows.stop
        named = {name: stock[name] for name in (columns.SITE_CODE, columns.PARTNUMBER, columns.DEMAND_CLASS)}
        named |= {columns.FLAG: stock[columns.FLAG], columns.MODEL: accuracy[columns.MODEL]}
        named |= {
            columns.HISTORY_TOTAL: figures.history_total[rows],
            columns.DEMAND_PERIODS: figures.demand_periods[rows],
            columns.FORECAST_TOTAL: figures.forecast_total[rows],
        }
        named |= {name: stock[name] for name in _OF_STOCK} | {name: accuracy[name] for name in _OF_ACCURACY}
        yield pa.table(named)


def _demand(piece: pa.Table, request: ForecastRequest) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Total demand of each series up to the cutoff, and the periods that have some."""
    days, lengths = _flat(piece, columns.DAY)
    quantities, _ = _flat(piece, columns.QUANTITY)
    series = np.repeat(np.arange(len(lengths)), lengths)
    periods = request.calendar.periods_of_days(days.astype(np.int32))
    seen = periods <= request.last_period
    series, periods, quantities = series[seen], periods[seen], quantities[seen]
    begins = np.ones(len(series), dtype=bool)  # days ascend within a series, so a period's days stand together
    begins[1:] = (series[1:] != series[:-1]) | (periods[1:] != periods[:-1])
    net = np.bincount(np.cumsum(begins) - 1, weights=quantities) if len(series) else np.zeros(0)
    owner, net = series[begins], np.maximum(net, 0.0)
    total = np.bincount(owner, weights=net, minlength=len(lengths)).astype(np.float64)
    return total, np.bincount(owner[net > 0], minlength=len(lengths)).astype(np.int32)


def _flat(piece: pa.Table, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The values of a column of lists, one list after the other, and the length of each list."""
    chunks = piece[name].chunks
    values = [chunk.flatten().to_numpy() for chunk in chunks] or [np.zeros(0)]
    lengths = [chunk.value_lengths().to_numpy() for chunk in chunks] or [np.zeros(0, np.int64)]
    return np.concatenate(values), np.concatenate(lengths)
