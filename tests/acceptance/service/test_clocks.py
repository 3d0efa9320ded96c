"""Clocks of servers that jump or differ, by libfaketime: no batch is taken from them early, times stay in order."""

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


def test_of_two_servers_whose_clocks_differ_each_leaves_the_other_its_batch(
    make_server, undisturbed, clock, new_postgresql_database, tmp_path
):
    shared = {"database_url": new_postgresql_database(), "home": tmp_path / "home", "lease_seconds": LEASE_SECONDS}
    right = make_server(**shared, faults=tmp_path / "faults-of-right")
    right.set_fault("S1", "hold")
    right.start()
    batch_id = right.client.accepted(demand(), **SETTINGS)
    right.await_job("S1-held")
    clock("+10m")
    ahead = make_server(**shared, faults=tmp_path / "faults-of-ahead").start()
    assert abs(hours_ahead(ahead) - 1 / 6) < 0.05

    other = ahead.client.accepted(demand(seed=1), **SETTINGS)
    check(ahead.client.await_end(other))
    started = right.client.status(batch_id)["started_at"]
    assert ahead.jobs().count("S1") == 1  # of its own batch: that of the other server is not expired for it
    right.kill()
    ended = ahead.client.await_end(batch_id)

    assert ended["status"] == "COMPLETED", ended["error"]
    assert ended["started_at"] == started
    assert time_of(ended["ended_at"]) >= time_of(started)
    assert ahead.client.sha256(batch_id) == undisturbed["sha256"]
