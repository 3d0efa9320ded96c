"""Time stamps count on the days of the zone asked for, or of the one in which all of them are midnight."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from batchcast.domain.calendar import date_of
from batchcast.domain.errors import InvalidSettings, Message
from batchcast.ingest.common.source import ReadAgain
from batchcast.ingest.values.dateorder import DateReader, _typed_days
from batchcast.ingest.values.zones import StampZone


def days_of(texts, timezone="auto"):
    reader = DateReader("auto", zone=StampZone(timezone))
    return [date_of(int(day)) for day in reader.days(texts, Message)], [str(note) for note in reader.notes()]


FIRST, SECOND = dt.date(2024, 1, 1), dt.date(2024, 1, 2)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["2023-12-31T17:00:00Z", "2024-01-01T17:00:00Z"], "17:00 UTC, which is midnight in a zone 7:00 hours ahead"),
        (["2023-12-31 22:00:00+00:00", "2024-01-01 23:00:00+00:00"], "22:00 | 23:00 UTC"),
        (["2023-12-31 18:30 UTC", "2024-01-01 18:30 UTC"], "5:30 hours ahead"),
    ],
)
def test_one_hour_of_utc_that_is_midnight_elsewhere_is_the_day_that_begins(texts, said):
    days, notes = days_of(texts)

    assert days == [FIRST, SECOND]
    assert said in notes[0]
    assert days_of(texts, "UTC")[0] == [dt.date(2023, 12, 31), FIRST]


@pytest.mark.parametrize(
    "texts",
    [
        ["2024-01-01T17:00:00", "2024-01-02T17:00:00"],  # no zone is written
        ["2024-01-01T17:00:00Z", "2024-01-02T09:12:00Z"],  # not one hour
        ["2024-01-01T12:00:00Z", "2024-01-02T12:00:00Z"],  # noon
        ["2024-01-01T05:00:00Z", "2024-01-02T05:00:00Z"],  # midnight behind UTC is of the same day
        ["2024-01-01T17:00:00+07:00", "2024-01-02T17:00:00+07:00"],
        ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"],
    ],
)
def test_other_time_stamps_count_on_the_written_day(texts):
    assert days_of(texts) == ([FIRST, SECOND], [])


@pytest.mark.parametrize("timezone", ["Asia/Makassar", "+08:00", "+0800"])
def test_a_zone_that_is_asked_for_has_its_days(timezone):
    days, notes = days_of(["2023-12-31T16:00:00Z", "2024-01-02T15:59:59Z", "2024-01-01T23:00:00"], timezone)

    assert days == [FIRST, SECOND, FIRST]
    assert notes == [f"Time stamps count on the days of {timezone}, as asked for."]


def test_an_unknown_zone_is_refused():
    with pytest.raises(InvalidSettings, match="timezone is 'Mars/Base', which is no zone"):
        StampZone("Mars/Base")


def test_a_later_block_with_another_hour_has_the_column_read_again():
    reader = DateReader("auto")
    reader.days(["2023-12-31T17:00:00Z"], Message)

    with pytest.raises(ReadAgain):
        reader.days(["2023-12-31T08:15:00Z"], Message)


def test_typed_time_stamps_follow_the_same_rules():
    stamps = [dt.datetime(2023, 12, 31, 17), dt.datetime(2024, 1, 1, 17), None]
    column = pa.array(stamps, pa.timestamp("us", tz="UTC"))

    auto, asked = (_typed_days(column, DateReader("auto", zone=StampZone(zone))) for zone in ("auto", "Asia/Tokyo"))

    assert [date_of(int(day)) for day in auto[:2]] == [FIRST, SECOND]
    assert list(auto) == list(asked)
