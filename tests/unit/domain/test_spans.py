"""Spans of time are named as a planner names them."""

from __future__ import annotations

import datetime as dt

import pytest

from batchcast.app.translation import translate
from batchcast.domain.calendar import Calendar, Frequency, each_period, length_in_words, span_of_days

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
