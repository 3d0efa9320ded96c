"""A date column is read in the one order that its values, their span and today allow, or a question is asked."""

from __future__ import annotations

import datetime as dt

import pytest

from batchcast.domain.calendar import date_of, day_of, month_in_words
from batchcast.domain.errors import Message
from batchcast.ingest.common.problems import AmbiguousDates, MixedDateOrders, UnreadablePeriods
from batchcast.ingest.common.source import ReadAgain
from batchcast.ingest.values.dateorder import NO_DAY, DateReader
from batchcast.ingest.values.fiscal import FiscalYears

TODAY = dt.date(2025, 1, 10)


def read(texts, *, asked="auto", column="date", today=TODAY):
    """The days of a column that comes in one block, and what is said of them."""
    reader = DateReader(asked, column, today)
    while True:
        try:
            days = reader.days(texts, Message)
        except ReadAgain:
            reader = reader.second_pass()
            continue
        return [None if day == NO_DAY else date_of(int(day)) for day in days], [str(note) for note in reader.notes()]


def months(pattern):
    return [dt.date(year, month, 1).strftime(pattern) for year in (2023, 2024) for month in range(1, 13)]


FIRSTS = [dt.date(year, month, 1) for year in (2023, 2024) for month in range(1, 13)]


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("%y-%m-%d", "year first, from 2023-01-01 to 2024-12-01; day first, from 2001-01-23 to 2001-12-24 is unlikely"),
        ("%y/%m/%d", "year first"),
        ("%y%m%d", "year first, from 2023-01-01"),
        ("%y-%b", "Two-digit years: '23-Jan' (23-Jan) is read as a month, from 2023-01-01 to 2024-12-01"),
        ("%b-%y", "Two-digit years: 'Jan-23'"),
        ("%d-%b-%y", "day first, from 2023-01-01 to 2024-12-01; year first, from 2001-01-23"),
        ("%Y%m", "as months, from 2023-01-01 to 2024-12-01"),
    ],
)
def test_months_of_two_years_are_read_and_said(pattern, said):
    days, notes = read(months(pattern))

    assert days == FIRSTS
    assert said in notes[0]


def test_two_digit_years_of_every_day_are_not_taken_for_days():
    every = [dt.date(2023, 1, 1) + dt.timedelta(days) for days in range(700)]

    for pattern in ("%d/%m/%y", "%m/%d/%y", "%y/%m/%d", "%y%m%d", "%d%m%y", "%d-%b-%y"):
        days, _ = read([day.strftime(pattern) for day in every])
        assert days == every, pattern


def test_without_today_the_span_decides():
    every = [dt.date(2010, 1, 1) + dt.timedelta(days) for days in range(700)]

    days, notes = read([day.strftime("%d-%m-%y") for day in every], today=None)

    assert days == every
    assert "day first" in notes[0]


@pytest.mark.parametrize(
    ("texts", "choices"),
    [
        (["01/05/24", "02/05/24"], ["day_first", "month_first"]),
        (["03/04/2024", "05/06/2024"], ["day_first", "month_first"]),
        (["22-03-24", "23-03-24", "24-03-24"], ["day_first", "year_first"]),
        (["202401", "202402", "202412"], ["year_month", "year_week"]),
        (["202401", "202402", "202406", "202407", "202408", "202413"], ["year_week", "year_month"]),
    ],
)
def test_more_than_one_likely_order_is_a_question_with_each(texts, choices):
    with pytest.raises(AmbiguousDates) as asked:
        read(texts)

    assert asked.value.setting == "date_order"
    assert [dict(choice.settings) for choice in asked.value.choices] == [{"date_order": one} for one in choices]
    for choice in asked.value.choices:
        days, _ = read(texts, asked=choice.settings["date_order"])
        told = sorted(day for day in days if day)
        assert f"from {told[0]} to {told[-1]}" in str(choice.reading)


