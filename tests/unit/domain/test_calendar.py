"""Days become periods and periods become days, the same way everywhere."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from batchcast.domain.calendar import Calendar, Frequency, date_of, day_of


def test_the_epoch_is_day_zero() -> None:
    assert day_of(dt.date(1970, 1, 1)) == 0
    assert date_of(day_of(dt.date(2026, 11, 23))) == dt.date(2026, 11, 23)


def test_a_daily_period_is_its_day() -> None:
    calendar = Calendar(frequency=Frequency.DAILY)

    assert calendar.period_of_day(20_000) == 20_000
    assert calendar.first_day(20_000) == calendar.last_day(20_000) == 20_000


def test_weeks_start_on_monday_by_default() -> None:
    calendar = Calendar(frequency=Frequency.WEEKLY)
    monday, sunday = day_of(dt.date(2026, 11, 23)), day_of(dt.date(2026, 11, 29))

    week = calendar.period_of_day(monday)

    assert calendar.period_of_day(sunday) == week
    assert calendar.period_of_day(monday - 1) == week - 1
    assert date_of(calendar.first_day(week)) == dt.date(2026, 11, 23)
    assert date_of(calendar.last_day(week)) == dt.date(2026, 11, 29)


@pytest.mark.parametrize("week_start", range(7))
def test_a_week_can_start_on_any_weekday(week_start: int) -> None:
    calendar = Calendar(frequency=Frequency.WEEKLY, week_start=week_start)

    first = date_of(calendar.first_day(calendar.period_of_day(20_000)))

    assert first.weekday() == week_start
    assert day_of(first) <= 20_000 < day_of(first) + 7


def test_months_have_their_own_lengths() -> None:
    calendar = Calendar(frequency=Frequency.MONTHLY)
    february = calendar.period_of_day(day_of(dt.date(2024, 2, 29)))

    assert date_of(calendar.first_day(february)) == dt.date(2024, 2, 1)
    assert date_of(calendar.last_day(february)) == dt.date(2024, 2, 29)


@pytest.mark.parametrize("frequency", list(Frequency))
def test_dates_before_1970_fall_in_the_period_that_holds_them(frequency: Frequency) -> None:
    calendar = Calendar(frequency=frequency)
    days = np.arange(-800, 800, dtype=np.int32)

    periods = calendar.periods_of_days(days)

    assert periods.dtype == np.int32
    assert (calendar.first_days(periods) <= days).all()
    assert (calendar.first_days(periods + 1) > days).all()


def test_every_frequency_says_its_horizons() -> None:
    assert [f.default_horizon for f in Frequency] == [7, 8, 12]
    assert [f.longest_horizon for f in Frequency] == [365, 104, 60]
    assert [f.season_length for f in Frequency] == [7, 52, 12]
