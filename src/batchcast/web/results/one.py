"""What the page of one series shows."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batchcast.app.findings import sentences_of
from batchcast.app.service.answers import SeriesDetail
from batchcast.domain import columns
from batchcast.domain.batch import Batch
from batchcast.domain.calendar import Calendar, span_of_days
from batchcast.domain.columns import quantile_column
from batchcast.domain.errors import Message
from batchcast.domain.plan import ForecastRequest
from batchcast.results.series import BacktestFold, SeriesPage
from batchcast.web.results.table import PlaceInTable
from batchcast.web.results.totals import Chart

_WIDTH = 96.0  # of the scale, so that a mark at its end is visible

Key = tuple[str, str]  # site_code, partnumber


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """A past forecast with its places on a scale from 0 to 100, which is the same for all folds of a series."""

    fold: BacktestFold
    span: Message  # the periods that were forecast
    low: float
    median: float
    high: float
    actual: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """How a model did in the backtest."""

    model: str
    loss: float
    share: float  # of the largest loss, 0 to 1


@dataclass(frozen=True, kw_only=True, slots=True)
class OneSeries:
    """One series, as its page shows it."""

    site_code: str
    partnumber: str
    figures: Mapping[str, Any]  # its row of the index
    chart: Chart
    demand: Sequence[tuple[dt.date, float]]  # periods with demand, the newest first
    periods: int  # of the history, with demand or without
    forecast: Sequence[Mapping[str, Any]]  # as published
    quantiles: Sequence[str]  # columns of `forecast`
    folds: Sequence[Fold] | None  # the latest first; None where the batch was published without them
    scores: Sequence[Score]  # the best first
    sentences: Sequence[Message]  # how it did in the backtest, and what its forecast is made of
    previous_url: str | None
    next_url: str | None
    back_url: str  # to the table it was found in


def show_series(batch: Batch, detail: SeriesDetail, found_in: PlaceInTable, around: SeriesPage | None) -> OneSeries:
    """The series, with the way to those beside it: in the table that led to it, else in the order of all series."""
    request = batch.plan.request
    history = [(dt.date.fromisoformat(day), quantity) for day, quantity in detail.history]
    before, after = _ways(batch.batch_id, detail, found_in, around)
    return OneSeries(
        site_code=detail.series[columns.SITE_CODE],
        partnumber=detail.series[columns.PARTNUMBER],
        figures=detail.series,
        chart=chart_of(request, history, detail.forecast),
        demand=[(date, quantity) for date, quantity in reversed(history) if quantity > 0],
        periods=len(history),
        forecast=detail.forecast,
        quantiles=[quantile_column(level) for level in request.quantiles],
        folds=None if detail.backtest is None else _on_one_scale(detail.backtest, request.calendar),
        scores=_scores(detail.scores),
        sentences=sentences_of(detail.series, detail.backtest, request),
        previous_url=before,
        next_url=after,
        back_url=found_in.table.url(batch.batch_id),
    )


def chart_of(
    request: ForecastRequest, history: Sequence[tuple[dt.date, float]], forecast: Sequence[Mapping[str, Any]]
) -> Chart:
    """History and forecast with the widest band of quantiles that lies around the middle."""
    low, high = request.quantiles[0], request.quantiles[-1]
    has_band = len(request.quantiles) > 1
    mean = [row[columns.FORECAST_RAW] for row in forecast]
    plan = [row[columns.FORECAST_QTY] for row in forecast]
    is_rounded = any(not math.isclose(one, other, abs_tol=1e-9) for one, other in zip(mean, plan, strict=True))
    return Chart(
        frequency=request.calendar.frequency,
        history=history,
        dates=[row[columns.DATE] for row in forecast],
        mean=mean,
        plan=plan if is_rounded else None,
        low=[row[quantile_column(low)] for row in forecast] if has_band else None,
        high=[row[quantile_column(high)] for row in forecast] if has_band else None,
        band=(low, high) if has_band else None,
    )


def _on_one_scale(folds: Sequence[BacktestFold], calendar: Calendar) -> list[Fold]:
    most = max((max(fold.high, fold.actual) for fold in folds), default=0.0)
    scale = _WIDTH / most if most > 0 else 0.0
    return [
        Fold(
            fold=fold,
            span=span_of_days(calendar, fold.first, fold.last).said,
            low=scale * fold.low,
            median=scale * fold.median,
            high=scale * fold.high,
            actual=scale * fold.actual,
        )
        for fold in reversed(folds)
    ]


def _scores(scores: Sequence[tuple[str, float]]) -> list[Score]:
    most = max((loss for _, loss in scores), default=0.0)
    return [Score(model=model, loss=loss, share=loss / most if most > 0 else 0.0) for model, loss in scores]


def _ways(
    batch_id: str, detail: SeriesDetail, found_in: PlaceInTable, around: SeriesPage | None
) -> tuple[str | None, str | None]:
    """The addresses of the series before and after."""
    place, before, after = None, detail.previous, detail.next
    keys = [(row[columns.SITE_CODE], row[columns.PARTNUMBER]) for row in around.rows] if around else []
    here = (detail.series[columns.SITE_CODE], detail.series[columns.PARTNUMBER])
    if found_in.place is not None and here in keys:
        at = keys.index(here)
        place = max(found_in.place - 1, 0) + at
        before = keys[at - 1] if at > 0 else None
        after = keys[at + 1] if at + 1 < len(keys) else None
    return _way(batch_id, found_in, before, place, -1), _way(batch_id, found_in, after, place, 1)


def _way(batch_id: str, found_in: PlaceInTable, key: Key | None, place: int | None, step: int) -> str | None:
    if key is None:
        return None
    return found_in.table.url_of_series(batch_id, *key, None if place is None else place + step)
