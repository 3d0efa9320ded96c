"""The index of a result: a row a series with all that a person may look for, sort by, or want to see at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.publish.demand import Demand

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
_OF_ACCURACY = (
    columns.FOLDS,
    columns.PINBALL,
    columns.PINBALL_NAIVE,
    columns.COVERED,
    columns.BIAS,
    columns.VALUE_ADDED,
    columns.UNITS_SHORT,
    columns.UNITS_OVER,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesFigures:
    """What no table of a partition tells; each of shape (series,), in the order of the history."""

    history_total: NDArray[np.float64]  # demand up to the cutoff, returns netted within each period
    demand_periods: NDArray[np.int32]  # periods with demand
    forecast_total: NDArray[np.float64]  # of the planning figures, over the horizon

    @classmethod
    def of(cls, demand: Iterator[Demand], forecast_total: NDArray[np.float64]) -> Self:
        """The figures of series whose demand comes in pieces."""
        pieces = [(piece.totals(), piece.periods_with_demand()) for piece in demand]
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
