"""The frequency follows the bulk of the dates; strays are named, mixtures and coarse totals are questions."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchcast.domain.calendar import date_of, day_of
from batchcast.domain.errors import ReadingQuestion
from batchcast.ingest.history.frequency import decide_frequency
from batchcast.ingest.history.patterns import DateCounts, PartDates


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


@pytest.mark.parametrize("months", [2, 4, 6, 9, 18])
@pytest.mark.parametrize("at_end", [False, True])
def test_totals_of_other_numbers_of_months_are_never_months_with_holes(months, at_end):
    dates = coarse_dates(months, 1, 8)
    next_month = (dates[3] + dt.timedelta(31)).replace(day=1)
    each = [*dates, next_month]
    if at_end:
        *dates, next_month = [(day.replace(day=28) + dt.timedelta(4)).replace(day=1) - dt.timedelta(1) for day in each]

    with pytest.raises(ReadingQuestion, match=f"The 8 dates of the history are {months} months apart"):
        decide({"A": dict.fromkeys(dates, 3)})
    assert decide({"A": dict.fromkeys(dates, 3)}, is_asked=True).frequency.value == "M"
    assert decide({"A": dict.fromkeys([*dates, next_month], 3)}).frequency.value == "M"


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


def decide_parts(parts, *, is_asked=False):
    """The decision for {part: dates} of one site."""
    days = np.array(sorted({day_of(day) for dates in parts.values() for day in dates}), dtype=np.int32)
    given = [np.array([day_of(day) for day in dates], dtype=np.int32) for dates in parts.values()]
    counts = np.isin(days[None, :], np.concatenate(given)).astype(np.int64)
    counts[0] = sum(np.isin(days, one) for one in given)
    dates_of = PartDates(
        parts=list(parts),
        position=np.repeat(np.arange(len(given)), [len(one) for one in given]),
        days=np.concatenate(given),
    )
    dates = DateCounts(
        days=days, sites=["Sofifi"], of_sites=counts, dates_are_months=False, of_parts=lambda _row: dates_of
    )
    return decide_frequency(dates, is_asked=is_asked)


def any_days(seed, count=60):
    chosen = np.random.default_rng(seed).choice(len(DAYS), count, replace=False)
    return [DAYS[k] for k in sorted(chosen.tolist())]


DAILY_PARTS = {f"D{k}": any_days(k) for k in range(8)}
MONTHLY_PARTS = {f"M{k}": FIRSTS for k in range(4)}
WEEKLY_PARTS = {f"W{k}": MONDAYS for k in range(5)}


@pytest.mark.parametrize(
    ("parts", "said", "offered"),
    [
        (
            DAILY_PARTS | MONTHLY_PARTS,
            ["dates of any day of 8 parts, such as 'D0' (480", "one date a month of 4"],
            "MD",
        ),
        (DAILY_PARTS | WEEKLY_PARTS, ["one date a week of 5 parts, such as 'W0' (300 values)"], "WD"),
        (MONTHLY_PARTS | WEEKLY_PARTS, ["one date a week of 5 parts", "one date a month of 4 parts"], "MW"),
        (DAILY_PARTS | {f"M{k}": ENDS for k in range(3)}, ["one date a month of 3 parts"], "MD"),
    ],
)
def test_parts_of_one_site_that_are_dated_differently_are_a_question(parts, said, offered):
    with pytest.raises(ReadingQuestion) as asked:
        decide_parts(parts)

    assert all(words in str(asked.value) for words in ["The parts of site Sofifi differ", *said])
    assert [choice.settings["frequency"] for choice in asked.value.choices] == list(offered)
    decide_parts(parts, is_asked=True)


def test_parts_that_each_have_a_day_of_the_month_are_monthly():
    parts = {f"P{k}": [day.replace(day=2 + 3 * k) for day in FIRSTS] for k in range(8)}

    assert decide_parts(parts).frequency.value == "M"


def test_parts_that_each_have_a_weekday_are_weekly():
    parts = {f"P{k}": [day + dt.timedelta(k) for day in MONDAYS] for k in range(5)}

    assert decide_parts(parts).frequency.value == "W"


@pytest.mark.parametrize("seed", range(10))
def test_a_few_regular_parts_and_rare_ones_leave_a_daily_site_daily(seed):
    rare = {f"R{k}": any_days(100 * seed + k, 7) for k in range(20)}
    parts = {f"D{k}": any_days(100 * seed + k) for k in range(15)} | {"M": FIRSTS} | rare

    assert decide_parts(parts).frequency.value == "D"


def coarse_dates(step, first, count):
    return [dt.date(2016 + (first + step * k) // 12, (first + step * k) % 12 + 1, 1) for k in range(count)]


@pytest.mark.parametrize("step", [3, 12])
@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("first", [0, 1, 3, 6, 9])
def test_quarters_and_years_are_told_whatever_their_anchor(step, at_end, first):
    dates = coarse_dates(step, first, 8)
    if at_end:
        dates = [(day.replace(day=28) + dt.timedelta(4)).replace(day=1) - dt.timedelta(1) for day in dates]

    with pytest.raises(ReadingQuestion, match="one of each year" if step == 12 else "one of each quarter"):
        decide({"A": dict.fromkeys(dates, 10), "B": dict.fromkeys(dates[2:], 3)})


@pytest.mark.parametrize(("step", "said"), [(3, "one date a quarter"), (12, "one date a year")])
def test_parts_that_each_have_their_own_months_of_quarters_or_years_are_told(step, said):
    parts = {f"P{k}": coarse_dates(step, k, 8) for k in range(step)}

    with pytest.raises(
        ReadingQuestion, match=rf"{step} of {step} parts that were looked at, such as 'P0', have {said}"
    ):
        decide_parts(parts)
    assert decide_parts(parts, is_asked=True).frequency.value == "M"


@pytest.mark.parametrize("seed", range(10))
def test_rare_demand_of_months_is_monthly(seed):
    rng = np.random.default_rng(seed)
    parts = {
        f"P{k}": [FIRSTS[i] for i in sorted(rng.choice(len(FIRSTS), 6, replace=False).tolist())] for k in range(30)
    }

    assert decide_parts(parts).frequency.value == "M"


def of_weekday(month, weekday, *, last):
    days = [month + dt.timedelta(k) for k in range(31) if (month + dt.timedelta(k)).month == month.month]
    return [day for day in days if day.weekday() == weekday][-1 if last else 0]


@pytest.mark.parametrize("weekday", [0, 4])
@pytest.mark.parametrize("last", [True, False])
def test_one_weekday_of_each_month_is_monthly(weekday, last):
    dates = [of_weekday(month, weekday, last=last) for month in FIRSTS]

    assert decide({"A": dict.fromkeys(dates, 3)}).frequency.value == "M"


FISCAL = [dt.date(2022, 12, 31) + dt.timedelta(7 * k) for k in np.cumsum([4, 4, 5] * 8).tolist()]


@pytest.mark.parametrize("dates", [MONDAYS[::2], MONDAYS[::4], FISCAL], ids=["two weeks", "four weeks", "4-4-5"])
def test_totals_of_several_weeks_are_never_weeks_with_holes(dates):
    with pytest.raises(ReadingQuestion, match="weeks apart") as asked:
        decide({"A": dict.fromkeys(dates, 3)})

    assert [dict(one.settings) for one in asked.value.choices] == [{"frequency": "M"}, {"frequency": "W"}]
    assert decide({"A": dict.fromkeys(dates, 3)}, is_asked=True).frequency.value in {"M", "W"}


@pytest.mark.parametrize("numbers", [(1, 16), (15, 31), (1, 11, 21), (10, 25)])
def test_totals_of_parts_of_months_are_never_days_with_holes(numbers):
    ends = [*ENDS, dt.date(2025, 1, 31)]
    dates = [min(month.replace(day=min(n, 28)), end) if n < 29 else end
             for month, end in zip(FIRSTS, ends, strict=True) for n in numbers]  # fmt: skip

    with pytest.raises(ReadingQuestion, match=f"the same {len(numbers)} days of each month") as asked:
        decide({"A": dict.fromkeys(dates, 3)})

    assert [dict(one.settings) for one in asked.value.choices] == [{"frequency": "M"}, {"frequency": "D"}]


@pytest.mark.parametrize(("coarse", "frequency"), [(FIRSTS[:12], "M"), (ENDS[:12], "M"), (MONDAYS[:52], "W")])
@pytest.mark.parametrize("is_later", [True, False])
def test_totals_before_or_after_days_are_a_question(coarse, frequency, is_later):
    if is_later:
        days = [coarse[0] - dt.timedelta(k) for k in range(1, 90)]
    else:
        days = [coarse[-1] + dt.timedelta(k + 7) for k in range(1, 90)]
    dates = {"A": dict.fromkeys([*coarse, *days], 3)}

    with pytest.raises(ReadingQuestion, match="for the rest of the time dates of any day") as asked:
        decide(dates)

    assert [dict(one.settings) for one in asked.value.choices] == [{"frequency": frequency}, {"frequency": "D"}]
    assert decide(dates, is_asked=True).frequency.value == "D"


def test_parts_with_one_row_a_month_on_whatever_day_are_monthly():
    rng = np.random.default_rng(4)
    parts = {f"P{k}": [first + dt.timedelta(int(rng.integers(0, 9))) for first in FIRSTS] for k in range(6)}

    assert decide_parts(parts).frequency.value == "M"
