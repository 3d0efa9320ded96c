"""A clean history in any way of writing its dates reads back to the same days, or a question is asked."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from batchcast.domain.calendar import date_of
from batchcast.domain.errors import Message
from batchcast.ingest.common.problems import AmbiguousDates
from batchcast.ingest.common.source import ReadAgain
from batchcast.ingest.values.dateorder import DateReader

TODAY = dt.date(2026, 11, 30)
FORMS = {
    "%d/%m/%Y": "day_first", "%m/%d/%Y": "month_first", "%d.%m.%y": "day_first", "%m-%d-%y": "month_first",
    "%y-%m-%d": "year_first", "%y/%m/%d": "year_first", "%d%m%y": "day_first", "%m%d%y": "month_first",
    "%y%m%d": "year_first", "%d-%b-%y": "day_first", "%y-%b-%d": "year_first",
}  # fmt: skip


def read(texts, blocks, asked="auto"):
    """The days of a column that comes in blocks, once its order is known."""
    reader = DateReader(asked, "date", TODAY)
    while True:
        try:
            parts = [texts[start : start + blocks] for start in range(0, len(texts), blocks)]
            days = [day for part in parts for day in reader.days(part, Message)]
        except ReadAgain:
            reader = reader.second_pass()
            continue
        reader.notes()
        return [date_of(int(day)) for day in days]


@settings(max_examples=300, deadline=None)
@given(
    form=st.sampled_from(sorted(FORMS)),
    last=st.integers(0, 2000),
    step=st.sampled_from([1, 2, 7]),
    count=st.integers(40, 400),
    blocks=st.integers(7, 100),
)
def test_a_history_that_ends_not_long_ago_is_read_or_asked(form, last, step, count, blocks):
    every = [TODAY - dt.timedelta(last + step * number) for number in reversed(range(count))]
    texts = [day.strftime(form) for day in every]

    try:
        days = read(texts, blocks)
    except AmbiguousDates as question:
        offered = [choice.settings["date_order"] for choice in question.choices]
        assert FORMS[form] in offered
        days = read(texts, blocks, asked=FORMS[form])
    assert days == every
