"""An upload that takes too long or trickles is ended; one that pauses is not."""

from __future__ import annotations

import pytest

from batchcast.http.bodies import UploadPace
from batchcast.http.error_status import UploadTooSlow


def test_a_steady_upload_may_go_on():
    pace = UploadPace(most_seconds=1000, least_bytes_per_second=1024)

    for _ in range(500):
        pace.note(1, 1024)


def test_an_upload_may_pause_within_ten_seconds():
    pace = UploadPace(most_seconds=1000, least_bytes_per_second=1024)

    for _ in range(50):
        pace.note(9, 0)
        pace.note(1, 10_240)


def test_a_trickle_is_ended_after_ten_seconds_however_quick_it_began():
    pace = UploadPace(most_seconds=1000, least_bytes_per_second=1024)
    pace.note(1, 10_000_000)
    for _ in range(9):
        pace.note(1, 10)

    with pytest.raises(UploadTooSlow, match="less than 1,024 bytes a second"):
        pace.note(2, 10)


def test_an_upload_that_brings_nothing_is_ended():
    pace = UploadPace(most_seconds=1000, least_bytes_per_second=1)

    with pytest.raises(UploadTooSlow):
        pace.note(10, 0)


def test_no_upload_takes_longer_than_it_may():
    pace = UploadPace(most_seconds=60, least_bytes_per_second=0)
    pace.note(60, 1)

    with pytest.raises(UploadTooSlow, match="more than 60 seconds"):
        pace.note(0.1, 1)
