"""Sums up a result: sites, periods, demand classes, the parts that are forecast worst and best.

Sums go over the series in the order of the history: how they were partitioned changes no bit of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.accuracy import ClassTotal, Overview, PartLoss, PeriodTotal, SiteTotal
from batchcast.domain.calendar import Frequency, date_of
from batchcast.domain.plan import ForecastRequest
from batchcast.publish.cells import Column

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

MOST_PARTS = 10  # named as the worst, and as the best
_READ = [
    *columns.SERIES,
    columns.DEMAND_CLASS,
    columns.MODEL,
    columns.FLAG,
    columns.HISTORY_TOTAL,
    columns.FORECAST_TOTAL,
    columns.FOLDS,
    columns.PINBALL,
    columns.PINBALL_NAIVE,
    columns.COVERED,
]


@dataclass(frozen=True, kw_only=True, slots=True)
class BacktestSums:
    """Over the folds of each series; shape (series,), in the order of the history."""

    actual: Floats
    forecast: Floats

    @classmethod
    def of(cls, figures: Iterator[pa.Table]) -> Self:
        """The sums of series whose figures come in pieces."""
        pieces = [
            tuple(_sums_of_lists(piece[name]) for name in (columns.ACTUAL, columns.FORECAST)) for piece in figures
        ]
        actual, forecast = (np.concatenate([piece[k] for piece in pieces]) for k in range(2))
        return cls(actual=actual, forecast=forecast)


def summarise(index: Path, site_periods: SitePeriods, backtest: BacktestSums, refused: int) -> Overview:
    """The overview of a result.

    Args:
        index: the index of its series.
        site_periods: demand and forecast of each site.
        backtest: of each series of the index.
        refused: series without a forecast.
    """
    result = _Series(pq.read_table(index, columns=_READ, use_threads=False), backtest)
    return Overview(
        series=len(result),
        refused=refused,
        flagged=int(result.flagged.sum()),
        history_total=float(result.history.sum()),
        forecast_total=float(result.forecast.sum()),
        sites=tuple(sorted(result.sites(site_periods), key=lambda site: (-site.forecast_total, site.site_code))),
        periods=_periods(site_periods),
        classes=tuple(sorted(result.classes(), key=lambda one: (-one.history_total, one.demand_class))),
        worst=result.worst(),
        best=result.best(),
    )


class _Series:
    """The series of a result as arrays, and what they add up to."""

    def __init__(self, table: pa.Table, backtest: BacktestSums) -> None:
        self._table = table
        self._backtest = backtest
        self.history = table[columns.HISTORY_TOTAL].to_numpy()
        self.forecast = table[columns.FORECAST_TOTAL].to_numpy()
        self.flagged: NDArray[np.bool_] = table[columns.FLAG].is_valid().to_numpy()
        self._cases = table[columns.FOLDS].to_numpy().astype(np.int64)
        self._losses, self._naive, self._covered = (
            table[name].fill_null(0.0).to_numpy() * self._cases
            for name in (columns.PINBALL, columns.PINBALL_NAIVE, columns.COVERED)
        )

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def sites(self, site_periods: SitePeriods) -> Iterator[SiteTotal]:
        """Totals of each site."""
        names, positions = self._grouped(columns.SITE_CODE)
        rows = {name: row for row, name in enumerate(site_periods.sites)}
        recent, stretches = site_periods.recent_mean, site_periods.stretches
        for name, mine in zip(names, positions, strict=True):
            forecast = float(self.forecast[mine].sum())
            yield SiteTotal(
                site_code=name,
                series=len(mine),
                history_total=float(self.history[mine].sum()),
                history_mean=float(recent[rows[name]]),
                forecast_total=forecast,
                forecast_mean=forecast / site_periods.forecast.shape[1],
                stretches=tuple(stretches[rows[name]].tolist()),
            )

    def classes(self) -> Iterator[ClassTotal]:
        """Totals of each demand class that there is."""
        for name, mine in zip(*self._grouped(columns.DEMAND_CLASS), strict=True):
            yield self._class_total(name, mine)

    def _class_total(self, name: str, mine: Positions) -> ClassTotal:
        """Totals of the series at some positions."""
        cases = int(self._cases[mine].sum())
        history = float(self.history[mine].sum())
        bias = _ratio(self._backtest.forecast[mine].sum(), self._backtest.actual[mine].sum()) - 1.0
        return ClassTotal(
            demand_class=name,
            series=len(mine),
            flagged=int(self.flagged[mine].sum()),
            history_total=history,
            history_share=history / total if (total := float(self.history.sum())) > 0 else 0.0,
            forecast_total=float(self.forecast[mine].sum()),
            cases=cases,
            pinball=_ratio(self._losses[mine].sum(), cases),
            pinball_naive=_ratio(self._naive[mine].sum(), cases),
            covered=_ratio(self._covered[mine].sum(), cases),
            bias=bias,
        )

    def worst(self) -> tuple[PartLoss, ...]:
        """The series with the largest shares of the loss."""
        return tuple(self._part(position) for position in _largest(self._losses))

    def best(self) -> tuple[PartLoss, ...]:
        """The series that save the most against naive."""
        return tuple(self._part(position) for position in _largest(self._naive - self._losses))

    def _part(self, position: int) -> PartLoss:
        row: dict[str, Any] = self._table.slice(position, 1).to_pylist()[0]
        return PartLoss(
            site_code=row[columns.SITE_CODE],
            partnumber=row[columns.PARTNUMBER],
            demand_class=row[columns.DEMAND_CLASS],
            model=row[columns.MODEL],
            cases=row[columns.FOLDS],
            pinball=row[columns.PINBALL],
            pinball_naive=row[columns.PINBALL_NAIVE],
            loss_share=_ratio(self._losses[position], self._losses.sum()),
            gain_share=_ratio(self._naive[position] - self._losses[position], self._naive.sum()),
            history_total=row[columns.HISTORY_TOTAL],
        )

    def _grouped(self, column: str) -> tuple[list[str], list[Positions]]:
        """The distinct values of a column, and the positions of the series that have each, ascending."""
        encoded = self._table[column].combine_chunks().dictionary_encode()
        indices = encoded.indices.to_numpy(zero_copy_only=False)
        order = np.argsort(indices, kind="stable")
        ends = np.cumsum(np.bincount(indices, minlength=len(encoded.dictionary)))
        return encoded.dictionary.to_pylist(), np.split(order, ends[:-1]) if len(ends) else []


def _periods(site_periods: SitePeriods) -> tuple[PeriodTotal, ...]:
    """The totals of all sites by period."""
    totals = [*site_periods.history.sum(axis=0).tolist(), *site_periods.forecast.sum(axis=0).tolist()]
    shown = site_periods.history.shape[1]
    return tuple(
        PeriodTotal(date=date_of(day), total=total, is_forecast=position >= shown)
        for position, (day, total) in enumerate(zip(site_periods.days, totals, strict=True))
    )


def _largest(values: Floats) -> list[int]:
    """Positions of the largest values above 0, the largest first, the earlier of equal ones first."""
    order = np.argsort(-values, kind="stable")[:MOST_PARTS]
    return [int(position) for position in order if values[position] > 0]


def _sums_of_lists(column: Any) -> Floats:
    """The sum of each list of a column."""
    lists = column.combine_chunks()
    owners = pc.list_parent_indices(lists).to_numpy()
    weights = pc.list_flatten(lists).to_numpy()
    return np.bincount(owners, weights=weights, minlength=len(lists)).astype(np.float64)


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator) / float(denominator) if denominator > 0 else float("nan")


# The demand of some series by period, as the models have it: returns netted within each period, up to the cutoff.


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodDemand:
    """Entries of series, each with one period; series by series, periods ascending."""

    sites: Column  # of each series
    owners: NDArray[np.int64]  # position of the series of each entry
    periods: NDArray[np.int32]
    quantities: NDArray[np.float64]  # at least 0

    @classmethod
    def of(cls, piece: pa.Table, request: ForecastRequest) -> Self:
        """The demand in rows of the history, which have days that ascend."""
        days, lengths = _flat(piece, columns.DAY)
        quantities, _ = _flat(piece, columns.QUANTITY)
        series = np.repeat(np.arange(len(lengths)), lengths)
        periods = request.calendar.periods_of_days(days.astype(np.int32))
        ends = np.array([request.end_of(site) for site in piece[columns.SITE_CODE].to_pylist()], dtype=np.int64)
        seen = periods <= ends[series]
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
        """Number of periods with demand, of each series."""
        return np.bincount(self.owners[self.quantities > 0], minlength=len(self.sites)).astype(np.int32)


def _flat(piece: pa.Table, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The values of a column of lists, one list after the other, and the length of each list."""
    chunks = piece[name].chunks
    values = [chunk.flatten().to_numpy() for chunk in chunks] or [np.zeros(0)]
    lengths = [chunk.value_lengths().to_numpy() for chunk in chunks] or [np.zeros(0, np.int64)]
    return np.concatenate(values), np.concatenate(lengths)


