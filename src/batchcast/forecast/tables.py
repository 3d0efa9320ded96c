"""The tables a partition writes, and the summary that accounts for each of its series."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import compress, product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.accuracy import LEAST_LOSS
from batchcast.domain.calendar import Calendar
from batchcast.domain.plan import (
    ACCURACY_FILE,
    FIGURES_FILE,
    FORECAST_FILE,
    STOCK_FILE,
    SUMMARY_FILE,
    ForecastRequest,
)
from batchcast.domain.settings import Rounding
from batchcast.domain.stock import DECIMALS, LeadTimeDemand, fit_to_mean, levels_with, round_figures, stock_at
from batchcast.domain.sums import windows_to
from batchcast.forecast.backtest import FoldForecasts
from batchcast.forecast.forecaster import ChunkForecast
from batchcast.forecast.moments import DEMAND_CLASSES
from batchcast.forecast.panel import NO_DEMAND, Panel

Floats = NDArray[np.float64]
Tables = tuple[pa.Table, pa.Table, pa.Table, pa.Table]
FILES = (FORECAST_FILE, STOCK_FILE, ACCURACY_FILE, FIGURES_FILE)


def make_tables(chunk: ChunkForecast, request: ForecastRequest) -> Tables:
    """The forecast, stock, accuracy and figures tables of a chunk, in the order of its series."""
    levels = np.array(levels_with(request.service_level))
    fitted = fit_to_mean(chunk.lead_time_quantiles, levels, chunk.lead_time_mean, request.service_level)
    demand = LeadTimeDemand(levels, fitted, chunk.lead_time_mean)
    return (
        _forecast_table(chunk, request),
        _stock_table(chunk, request, demand),
        _accuracy_table(chunk, request),
        make_figures(chunk, request, demand),
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
            self._writers = [_open_writer(self._into / name, table.schema) for name, table in pairs]
        for writer, table in zip(self._writers, tables, strict=True):
            writer.write_table(table)

    def close(self) -> None:
        """Finish the files."""
        for writer in self._writers:
            writer.close()


def _open_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A file that is read once or twice, and soon removed: quick to write rather than small."""
    texts = [one.name for one in schema if pa.types.is_dictionary(one.type) or pa.types.is_string(one.type)]
    return pq.ParquetWriter(path, schema, compression="lz4", use_dictionary=texts or False, write_statistics=False)


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
    (into / SUMMARY_FILE).write_text(json.dumps(summary, ensure_ascii=False), encoding="utf-8")


def _forecast_table(chunk: ChunkForecast, request: ForecastRequest) -> pa.Table:
    horizon, count, first = request.horizon, len(chunk.panel), request.first_period
    days = request.calendar.first_days(np.arange(first, first + horizon, dtype=np.int32))
    published = slice(first - chunk.panel.last_period - 1, request.steps_from(chunk.panel.last_period))
    rounded = round_forecast(chunk.raw, request.rounding, request.zero_threshold)[:, published]
    names: dict[str, Any] = {
        columns.DATE: pa.array(np.tile(days, count), pa.int32()).cast(pa.date32()),
        columns.PARTNUMBER: _texts(chunk.panel.partnumbers, horizon),
        columns.SITE_CODE: _texts(chunk.panel.site_codes, horizon),
        columns.FORECAST_QTY: _figures(rounded.ravel()),
        columns.FORECAST_RAW: _figures(chunk.raw[:, published].ravel()),
    }
    for k, level in enumerate(request.quantiles):
        names[columns.quantile_column(level)] = _figures(chunk.quantiles[:, published, k].ravel())
    names[columns.MODEL] = _texts(chunk.models, horizon)
    return pa.table(names)


def _stock_table(chunk: ChunkForecast, request: ForecastRequest, demand: LeadTimeDemand) -> pa.Table:
    count, stock = len(chunk.panel), stock_at(demand, chunk.lead_time_mean, request.service_level)
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
            columns.FLAG: _flags(chunk),
            **_extremes(chunk, request),
            columns.REORDER_POINT_WITH_EXTREME: _placed(
                _reorder_point_with(chunk, request), chunk.extremes.rows, count
            ),
            **_levels(chunk, request),
        }
    )


