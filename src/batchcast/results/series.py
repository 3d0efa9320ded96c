"""The series of a published result: searched, sorted, a page at a time; and the forecast of one of them.

The index is held in memory (some 20 MB for 100,000 series) with the order of each column it was sorted by.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batchcast.domain import columns
from batchcast.domain.calendar import date_of
from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.domain.plan import ForecastRequest
from batchcast.publish.cells import Column
from batchcast.results.overview import PeriodDemand
from batchcast.results.ranking import Ranking

Key = tuple[str, str]  # site_code, partnumber
_SUMMED = (
    columns.HISTORY_TOTAL,
    columns.YEAR_TOTAL,
    columns.YEAR_VALUE,
    columns.FORECAST_TOTAL,
    columns.REORDER_POINT,
)
_GROUPED = (columns.SITE_CODE, columns.DEMAND_CLASS, columns.ABC, columns.XYZ)  # besides attributes
MOST_GROUPS = 1000
_MOST_CHOICES = 200  # values of an attribute that can be chosen from a list


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesQuery:
    """Which series to list, and in which order."""

    search: str = ""  # in site or part, whatever the case; empty: all
    sites: frozenset[str] = frozenset()  # empty: all
    classes: frozenset[str] = frozenset()  # demand classes; empty: all
    abc: frozenset[str] = frozenset()  # empty: all
    xyz: frozenset[str] = frozenset()
    attributes: Mapping[str, frozenset[str]] = field(default_factory=dict)  # name -> values; an empty one: not known
    flagged: bool | None = None  # None: whether or not
    sort: str = ""  # a column of the index; empty: by site and part
    descending: bool = False  # what is missing comes last all the same
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesPage:
    """A page of series."""

    rows: list[dict[str, Any]]  # by column of the index; dates are dates, what is missing is None
    total: int  # series that match, on this page or not
    sums: Mapping[str, float]  # over all of them, by column of units


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesGroup:
    """The series that match and have one value in a column."""

    value: str | None  # None: it is not known of them
    series: int
    sums: Mapping[str, float]  # by column of units


class SeriesIndex:
    """The series of a result with their figures, in the order of site and part as UTF-8 bytes."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table.combine_chunks()
        sites, parts = (self._column(name).dictionary_encode() for name in columns.SERIES)
        self._sites: list[str] = sites.dictionary.to_pylist()
        self._site_index: NDArray[np.int32] = sites.indices.to_numpy(zero_copy_only=False)
        self._part_index: NDArray[np.int32] = parts.indices.to_numpy(zero_copy_only=False)
        self._parts_folded = pc.utf8_lower(parts.dictionary)  # distinct ones
        self._orders: dict[tuple[str, bool], NDArray[np.int64]] = {}
        self._encoded: dict[str, tuple[list[str | None], NDArray[np.int64]]] = {}

    @classmethod
    def load(cls, path: Path) -> Self:
        """The index in a file that `publish_files` wrote."""
        with pq.ParquetFile(path) as file:
            return cls(file.read(use_threads=False))

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that can be sorted by."""
        return tuple(field.name for field in self._table.schema if not pa.types.is_fixed_size_list(field.type))

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of what is known of each part besides its demand, as the file has them."""
        return tuple(name for name in map(columns.attribute_of, self._table.column_names) if name is not None)

    def choices(self) -> dict[str, list[str]]:
        """The values of each attribute in their order; none where they are too many to choose from."""
        found = {}
        for name in self.attributes:
            values = self._values(columns.attribute_column(name))[0]
            known = sorted(value for value in values if value is not None)
            found[name] = known if len(known) <= _MOST_CHOICES else []
        return found

    def groups(self, query: SeriesQuery, by: str) -> list[SeriesGroup]:
        """The series that match by their value in a column, the most forecast first; at most MOST_GROUPS.

        Args:
            query: which series; its order and page do not matter.
            by: an attribute, `site_code`, `demand_class`, `abc` or `xyz`.

        Raises:
            InvalidSettings: if series can't be grouped so.
        """
        name = by if by in _GROUPED and by in self.columns else columns.attribute_column(by)
        if name not in self.columns:
            template = N_("Series can't be grouped by {found!r}; choose one of {names}.")
            known = [*(one for one in _GROUPED if one in self.columns), *self.attributes]
            raise InvalidSettings([Message(template, {"found": by, "names": ", ".join(known)})])
        values, codes = self._values(name)
        wanted = self._wanted(query)
        chosen = codes if wanted is None else codes[wanted]
        counts = np.bincount(chosen, minlength=len(values))
        sums = {}
        for column in _SUMMED:
            if column in self.columns:
                figure = np.nan_to_num(self._column(column).to_numpy(zero_copy_only=False).astype(np.float64))
                figure = figure if wanted is None else figure[wanted]
                sums[column] = np.bincount(chosen, figure, len(values)).astype(float)
        order = np.argsort(-sums[columns.FORECAST_TOTAL], kind="stable")
        order = order[counts[order] > 0][:MOST_GROUPS]
        return [
            SeriesGroup(value=values[i], series=int(counts[i]), sums={one: float(s[i]) for one, s in sums.items()})
            for i in order.tolist()
        ]

    def page(self, query: SeriesQuery) -> SeriesPage:
        """The series that match, in order; equal ones in the order of the index.

        Raises:
            InvalidSettings: if there is no column of that name to sort by.
        """
        order = self._found_in_order(query)
        chosen = order[query.offset : query.offset + query.limit]
        rows = self._table.take(pa.array(chosen)).to_pylist()
        return SeriesPage(rows=rows, total=len(order), sums=self._sums(order))

    def table(self, query: SeriesQuery, names: Sequence[str]) -> pa.Table:
        """These columns of all series that match, in order; raises as `page`."""
        known = [name for name in names if name in self.columns]
        return self._table.select(known).take(pa.array(self._found_in_order(query)))

    def _found_in_order(self, query: SeriesQuery) -> NDArray[np.int64]:
        """Positions of the series that match, in order."""
        order = self._order(query.sort, query.descending)
        wanted = self._wanted(query)
        return order if wanted is None else order[wanted[order]]

    def _sums(self, positions: NDArray[np.int64]) -> dict[str, float]:
        figures = {name: self._column(name) for name in _SUMMED if name in self.columns}
        return {
            name: float(np.nansum(figure.to_numpy(zero_copy_only=False)[positions])) for name, figure in figures.items()
        }

    def find(self, site_code: str, partnumber: str) -> int | None:
        """The position of a series, from 0, by its exact site and part; None where there is none."""
        wanted = (site_code.encode(), partnumber.encode())
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            site, part = self.key(middle)
            if (site.encode(), part.encode()) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self.key(low) == (site_code, partnumber) else None

    def key(self, position: int) -> Key:
        """Site and part of the series at a position."""
        site, part = (self._table[name][position].as_py() for name in columns.SERIES)
        return site, part

    def row(self, position: int) -> dict[str, Any]:
        """All figures of the series at a position."""
        found: dict[str, Any] = self._table.slice(position, 1).to_pylist()[0]
        return found

    def neighbours(self, position: int) -> tuple[Key | None, Key | None]:
        """The series before and after the one at a position; None at either end."""
        before = self.key(position - 1) if position > 0 else None
        return before, self.key(position + 1) if position + 1 < len(self) else None

    def _wanted(self, query: SeriesQuery) -> NDArray[np.bool_] | None:
        """Whether each series matches; None where all do."""
        masks: list[NDArray[np.bool_]] = []
        if query.search:
            masks.append(self._found(query.search.lower()))
        if query.sites:
            masks.append(_member(self._sites, query.sites)[self._site_index])
        named = {columns.DEMAND_CLASS: query.classes, columns.ABC: query.abc, columns.XYZ: query.xyz}
        masks += [self._has_one_of(name, chosen) for name, chosen in named.items() if chosen and name in self.columns]
        for name, chosen in query.attributes.items():
            if name not in self.attributes:
                template = N_("The parts of this result have no {found!r}; they have {names}.")
                known = ", ".join(self.attributes) or "–"
                raise InvalidSettings([Message(template, {"found": name, "names": known})])
            masks.append(self._has_one_of(columns.attribute_column(name), chosen))
        if query.flagged is not None:
            has_flag = self._column(columns.FLAG).is_valid().to_numpy(zero_copy_only=False)
            masks.append(has_flag == query.flagged)
        return np.logical_and.reduce(masks) if masks else None

    def _has_one_of(self, name: str, chosen: frozenset[str]) -> NDArray[np.bool_]:
        values, codes = self._values(name)
        found: NDArray[np.bool_] = _member([value or "" for value in values], chosen)[codes]
        return found

    def _values(self, name: str) -> tuple[list[str | None], NDArray[np.int64]]:
        """The distinct values of a column of texts, None among them, and which of them each series has."""
        if name not in self._encoded:
            encoded = self._column(name).dictionary_encode()
            values = [*encoded.dictionary.to_pylist(), None]
            codes = encoded.indices.fill_null(len(values) - 1).to_numpy(zero_copy_only=False).astype(np.int64)
            self._encoded[name] = values, codes
        return self._encoded[name]

    def _found(self, text: str) -> NDArray[np.bool_]:
        """Whether the site or part of each series contains a text, which is in lower case."""
        sites = np.array([text in site.lower() for site in self._sites], dtype=bool)
        parts: NDArray[np.bool_] = pc.match_substring(self._parts_folded, text).to_numpy(zero_copy_only=False)
        found: NDArray[np.bool_] = sites[self._site_index] | parts[self._part_index]
        return found

    def _order(self, name: str, descending: bool) -> NDArray[np.int64]:
        """Positions of all series in an order, which is computed once."""
        if name and name not in self.columns:
            template = N_("sort is {found!r}; it can be one of {names}.")
            raise InvalidSettings([Message(template, {"found": name, "names": ", ".join(self.columns)})])
        key = (name, descending)
        if key not in self._orders:
            self._orders[key] = self._sorted(name, descending)
        return self._orders[key]

    def _sorted(self, name: str, descending: bool) -> NDArray[np.int64]:
        if not name:
            order = np.arange(len(self))
            return order[::-1] if descending else order
        ranks = _ranks(self._column(name))
        there = np.flatnonzero(ranks >= 0)
        weights = -ranks[there] if descending else ranks[there]
        return np.concatenate([there[np.argsort(weights, kind="stable")], np.flatnonzero(ranks < 0)])

    def _column(self, name: str) -> Column:
        chunks = self._table[name].chunks
        return chunks[0] if chunks else pa.array([], self._table.schema.field(name).type)


