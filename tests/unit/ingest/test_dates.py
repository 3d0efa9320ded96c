from __future__ import annotations

from datetime import date

import pytest

from batchcast.domain.calendar import date_of, day_of
from batchcast.domain.errors import Message
from batchcast.ingest.dates import WrittenDate, read_date


def certain(text: str) -> date:
    written = read_date(text)
    assert isinstance(written, WrittenDate)
    assert written.day_first is not None
    assert written.day_first == written.month_first
    return date_of(written.day_first)


@pytest.mark.parametrize(
    "text",
    ["2012-07-27", "2012/7/27", "2012.07.27", "20120727", "27-Jul-12", "27 July 2012", "27Jul2012", "27-JUL-2012",
     "Jul 27, 2012", "July 27 2012", "2012-Jul-27", "2012-07-27 08:26:00", "2012-07-27T08:26:00.123+07:00",
     "2012-07-27 8:26 AM", " 2012-07-27 ", "27 Juli 2012", "27-juli-12"],
)  # fmt: skip
def test_a_day_reads_in_every_form(text):
    assert certain(text) == date(2012, 7, 27)


@pytest.mark.parametrize(
    ("month", "number"),
    [("Mei", 5), ("Agu", 8), ("Agustus", 8), ("Okt", 10), ("Oktober", 10), ("Des", 12), ("Desember", 12), ("Peb", 2),
     ("Maret", 3), ("Nop", 11), ("May", 5), ("Sept.", 9)],
)  # fmt: skip
def test_months_have_indonesian_and_english_names(month, number):
    assert certain(f"2-{month}-2024") == date(2024, number, 2)


@pytest.mark.parametrize(
    "text", ["202407", "2024-07", "2024-7", "07/2024", "Jul-2024", "Juli 2024", "Jul-24", "2024 Jul"]
)
def test_a_month_is_its_first_day_and_known_as_a_month(text):
    assert certain(text) == date(2024, 7, 1)
    written = read_date(text)
    assert isinstance(written, WrittenDate)
    assert written.is_month


def test_an_iso_week_is_its_monday():
    assert certain("2012-W01") == date(2012, 1, 2)


@pytest.mark.parametrize(
    ("text", "day_first", "month_first", "decides"),
    [
        ("03/04/2024", date(2024, 4, 3), date(2024, 3, 4), None),
        ("3-4-24", date(2024, 4, 3), date(2024, 3, 4), None),
        ("13/04/2024", date(2024, 4, 13), None, "day_first"),
        ("04/13/2024", None, date(2024, 4, 13), "month_first"),
        ("31/02/2025", None, None, "day_first"),
        ("30-05-69", date(1969, 5, 30), None, "day_first"),
        ("30-05-68", date(2068, 5, 30), None, "day_first"),
    ],
)
def test_two_orders_come_back_with_both_readings(text, day_first, month_first, decides):
    expected = [None if day is None else day_of(day) for day in (day_first, month_first)]

    assert read_date(text) == WrittenDate(expected[0], expected[1], decides=decides)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("tomorrow", "is not a date"),
        ("12/2024/05", "is not a date"),
        ("2024-02-30", "is not a date: that month has no such day"),
        ("2024-13-01", "is not a date"),
        ("0001-01-01", "has the year 1, which is outside 1900 to 2200"),
        ("31/12/9999", "has the year 9999, which is outside 1900 to 2200"),
        ("2024-01-01 24:60", "is not a date"),
        ("2024-W54", "is not a date"),
        ("31/31/2024", "is not a date"),
        ("1/2-2024", "is not a date"),
        ("²0240101", "is not a date"),
    ],
)
def test_what_is_no_date_says_why(text, reason):
    written = read_date(text)

    assert isinstance(written, Message)
    assert str(written) == reason
