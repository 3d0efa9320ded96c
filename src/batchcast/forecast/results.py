"""The tables a partition writes, and the summary that accounts for each of its series."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from batchcast.domain import columns
from batchcast.domain.calendar import Calendar
from batchcast.domain.plan import ForecastRequest
from batchcast.domain.stock import LeadTimeDemand, fit_to_mean, levels_with, round_figures, stock_at
from batchcast.forecast.evidence import FENCED
from batchcast.forecast.figures import make_figures
from batchcast.forecast.forecaster import ChunkForecast
from batchcast.forecast.moments import DEMAND_CLASSES
from batchcast.forecast.panel import NO_DEMAND, Panel
from batchcast.forecast.rounding import round_forecast
from batchcast.forecast.units import units_over, units_short, value_added

Tables = tuple[pa.Table, pa.Table, pa.Table, pa.Table]
FILES = ("forecast.parquet", "stock.parquet", "accuracy.parquet", "figures.parquet")
SUMMARY = "summary.json"


def make_tables(chunk: ChunkForecast, request: ForecastRequest) -> Tables:
    """The forecast, stock, accuracy and figures tables of a chunk, in the order of its series."""
    levels = np.array(levels_with(request.service_level))
    fitted = fit_to_mean(chunk.lead_time_quantiles, levels, chunk.lead_time_mean, request.service_level)
    demand = LeadTimeDemand(levels, fitted)
    return (
        _forecast_table(chunk, request),
        _stock_table(chunk, request, demand),
        _accuracy_table(chunk),
        make_figures(chunk, demand),
    )


class ResultWriter:
    """Writes the tables of a partition chunk by chunk into a folder."""

    def __init__(self, into: Path) -> None:
        self._into = into
        self._writers: list[pq.ParquetWriter] = []

    def write(self, tables: Tables) -> None:
        """Append the tables of one chunk; the first one names the columns."""
        if not self._writers:
            pairs = zip(FILES, tables, strict=True)
            self._writers = [pq.ParquetWriter(self._into / name, table.schema) for name, table in pairs]
        for writer, table in zip(self._writers, tables, strict=True):
            writer.write_table(table)

    def close(self) -> None:
        """Finish the files."""
        for writer in self._writers:
            writer.close()


@contextmanager
def result_writer(into: Path) -> Iterator[ResultWriter]:
    """A writer into a folder, finished on leaving."""
    writer = ResultWriter(into)
    try:
        yield writer
    finally:
        writer.close()


def write_summary(into: Path, summary: dict[str, Any]) -> None:
    """Write the summary of a partition."""
    (into / SUMMARY).write_text(json.dumps(summary, ensure_ascii=False), encoding="utf-8")


def _forecast_table(chunk: ChunkForecast, request: ForecastRequest) -> pa.Table:
    horizon, count = request.horizon, len(chunk.panel)
    first = chunk.panel.last_period + request.skip + 1
    days = request.calendar.first_days(np.arange(first, first + horizon, dtype=np.int32))
    rounded = round_forecast(chunk.raw, request.rounding, request.zero_threshold)
    names: dict[str, Any] = {
        columns.DATE: pa.array(np.tile(days, count), pa.int32()).cast(pa.date32()),
        columns.PARTNUMBER: _texts(chunk.panel.partnumbers, horizon),
        columns.SITE_CODE: _texts(chunk.panel.site_codes, horizon),
        columns.FORECAST_QTY: _figures(rounded.ravel()),
        columns.FORECAST_RAW: _figures(chunk.raw.ravel()),
    }
    for k, level in enumerate(request.quantiles):
        names[columns.quantile_column(level)] = _figures(chunk.quantiles[:, :, k].ravel())
    names[columns.MODEL] = _texts(chunk.models, horizon)
    return pa.table(names)


def _stock_table(chunk: ChunkForecast, request: ForecastRequest, demand: LeadTimeDemand) -> pa.Table:
    count, stock = len(chunk.panel), stock_at(demand, chunk.lead_time_mean, request.service_level)
    flags = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32), mask=~chunk.flagged), [FENCED])
    return pa.table(
        {
            columns.SITE_CODE: _texts(chunk.panel.site_codes),
            columns.PARTNUMBER: _texts(chunk.panel.partnumbers),
            columns.DEMAND_CLASS: _classes(chunk),
            columns.LAST_DEMAND: _last_demand(chunk.panel, request.calendar),
            columns.LEAD_TIME: np.full(count, request.lead_time, dtype=np.int32),
            columns.SERVICE_LEVEL: np.full(count, request.service_level),
            columns.LEAD_TIME_MEAN: _figures(chunk.lead_time_mean),
            columns.LEAD_TIME_QUANTILE: _figures(stock.quantile),
            columns.SAFETY_STOCK: _figures(stock.safety_stock),
            columns.REORDER_POINT: stock.reorder_point,
            columns.FILL_RATE: _figures(stock.fill_rate),
            columns.FLAG: flags,
        }
    )


def _accuracy_table(chunk: ChunkForecast) -> pa.Table:
    accuracy = chunk.accuracy
    names: dict[str, Any] = {
        columns.SITE_CODE: _texts(chunk.panel.site_codes),
        columns.PARTNUMBER: _texts(chunk.panel.partnumbers),
        columns.DEMAND_CLASS: _classes(chunk),
        columns.MODEL: _texts(chunk.models),
        columns.FOLDS: accuracy.folds.astype(np.int32),
        columns.PINBALL: _known(accuracy.pinball),
        columns.PINBALL_NAIVE: _known(accuracy.pinball_naive),
        columns.COVERED: _known(accuracy.covered),
        columns.BIAS: _known(accuracy.bias),
        columns.VALUE_ADDED: _known(value_added(accuracy.pinball, accuracy.pinball_naive)),
        columns.UNITS_SHORT: _known(units_short(accuracy.picture)),
        columns.UNITS_OVER: _known(units_over(accuracy.picture)),
    }
    for candidate, scores in accuracy.scores.items():
        names[columns.score_column(candidate)] = _known(scores)
    return pa.table(names)


def _texts(texts: Sequence[str], each: int = 1) -> pa.DictionaryArray:
    """Texts encoded against a dictionary, each repeated."""
    encoded = pa.array(texts, pa.string()).dictionary_encode()
    places = np.repeat(encoded.indices.to_numpy(), each)
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), encoded.dictionary)


def _classes(chunk: ChunkForecast) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(chunk.classes.astype(np.int32)), list(DEMAND_CLASSES))


def _last_demand(panel: Panel, calendar: Calendar) -> pa.Array:
    """First day of the period with the last demand; null where there is none."""
    none = panel.last_demand == NO_DEMAND
    days = calendar.first_days(np.where(none, 0, panel.last_demand).astype(np.int32))
    return pa.array(days, pa.int32(), mask=none).cast(pa.date32())


def _figures(values: Any) -> pa.Array:
    return pa.array(round_figures(values))


def _known(values: Any) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))
