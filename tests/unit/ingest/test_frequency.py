"""The frequency follows the bulk of the dates; strays are named, mixtures and coarse totals are questions."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchcast.domain.calendar import date_of, day_of
from batchcast.domain.errors import ReadingQuestion
from batchcast.ingest.frequency import DateCounts, decide_frequency


def decide(dates, *, is_asked=False):
    """The decision for {site: {date: observations}}."""
    days = sorted({day_of(day) for counts in dates.values() for day in counts})
    of_sites = [[counts.get(date_of(day), 0) for day in days] for counts in dates.values()]
    counted = DateCounts(
        days=np.array(days, dtype=np.int32),
        sites=list(dates),
        of_sites=np.array(of_sites, dtype=np.int64),
        dates_are_months=False,
    )
    return decide_frequency(counted, is_asked=is_asked)


def last_business_day(day):
    return day - dt.timedelta(max(0, day.weekday() - 4))


FIRSTS = [dt.date(2023 + i // 12, i % 12 + 1, 1) for i in range(25)]
ENDS = [first - dt.timedelta(1) for first in FIRSTS[1:]]
MONDAYS = [dt.date(2023, 1, 2) + dt.timedelta(7 * i) for i in range(60)]
DAYS = [dt.date(2023, 1, 1) + dt.timedelta(i) for i in range(400)]


@pytest.mark.parametrize(
    "dates",
    [FIRSTS, ENDS, [last_business_day(day) for day in ENDS], [day.replace(day=15) for day in FIRSTS],
     [min(day.replace(day=28) + dt.timedelta(2), ENDS[i]) for i, day in enumerate(FIRSTS[:-1])]],
)  # fmt: skip
@pytest.mark.parametrize("observations", [1, 40])
def test_any_anchor_in_the_month_is_monthly(dates, observations):
    decided = decide({"A": dict.fromkeys(dates, observations)})

    assert (decided.frequency.value, decided.notes) == ("M", ())


def test_a_stray_correction_is_named_and_counts_in_its_month():
    decided = decide({"A": dict.fromkeys(FIRSTS, 10) | {dt.date(2024, 6, 17): 1}})

    assert decided.frequency.value == "M"
    assert "1 of 26 dates, with 1 values, do not fit: 2024-06-17" in str(decided.notes[0])


def test_a_week_that_a_holiday_shifts_is_moved_to_the_missing_date():
    shifted = MONDAYS[20] - dt.timedelta(3)
    dates = {day: 10 for day in MONDAYS if day != MONDAYS[20]} | {shifted: 10}

    decided = decide({"A": dates})

    assert decided.frequency.value == "W"
    assert sorted(date_of(day) for day in decided.days) == MONDAYS
    assert shifted.isoformat() in str(decided.notes[0])


def test_sites_with_their_own_day_of_the_month_are_monthly():
    assert decide({"A": dict.fromkeys(FIRSTS, 5), "B": dict.fromkeys(ENDS, 5)}).frequency.value == "M"


@pytest.mark.parametrize("others", [FIRSTS, MONDAYS])
def test_sites_of_several_frequencies_are_a_question_with_their_counts(others):
    dates = {"Kolaka": dict.fromkeys(others, 3), "Bahodopi": dict.fromkeys(DAYS, 2)}

    with pytest.raises(ReadingQuestion, match=r"'Bahodopi' \(800 values\).*'Kolaka' \(\d+ values\)") as asked:
        decide(dates)

    assert asked.value.setting == "frequency"
    assert {"frequency": "D"} in [dict(choice.settings) for choice in asked.value.choices]
    assert decide(dates, is_asked=True).frequency.value == "D"


@pytest.mark.parametrize(("months", "word"), [(3, "quarter"), (12, "year")])
def test_totals_of_quarters_and_years_are_never_months_with_holes(months, word):
    dates = dict.fromkeys((dt.date(2010 + i * months // 12, i * months % 12 + 1, 1) for i in range(8)), 3)

    with pytest.raises(ReadingQuestion, match=f"one of each {word}"):
        decide({"A": dates})
    assert decide({"A": dates}, is_asked=True).frequency.value == "M"


@pytest.mark.parametrize("dates", [DAYS, [day for day in DAYS if day.weekday() < 5], DAYS[::17], DAYS[:5], [DAYS[3]]])
def test_days_stay_days(dates):
    decided = decide({"A": dict.fromkeys(dates, 2)})

    assert (decided.frequency.value, decided.notes) == ("D", ())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sets(st.integers(0, 700), min_size=1, max_size=60), min_size=1, max_size=12))
def test_sparse_demand_of_many_sites_is_never_a_question(sites):
    """Days drawn at random show no pattern, however few they are of a site."""
    dates = {f"S{i}": {dt.date(2023, 1, 1) + dt.timedelta(day): 1 for day in days} for i, days in enumerate(sites)}

    try:
        decided = decide(dates)
    except ReadingQuestion:
        days = {day for site in sites for day in site}
        assert len(days) < 12, "only a handful of dates can look like weeks"
    else:
        assert sorted(date_of(day) for day in decided.days) == sorted({day for site in dates.values() for day in site})
