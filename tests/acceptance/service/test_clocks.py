"""The clock of a server jumps, by libfaketime: its batch is not taken from it early, and times stay in order."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from tests.acceptance.service.sample import SETTINGS, demand
from tests.acceptance.service.server import until
from tests.plugins.debian import found_or_installed, skip_or_fail

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("clocks")]

LEASE_SECONDS = 2


@pytest.fixture
def clock(tmp_path, monkeypatch):
    """Sets the clock of servers that are started from now on, and again while they run."""
    library = found_or_installed(lambda: next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None), "faketime")
    if library is None:
        skip_or_fail("libfaketime is not on this machine; install faketime")
    file = tmp_path / "clock"

    def set_to(offset):
        file.with_suffix(".part").write_text(offset)
        file.with_suffix(".part").rename(file)

    set_to("+0")
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(file))
    monkeypatch.setenv("FAKETIME_NO_CACHE", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    yield set_to
    monkeypatch.undo()


def hours_ahead(server):
    """Of this test's clock, by the Date header of the server."""
    told = parsedate_to_datetime(server.client.http.get("/healthz").headers["Date"])
    return (told - dt.datetime.now(dt.UTC)).total_seconds() / 3600


def time_of(text):
    return dt.datetime.fromisoformat(text)


def check(ended):
    assert ended["status"] == "COMPLETED", ended["error"]
    assert [partition["attempt"] for partition in ended["partitions"]] == [1, 1, 1]
    assert time_of(ended["submitted_at"]) <= time_of(ended["started_at"]) <= time_of(ended["ended_at"])


@pytest.mark.parametrize(("jump", "hours"), [("+2h", 2), ("-1d", -24)])
def test_a_batch_goes_on_under_a_clock_that_jumps(make_server, undisturbed, clock, jump, hours):
    server = make_server(lease_seconds=LEASE_SECONDS)
    server.set_fault("S1", "hold")
    server.start()
    first = server.client.accepted(demand(), **SETTINGS)
    server.await_job("S1-held")
    assert abs(hours_ahead(server)) < 0.1

    clock(jump)
    until(lambda: abs(hours_ahead(server) - hours) < 0.1)
    second = server.client.accepted(demand(seed=1), **SETTINGS)
    server.lift_fault("S1")
    ended = [server.client.await_end(batch_id) for batch_id in (first, second)]

    for batch in ended:
        check(batch)
    assert server.client.sha256(first) == undisturbed["sha256"]
