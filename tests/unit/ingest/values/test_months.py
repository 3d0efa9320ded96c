from __future__ import annotations

import pytest
from babel import Locale

from batchcast.domain.calendar import date_of
from batchcast.domain.errors import Message
from batchcast.ingest.values.dateorder import NO_DAY, DateReader
from batchcast.ingest.values.dates import read_date
from batchcast.ingest.values.months import language_of, month_named

LANGUAGES = "da de el es fi fr hu id it nl pt ru sv tr uk".split()  # noqa: SIM905


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", ["wide", "abbreviated"])
def test_the_month_names_of_cldr_are_read(language, width):
    names = Locale(language).months["format"][width]
    for month, name in names.items():
        written = read_date(f"{name} 2024")
        assert not isinstance(written, Message), name
        assert date_of(written.day).month == month


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Mrz 2023", "2023-03-01"),  # as spreadsheets write it in German
        ("FÉVR.-2024", "2024-02-01"),
        ("aout 2024", "2024-08-01"),  # without its accent
        ("5 de agosto de 2024", "2024-08-05"),
        ("2024年1月", "2024-01-01"),
        ("1월 2024", "2024-01-01"),
        ("thg 5 2024", "2024-05-01"),
        ("W05/2024", "2024-01-29"),
        ("KW 5/24", "2024-01-29"),
    ],
)
def test_other_ways_to_write_a_month_or_week(text, day):
    assert str(date_of(read_date(text).day)) == day


def test_a_name_that_differs_by_language_is_no_date_alone():
    assert month_named("lis") == {"cs": 11, "hr": 10, "pl": 11}
    assert "differs by language" in str(read_date("lis 2024"))


def test_the_whole_column_decides_the_language():
    polish = ["wrz 2024", "paź 2024", "lis 2024", "gru 2024"]
    croatian = ["ruj 2024", "lis 2024", "stu 2024", "pro 2024"]

    assert language_of(polish) == "pl"
    for texts, month in ((polish, 11), (croatian, 10)):
        days = DateReader("auto").days(texts, Message)
        assert NO_DAY not in days
        assert date_of(int(days[texts.index("lis 2024")])).month == month


@pytest.mark.parametrize("text", ["Fbe-24", "part 24", "min 24", "Stok 2024", "W24-12"])
def test_other_words_are_no_months(text):
    assert isinstance(read_date(text), Message)