def _flags(chunk: ChunkForecast) -> pa.DictionaryArray:
    """What a person should know of each series: names joined by +; null where there is nothing."""
    flags = {**_marked(chunk), **chunk.flags}
    sets = ["+".join(compress(flags, chosen)) for chosen in product((False, True), repeat=len(flags))]
    places = np.zeros(len(chunk.panel), dtype=np.int32)
    for mask in flags.values():
        places = 2 * places + mask
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32(), mask=places == 0), sets)


def _marked(chunk: ChunkForecast) -> dict[str, NDArray[np.bool_]]:
    marked = {columns.HAS_EXTREME: chunk.extremes.rows, columns.LEVEL_CHANGED: chunk.level_changes.rows}
    every = np.arange(len(chunk.panel))
    return {name: np.isin(every, rows) for name, rows in marked.items()}


def _extremes(chunk: ChunkForecast, request: ForecastRequest) -> dict[str, Any]:
    """First day of the period of the extreme of each series, and its demand; null where there is none."""
    days, rows, count = request.calendar.first_days(chunk.extremes.periods), chunk.extremes.rows, len(chunk.panel)
    return {
        columns.EXTREME_DATE: _placed(days, rows, count).cast(pa.int32()).cast(pa.date32()),
        columns.EXTREME_QTY: _placed(chunk.extremes.quantities, rows, count),
    }


def _levels(chunk: ChunkForecast, request: ForecastRequest) -> dict[str, Any]:
    """When the level of each series changed, and both levels; null where it did not."""
    found, count = chunk.level_changes, len(chunk.panel)
    days = request.calendar.first_days(found.periods)
    return {
        columns.LEVEL_DATE: _placed(days, found.rows, count).cast(pa.int32()).cast(pa.date32()),
        columns.LEVEL_BEFORE: _placed(round_figures(found.before), found.rows, count),
        columns.LEVEL_AFTER: _placed(round_figures(found.after), found.rows, count),
    }


def _reorder_point_with(chunk: ChunkForecast, request: ForecastRequest) -> Floats:
    """The reorder point of each series with an extreme, if that counted as it is."""
    levels, (quantiles, mean) = np.array(levels_with(request.service_level)), chunk.with_extremes
    fitted = fit_to_mean(quantiles, levels, mean, request.service_level)
    return stock_at(LeadTimeDemand(levels, fitted, mean), mean, request.service_level).reorder_point


def _placed(values: Any, rows: NDArray[np.int64], count: int) -> pa.Array:
    """Values of some of so many series, null at the others."""
    every, mask = np.zeros(count), np.ones(count, dtype=np.bool_)
    every[rows], mask[rows] = values, False
    return pa.array(every, mask=mask)


def _accuracy_table(chunk: ChunkForecast, request: ForecastRequest) -> pa.Table:
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
        columns.UNITS_SHORT: _known(units_short(accuracy.fold_forecasts)),
        columns.UNITS_OVER: _known(units_over(accuracy.fold_forecasts)),
        columns.FLAG: _flags(chunk),
        **_extremes(chunk, request),
        **_levels(chunk, request),
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


# The figures of each series: stock at other service levels, and the backtest fold by fold.


def make_figures(chunk: ChunkForecast, request: ForecastRequest, demand: LeadTimeDemand) -> pa.Table:
    """A row a series, in the order of the chunk; `demand` is that over the lead time."""
    count = len(chunk.panel)
    steps = np.arange(count + 1, dtype=np.int32) * len(demand.levels)
    return pa.table(
        {
            columns.SITE_CODE: pa.array(chunk.panel.site_codes, pa.string()),
            columns.PARTNUMBER: pa.array(chunk.panel.partnumbers, pa.string()),
            columns.LEVELS: _lists(np.tile(demand.levels, count), steps),
            columns.QUANTILES: _lists(demand.quantiles.ravel(), steps),
            **_folds(chunk.accuracy.fold_forecasts, chunk.panel.last_period),
            **_windows(chunk.running_mean, request.lead_time),
        }
    )


