"""The status of a batch is built once for all who ask, and never hides a change of the batch's state."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from tests.unit.api.fakes import BATCH_ID

from batchcast.api import statuses as module
from batchcast.api.rendering import render_status
from batchcast.api.statuses import Statuses
from batchcast.domain.batch import PartitionState
from batchcast.domain.errors import Message
from batchcast.http.threads import Threads
from batchcast.store.errors import UnknownBatch


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0
        self.step = 0.0  # added whenever it is read: what building takes

    def monotonic(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def run(scenario):
    return asyncio.run(scenario)


def test_many_who_ask_at_once_are_answered_by_one_look(fake):
    async def scenario():
        statuses = Statuses(fake, Threads())
        return await asyncio.gather(*(statuses.get(BATCH_ID, "en") for _ in range(50)))

    bodies = run(scenario())

    assert len({id(body) for body in bodies}) == 1
    assert fake.asked["status"] == 1


def test_each_language_has_its_own(fake):
    async def scenario():
        statuses = Statuses(fake, Threads())
        return await statuses.get(BATCH_ID, "en"), await statuses.get(BATCH_ID, "id")

    english, indonesian = run(scenario())

    assert fake.asked["status"] == 2
    assert english is not indonesian


def test_progress_alone_is_shown_after_a_rest(fake, clock):
    async def scenario():
        statuses = Statuses(fake, Threads())
        clock.step = 0.1
        first = await statuses.get(BATCH_ID, "en")
        clock.step = 0.0
        fake.happen("progress")
        at_once = await statuses.get(BATCH_ID, "en")
        again = await statuses.get(BATCH_ID, "en")
        clock.now += 1.5
        later = await statuses.get(BATCH_ID, "en")
        return first, at_once, again, later

    first, at_once, again, later = run(scenario())

    assert first is at_once is again
    assert fake.asked["events_after"] == 1  # what is known of its events is not asked again
    assert later.version == 2


def test_a_change_of_state_shows_at_once(fake, clock):
    async def scenario():
        statuses = Statuses(fake, Threads())
        clock.step = 0.1
        await statuses.get(BATCH_ID, "en")
        clock.step = 0.0
        fake.happen("progress")
        await statuses.get(BATCH_ID, "en")
        fake.happen("batch", "PROCESSING")
        return await statuses.get(BATCH_ID, "en")

    assert json.loads(run(scenario()).plain)["status"] == "PROCESSING"


def test_a_place_in_the_queue_grows_old_without_an_event_and_an_end_does_not(fake, clock):
    async def scenario():
        statuses = Statuses(fake, Threads())
        fake.batch = replace(fake.batch, place=2)
        await statuses.get(BATCH_ID, "en")
        fake.batch = replace(fake.batch, place=1)
        at_once = await statuses.get(BATCH_ID, "en")
        clock.now += 1.1
        later = await statuses.get(BATCH_ID, "en")
        fake.happen("batch", "CANCELLED")
        ended = await statuses.get(BATCH_ID, "en")
        clock.now += 1000
        return at_once, later, ended, await statuses.get(BATCH_ID, "en")

    at_once, later, ended, much_later = run(scenario())

    assert [json.loads(body.plain)["queue_place"] for body in (at_once, later)] == [2, 1]
    assert ended is much_later
    assert len({at_once.etag, later.etag, ended.etag}) == 3


def test_what_is_deleted_is_forgotten(fake):
    async def scenario():
        statuses = Statuses(fake, Threads())
        await statuses.get(BATCH_ID, "en")
        fake.is_deleted = True
        with pytest.raises(UnknownBatch):
            await statuses.get(BATCH_ID, "en")
        return statuses._entries

    assert run(scenario()) == {}


def test_what_was_asked_for_longest_ago_makes_room(fake, monkeypatch):
    monkeypatch.setattr(module, "_MOST_BYTES", 1)

    async def scenario():
        statuses = Statuses(fake, Threads())
        await statuses.get(BATCH_ID, "en")
        await statuses.get(BATCH_ID, "id")
        return list(statuses._entries)

    assert run(scenario()) == [(BATCH_ID, "id")]


def test_a_failure_names_its_partition_and_the_way_out(fake):
    error = Message("Partition 1 timeout: Exceeded 300s")
    failed = replace(fake.batch.partitions[1], state=PartitionState.TIMEOUT, reason="timeout", error=error)
    fake.batch = replace(fake.batch, partitions=(fake.batch.partitions[0], failed), error=error)

    told = json.loads(run(Statuses(fake, Threads()).get(BATCH_ID, "en")).plain)

    assert told["error"] == {
        "code": "timeout",
        "message": "Partition 1 timeout: Exceeded 300s",
        "way_out": "Raise max_execution_time.",  # its one series can not be cut
        "partition": 1,
    }
    assert told["partitions"][1]["error"]["code"] == "timeout"
    assert told["partitions"][0]["error"] is None


def test_a_failure_of_the_batch_itself_names_no_partition(fake):
    fake.batch = replace(fake.batch, error=Message("Publishing failed"))

    told = json.loads(run(Statuses(fake, Threads()).get(BATCH_ID, "en")).plain)

    assert told["error"] == {"code": "error", "message": "Publishing failed", "way_out": None, "partition": None}


def test_some_partitions_are_a_part_of_the_whole(fake):
    whole = run(Statuses(fake, Threads()).get(BATCH_ID, "en"))
    every = json.loads(whole.plain)

    assert len(every["partitions"]) > 1
    for offset in range(len(every["partitions"]) + 2):
        for limit in range(len(every["partitions"]) + 2):
            some = json.loads(whole.page(offset, limit))
            assert some == every | {"partitions": every["partitions"][offset : offset + limit]}


def test_the_status_is_written_as_its_model_is(fake):
    for kept in (fake.batch.partitions, fake.batch.partitions[:1], ()):
        fake.batch = replace(fake.batch, partitions=kept)
        status = render_status(fake.status(BATCH_ID), "en")

        assert run(Statuses(fake, Threads()).get(BATCH_ID, "en")).plain == status.model_dump_json().encode()
