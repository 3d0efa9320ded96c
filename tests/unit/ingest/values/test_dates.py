from __future__ import annotations

from datetime import date

import pytest

from batchcast.domain.calendar import date_of
from batchcast.domain.errors import Message
from batchcast.ingest.values.dates import WrittenDate, read_date


def certain(text: str) -> date:
    written = read_date(text)
    assert isinstance(written, WrittenDate)
    assert written.day is not None
    return date_of(written.day)


def readings(text: str) -> dict[str, date | None]:
    written = read_date(text)
    assert isinstance(written, WrittenDate)
    assert written.readings is not None
    return {order: None if day is None else date_of(day) for order, day in written.readings.items()}


@pytest.mark.parametrize(
    "text",
    ["2012-07-27", "2012/7/27", "2012.07.27", "20120727", "20120727082600", "27 July 2012", "27Jul2012", "27-JUL-2012",
     "Jul 27, 2012", "July 27 2012", "2012-Jul-27", "2012-07-27 08:26:00", "2012-07-27T08:26:00.123+07:00",
     "2012-07-27 8:26 AM", " 2012-07-27 ", "27 Juli 2012", "Friday, 27 July 2012", "Jum'at, 27 Juli 2012"],
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


@pytest.mark.parametrize("text", ["2024-07", "2024-7", "07/2024", "07.2024"])
def test_a_year_and_a_number_can_be_a_month_or_a_week(text):
    assert readings(text) == {"year_month": date(2024, 7, 1), "year_week": date(2024, 2, 12)}


@pytest.mark.parametrize("text", ["2024-13", "13/2024", "13.2024"])
def test_over_12_it_can_only_be_a_week(text):
    assert readings(text) == {"year_week": date(2024, 3, 25)}


@pytest.mark.parametrize("text", ["2024-54", "0/2024", "2024-00"])
def test_over_53_or_0_it_is_none(text):
    assert isinstance(read_date(text), Message)


@pytest.mark.parametrize("text", ["Minggu 5 2024", "Minggu ke-5 2024", "minggu 5/2024", "Pekan 05.2024"])
def test_a_week_of_a_year_has_its_indonesian_names_although_minggu_is_sunday_too(text):
    assert certain(text) == date(2024, 1, 29)
    assert certain("Minggu 4 Februari 2024") == date(2024, 2, 4)


@pytest.mark.parametrize(
    "text", ["1er mars 2024", "1st March 2024", "March 1st, 2024", "1st of March 2024", "1º de marzo de 2024"]
)
def test_a_day_may_be_written_as_a_number_in_order(text):
    assert certain(text) == date(2024, 3, 1)


@pytest.mark.parametrize("text", ["2024M7", "2024M07", "2024-M07", "Jul-2024", "Juli 2024", "2024 Jul"])
def test_a_month_is_its_first_day_and_known_as_a_month(text):
    assert certain(text) == date(2024, 7, 1)
    written = read_date(text)
    assert isinstance(written, WrittenDate)
    assert written.unit == "month"


@pytest.mark.parametrize("text", ["2024032", "2024-032", "2024/032", "24032", "124032"])
def test_a_year_and_the_number_of_a_day_in_it_are_a_day(text):
    assert readings(text) == {"year_day": date(2024, 2, 1)}


@pytest.mark.parametrize(("text", "day"), [("099365", date(1999, 12, 31)), ("100001", date(2000, 1, 1))])
def test_years_are_counted_from_1900_as_in_jd_edwards(text, day):
    assert readings(text)["year_day"] == day


@pytest.mark.parametrize("text", ["2023366", "2024000", "2024367", "123366", "124367", "23366"])
def test_a_year_has_no_more_days_than_it_has(text):
    written = read_date(text)
    assert isinstance(written, Message) or "year_day" not in (written.readings or {})


def test_a_number_of_a_day_up_to_12_may_be_that_of_a_month():
    assert readings("2024003") == {"year_day": date(2024, 1, 3), "year_month": date(2024, 3, 1)}


def test_the_day_number_of_astronomers_is_a_day():
    assert certain("2460311") == date(2024, 1, 1)


@pytest.mark.parametrize("text", ["2012-W01", "2012W01", "2012 KW 1", "W01/2012", "KW1-2012"])
def test_an_iso_week_is_its_monday(text):
    assert certain(text) == date(2012, 1, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("03/04/2024", {"day_first": date(2024, 4, 3), "month_first": date(2024, 3, 4)}),
        ("3-4-24", {"day_first": date(2024, 4, 3), "month_first": date(2024, 3, 4)}),
        ("13/04/2024", {"day_first": date(2024, 4, 13)}),
        ("04/13/2024", {"month_first": date(2024, 4, 13)}),
        ("31/02/2025", {"day_first": None}),
        ("30-05-69", {"day_first": date(1969, 5, 30)}),
        ("30-05-68", {"day_first": date(2068, 5, 30)}),
        ("23-01-05", {"day_first": date(2005, 1, 23), "year_first": date(2023, 1, 5)}),
        (
            "01-02-03",
            {"day_first": date(2003, 2, 1), "month_first": date(2003, 1, 2), "year_first": date(2001, 2, 3)},
        ),
        (
            "01-MAY-24",
            {"year_first": date(2001, 5, 24), "day_first": date(2024, 5, 1), "month_first": date(2024, 5, 1)},
        ),
        ("202405", {"year_month": date(2024, 5, 1), "year_week": date(2024, 1, 29)}),
        ("202413", {"year_week": date(2024, 3, 25)}),
        ("202453", {"year_week": None}),
        ("310524", {"day_first": date(2024, 5, 31), "year_first": date(2031, 5, 24)}),
        ("41117", {"serial": date(2012, 7, 27)}),
        ("Jan-24", {"year_first": date(2024, 1, 1), "no_year": None}),
        ("24-Jan", {"year_first": date(2024, 1, 1), "no_year": None}),
        ("Jan-98", {"year_first": date(1998, 1, 1)}),
        ("1-Jan", {"no_year": None}),
    ],
)
def test_every_order_comes_back_that_the_numbers_allow(text, expected):
    assert readings(text) == expected


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
        ("2024", "is a year; totals of a year are too coarse to forecast, send months, weeks or days"),
        ("2024-Q3", "is a quarter; totals of a quarter are too coarse to forecast, send months, weeks or days"),
        ("²0240101", "is not a date"),
    ],
)
def test_what_is_no_date_says_why(text, reason):
    written = read_date(text)

    assert isinstance(written, Message)
    assert str(written) == reason