def _folds(fold_forecasts: FoldForecasts, last_period: int) -> dict[str, Any]:
    """A list for each series, with an entry for each fold that could be judged."""
    scored = fold_forecasts.scored.T
    ends = np.concatenate([[0], scored.sum(axis=1).cumsum()]).astype(np.int32)
    cutoffs = (last_period - fold_forecasts.held).astype(np.int32)
    every: dict[str, Any] = {
        columns.CUTOFF: np.broadcast_to(cutoffs[:, None], fold_forecasts.scored.shape),
        columns.ACTUAL: fold_forecasts.actual,
        columns.FORECAST: fold_forecasts.forecast,
        columns.LOW: fold_forecasts.low,
        columns.MEDIAN: fold_forecasts.median,
        columns.HIGH: fold_forecasts.high,
        columns.STOCK: fold_forecasts.stock,
    }
    return {name: _lists(values.T[scored], ends) for name, values in every.items()}


def _windows(running_mean: Floats, lead_time: int) -> dict[str, Any]:
    """The mean of the demand summed over windows of each length that is kept."""
    count, most = running_mean.shape
    kept = np.array(windows_to(most, lead_time), dtype=np.int32)
    ends = np.arange(count + 1, dtype=np.int32) * len(kept)
    means = round_figures(running_mean[:, kept - 1])
    return {
        columns.WINDOWS: _lists(np.tile(kept, count), ends),
        columns.WINDOW_MEANS: _lists(means.ravel(), ends),
    }


def _lists(values: Any, offsets: Any) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))


# The backtest in units, and relative to the naive forecast.


def units_short(fold_forecasts: FoldForecasts) -> Floats:
    """Demand beyond the stock at the service level, summed over the folds of each series; NaN where it has none."""
    return _summed(fold_forecasts, fold_forecasts.actual - fold_forecasts.stock)


def units_over(fold_forecasts: FoldForecasts) -> Floats:
    """Stock beyond the demand, summed over the folds of each series; NaN where it has none."""
    return _summed(fold_forecasts, fold_forecasts.stock - fold_forecasts.actual)


def value_added(pinball: Floats, naive: Floats) -> Floats:
    """1 - loss / naive loss of each series, negative where naive is better; NaN where naive is never wrong."""
    is_known = naive > LEAST_LOSS  # NaN is not
    return np.where(is_known, 1.0 - pinball / np.where(is_known, naive, 1.0), np.nan)


def _summed(fold_forecasts: FoldForecasts, beyond: Floats) -> Floats:
    total = np.where(fold_forecasts.scored, np.maximum(beyond, 0.0), 0.0).sum(axis=0)
    return np.where(fold_forecasts.scored.any(axis=0), np.round(total, DECIMALS), np.nan)


# Rounding: from the mean of each step to the planning figure, in whole units.


def round_forecast(raw: Floats, rounding: Rounding, zero_threshold: float) -> Floats:
    """Round each step of each series.

    Args:
        raw: means, at least 0, shape (series, steps).
        rounding: `none`; `half_up`, `ceiling` or `floor` of each step; or `keep_total`, which rounds the running total,
            so that each series' total is its raw total rounded half up (half_up by the day makes nearly every
            sparse part zero). It runs from the end of history on, so that a later start changes no figure.
        zero_threshold: with half_up, ceiling and floor, a raw forecast under it becomes 0.

    Returns:
        Shape as given, at least 0.
    """
    match rounding:
        case "none":
            return raw
        case "keep_total":
            totals = np.floor(np.cumsum(raw, axis=1) + 0.5)
            return np.diff(totals, axis=1, prepend=0.0)
        case "half_up":
            rounded = np.floor(raw + 0.5)
        case "ceiling":
            rounded = np.ceil(raw)
        case "floor":
            rounded = np.floor(raw)
    return np.where(raw < zero_threshold, 0.0, rounded)
