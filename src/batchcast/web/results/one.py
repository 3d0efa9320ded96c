"""What the page of one series shows."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from batchcast.app.planner import marks_used
from batchcast.app.service.answers import SeriesDetail
from batchcast.app.words.seriesfindings import sentences_of
from batchcast.domain import columns
from batchcast.domain.batch import Batch
from batchcast.domain.calendar import Calendar, Frequency, date_of, day_of, length_in_words, span_of_days
from batchcast.domain.columns import quantile_column
from batchcast.domain.errors import N_, Message
from batchcast.domain.plan import ForecastRequest
from batchcast.domain.planner import KeptMark
from batchcast.domain.settings import MARK_KINDS, STOCK_OUT
from batchcast.results.inventory import PublishedDemand
from batchcast.results.lead_time import band_of
from batchcast.results.overview import RECENT
from batchcast.results.series import BacktestFold, SeriesPage
from batchcast.web.results.table import PlaceInTable
from batchcast.web.results.totals import Chart, ChartMark

Key = tuple[str, str]  # site_code, partnumber


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """A past forecast with its periods in words."""

    fold: BacktestFold
    span: Message


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """How a model did in the backtest."""

    model: str
    said: Message  # the model in words
    loss: float
    share: float  # of the largest loss, 0 to 1


@dataclass(frozen=True, kw_only=True, slots=True)
class OneSeries:
    """One series, as its page shows it."""

    site_code: str
    partnumber: str
    figures: Mapping[str, Any]  # its row of the index
    attributes: Sequence[tuple[str, str]]  # what the file says of it: name of the column, and its value
    chart: Chart
    steps: ChartSteps
    marks: Sequence[tuple[KeptMark, bool]]  # in force, by their days; whether this result was made with it
    has_missed: bool  # the stock was too small in a backtest
    is_held: bool  # nothing is ordered until a person releases it
    demand: Sequence[tuple[dt.date, float]]  # periods with demand, the newest first
    periods: int  # of the history, with demand or without
    forecast: Sequence[Mapping[str, Any]]  # as published
    quantiles: Sequence[str]  # columns of `forecast`
    folds: Sequence[Fold] | None  # the latest first; None where the batch was published without them
    scores: Sequence[Score]  # the best first
    sentences: Sequence[Message]  # how it did in the backtest, and what its forecast is made of
    sums: Sequence[tuple[Message, Mapping[str, Any]]]  # the length of each window, and the figures of its sum
    previous_url: str | None
    next_url: str | None
    back_url: str  # to the table it was found in


def show_series(
    batch: Batch,
    detail: SeriesDetail,
    found_in: PlaceInTable,
    around: SeriesPage | None,
    *,
    steps: ChartSteps,
    sums: Sequence[Mapping[str, Any]] = (),
    marks: Sequence[KeptMark] = (),
) -> OneSeries:
    """The series, with the way to those beside it: in the table that led to it, else in the order of all series."""
    request = batch.plan.request
    history = [(dt.date.fromisoformat(day), quantity) for day, quantity in detail.history]
    before, after = _ways(batch.batch_id, detail, found_in, around)
    return OneSeries(
        site_code=detail.series[columns.SITE_CODE],
        partnumber=detail.series[columns.PARTNUMBER],
        figures=detail.series,
        attributes=[
            (name, value)
            for column, value in detail.series.items()
            if (name := columns.attribute_of(column)) is not None and value
        ],
        chart=replace(steps.chart, marks=tuple(_marked(batch, detail, marks))),
        steps=steps,
        marks=[(one, one.mark in marks_used(batch.settings, *_key_of(detail))) for one in marks],
        is_held=bool(columns.held_by(detail.series.get(columns.FLAG))),
        has_missed=any(fold.actual > fold.stock for fold in detail.backtest or ()),
        demand=[(date, quantity) for date, quantity in reversed(history) if quantity > 0],
        periods=len(history),
        forecast=detail.forecast,
        quantiles=[quantile_column(level) for level in request.quantiles],
        folds=None
        if detail.backtest is None
        else [
            Fold(fold=fold, span=span_of_days(request.calendar, fold.first, fold.last).said)
            for fold in reversed(detail.backtest)
        ],
        scores=_scores(detail.scores),
        sentences=sentences_of(detail.series, detail.backtest, request),
        sums=[(length_in_words(request.calendar, int(row[columns.WINDOW])), row) for row in sums],
        previous_url=before,
        next_url=after,
        back_url=found_in.table.url(batch.batch_id),
    )


def _key_of(detail: SeriesDetail) -> Key:
    return detail.series[columns.SITE_CODE], detail.series[columns.PARTNUMBER]


def _marked(batch: Batch, detail: SeriesDetail, kept: Sequence[KeptMark]) -> Iterator[ChartMark]:
    """What is drawn into the history: marks, days out of stock as the file has them, and an order beyond all others."""
    used = marks_used(batch.settings, *_key_of(detail))
    every = dict.fromkeys([*used, *(one.mark for one in kept)])
    for mark in every:
        yield ChartMark(first=mark.first, last=mark.last, kind=mark.kind, words=MARK_KINDS[mark.kind])
    calendar = batch.plan.request.calendar
    marked = {period for mark in used for period in range(*_periods_of(calendar, mark.first, mark.last))}
    out = sorted({calendar.period_of_day(day_of(day)) for day in detail.out_of_stock} - marked)
    for first, last in _runs(out):
        days = (date_of(calendar.first_day(first)), date_of(calendar.last_day(last)))
        yield ChartMark(first=days[0], last=days[1], kind=STOCK_OUT, words=MARK_KINDS[STOCK_OUT])
    extreme = detail.series.get(columns.EXTREME_DATE)
    if extreme is not None and not any(mark.first <= extreme <= mark.last for mark in every):
        period = calendar.period_of_day(day_of(extreme))
        first_day, last_day = date_of(calendar.first_day(period)), date_of(calendar.last_day(period))
        yield ChartMark(first=first_day, last=last_day, kind="one_off", words=N_("One-off?"))


def _periods_of(calendar: Calendar, first: dt.date, last: dt.date) -> tuple[int, int]:
    return calendar.period_of_day(day_of(first)), calendar.period_of_day(day_of(last)) + 1


def _runs(periods: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of each run of periods that follow each other."""
    for _, run in groupby(enumerate(periods), key=lambda pair: pair[1] - pair[0]):
        found = [period for _, period in run]
        yield found[0], found[-1]


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


