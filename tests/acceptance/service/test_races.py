"""A person cancels while the batch completes, publishes or times out: exactly one outcome, the same for all clients.

The hundreds of races are run in `tests/integration/run`, without a server; here some go through the whole of it.
"""

from __future__ import annotations

import time
from collections import Counter

import pytest
from tests.acceptance.service.sample import SETTINGS, demand
from tests.acceptance.service.server import until

pytestmark = pytest.mark.long

RACES = 6


@pytest.mark.parametrize("step", ["S0", "publish_job"], ids=["completion", "publishing"])
def test_a_cancel_and_an_end_have_one_winner(server, step):
    outcomes = Counter()
    for race in range(RACES):
        server.set_fault(step, "hold")
        batch_id = server.client.accepted(demand(("S0",), seed=race), **SETTINGS)
        server.await_job(step, race + 1)
        server.lift_fault(step)
        watch_for(server, batch_id, seconds=0.05 * race)
        outcomes[outcome_of(server, batch_id)] += 1

    assert set(outcomes) <= {"COMPLETED", "CANCELLED"}
    assert outcomes["CANCELLED"] >= 1
    until(lambda: not list(server.home.glob("work/*/batches/*")))


def test_a_cancel_and_a_timeout_have_one_winner(server):
    server.set_fault("S0", "hold")
    outcomes = Counter()
    for race in range(4):
        batch_id = server.client.accepted(demand(("S0",), seed=race), **SETTINGS, max_execution_time=1)
        server.await_job("S0", race + 1)
        watch_for(server, batch_id, seconds=0.97 + 0.02 * race)
        outcomes[outcome_of(server, batch_id)] += 1

    assert set(outcomes) <= {"ROLLED_BACK", "CANCELLED"}


def watch_for(server, batch_id, *, seconds):
    """Ask for the batch's status for so long, or to its end."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.client.status(batch_id)["status"] == "PROCESSING":
        pass


def outcome_of(server, batch_id):
    """How the batch ended, once all that tells of it tells the same."""
    answer = server.client.cancel(batch_id)
    ended = server.client.await_end(batch_id)
    state = ended["status"]
    won = answer.status_code == 200
    assert answer.status_code in (200, 409), answer.text
    assert won == (state == "CANCELLED"), (answer.text, ended)
    assert server.client.download(batch_id).status_code == (200 if state == "COMPLETED" else 409)
    (listed,) = (line for line in server.client.history()["batches"] if line["batch_id"] == batch_id)
    assert listed["status"] == state
    return state
