"""A few dates after today or years from the rest are refused; many are a question; keep keeps all."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from batchcast.domain.calendar import date_of, day_of
from batchcast.domain.errors import ReadingQuestion
from batchcast.ingest.values.implausible import find_implausible

TODAY = dt.date(2025, 1, 10)
DAYS = [dt.date(2024, 1, 1) + dt.timedelta(days) for days in range(360)]


def refused(rows, *, today=TODAY, asked="auto"):
    """The dates that are refused of {date: rows}, with the reason of each."""
    days = np.array([day_of(day) for day in rows], dtype=np.int32)
    found = find_implausible(days, np.array(list(rows.values())), today=today, asked=asked)
    return {date_of(day): str(reason) for day, reason in found.items()}


def test_a_date_of_another_century_is_refused_with_the_span_of_the_rest():
    found = refused(dict.fromkeys(DAYS, 2) | {dt.date(1924, 3, 1): 1, dt.date(1900, 1, 1): 4})

    assert sorted(found) == [dt.date(1900, 1, 1), dt.date(1924, 3, 1)]
    assert "from 2024-01-01 to 2024-12-25" in found[dt.date(1924, 3, 1)]


def test_a_date_after_today_is_refused_with_today():
    found = refused(dict.fromkeys(DAYS, 2) | {dt.date(2042, 1, 15): 1})

    assert list(found) == [dt.date(2042, 1, 15)]
    assert "after today, 2025-01-10" in found[dt.date(2042, 1, 15)]


def test_a_date_years_after_old_data_is_refused_without_today():
    old = {day.replace(year=2012): 2 for day in DAYS if day.day < 29}

    assert list(refused(old | {dt.date(2021, 5, 1): 1}, today=None)) == [dt.date(2021, 5, 1)]


def test_the_end_of_this_month_is_kept():
    assert refused(dict.fromkeys(DAYS, 2) | {dt.date(2025, 1, 31): 9}) == {}


def test_a_long_history_with_a_gap_is_kept():
    years = {dt.date(year, 6, 1): 5 for year in (*range(2005, 2012), *range(2018, 2025))}

    assert refused(years) == {}


def test_many_rows_after_today_are_a_question_with_both_outcomes():
    rows = dict.fromkeys(DAYS, 1) | {dt.date(2025, month, 1): 5 for month in range(3, 9)}

    with pytest.raises(ReadingQuestion, match="30 of 390 rows are after today") as asked:
        refused(rows)

    assert [choice.settings["future_rows"] for choice in asked.value.choices] == ["refuse", "keep"]
    assert len(refused(rows, asked="refuse")) == 6
    assert refused(rows, asked="keep") == {}


def test_a_day_of_another_century_is_refused_in_a_short_history_too():
    slip = dt.date(1924, 3, 1)

    assert list(refused({slip: 1, dt.date(2024, 2, 1): 1, dt.date(2024, 3, 1): 1})) == [slip]
    assert refused({slip: 2, dt.date(2024, 2, 1): 1, dt.date(2024, 3, 1): 1}) == {}


def test_rows_that_are_all_after_today_may_be_of_another_calendar():
    days = np.array([day_of(dt.date(2066, 1, 1)), day_of(dt.date(2067, 5, 1))], dtype=np.int32)

    with pytest.raises(ReadingQuestion, match="another calendar, such as the Buddhist") as asked:
        find_implausible(days, np.array([5, 5]), today=dt.date(2025, 1, 10), asked="auto")

    assert [dict(choice.settings) for choice in asked.value.choices] == [{"future_rows": "keep"}]
