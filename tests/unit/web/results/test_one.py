"""What the page of one series shows of what the service tells."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from batchcast.app.service.answers import SeriesDetail
from batchcast.domain.batch import Batch
from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.plan import ForecastRequest
from batchcast.domain.planner import KeptMark
from batchcast.domain.settings import BatchSettings, mark_of
from batchcast.results.inventory import PublishedDemand
from batchcast.results.series import BacktestFold, SeriesPage
from batchcast.web.results.one import OneSeries, chart_of, show_series, steps_of
from batchcast.web.results.table import PlaceInTable, TableState

DAYS = [dt.date(2026, 1, day) for day in range(1, 6)]
FIGURES = {
    "site_code": "S",
    "partnumber": "P",
    "model": "ses+wss",
    "folds": 3,
    "lead_time_pinball": 0.3,
    "lead_time_pinball_naive": 0.4,
}


def request(*quantiles: float) -> ForecastRequest:
    return ForecastRequest(
        calendar=Calendar(frequency=Frequency.DAILY),
        last_period=20_000,
        skip=0,
        horizon=2,
        lead_time=2,
        quantiles=quantiles,
        models=(),
        service_level=0.95,
        rounding="keep_total",
        zero_threshold=0.5,
        folds=3,
        seed=0,
    )


def forecast(*plan: float) -> list[dict[str, Any]]:
    return [
        {"date": day, "forecast_qty": quantity, "forecast_raw": 0.5, "p10": 0.0, "p50": 1.0, "p90": 2.0}
        for day, quantity in zip(DAYS[3:], plan, strict=True)
    ]


def fold(actual: float, high: float) -> BacktestFold:
    return BacktestFold(
        cutoff=DAYS[0],
        first=DAYS[1],
        last=DAYS[2],
        actual=actual,
        forecast=1.0,
        low=0.0,
        median=1.0,
        high=high,
        stock=2.0,
    )


def shown(
    place: int | None = None,
    around: list[tuple[str, str]] | None = None,
    *,
    marks: tuple[str, ...] = (),
    kept: Sequence[KeptMark] = (),
    **changes: Any,
) -> OneSeries:
    values: dict[str, Any] = {
        "series": FIGURES,
        "history": [("2026-01-01", 0.0), ("2026-01-02", 3.0), ("2026-01-03", 1.0)],
        "forecast": forecast(0.0, 1.0),
        "out_of_stock": [],
        "previous": None,
        "next": ("S", "Q"),
        "scores": [("ses", 0.2), ("naive", 0.4)],
        "backtest": [fold(4.0, 2.0), fold(0.0, 8.0)],
    }
    plan = SimpleNamespace(request=request(0.1, 0.5, 0.9))
    batch = cast(Batch, SimpleNamespace(batch_id="b", plan=plan, settings=BatchSettings(history_marks=marks)))
    rows = [{"site_code": site, "partnumber": part} for site, part in around or []]
    found_in = PlaceInTable(table=TableState(sort="bias"), place=place)
    page = None if around is None else SeriesPage(rows=rows, total=len(rows), sums={})
    detail = SeriesDetail(**(values | changes))
    steps = steps_of(batch.plan.request, detail, 0, None)
    return show_series(batch, detail, found_in, page, steps=steps, marks=kept)


def test_the_chart_shows_what_was_marked_what_will_be_and_what_the_file_has() -> None:
    used, coming = "2026-01-01 exclude P @ S", "2026-01-02..2026-01-03 exclude P @ S"
    mark = mark_of(coming)
    assert mark
    kept = KeptMark(mark=mark, reason="", name=None, at=dt.datetime(2026, 2, 1, tzinfo=dt.UTC))
    out = [dt.date(2026, 1, day) for day in (1, 3)]
    figures = FIGURES | {"extreme_date": dt.date(2025, 12, 24)}

    one = shown(marks=(used, "2026-01-01 exclude Q @ S"), kept=[kept], out_of_stock=out, series=figures)

    found = [(mark.kind, mark.first.isoformat(), mark.last.isoformat()) for mark in one.chart.marks]
    assert found == [
        ("exclude", "2026-01-01", "2026-01-01"),
        ("exclude", "2026-01-02", "2026-01-03"),
        ("stock_out", "2026-01-03", "2026-01-03"),
        ("one_off", "2025-12-24", "2025-12-24"),
    ]
    words = [mark["words"] for mark in json.loads(one.chart.as_json("id"))["marks"]]
    assert words == ["Dikecualikan", "Dikecualikan", "Stok habis", "Sekali saja?"]


def test_the_table_of_the_past_has_the_periods_with_demand_the_newest_first() -> None:
    one = shown()

    assert list(one.demand) == [(DAYS[2], 1.0), (DAYS[1], 3.0)]
    assert one.periods == 3


def test_the_band_lies_between_the_outermost_quantiles_and_one_quantile_has_none() -> None:
    wide = chart_of(request(0.1, 0.5, 0.9), [], forecast(0.0, 1.0))

    assert (wide.band, wide.low, wide.high) == ((0.1, 0.9), [0.0, 0.0], [2.0, 2.0])
    assert chart_of(request(0.5), [], forecast(0.0, 1.0)).band is None


def test_planning_figures_are_drawn_only_where_they_differ_from_the_mean() -> None:
    assert chart_of(request(0.5), [], forecast(0.0, 1.0)).plan == [0.0, 1.0]
    assert chart_of(request(0.5), [], forecast(0.5, 0.5)).plan is None


def test_past_forecasts_come_the_latest_first_and_those_not_kept_are_none() -> None:
    folds = shown().folds

    assert folds is not None
    assert [one.fold.actual for one in folds] == [0.0, 4.0]
    assert str(folds[0].span) == "2 – 3 Jan 2026"
    assert shown(backtest=None).folds is None


def test_a_part_is_marked_where_a_backtest_was_short() -> None:
    assert shown().has_missed
    assert not shown(backtest=[fold(2.0, 2.0)]).has_missed
    assert not shown(backtest=None).has_missed


def detail_of(history: list[float], forecast: list[float]) -> SeriesDetail:
    """Days of demand from 2025-01-01, and a forecast after them."""
    first = dt.date(2025, 1, 1)
    days = [first + dt.timedelta(days=k) for k in range(len(history) + len(forecast))]
    rows = [
        {"date": day, "forecast_qty": mean, "forecast_raw": mean, "p10": 0.0, "p90": 2 * mean}
        for day, mean in zip(days[len(history) :], forecast, strict=True)
    ]
    return SeriesDetail(
        series=FIGURES,
        history=[(day.isoformat(), quantity) for day, quantity in zip(days, history, strict=False)],
        forecast=rows,
        out_of_stock=[],
        previous=None,
        next=None,
        scores=[],
        backtest=None,
    )


@pytest.mark.parametrize(
    ("history", "every", "shown"),
    [
        pytest.param([1.0] * 365, 1, 91, id="a demand each day: the last quarter"),
        pytest.param([1.0, *[0.0] * 14] * 24, 1, 360, id="24 demands: as far back as they lie"),
        pytest.param([1.0, *[0.0] * 59] * 6, 1, 360, id="fewer: the whole history"),
        pytest.param([1.0, *[0.0] * 59] * 40, 7, -(-1440 // 7), id="too many days to be told apart: weeks"),
        pytest.param([1.0, *[0.0] * 149] * 60, 30, 120, id="too many weeks: months"),
        pytest.param([], 1, 91, id="none"),
    ],
)
def test_the_step_is_the_smallest_that_shows_24_demands_or_the_whole_history(
    history: list[float], every: int, shown: int
) -> None:
    steps = steps_of(request(0.1, 0.9), detail_of(history, [0.5] * 30), 0, None)

    assert (steps.every, steps.chart.shown) == (every, shown)


def test_steps_of_days_end_with_the_history_and_hold_whole_ones_only() -> None:
    steps = steps_of(request(0.1, 0.9), detail_of([1.0] * 16, [0.5] * 16), 7, None)

    assert list(steps.chart.history) == [(dt.date(2025, 1, 3), 7.0), (dt.date(2025, 1, 10), 7.0)]
    assert (list(steps.chart.dates), list(steps.chart.mean)) == (
        [dt.date(2025, 1, 17), dt.date(2025, 1, 24)],
        [3.5, 3.5],
    )
    assert steps.misses is None


def test_a_step_longer_than_the_forecast_says_why_none_is_drawn() -> None:
    steps = steps_of(request(0.1, 0.9), detail_of([1.0] * 60, [0.5] * 7), 30, None)

    assert list(steps.chart.mean) == []
    assert str(steps.misses) == "The forecast covers 7 days, less than a step of 30 days: only the demand is drawn."


def test_a_step_that_there_is_not_is_the_one_that_fits() -> None:
    assert steps_of(request(0.1, 0.9), detail_of([1.0] * 60, [0.5] * 7), 5, None).every == 1


def test_the_band_of_longer_steps_is_that_of_the_demand_over_the_lead_time() -> None:
    levels = np.array([0.1, 0.5, 0.9, 0.95])
    published = PublishedDemand(
        levels=levels,
        quantiles=np.array([[2.0, 7.0, 12.0, 14.0]]),
        mean=np.array([7.0]),
        lead_time=np.array([7.0]),
        service_level=0.95,
    )

    chart = steps_of(request(0.1, 0.9), detail_of([1.0] * 60, [1.0] * 14), 7, published).chart

    assert chart.band == (0.1, 0.9)
    assert list(chart.low or []) == pytest.approx([2.0, 2.0])
    assert list(chart.high or []) == pytest.approx([12.0, 12.0])


def test_the_scores_of_models_are_shares_of_the_largest() -> None:
    assert [(one.model, one.share) for one in shown().scores] == [("ses", 0.5), ("naive", 1.0)]


def test_it_says_how_it_did_and_what_it_is_made_of() -> None:
    said = [str(sentence) for sentence in shown().sentences]

    assert said[0].startswith("In 2 backtests the stock of 2 would have covered the demand once; 4 were wanted")
    assert "naive: 25%" in said[1]
    assert "average of ses and wss" in said[2]


def test_the_neighbours_are_those_of_the_table_that_led_here() -> None:
    one = shown(place=7, around=[("S", "A"), ("S", "P"), ("T", "B")])

    assert one.previous_url == "/batches/b/series/one?site_code=S&partnumber=A&in_sort=bias&place=6"
    assert one.next_url == "/batches/b/series/one?site_code=T&partnumber=B&in_sort=bias&place=8"


def test_the_first_of_a_table_has_none_before_it() -> None:
    one = shown(place=0, around=[("S", "P"), ("T", "B")])

    assert one.previous_url is None
    assert one.next_url == "/batches/b/series/one?site_code=T&partnumber=B&in_sort=bias&place=1"


@pytest.mark.parametrize(("place", "around"), [(None, None), (7, [("S", "A"), ("T", "B")])])
def test_where_the_table_has_changed_or_there_was_none_the_neighbours_are_those_of_all(
    place: int | None, around: list[tuple[str, str]] | None
) -> None:
    one = shown(place=place, around=around)

    assert one.previous_url is None
    assert one.next_url == "/batches/b/series/one?site_code=S&partnumber=Q"
