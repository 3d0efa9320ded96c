"""Stretches without a row and sites that end early are told from chance, and said with the remedy."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from batchcast.domain.calendar import Frequency, day_of
from batchcast.ingest.history.coverage import find_coverage
from batchcast.ingest.history.patterns import DateCounts

FIRST = dt.date(2023, 1, 2)  # a Monday
MONTHS = [dt.date(2022 + k // 12, k % 12 + 1, 1) for k in range(36)]
WEEKS = [FIRST + dt.timedelta(7 * k) for k in range(120)]
WORKDAYS = [day for k in range(700) if (day := FIRST + dt.timedelta(k)).weekday() < 5]


def covered(frequency, **sites):
    """The coverage of {site: {date: rows}}."""
    days = sorted({day for rows in sites.values() for day in rows})
    of_sites = [[rows.get(day, 0) for day in days] for rows in sites.values()]
    dates = DateCounts(
        days=np.array([day_of(day) for day in days], dtype=np.int32),
        sites=list(sites),
        of_sites=np.array(of_sites, dtype=np.int64),
        dates_are_months=False,
    )
    return find_coverage(dates, Frequency(frequency))


def rows_of(days, mean, seed=0, without=lambda day: False):
    """Poisson rows of each day, but for those that are left out."""
    counts = np.random.default_rng(seed).poisson(mean, len(days))
    return {day: int(count) for day, count in zip(days, counts, strict=True) if count and not without(day)}


def between(first, last):
    return lambda day: dt.date.fromisoformat(first) <= day <= dt.date.fromisoformat(last)


@pytest.mark.parametrize(
    ("frequency", "days", "left_out", "first", "last"),
    [
        ("M", MONTHS, ("2023-05-01", "2023-05-31"), "2023-05-01", "2023-05-31"),
        ("M", MONTHS, ("2023-05-01", "2023-09-30"), "2023-05-01", "2023-09-30"),
        ("W", WEEKS, ("2023-05-01", "2023-05-07"), "2023-05-01", "2023-05-07"),
        ("D", WORKDAYS, ("2023-05-01", "2023-05-26"), "2023-04-29", "2023-05-28"),
    ],
)
def test_a_stretch_that_is_missing_for_all_is_not_observed_and_said(frequency, days, left_out, first, last):
    rows = rows_of(days, 30, without=between(*left_out))

    found = covered(frequency, A=rows, B=rows_of(days, 20, 1, between(*left_out)))

    assert [(str(gap.first), str(gap.last), gap.site_code) for gap in found.gaps] == [(first, last, None)]
    assert f"No part has a row from {first} to {last}, where" in str(found.notes[0])
    assert "not observed" in str(found.notes[0])
    assert not any(site.ends_early for site in found.sites)


def test_the_missing_stretch_of_one_site_is_that_of_the_site():
    found = covered("M", A=rows_of(MONTHS, 30), B=rows_of(MONTHS, 20, 1, between("2023-05-01", "2023-06-30")))

    assert [(str(gap.first), gap.site_code) for gap in found.gaps] == [("2023-05-01", "B")]
    assert "site B from 2023-05-01 to 2023-06-30" in str(found.notes[0])


def test_a_site_that_paused_for_long_had_no_demand_and_that_is_said():
    found = covered("M", A=rows_of(MONTHS, 30), B=rows_of(MONTHS, 20, 1, between("2023-01-01", "2023-08-31")))

    assert found.gaps == ()
    assert "As it is so long, it counts as days without demand" in str(found.notes[0])


@pytest.mark.parametrize(
    "pauses",
    [
        [("2023-12-23", "2024-01-01")],  # short
        [("2023-08-07", "2023-08-25"), ("2024-08-05", "2024-08-23")],  # each year
    ],
)
def test_holidays_of_daily_rows_are_days_without_demand_and_said(pauses):
    left_out = [between(*pause) for pause in pauses]
    rows = rows_of(WORKDAYS, 30, without=lambda day: any(is_out(day) for is_out in left_out))

    found = covered("D", A=rows)

    assert found.gaps == ()
    assert "As it is short or comes each year" in str(found.notes[0])


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(("frequency", "days"), [("M", MONTHS), ("W", WEEKS), ("D", WORKDAYS)])
@pytest.mark.parametrize("mean", [0.1, 0.5, 1.5, 4.0])
def test_what_chance_explains_is_passed_over(seed, frequency, days, mean):
    found = covered(frequency, A=rows_of(days, mean, seed), B=rows_of(days, 2 * mean, seed + 1000))

    assert (found.gaps, found.notes) == ((), ())
    assert all(site.end_is_doubtful for site in found.sites if site.ends_early)


@pytest.mark.parametrize(("frequency", "days"), [("M", MONTHS), ("W", WEEKS), ("D", WORKDAYS)])
def test_chance_seldom_seems_to_end_a_site(frequency, days):
    """By chance alone, one file of twenty may have such a site."""
    files = [
        covered(frequency, A=rows_of(days, mean, seed), B=rows_of(days, 2 * mean, seed + 1000))
        for mean in (0.1, 0.5, 1.5, 4.0)
        for seed in range(50)
    ]

    assert sum(any(site.ends_early for site in found.sites) for found in files) <= len(files) // 20


def test_demand_in_lumps_has_long_pauses():
    """Rows of a part of every month on its first workday alone: the days between are no gaps."""
    firsts = {day: 40 for day in WORKDAYS if (day.day <= 3 and day.weekday() == 0) or day.day == 1}

    found = covered("D", A=firsts)

    assert (found.gaps, found.notes) == ((), ())


@pytest.mark.parametrize(("days_less", "ends_early"), [(0, False), (3, False), (12, True), (200, True)])
def test_a_site_ends_early_where_chance_does_not_explain_it(days_less, ends_early):
    end = WORKDAYS[-1] - dt.timedelta(days_less)

    found = covered("D", A=rows_of(WORKDAYS, 3), B=rows_of(WORKDAYS, 4, 1, lambda day: day > end))

    assert [site.ends_early for site in found.sites] == [False, ends_early]
    assert found.sites[1].last_date <= end
    assert found.gaps == ()


def test_a_site_that_always_paused_as_long_does_not_end_early():
    left_out = [
        between(f"{year}-{month:02}-05", f"{year}-{month:02}-28") for year in (2023, 2024) for month in range(1, 13)
    ]
    rows = rows_of(WORKDAYS, 30, without=lambda day: any(is_out(day) for is_out in left_out))

    found = covered("D", A=rows_of(WORKDAYS, 3), B={day: n for day, n in rows.items() if day <= dt.date(2024, 11, 4)})

    assert not found.sites[1].ends_early


@pytest.mark.parametrize(
    ("parts", "share", "days_less", "ends"),
    [
        (1, 0.9, 10, True),  # one part that has a row on nearly every day
        (2, 0.5, 14, True),
        (3, 0.2, 21, True),
        (2, 0.5, 2, False),  # two days
        (1, 0.1, 20, False),  # seldom
    ],
)
def test_the_end_of_a_small_site_is_doubtful(parts, share, days_less, ends):
    end = WORKDAYS[-1] - dt.timedelta(days_less)
    counts = np.random.default_rng(3).binomial(parts, share, len(WORKDAYS))
    small = {day: int(n) for day, n in zip(WORKDAYS, counts, strict=True) if n and day <= end}

    found = covered("D", Kolaka=rows_of(WORKDAYS, 20), Bahodopi=small)

    assert [site.ends_early for site in found.sites] == [False, ends]
    assert found.sites[1].end_is_doubtful == ends


def test_a_pause_of_all_sites_is_no_pause_of_one():
    """Where all were closed for two weeks, a site that ends nine days early still ends early."""
    is_closed = between("2023-12-20", "2024-01-05")
    end = WORKDAYS[-1] - dt.timedelta(12)
    a, b = (rows_of(WORKDAYS, 6, seed, is_closed) for seed in (1, 2))

    found = covered("D", A=a, B={day: n for day, n in b.items() if day <= end})

    assert found.sites[1].ends_early


def test_what_a_site_had_of_late_is_told_by_months_up_to_the_last_day():
    days = [dt.date(2024, 1, 1) + dt.timedelta(k) for k in range(73)]  # up to 13 March
    of_all = {"Kolaka": dict.fromkeys(days, 2), "Bahodopi": dict.fromkeys(days[40:], 1)}

    found = covered("D", **of_all)

    assert [site.recent for site in found.sites] == [(26, 26, 26), (4, 13)]


def test_one_part_alone_shows_nothing():
    found = covered("M", A=dict.fromkeys([day for day in MONTHS if day.month != 5], 1))

    assert (found.gaps, found.notes) == ((), ())


def test_one_month_that_a_small_site_never_misses_is_said():
    rows = dict.fromkeys(MONTHS, 4)

    covered_ = covered("M", Kolaka={day: n for day, n in rows.items() if day != MONTHS[20]}, Bahodopi=rows)

    assert "There is no row of site Kolaka" in str(covered_.notes[0])


def test_a_small_site_whose_rows_end_early_is_known():
    rows = dict.fromkeys(MONTHS, 4)

    found = covered("M", Kolaka={day: n for day, n in rows.items() if day < MONTHS[30]}, Bahodopi=rows)

    assert [site.ends_early for site in found.sites] == [True, False]
