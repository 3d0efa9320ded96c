"""Days become periods and periods become days, the same way everywhere."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from batchcast.app.words.translation import translate
from batchcast.domain.calendar import Calendar, Frequency, date_of, day_of, each_period, length_in_words, span_of_days


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


MONTHS, WEEKS, DAYS = (Calendar(frequency=one) for one in (Frequency.MONTHLY, Frequency.WEEKLY, Frequency.DAILY))


@pytest.mark.parametrize(
    ("calendar", "first", "last", "said", "when"),
    [
        (MONTHS, (2002, 3, 1), (2002, 3, 1), "Mar 2002", "in Mar 2002"),
        (MONTHS, (2002, 3, 1), (2002, 5, 1), "Mar – May 2002", "in Mar – May 2002"),
        (MONTHS, (2001, 12, 1), (2002, 2, 1), "Dec 2001 – Feb 2002", "in Dec 2001 – Feb 2002"),
        (MONTHS, (2001, 5, 1), (2002, 5, 1), "May 2001 – May 2002", "in May 2001 – May 2002"),
        (DAYS, (2002, 3, 3), (2002, 3, 3), "3 Mar 2002", "on 3 Mar 2002"),
        (DAYS, (2002, 3, 3), (2002, 3, 9), "3 – 9 Mar 2002", "between 3 and 9 Mar 2002"),
        (DAYS, (2002, 2, 28), (2002, 3, 6), "28 Feb – 6 Mar 2002", "between 28 Feb and 6 Mar 2002"),
        (WEEKS, (2002, 3, 4), (2002, 3, 11), "4 – 17 Mar 2002", "between 4 and 17 Mar 2002"),
        (WEEKS, (2001, 12, 31), (2001, 12, 31), "31 Dec 2001 – 6 Jan 2002", "in the week of 31 Dec 2001"),
    ],
)
def test_a_span_says_nothing_twice(calendar, first, last, said, when) -> None:
    span = span_of_days(calendar, dt.date(*first), dt.date(*last))

    assert (str(span.said), str(span.when)) == (said, when)


def test_months_have_their_names_in_indonesian() -> None:
    span = span_of_days(MONTHS, dt.date(2002, 5, 1), dt.date(2002, 8, 1))

    assert translate(span.when, "id") == "pada Mei – Agu 2002"
    assert translate(span.length, "id") == "4 bulan"


@pytest.mark.parametrize(
    ("calendar", "one", "many", "each"),
    [
        (DAYS, "1 day", "7 days", "a day"),
        (WEEKS, "1 week", "7 weeks", "a week"),
        (MONTHS, "1 month", "7 months", "a month"),
    ],
)
def test_a_length_is_one_or_many(calendar, one, many, each) -> None:
    assert [str(length_in_words(calendar, count)) for count in (1, 7)] == [one, many]
    assert str(each_period(calendar)) == each
