"""Bands of ages and sizes are told from dates and from fiscal years."""

from __future__ import annotations

import pytest

from batchcast.ingest.values.bands import bands_in


@pytest.mark.parametrize(
    "texts",
    [
        ["0-30", "31-60", "61-90", ">90"],
        ["<30", "30-60", "60-90", "90+"],
        ["0 - 7 days", "8 - 14 days", "> 14 days"],
        ["Umur 0 s/d 30 hari", "Umur 31 s/d 60 hari"],
        ["1 to 12 months", "13 to 24 months"],
        ["1-3", "4-6", "7-9", "10-12"],
        ["0–499", "500–999", "≥1000"],
        ["31-60", ">60"],
    ],
)
def test_bands_follow_each_other(texts):
    assert bands_in(["part", *texts, "Total"]) == texts


@pytest.mark.parametrize(
    "texts",
    [
        ["2023-2024", "2024-2025"],  # fiscal years
        ["01-24", "02-24", "03-24"],  # months
        ["2024-01", "2024-02", "2024-03"],
        ["1-15 Jan", "16-31 Jan"],  # halves of a month
        ["15-01", "16-01", "17-01"],
        [">30", "<40"],  # no range among them
        ["0-30", "45-60"],  # a gap
        ["23-01-05", "23-01-06"],
    ],
)
def test_dates_are_none(texts):
    assert bands_in(texts) == []
