"""Digits of any script are read as 0 to 9, in quantities and dates."""

from __future__ import annotations

import pytest

from batchcast.domain.calendar import date_of
from batchcast.ingest.values.dates import has_short_year, in_common_era, read_date
from batchcast.ingest.values.digits import plain_digits
from batchcast.ingest.values.numbers import read_number, unit_of

ZEROS = {"arabic": 0x660, "persian": 0x6F0, "devanagari": 0x966, "thai": 0xE50, "full-width": 0xFF10}


def in_script(text, zero):
    return "".join(chr(zero + int(letter)) if letter.isdigit() else letter for letter in text)


@pytest.mark.parametrize("zero", ZEROS.values(), ids=ZEROS)
@pytest.mark.parametrize("written", ["1,234.5", "-120", "(7)", "1.234,5", "10 pcs", "0"])
def test_quantities_are_read_in_any_script(written, zero):
    assert read_number(in_script(written, zero)) == read_number(written)
    assert unit_of(in_script(written, zero)) == unit_of(written)


@pytest.mark.parametrize("zero", ZEROS.values(), ids=ZEROS)
@pytest.mark.parametrize(
    "written", ["2024-02-29", "05/06/2024", "12-Mei-24", "202405", "2024-W05", "2024-01-31 10:45:00"]
)
def test_dates_are_read_in_any_script(written, zero):
    assert read_date(in_script(written, zero)) == read_date(written)


def test_signs_between_such_digits_are_read_too():
    assert plain_digits("\u0661\u066c\u0662\u0663\u0664\u066b\u0665") == "1,234.5"
    assert plain_digits("\uff12\uff10\uff12\uff14\uff0f\uff10\uff15") == "2024/05"


def test_letters_and_codes_stay_as_they_are():
    assert plain_digits("A-1\u00b2 ½ Kö") == "A-1\u00b2 ½ Kö"


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("15/01/67", "2024-01-15"),
        ("67-01-15", "2024-01-15"),
        ("15-ม.ค.-67", "2024-01-15"),
        ("มกราคม 68", "2025-01-01"),
        ("01/68", "2025-01-01"),
        ("๑๕/๐๑/๖๗", "2024-01-15"),
        ("15/01/67 10:59", "2024-01-15"),
        ("15/01/2567 10:59", "2024-01-15"),
    ],
)
def test_years_of_two_digits_are_of_the_buddhist_calendar_where_asked_for(written, day):
    read = read_date(in_common_era(written))

    found = read.day if read.day is not None else next(iter(read.readings.values()))  # day first, or a month
    assert str(date_of(found)) == day


@pytest.mark.parametrize("written", ["15/01/24", "2024-01-31", "10:59", "31/12/2567", "Jan-24"])
def test_other_dates_have_no_year_of_two_digits_that_may_be_buddhist(written):
    assert not has_short_year(written)