@pytest.mark.parametrize(
    ("column", "expected"),
    [("Week", dt.date(2024, 1, 29)), ("Minggu ke", dt.date(2024, 1, 29)), ("KW", dt.date(2024, 1, 29)),
     ("Month", dt.date(2024, 5, 1)), ("Bulan", dt.date(2024, 5, 1))],
)  # fmt: skip
def test_the_name_of_a_column_tells_weeks_from_months(column, expected):
    days, notes = read(["202405"], column=column)

    assert days == [expected]
    assert "as its name says" in notes[0]


def test_numbers_over_twelve_make_weeks_of_a_whole_column():
    days, notes = read([f"2024{week:02d}" for week in range(1, 53)])

    assert days[0] == dt.date(2024, 1, 1)
    assert days[-1] == dt.date(2024, 12, 23)
    assert any("year_week: '202413'" in note for note in notes)


def test_a_slip_in_a_column_of_months_is_refused_by_row_not_read_as_a_week():
    days, _ = read([*months("%Y%m"), "202413"], column="month", asked="year_month")

    assert days == [*FIRSTS, None]


@pytest.mark.parametrize("texts", [["Jan-01", "Jan-02", "Jan-31"], ["01-Mar", "02-Mar", "10-Mar"]])
def test_days_without_a_year_are_never_years_unasked(texts):
    with pytest.raises(AmbiguousDates, match="Write the year with four digits"):
        read(texts)


def test_days_that_can_be_no_years_are_refused_with_the_reason():
    reader = DateReader("auto", "date", TODAY)
    days = reader.days(["1-Jan", "2-Jan", "10-Jan"], Message)

    assert set(days) == {NO_DAY}
    assert str(reader.explain("10-Jan")) == "has a day and a month, but no year"


def test_day_numbers_of_a_spreadsheet_are_read_and_said_where_all_dates_are():
    days, notes = read(["44927", "44958.5"])

    assert days == [dt.date(2023, 1, 1), dt.date(2023, 2, 1)]
    assert "day numbers of a spreadsheet" in notes[0]


def test_a_day_number_among_written_dates_is_refused_with_the_day_it_would_be():
    reader = DateReader("auto", "date", TODAY)
    days = reader.days(["2023-01-01", "44928"], Message)

    assert days[1] == NO_DAY
    assert "(2023-01-02)" in str(reader.explain("44928"))


def test_a_written_date_in_a_later_block_has_the_column_read_again():
    reader = DateReader("auto", "date", TODAY)
    reader.days(["44928"], Message)

    with pytest.raises(ReadAgain):
        reader.days(["2023-01-01"], Message)


def test_a_later_block_that_decides_has_the_column_read_again():
    reader = DateReader("auto", "date", TODAY)
    reader.days(["24-01-05"], Message)

    with pytest.raises(ReadAgain):
        reader.days(["31-05-24"], Message)


def test_two_orders_in_one_column_name_a_value_of_each():
    with pytest.raises(MixedDateOrders, match=r"'31/12/99'.*day_first.*'99/12/31'.*year_first"):
        read(["31/12/99", "99/12/31"])


@pytest.mark.parametrize("pattern", ["%y-%m-%d", "%d/%m/%y", "%d-%b-%y"])
def test_one_slip_of_the_year_does_not_turn_the_order_of_a_column(pattern):
    every = [dt.date(2023, 1, 1) + dt.timedelta(days) for days in range(0, 700, 7)]
    slips = [dt.date(2042, 1, 15), dt.date(1972, 3, 1)]

    days, _ = read([day.strftime(pattern) for day in (*every, *slips)])

    assert days == [*every, *slips]


EVERY_DAY = [dt.date(2023, 6, 1) + dt.timedelta(days) for days in range(0, 500, 3)]


@pytest.mark.parametrize("pattern", ["1%y%j", "%Y%j", "%Y-%j", "%y%j"])
def test_years_with_the_number_of_a_day_are_read_and_said(pattern):
    days, notes = read([day.strftime(pattern) for day in EVERY_DAY])

    assert days == EVERY_DAY
    assert any("year_day" in note or "number of a day in it" in note for note in notes)


