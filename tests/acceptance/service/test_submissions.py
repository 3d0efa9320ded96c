"""Many submissions at once: one key is one batch, and none is refused."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.acceptance.service.sample import SETTINGS, demand

pytestmark = pytest.mark.long


def test_one_key_sent_twenty_times_at_once_is_one_batch(server, undisturbed):
    with ThreadPoolExecutor(20) as people:
        sent = [people.submit(server.client.submit, demand(), key="one", **SETTINGS) for _ in range(20)]
    answers = [each.result() for each in sent]

    assert {answer.status_code for answer in answers} <= {200, 202}, Counter(a.status_code for a in answers)
    (batch_id,) = {answer.json()["batch_id"] for answer in answers}
    assert server.client.history()["total"] == 1
    assert server.client.await_end(batch_id)["status"] == "COMPLETED"
    assert server.client.sha256(batch_id) == undisturbed["sha256"]
    assert server.jobs().count("S0") == 1


def test_fifty_submissions_at_once_are_all_accepted_and_all_finish(server):
    files = [demand(("S0",), seed=seed) for seed in range(50)]

    with ThreadPoolExecutor(50) as people:
        ids = list(people.map(lambda file: server.client.accepted(file, **SETTINGS), files))
    ends = Counter(server.client.await_end(batch_id, 120)["status"] for batch_id in ids)

    assert len(set(ids)) == 50
    assert ends == {"COMPLETED": 50}
    assert server.client.history()["total"] == 50


def test_batches_go_in_the_order_they_came_and_know_their_place(server):
    server.set_fault("S0", "hold")
    held = server.client.accepted(demand(("S0", "S1", "S2", "S0a", "S0b")), **SETTINGS)
    server.await_job("S0")
    server.set_fault("S1", "hold")
    waiting = [server.client.accepted(demand(("S1",), seed=seed), **SETTINGS) for seed in range(1, 4)]

    places = [server.client.status(batch_id)["queue_place"] for batch_id in waiting]
    server.lift_fault("S0")
    server.lift_fault("S1")
    started = [server.client.await_end(batch_id)["started_at"] for batch_id in (held, *waiting)]

    assert [place for place in places if place] == list(range(1, 1 + len([p for p in places if p])))
    assert len([place for place in places if place]) >= 2
    assert started == sorted(started)
