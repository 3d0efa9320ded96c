"""What the page of one series shows of what the service tells."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchcast.app.service.answers import SeriesDetail
from batchcast.domain.batch import Batch
from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.plan import ForecastRequest
from batchcast.results.series import BacktestFold, SeriesPage
from batchcast.web.results.one import OneSeries, chart_of, show_series
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


def shown(place: int | None = None, around: list[tuple[str, str]] | None = None, **changes: Any) -> OneSeries:
    values: dict[str, Any] = {
        "series": FIGURES,
        "history": [("2026-01-01", 0.0), ("2026-01-02", 3.0), ("2026-01-03", 1.0)],
        "forecast": forecast(0.0, 1.0),
        "previous": None,
        "next": ("S", "Q"),
        "scores": [("ses", 0.2), ("naive", 0.4)],
        "backtest": [fold(4.0, 2.0), fold(0.0, 8.0)],
    }
    batch = cast(Batch, SimpleNamespace(batch_id="b", plan=SimpleNamespace(request=request(0.1, 0.5, 0.9))))
    rows = [{"site_code": site, "partnumber": part} for site, part in around or []]
    found_in = PlaceInTable(table=TableState(sort="bias"), place=place)
    page = None if around is None else SeriesPage(rows=rows, total=len(rows))
    return show_series(batch, SeriesDetail(**(values | changes)), found_in, page)


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


def test_all_past_forecasts_stand_on_one_scale_the_latest_first() -> None:
    folds = shown().folds

    assert folds is not None
    assert [(one.actual, one.high) for one in folds] == [(0.0, 96.0), (48.0, 24.0)]


def test_past_forecasts_of_nothing_stand_at_zero_and_those_not_kept_are_none() -> None:
    nothing = shown(backtest=[fold(0.0, 0.0)]).folds

    assert nothing is not None
    assert [(one.actual, one.high) for one in nothing] == [(0.0, 0.0)]
    assert shown(backtest=None).folds is None


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