@pytest.mark.parametrize("pattern", ["%Y0%m", "%Y/0%m"])
def test_numbers_that_fiscal_periods_have_too_are_those_and_asked_about(pattern):
    texts = [*months(pattern), "2023013" if "/" not in pattern else "2023/013"]

    with pytest.raises(AmbiguousDates) as asked:
        read(texts, today=dt.date(2025, 5, 1))
    assert {"date_order": "year_month"} in [choice.settings for choice in asked.value.choices]
    days, _ = read(texts, asked="year_month")
    assert days == [*FIRSTS, None]


def test_another_order_that_is_asked_for_does_not_touch_them():
    days, _ = read([day.strftime("%Y%j") for day in EVERY_DAY], asked="day_first")

    assert days == EVERY_DAY


PERIODS = ["{m:03d}.{y}", "{m:03d}/{y}", "{m:03d}-{y}", "{y}/{m:03d}", "{y}{m:03d}", "{y} {m:03d}"]


def periods(pattern, last=12):
    return [pattern.format(y=year, m=month) for year in (2023, 2024) for month in range(1, last + 1)]


@pytest.mark.parametrize("pattern", PERIODS)
def test_periods_of_a_year_that_end_now_are_months_and_said(pattern):
    days, notes = read(periods(pattern))

    assert days == FIRSTS
    assert "are periods of a year, such as" in notes[0]
    assert "read as calendar months, from 2023-01-01 to 2024-12-01." in notes[0]


@pytest.mark.parametrize("today", [dt.date(2025, 4, 10), dt.date(2024, 12, 31), None])
@pytest.mark.parametrize("pattern", PERIODS)
def test_periods_that_end_at_another_time_are_asked_about_and_are_never_days(pattern, today):
    if today == dt.date(2024, 12, 31):
        today = dt.date(2024, 10, 1)  # the fiscal year has begun before the calendar's
    with pytest.raises(AmbiguousDates, match="are periods of a year, such as") as asked:
        read(periods(pattern), today=today)

    assert {"date_order": "year_month"} in [choice.settings for choice in asked.value.choices]
    assert read(periods(pattern), today=today, asked="year_month")[0] == FIRSTS


def read_fiscal(texts, start, named="auto", today=dt.date(2026, 1, 10)):
    reader = DateReader("auto", "Period", today, fiscal=FiscalYears(start, named))
    days = reader.days(texts, Message)
    return [None if day == NO_DAY else date_of(int(day)) for day in days], [str(note) for note in reader.notes()]


@pytest.mark.parametrize("pattern", [*PERIODS, "{y}{m:02d}"])
@pytest.mark.parametrize(
    ("start", "named", "first", "last"),
    [
        ("january", "auto", dt.date(2023, 1, 1), dt.date(2024, 12, 1)),
        ("april", "start", dt.date(2023, 4, 1), dt.date(2025, 3, 1)),
        ("april", "end", dt.date(2022, 4, 1), dt.date(2024, 3, 1)),
        ("october", "end", dt.date(2022, 10, 1), dt.date(2024, 9, 1)),
        ("february", "start", dt.date(2023, 2, 1), dt.date(2025, 1, 1)),
    ],
)
def test_periods_of_a_fiscal_year_are_the_months_that_were_said(pattern, start, named, first, last):
    days, notes = read_fiscal(periods(pattern), start, named)

    assert (days[0], days[-1], len({*days})) == (first, last, 24)
    assert f"from {month_in_words(first)} to {month_in_words(last)}" in notes[0]


def test_the_year_that_a_fiscal_year_is_named_for_is_asked_for():
    with pytest.raises(AmbiguousDates, match="begin in April") as asked:
        read_fiscal(periods("{m:03d}.{y}"), "april")

    assert asked.value.setting == "fiscal_year_named"
    assert [choice.settings["fiscal_year_named"] for choice in asked.value.choices] == ["start", "end"]


