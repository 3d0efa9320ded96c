"""What a chart is drawn from."""

from __future__ import annotations

import datetime as dt
import json

from batchcast.domain.accuracy import PeriodTotal
from batchcast.domain.calendar import Frequency
from batchcast.web.results.totals import Chart, in_weeks


def chart(**changes: object) -> Chart:
    values = {
        "frequency": Frequency.DAILY,
        "history": [(dt.date(1970, 1, 2), 3.0), (dt.date(1970, 1, 3), 0.0)],
        "dates": [dt.date(1970, 1, 4)],
        "mean": [1.23456789],
    }
    return Chart(**(values | changes))  # type: ignore[arg-type]


def test_history_and_forecast_are_counted_in_days_from_1970() -> None:
    drawn = json.loads(chart().as_json("en"))

    assert drawn["history"] == {"days": [1, 2], "demand": [3.0, 0.0]}
    assert drawn["forecast"] == {"days": [3], "mean": [1.2346]}


def test_a_band_and_planning_figures_are_there_where_they_are_known() -> None:
    drawn = json.loads(chart(plan=[1.0], low=[0.0], high=[4.0], band=(0.1, 0.975)).as_json("en"))

    assert drawn["forecast"] == {"days": [3], "mean": [1.2346], "plan": [1.0], "low": [0.0], "high": [4.0]}
    assert drawn["labels"] == {
        "history": "Demand",
        "mean": "Forecast",
        "plan": "Planning figure",
        "band": "Between p10 and p97.5",
    }


def test_its_labels_are_in_the_readers_language() -> None:
    assert json.loads(chart().as_json("id"))["labels"]["history"] == "Permintaan"


def test_at_first_it_shows_some_months_and_at_least_three_times_the_horizon() -> None:
    days = [dt.date(2025, 1, 1) + dt.timedelta(days=day) for day in range(200)]

    assert json.loads(chart().as_json("en"))["recent"] == 91
    assert json.loads(chart(dates=days, mean=[1.0] * 200).as_json("en"))["recent"] == 600


def test_nothing_in_it_can_end_the_script_element_it_stands_in() -> None:
    assert not set("<>&") & set(chart().as_json("en"))


FIRST = dt.date(2025, 1, 1)


def days(past: int, ahead: int) -> list[PeriodTotal]:
    dates = [FIRST + dt.timedelta(days=k) for k in range(past + ahead)]
    return [PeriodTotal(date=date, total=k + 1.0, is_forecast=k >= past) for k, date in enumerate(dates)]


def test_weeks_are_counted_from_the_first_day_of_the_forecast_both_ways():
    found = in_weeks(days(past=16, ahead=15))

    assert [(one.date.day, one.total, one.is_forecast) for one in found] == [
        (3, sum(range(3, 10)), False),
        (10, sum(range(10, 17)), False),
        (17, sum(range(17, 24)), True),
        (24, sum(range(24, 31)), True),
    ]


def test_days_that_fill_no_week_are_left_out():
    assert in_weeks(days(past=6, ahead=6)) == ()
