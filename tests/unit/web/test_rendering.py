"""Numbers, dates and durations have the form of the reader's language."""

from __future__ import annotations

import datetime as dt

import pytest

from batchcast.domain.calendar import Frequency
from batchcast.web import rendering


@pytest.mark.parametrize(
    ("value", "english", "indonesian"),
    [(11919, "11,919", "11.919"), (0, "0", "0"), (2.6, "3", "3"), (None, "–", "–"), (float("nan"), "–", "–")],
)
def test_counts_are_whole(value, english, indonesian):
    assert (rendering.number(value, "en"), rendering.number(value, "id")) == (english, indonesian)


@pytest.mark.parametrize(
    ("value", "english", "indonesian"),
    [
        (3.0, "3", "3"),
        (0.25, "0.25", "0,25"),
        (1204.5, "1,204.5", "1.204,5"),
        (100, "100", "100"),
        (None, "–", "–"),
        (0.0, "0", "0"),
        (0.001, "<0.01", "<0,01"),
        (0.006, "0.01", "0,01"),
        (-0.001, "0", "0"),
        (-2.5, "-2.5", "-2,5"),
    ],
)
def test_quantities_have_no_decimals_that_say_nothing(value, english, indonesian):
    assert (rendering.quantity(value, "en"), rendering.quantity(value, "id")) == (english, indonesian)


@pytest.mark.parametrize(
    ("share", "english", "indonesian"),
    [(0.0, "0.0%", "0,0%"), (0.0002, "<0.1%", "<0,1%"), (-0.0002, "0.0%", "0,0%"), (-0.012, "-1.2%", "-1,2%")],
)
def test_a_share_never_says_none_for_some_nor_minus_nothing(share, english, indonesian):
    assert (rendering.percent(share, "en"), rendering.percent(share, "id")) == (english, indonesian)


@pytest.mark.parametrize(
    ("frequency", "english", "indonesian"),
    [("D", "1 May 2026", "1 Mei 2026"), ("W", "1 May 2026", "1 Mei 2026"), ("M", "May 2026", "Mei 2026")],
)
def test_a_period_that_is_a_month_has_no_day(frequency, english, indonesian):
    day = dt.date(2026, 5, 1)

    assert tuple(rendering.period(day, Frequency(frequency), language) for language in ("en", "id")) == (
        english,
        indonesian,
    )


def test_shares_are_percent():
    assert (rendering.percent(0.948, "en"), rendering.percent(0.948, "id"), rendering.percent(None, "en")) == (
        "94.8%",
        "94,8%",
        "–",
    )


@pytest.mark.parametrize("day", [dt.date(2026, 5, 3), "2026-05-03"])
def test_days_are_written_with_the_name_of_the_month(day):
    assert (rendering.date(day, "en"), rendering.date(day, "id")) == ("3 May 2026", "3 Mei 2026")
    assert rendering.date(None, "en") == "–"


def test_moments_are_told_in_utc_and_marked_for_the_browser():
    moment = dt.datetime(2026, 11, 24, 10, 5, tzinfo=dt.timezone(dt.timedelta(hours=8)))

    assert rendering.moment(moment, "en") == '<time datetime="2026-11-24T02:05:00+00:00">24 Nov 2026, 02:05 UTC</time>'
    assert rendering.moment(None, "en") == "–"


@pytest.mark.parametrize(
    ("seconds", "english", "indonesian"),
    [
        (0.42, "0.4 s", "0,4 dtk"),
        (12.4, "12 s", "12 dtk"),
        (59.7, "1 min", "1 mnt"),
        (185, "3 min 5 s", "3 mnt 5 dtk"),
        (7800, "2 h 10 min", "2 jam 10 mnt"),
        (7210, "2 h", "2 jam"),
        (172_900, "2 d", "2 hr"),
        (200_000, "2 d 7 h", "2 hr 7 jam"),
        (None, "–", "–"),
    ],
)
def test_durations_have_two_units_at_most(seconds, english, indonesian):
    assert (rendering.duration(seconds, "en"), rendering.duration(seconds, "id")) == (english, indonesian)


@pytest.mark.parametrize(
    ("count", "english"),
    [(812, "812 B"), (1536, "1.5 KB"), (50 * 2**20, "50 MB"), (5 * 2**40, "5,120 GB"), (None, "–")],
)
def test_sizes_are_of_the_unit_that_reads_best(count, english):
    assert rendering.size(count, "en") == english


def test_sizes_have_the_points_and_commas_of_the_language():
    assert rendering.size(1536, "id") == "1,5 KB"


@pytest.mark.parametrize(
    ("value", "english"),
    [
        (0.0, "0"),
        (0.254, "0.25"),
        (2.5, "2.5"),
        (11.68, "11.7"),
        (93.38, "93.4"),
        (150.2, "150"),
        (-20.04, "-20"),
        (None, "–"),
    ],
)
def test_estimates_have_three_digits(value, english):
    assert rendering.about(value, "en") == english