# Demand and forecast of each site by period: the last periods of the history, then those of the forecast.

Ints = NDArray[np.int64]

KEPT = {Frequency.DAILY: 1096, Frequency.WEEKLY: 522, Frequency.MONTHLY: 240}  # periods of the history, at most
RECENT = {Frequency.DAILY: 91, Frequency.WEEKLY: 104, Frequency.MONTHLY: 36}  # of them: those of the mean of a site
_STRETCHES = 12  # of each site
_MOST_CELLS = 4_000_000  # of the table; with more than 3,600 sites it has fewer days of each


class SitePeriods:
    """Sums by site and period of series that come in pieces; where the pieces are cut changes no sum."""

    def __init__(self, request: ForecastRequest) -> None:
        self._request = request
        self._numbers: dict[str, int] = {}  # of each site, in order of appearance
        self._history = np.zeros((0, KEPT[request.calendar.frequency]))
        self._forecast = np.zeros((0, request.horizon))

    def add_forecast(self, sites: Column, quantities: Floats) -> None:
        """Count planning figures, shape (series, horizon), of series at these sites."""
        positions = self._positions(sites)
        np.add.at(self._forecast, positions, quantities)

    def add_demand(self, demand: PeriodDemand) -> None:
        """Count the demand of some series."""
        positions = self._positions(demand.sites)
        recent = demand.periods - (self._request.last_period + 1 - self._history.shape[1])
        shown = recent >= 0
        np.add.at(self._history, (positions[demand.owners[shown]], recent[shown]), demand.quantities[shown])

    @property
    def sites(self) -> Sequence[str]:
        """The sites, each once, in the order of the other arrays."""
        return list(self._numbers)

    @property
    def history(self) -> Floats:
        """Demand, shape (sites, periods): the last ones, without those at the start in which no site had any."""
        return self._history[:, self._empty_periods() :]

    @property
    def recent_mean(self) -> Floats:
        """Demand of one of the RECENT periods, shape (sites,); 0 where there are none."""
        recent = self.history[:, -RECENT[self._request.calendar.frequency] :]
        return recent.mean(axis=1) if recent.size else np.zeros(len(recent))

    @property
    def stretches(self) -> Floats:
        """Demand of the last stretches as long as the horizon, shape (sites, at most 12): whole ones alone."""
        horizon = self._request.horizon
        count = min(self.history.shape[1] // horizon, _STRETCHES)
        last = self.history[:, self.history.shape[1] - count * horizon :]
        sums: Floats = last.reshape(len(last), count, horizon).sum(axis=2)
        return sums

    @property
    def forecast(self) -> Floats:
        """Planning figures, shape (sites, horizon)."""
        return self._forecast

    @property
    def days(self) -> Ints:
        """First day of each period of `history`, then of `forecast`."""
        request, shown = self._request, self.history.shape[1]
        past = np.arange(request.last_period + 1 - shown, request.last_period + 1)
        ahead = request.first_period + np.arange(request.horizon)
        return request.calendar.first_days(np.concatenate([past, ahead]).astype(np.int32)).astype(np.int64)

    def table(self) -> pa.Table:
        """A row for each site and period, with many sites of the last periods only."""
        most = max(_MOST_CELLS // max(len(self._numbers), 1), RECENT[self._request.calendar.frequency])
        history = self.history[:, -most:]
        totals = np.concatenate([history, self.forecast], axis=1)
        is_forecast = np.arange(totals.shape[1]) >= history.shape[1]
        count, periods = totals.shape
        days = self.days[-periods:]
        positions = pa.array(np.repeat(np.arange(count, dtype=np.int32), periods))
        sites = pa.DictionaryArray.from_arrays(positions, pa.array(self.sites, pa.string()))
        return pa.table(
            {
                columns.SITE_CODE: sites.cast(pa.string()),
                columns.DATE: pa.array(np.tile(days, count).astype(np.int32)).cast(pa.date32()),
                columns.IS_FORECAST: np.tile(is_forecast, count),
                columns.TOTAL: totals.ravel(),
            }
        )

    def _empty_periods(self) -> int:
        """Periods at the start without any demand."""
        demanded = np.flatnonzero(self._history.sum(axis=0) > 0)
        return int(demanded[0]) if len(demanded) else self._history.shape[1]

    def _positions(self, sites: Column) -> Ints:
        """The position of each series in the arrays, which grow as sites appear."""
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
