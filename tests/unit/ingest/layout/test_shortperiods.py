"""Headers of two short numbers are read where one reading fits the whole header, and asked about where several do."""

from __future__ import annotations

import datetime as dt

import pytest

from batchcast.domain.calendar import date_of
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import AmbiguousDates, InvalidInput
from batchcast.ingest.layout.header import find_columns

TODAY = dt.date(2026, 12, 1)


def periods_of(*names: str, **settings: object) -> list[dt.date]:
    layout = find_columns(["part", *names], BatchSettings(today=TODAY, **settings))
    return [date_of(one.day) for one in layout.periods]


def months(pattern: str, *years: int) -> list[str]:
    return [pattern.format(m=month, y=year) for year in years for month in range(1, 13)]


@pytest.mark.parametrize("pattern", ["{m:02}/{y}", "{m}/{y}", "{m:02}-{y}", "{m:02}.{y}", "{y}/{m:02}", "{y}-{m}"])
@pytest.mark.parametrize("years", [(24,), (23, 24, 25)])
def test_months_with_a_year_of_two_digits_are_read(pattern, years):
    expected = [dt.date(2000 + year, month, 1) for year in years for month in range(1, 13)]

    assert periods_of(*months(pattern, *years)) == expected


def test_they_are_read_in_any_order_and_with_a_month_missing():
    names = [one for one in months("{m:02}/{y}", 25) if one != "04/25"]

    assert periods_of(*reversed(names))[0] == dt.date(2025, 12, 1)
    assert len(periods_of(*names)) == 11


@pytest.mark.parametrize("pattern", ["{w:02}/24", "24/{w}"])
def test_numbers_beyond_the_twelfth_month_are_weeks(pattern):
    found = periods_of(*(pattern.format(w=week) for week in range(1, 53)))

    assert (found[0], found[-1]) == (dt.date(2024, 1, 1), dt.date(2024, 12, 23))


def test_weeks_that_could_be_months_are_read_as_asked_for():
    assert periods_of(*months("{m:02}/{y}", 24), date_order="year_week")[1] == dt.date(2024, 1, 8)


@pytest.mark.parametrize(
    ("names", "first"),
    [
        ([f"{day:02}/11" for day in range(1, 31)], dt.date(2026, 11, 1)),
        ([f"11/{day:02}" for day in range(1, 31)], dt.date(2026, 11, 1)),
        ([f"{day}.12" for day in range(20, 32)] + [f"{day}.1" for day in range(1, 10)], dt.date(2025, 12, 20)),
    ],
    ids=["day first", "month first", "over the end of a year"],
)
def test_days_have_their_year_asked_for(names, first):
    with pytest.raises(AmbiguousDates, match="a day and a month, but no year") as asked:
        periods_of(*names)

    found = [periods_of(*names, **choice_of(one.settings)) for one in asked.value.choices]
    assert [days[0] for days in found] == [first, first.replace(year=first.year - 1)]
    assert all(len(days) == len(names) for days in found)


def choice_of(settings):
    return {**settings, "first_year": int(settings["first_year"])} if "first_year" in settings else dict(settings)


def test_days_and_months_that_both_fit_are_a_question_whose_choices_do_what_they_say():
    names = [f"{number:02}/12" for number in range(1, 13)]
    today = dt.date(2013, 1, 5)

    with pytest.raises(AmbiguousDates, match="read in more than one way") as asked:
        find_columns(["part", *names], BatchSettings(today=today))

    firsts = {}
    for one in asked.value.choices:
        layout = find_columns(["part", *names], BatchSettings(today=today, **choice_of(one.settings)))
        firsts[str(date_of(layout.periods[-1].day))] = str(one.reading)
    assert set(firsts) == {"2012-12-01", "2012-12-12", "2011-12-12"}
    assert all(last in said for last, said in firsts.items())


@pytest.mark.parametrize(
    "names", [["1/2", "3/4", "3/8"], ["01/24", "02/24"], ["10/24", "11-24", "12/24"], ["13/14"] * 3]
)
def test_numbers_that_are_no_periods_stay_as_they_are(names):
    with pytest.raises(InvalidInput) as refused:
        periods_of(*names)
    assert not isinstance(refused.value, AmbiguousDates)