def read_forecast_of(path: Path, site_code: str, partnumber: str) -> list[dict[str, Any]]:
    """The rows of one series in a published forecast.parquet, by date; empty where it has none.

    Only the row groups that the series can be in are read: the file is sorted by site and part.
    """
    wanted = (pc.field(columns.SITE_CODE) == site_code) & (pc.field(columns.PARTNUMBER) == partnumber)
    rows: list[dict[str, Any]] = pq.read_table(path, filters=wanted, use_threads=False).to_pylist()
    return rows


def read_row_of(path: Path, site_code: str, partnumber: str) -> dict[str, Any] | None:
    """The row of one series in a file with a row a series, sorted as the forecast; None where it has none."""
    rows = read_forecast_of(path, site_code, partnumber)
    return rows[0] if rows else None


@dataclass(frozen=True, kw_only=True, slots=True)
class BacktestFold:
    """What was forecast of one series from a past cutoff for the lead-time demand, and what came."""

    cutoff: dt.date  # first day of the last period that the forecast had seen
    first: dt.date  # first day of the first period that was forecast
    last: dt.date  # first day of the last one
    actual: float  # what was demanded over these periods
    forecast: float  # the mean
    low: float  # the quantile at 0.1
    median: float
    high: float  # the quantile at 0.9
    stock: float  # the quantile at the service level


