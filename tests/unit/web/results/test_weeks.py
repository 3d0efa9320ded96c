from __future__ import annotations

import datetime as dt

from batchcast.domain.accuracy import PeriodTotal
from batchcast.web.results.totals import in_weeks

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