def test_dates_that_are_no_periods_are_not_moved_by_a_fiscal_year():
    assert read_fiscal(["2024-01-15", "2024-02-15"], "april", "end")[0] == [dt.date(2024, 1, 15), dt.date(2024, 2, 15)]
    assert read_fiscal(["Jan 2024", "Feb 2024"], "april", "end")[0] == [dt.date(2024, 1, 1), dt.date(2024, 2, 1)]


def test_no_fiscal_year_is_offered_that_ends_long_after_today():
    with pytest.raises(AmbiguousDates) as asked:
        read(periods("{m:03d}.{y}"), today=dt.date(2024, 5, 1))

    offered = [choice.settings for choice in asked.value.choices]
    assert {"fiscal_year_start": "april", "fiscal_year_named": "end"} in offered
    assert {"fiscal_year_start": "april", "fiscal_year_named": "start"} not in offered
    assert offered[-1] == {"date_order": "year_month"}


def test_the_name_of_a_column_says_that_its_periods_are_months():
    assert read(periods("{m:03d}.{y}"), column="Bulan", today=dt.date(2025, 6, 1))[0] == FIRSTS


@pytest.mark.parametrize("pattern", ["{m:03d}.{y}", "{y}{m:03d}"])
def test_periods_of_the_closing_are_no_months(pattern):
    days, _ = read(periods(pattern, last=16))
    reader = DateReader("auto", "date", TODAY)
    reader.days(periods(pattern, last=16), Message)

    assert days == [*FIRSTS[:12], *[None] * 4, *FIRSTS[12:], *[None] * 4]
    assert "closing of a fiscal year" in str(reader.explain(pattern.format(y=2024, m=13)))


@pytest.mark.parametrize("text", ["017.2024", "000.2024"])
def test_a_fiscal_year_has_no_more_periods_than_it_has(text):
    assert read([text, "001.2024"], asked="year_month")[0][0] is None


def test_the_first_days_of_this_year_may_be_periods():
    texts = ["2025001", "2025002"]

    with pytest.raises(AmbiguousDates) as asked:
        read(texts, today=dt.date(2025, 2, 10))

    assert {choice.settings["date_order"] for choice in asked.value.choices} == {"year_day", "year_month"}
    days, _ = read([f"2025{day:03d}" for day in range(1, 10)])
    assert days[-1] == dt.date(2025, 1, 9)  # as months they would end after today


@pytest.mark.parametrize("text", ["15/01/2567", "2567-01-15", "15 Jan 2567", "25670115", "15/01/2567 08:30"])
def test_years_of_the_buddhist_calendar_are_read_where_that_is_said(text):
    common, buddhist = DateReader("day_first"), DateReader("day_first", era="buddhist")

    assert buddhist.days([text], Message).tolist() == [day_of(dt.date(2024, 1, 15))]
    assert common.days([text], Message).tolist() == [NO_DAY]
    assert "if it is 2024, counted as in Thailand, set era=buddhist" in str(common.explain(text))
    assert buddhist.days([text.replace("2567", "2024")], Message).tolist() == [NO_DAY]  # no mixture is guessed


def weeks(pattern, numbers):
    return [pattern.format(year=2024, number=number) for number in numbers]


SEPARATED = ["{year}-{number:02d}", "{number:02d}/{year}", "{number}.{year}"]


@pytest.mark.parametrize("pattern", SEPARATED)
@pytest.mark.parametrize(("column", "numbers"), [("date", range(1, 53)), ("Week", range(1, 13)), ("KW", range(3, 20))])
def test_a_year_and_a_number_are_weeks_where_the_column_has_many_over_16_or_is_named_so(pattern, column, numbers):
    days, notes = read(weeks(pattern, numbers), column=column)

    assert days == [dt.date.fromisocalendar(2024, number, 1) for number in numbers]
    assert "week" in " ".join(notes)