def folds_of(figures: Mapping[str, Any], request: ForecastRequest) -> list[BacktestFold]:
    """The backtests of a series by its row of `figures`, the earliest first."""
    calendar, lead_time = request.calendar, request.lead_time
    folds = []
    for values in zip(*(figures[name] for name in columns.FOLD_LISTS), strict=True):
        fold = dict(zip(columns.FOLD_LISTS, values, strict=True))
        cutoff = fold.pop(columns.CUTOFF)
        cutoff_day, first, last = (
            date_of(calendar.first_day(period)) for period in (cutoff, cutoff + 1, cutoff + lead_time)
        )
        folds.append(BacktestFold(cutoff=cutoff_day, first=first, last=last, **fold))
    return sorted(folds, key=lambda fold: fold.cutoff)


def scores_of(accuracy: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Mean scaled lead-time pinball of each model by the row of `accuracy`, the best first; none without a fold."""
    prefix = columns.score_column("")
    scores = {name.removeprefix(prefix): value for name, value in accuracy.items() if name.startswith(prefix)}
    return sorted(((model, value) for model, value in scores.items() if value is not None), key=lambda one: one[1])


def attributes_in(texts: Sequence[str]) -> dict[str, frozenset[str]]:
    """The values that are asked for by name, from texts such as `Family=Bearings`."""
    found: dict[str, frozenset[str]] = {}
    for text in texts:
        name, _, value = text.partition("=")
        found[name] = found.get(name, frozenset()) | {value}
    return found


def _member(names: Sequence[str | None], chosen: frozenset[str]) -> NDArray[np.bool_]:
    return np.array([name in chosen for name in names], dtype=bool)


def _ranks(column: Column) -> NDArray[np.int64]:
    """The rank of each value among the distinct ones, ascending; -1 where it is missing."""
    distinct = column.dictionary_encode()
    indices: NDArray[np.int64] = distinct.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    order = pc.sort_indices(distinct.dictionary).to_numpy()
    ranks = np.empty(len(order) + 1, dtype=np.int64)
    ranks[order] = np.arange(len(order))
    ranks[-1] = -1
    return ranks[indices]


# The index of a result: a row a series, with every figure that series are searched and sorted by.


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesFigures:
    """Figures that are in no table of a partition; each of shape (series,), in the order of the history."""

    history_total: NDArray[np.float64]  # demand up to the cutoff, returns netted within each period
    demand_periods: NDArray[np.int32]  # periods with demand
    forecast_total: NDArray[np.float64]  # of the planning figures, over the horizon

    @classmethod
    def of(cls, demand: Iterator[PeriodDemand], forecast_total: NDArray[np.float64]) -> Self:
        """The figures of series whose demand comes in pieces."""
        pieces = [(piece.totals(), piece.periods_with_demand()) for piece in demand]
        return cls(
            history_total=np.concatenate([total for total, _ in pieces] or [np.zeros(0)]),
            demand_periods=np.concatenate([periods for _, periods in pieces] or [np.zeros(0, np.int32)]),
            forecast_total=forecast_total,
        )


def index_pieces(
    tables: Iterator[tuple[pa.Table, pa.Table]], figures: SeriesFigures, ranking: Ranking, of_parts: pa.Table
) -> Iterator[pa.Table]:
    """The index in pieces, from the stock and the accuracy of the same series, and what else is known of them all."""
    start = 0
    for stock, accuracy in tables:
        rows = slice(start, start + stock.num_rows)
        start = rows.stop
        named = {name: stock[name] for name in (*columns.SERIES, columns.DEMAND_CLASS)}
        named |= {columns.FLAG: stock[columns.FLAG], columns.MODEL: accuracy[columns.MODEL]}
        named |= {
            columns.HISTORY_TOTAL: figures.history_total[rows],
            columns.DEMAND_PERIODS: figures.demand_periods[rows],
            columns.FORECAST_TOTAL: figures.forecast_total[rows],
        }
        named |= {name: stock[name] for name in columns.STOCK_FIGURES} | {
            name: accuracy[name] for name in columns.ACCURACY_FIGURES
        }
        named |= {name: stock[name] for name in (*columns.EXTREME_FIGURES, *columns.LEVEL_FIGURES)}
        named |= ranking.columns_of(rows)
        mine = of_parts.slice(rows.start, stock.num_rows)
        named |= {name: mine[name].combine_chunks() for name in mine.column_names}
        yield pa.table(named)