# The steps of its chart: periods, weeks of days, months of days or weeks.

_SIZES = {Frequency.DAILY: (1, 7, 30), Frequency.WEEKLY: (1, 4), Frequency.MONTHLY: (1,)}  # periods
_DEMANDS = 24  # that are to be seen, where the history has so many
_MOST_STEPS = 400  # that can be told apart


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartSteps:
    """A chart in steps of one size, and the sizes to choose from."""

    chart: Chart
    every: int  # periods of a step
    sizes: Sequence[tuple[int, Message]]  # each with its name
    misses: Message | None  # why the forecast is not drawn


def steps_of(
    request: ForecastRequest, detail: SeriesDetail, every: int, published: PublishedDemand | None
) -> ChartSteps:
    """The history and the forecast of a series in steps.

    Args:
        request: of the batch.
        detail: of the series.
        every: periods of a step; one that there is not: the smallest that shows enough demands.
        published: the demand over its lead time, from which the band of longer steps is told; None: they have none.
    """
    history = [(dt.date.fromisoformat(day), quantity) for day, quantity in detail.history]
    sizes, calendar = _SIZES[request.calendar.frequency], request.calendar
    needed = _periods_to_show([quantity for _, quantity in history])
    size = every if every in sizes else next((one for one in sizes if needed <= one * _MOST_STEPS), sizes[-1])
    shown = max(-(-needed // size), RECENT[calendar.frequency] // size)
    is_whole = size > 1 and size <= len(detail.forecast)
    if size == 1:
        chart = replace(chart_of(request, history, detail.forecast), shown=shown)
    else:
        means = _summed([row[columns.FORECAST_RAW] for row in detail.forecast], size, from_end=False)
        low, high = (None, None) if published is None else band_of(published, np.array(means), *_BAND)
        chart = Chart(
            frequency=calendar.frequency,
            history=_summed_history(history, size),
            dates=[row[columns.DATE] for row in detail.forecast[: len(means) * size : size]],
            mean=means,
            low=None if low is None else low.tolist(),
            high=None if high is None else high.tolist(),
            band=None if low is None else _BAND,
            shown=shown,
        )
    template = N_("The forecast covers {covered}, less than a step of {step}: only the demand is drawn.")
    values = {"covered": length_in_words(calendar, len(detail.forecast)), "step": length_in_words(calendar, size)}
    return ChartSteps(
        chart=chart,
        every=size,
        sizes=[(one, length_in_words(calendar, one)) for one in sizes],
        misses=None if size == 1 or is_whole else Message(template, values),
    )


_BAND = (0.1, 0.9)


def _periods_to_show(demand: Sequence[float]) -> int:
    """Of the history, its last ones: those that hold _DEMANDS periods with demand, or all."""
    places = [place for place, quantity in enumerate(demand) if quantity > 0]
    return len(demand) - places[-_DEMANDS] if len(places) >= _DEMANDS else len(demand)


def _summed(values: Sequence[float], size: int, *, from_end: bool) -> list[float]:
    """Sums of whole steps."""
    start = len(values) % size if from_end else 0
    return [sum(values[k : k + size]) for k in range(start, len(values) - size + 1, size)]


def _summed_history(history: Sequence[tuple[dt.date, float]], size: int) -> list[tuple[dt.date, float]]:
    """ChartSteps that end with the history, each with its first day; periods that fill none are left out."""
    days = [day for day, _ in history][len(history) % size :: size]
    return list(zip(days, _summed([quantity for _, quantity in history], size, from_end=True), strict=True))


def _scores(scores: Sequence[tuple[str, float]]) -> list[Score]:
    most = max((loss for _, loss in scores), default=0.0)
    return [
        Score(
            model=model,
            said=Message("{model}", {"model": model}),
            loss=loss,
            share=loss / most if most > 0 else 0.0,
        )
        for model, loss in scores
    ]


def _ways(
    batch_id: str, detail: SeriesDetail, found_in: PlaceInTable, around: SeriesPage | None
) -> tuple[str | None, str | None]:
    """The addresses of the series before and after."""
    place, before, after = None, detail.previous, detail.next
    keys = [(row[columns.SITE_CODE], row[columns.PARTNUMBER]) for row in around.rows] if around else []
    here = _key_of(detail)
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