@pytest.mark.parametrize(("text", "month"), [("sen 2024", 9), ("Sen-24", 9), ("Senin 20240805", 8), ("Mar 2024", 3)])
def test_a_month_that_is_called_as_a_weekday_is_no_weekday(text, month):
    """September is `sen` in Azerbaijani, Monday in Indonesian."""
    written = read_date(text)

    assert isinstance(written, WrittenDate)
    days = [day for day in (written.day, *(written.readings or {}).values()) if day is not None]
    assert [date_of(day).month for day in days] == [month]


def test_eight_digits_that_end_with_a_year_are_a_day_and_a_month_before_it():
    assert readings("31122025") == {"day_first": date(2025, 12, 31)}
    assert readings("12312025") == {"month_first": date(2025, 12, 31)}
    assert readings("05012026") == {"day_first": date(2026, 1, 5), "month_first": date(2026, 5, 1)}
    assert readings("30022025") == {"day_first": None}


@pytest.mark.parametrize("text", ["20201231", "19901012", "20121119", "20191031"])
def test_eight_digits_that_begin_with_a_year_are_certain_whatever_they_end_with(text):
    assert certain(text) == date(int(text[:4]), int(text[4:6]), int(text[6:]))


@pytest.mark.parametrize("text", ["32132025", "00002025", "20202020"])
def test_eight_digits_that_are_no_day_are_none(text):
    assert isinstance(read_date(text), Message)
