"""Figures kept beside a result for whoever looks into it: its totals, and stock and backtest of each series."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from batchcast.app.service.answers import BacktestFold, ResultNotKept
from batchcast.domain import columns
from batchcast.domain.accuracy import Overview, PeriodTotal
from batchcast.domain.batch import Batch
from batchcast.domain.calendar import date_of
from batchcast.domain.codec import decode
from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.domain.plan import ForecastRequest
from batchcast.publish.kinds import ACCURACY, FIGURES, JSON, OVERVIEW, PARQUET, PERIODS
from batchcast.results.inventory import stock_figures_at
from batchcast.results.overview import read_periods_of
from batchcast.results.series import read_row_of

LEAST_LEVEL, MOST_LEVEL = 0.5, 0.9999  # service levels that stock figures can be asked at
_REMEMBERED = 8

Find = Callable[[Batch, str, str], Path | None]  # the published file of a kind and format, on this machine


class Kept:
    """Reads what is kept beside the results of batches; a batch published before has none of it."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._overviews: OrderedDict[str, Overview] = OrderedDict()  # the latest used last

    def overview(self, batch: Batch) -> Overview:
        """The result in totals.

        Raises:
            ResultNotReady: while the batch is not COMPLETED.
            ResultNotKept: if it was published by a version that made none.
        """
        with self._lock:
            found = self._overviews.get(batch.batch_id)
            if found is not None:
                self._overviews.move_to_end(batch.batch_id)
                return found
        overview: Overview = decode(json.loads(self._path(batch, OVERVIEW, JSON).read_text(encoding="utf-8")))
        with self._lock:
            self._overviews[batch.batch_id] = overview
            while len(self._overviews) > _REMEMBERED:
                self._overviews.popitem(last=False)
        return overview

    def periods_of(self, batch: Batch, site_code: str) -> tuple[PeriodTotal, ...]:
        """Demand and forecast of one site by period, as in the overview; none where there is no such site."""
        rows = read_periods_of(self._path(batch, PERIODS, PARQUET), site_code)
        return tuple(
            PeriodTotal(date=row[columns.DATE], total=row[columns.TOTAL], is_forecast=row[columns.IS_FORECAST])
            for row in rows
        )

    def stock_at(self, batch: Batch, published: Mapping[str, Any], service_level: float) -> Mapping[str, Any]:
        """Stock figures of a series at another service level.

        Args:
            batch: whose result it is in.
            published: the row of the series in the index.
            service_level: from LEAST_LEVEL to MOST_LEVEL.
        """
        if not LEAST_LEVEL <= service_level <= MOST_LEVEL:
            template = N_("service_level is {found}; it can be from {least} to {most}.")
            values = {"found": service_level, "least": LEAST_LEVEL, "most": MOST_LEVEL}
            raise InvalidSettings([Message(template, values)])
        row = self._row(batch, published)
        if row is None:
            raise ResultNotKept(batch.batch_id)
        return stock_figures_at(row, published, service_level)

    def backtest(self, batch: Batch, published: Mapping[str, Any]) -> Sequence[BacktestFold] | None:
        """What the backtest showed of a series, the earliest fold first; None where that was not kept."""
        row = self._row(batch, published)
        return None if row is None else _folds(row, batch.plan.request)

    def scores(self, batch: Batch, published: Mapping[str, Any]) -> Sequence[tuple[str, float]]:
        """Mean scaled lead-time pinball of each model, the best first; none where no fold could be judged."""
        path = self._find(batch, ACCURACY, PARQUET)
        row = None if path is None else read_row_of(path, *_key(published))
        prefix = columns.score_column("")
        scores = {name.removeprefix(prefix): value for name, value in (row or {}).items() if name.startswith(prefix)}
        return sorted(((model, value) for model, value in scores.items() if value is not None), key=lambda one: one[1])

    def forget(self, batch_id: str) -> None:
        """The batch is gone."""
        with self._lock:
            self._overviews.pop(batch_id, None)

    def _row(self, batch: Batch, published: Mapping[str, Any]) -> Mapping[str, Any] | None:
        path = self._find(batch, FIGURES, PARQUET)
        return None if path is None else read_row_of(path, *_key(published))

    def _path(self, batch: Batch, kind: str, file_format: str) -> Path:
        path = self._find(batch, kind, file_format)
        if path is None:
            raise ResultNotKept(batch.batch_id)
        return path


def _key(published: Mapping[str, Any]) -> tuple[str, str]:
    return published[columns.SITE_CODE], published[columns.PARTNUMBER]


def _folds(row: Mapping[str, Any], request: ForecastRequest) -> list[BacktestFold]:
    calendar, skip, lead_time = request.calendar, request.skip, request.lead_time
    named = (columns.CUTOFF, columns.ACTUAL, columns.FORECAST, columns.LOW, columns.MEDIAN, columns.HIGH, columns.STOCK)
    folds = []
    for cutoff, actual, forecast, low, median, high, stock in zip(*(row[name] for name in named), strict=True):
        cutoff_day, first, last = (
            date_of(calendar.first_day(period)) for period in (cutoff, cutoff + skip + 1, cutoff + skip + lead_time)
        )
        folds.append(
            BacktestFold(
                cutoff=cutoff_day,
                first=first,
                last=last,
                actual=actual,
                forecast=forecast,
                low=low,
                median=median,
                high=high,
                stock=stock,
            )
        )
    return sorted(folds, key=lambda fold: fold.cutoff)