@pytest.mark.parametrize("pattern", SEPARATED)
@pytest.mark.parametrize("slips", [[], [13], [17], [13, 14, 15, 16]])
def test_they_are_months_otherwise_and_a_slip_or_a_period_of_the_closing_is_no_date(pattern, slips):
    days, notes = read(weeks(pattern, [*range(1, 13), *slips]))

    assert days == [dt.date(2024, number, 1) for number in range(1, 13)] + [None] * len(slips)
    assert notes == []


def test_they_are_weeks_where_that_is_asked_for():
    assert read(weeks("{year}-{number:02d}", [1, 5]), asked="year_week")[0] == [
        dt.date(2024, 1, 1),
        dt.date(2024, 1, 29),
    ]


DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days) for days in range(0, 330, 3)]
LATER = dt.date(2026, 12, 10)


@pytest.mark.parametrize(("order", "pattern"), [("day_first", "{d}{m:02d}{y}"), ("month_first", "{m}{d:02d}{y}")])
def test_digits_that_end_in_their_year_may_lack_the_first_zero(order, pattern):
    texts = [pattern.format(d=day.day, m=day.month, y=day.year) for day in DAYS]

    days, notes = read(texts, today=LATER)
    assert days == DAYS  # 2032026 is no 26th day of 2032
    assert any(order in note for note in notes)


def test_a_block_that_shows_it_later_has_them_read_again():
    reader = DateReader("auto", "date", LATER)
    reader.days(["2032026", "2042026"], Message)
    with pytest.raises(ReadAgain):
        reader.days(["13012026", "1022026"], Message)
    assert [date_of(int(day)) for day in reader.second_pass().days(["2032026"], Message)] == [dt.date(2026, 3, 2)]


def test_those_that_read_both_ways_are_asked_about():
    with pytest.raises(AmbiguousDates) as asked:
        read(["1012026", "2012026", "3012026", "4022026"], today=LATER)
    assert [dict(one.settings)["date_order"] for one in asked.value.choices] == ["day_first", "month_first"]


def test_those_without_any_zeros_are_refused():
    with pytest.raises(MixedDateOrders, match="written without zeros"):
        read([f"{day.day}{day.month}{day.year}" for day in DAYS], today=LATER)


@pytest.mark.parametrize("times", ["", "000", "000000", ".0"])
def test_seconds_since_1970_are_days_and_said(times):
    stamps = [int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp()) for day in DAYS]

    days, notes = read([f"{stamp}{times}" for stamp in stamps], today=LATER)
    assert days == DAYS
    assert "seconds since 1970" in notes[0]


@pytest.mark.parametrize("text", ["2024010100", "9999999999", "0704067200", "17040672"])
def test_other_digits_are_no_seconds(text):
    days, _ = read([text])
    assert days == [None]


THIRTEEN = ["{y}/{p:03d}", "{p:03d}.{y}", "{y}-{p:02d}", "{y}{p:02d}", "P{p:02d} {y}", "{y}P{p:02d}", "FY{y}-P{p}"]


@pytest.mark.parametrize("pattern", THIRTEEN)
def test_thirteen_periods_in_a_year_are_no_months(pattern):
    texts = [pattern.format(y=year, p=number) for year in (2023, 2024) for number in range(1, 14)]

    with pytest.raises(UnreadablePeriods, match="thirteen periods in a year"):
        read(texts)
    days, _ = read(texts, asked="year_month")
    assert [day for day in days if day] == FIRSTS
    assert days.count(None) == 2


@pytest.mark.parametrize("pattern", ["P{m:02d}/{y}", "{y}P{m}", "FY{y}-P{m:02d}", "Period {m} {y}"])
def test_what_is_called_a_period_of_a_year_is_one_in_a_column_too(pattern):
    days, notes = read(periods(pattern))
    assert days == FIRSTS
    assert "are periods of a year" in notes[0]


@pytest.mark.parametrize("pattern", ["M{m}/{y}", "{y}M{m:02d}", "Bulan {m} {y}", "Bulan ke-{m} {y}", "Month {m}, {y}"])
def test_numbered_months_with_their_year_are_months(pattern):
    assert read(periods(pattern))[0] == FIRSTS
