"""A change is rendered once for all clients; each gets what it shows, and none waits for another."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from batchcast.app.intake import Analysis
from batchcast.app.service.answers import BatchStatus
from batchcast.domain.batch import Batch, BatchState, PartitionRecord, PartitionState
from batchcast.domain.settings import BatchSettings
from batchcast.http import broadcast
from batchcast.http.threads import Threads
from batchcast.store.errors import StoreUnavailable, UnknownBatch
from batchcast.web.assets import Assets
from batchcast.web.batch import live as module
from batchcast.web.batch.live import OVER, Live, as_event
from batchcast.web.rendering import Templates

BATCH = "b" * 32


class FakeService:
    """One batch that a test changes."""

    def __init__(self, batch):
        self.batch = batch
        self.reads = 0
        self.error = None

    def latest_events(self, ids):
        if self.error:
            raise self.error
        return {BATCH: self.batch.last_event} if self.batch and BATCH in ids else {}

    def status(self, batch_id):
        self.reads += 1
        if self.batch is None or batch_id != BATCH:
            raise UnknownBatch(batch_id)
        return BatchStatus(batch=self.batch, analysis=Analysis(report=None, plan=None), seconds_left=None)

    def change(self, state=None, **partitions):
        records = list(self.batch.partitions)
        for name, found in partitions.items():
            number = int(name.removeprefix("p"))
            records[number] = replace(records[number], state=found)
        self.batch = replace(
            self.batch,
            state=state or self.batch.state,
            partitions=tuple(records),
            last_event=self.batch.last_event + 1,
        )


@pytest.fixture
def service(make_plan):
    plan = make_plan([1, 1, 1])
    records = tuple(PartitionRecord(partition=partition) for partition in plan.partitions)
    batch = Batch(
        batch_id=BATCH,
        settings=BatchSettings(),
        plan=plan,
        state=BatchState.PROCESSING,
        partitions=records,
        last_event=1,
    )
    return FakeService(batch)


@pytest.fixture
def live(service, monkeypatch):
    monkeypatch.setattr(broadcast, "_SECONDS_BETWEEN_LOOKS", 0.01)
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_READINGS", 0)
    monkeypatch.setattr(module, "_REST", 0)
    return lambda: Live(service, Threads(), Templates(Assets({})))


def ids(sent):
    return [
        name for name in ("overview", "partition-0", "partition-1", "partition-2") if f'id="{name}"'.encode() in sent
    ]


async def take(stream):
    return await asyncio.wait_for(anext(stream), 5)


def test_a_client_gets_all_that_it_shows_and_then_what_changes(service, live):
    async def watch():
        async with aclosing(live().follow(BATCH, "en", frozenset({0, 1}))) as stream:
            first = await take(stream)
            service.change(p1=PartitionState.COMPLETED)
            second = await take(stream)
            service.change(p2=PartitionState.COMPLETED)
            third = await take(stream)
            return ids(first), ids(second), ids(third)

    first, second, third = asyncio.run(watch())

    assert first == ["overview", "partition-0", "partition-1"]
    assert second == ["overview", "partition-1"]
    assert third == ["overview"]


def test_the_end_is_told_and_ends_the_stream(service, live):
    async def watch():
        async with aclosing(live().follow(BATCH, "id", frozenset())) as stream:
            await take(stream)
            service.change(BatchState.COMPLETED)
            return [chunk async for chunk in stream]

    *_, last, over = asyncio.run(watch())

    assert "Selesai" in last.decode()
    assert over == OVER


def test_a_hundred_clients_cost_no_more_reading_than_one(service, live):
    async def watch():
        watching = live()
        streams = [watching.follow(BATCH, "en", frozenset({0})) for _ in range(100)]
        await asyncio.gather(*(take(stream) for stream in streams))
        joined = service.reads
        service.change(p0=PartitionState.COMPLETED)
        sent = await asyncio.gather(*(take(stream) for stream in streams))
        read = service.reads - joined
        for stream in streams:
            await stream.aclose()
        return sent, read, dict(watching._broadcast._topics)

    sent, read, left = asyncio.run(watch())

    assert len(set(sent)) == 1
    assert set(map(tuple, map(ids, sent))) == {("overview", "partition-0")}
    assert read <= 3
    assert left == {}


def test_a_store_that_is_away_is_waited_for(service, live):
    async def watch():
        async with aclosing(live().follow(BATCH, "en", frozenset())) as stream:
            await take(stream)
            service.error = StoreUnavailable("fake", "it is away")
            await asyncio.sleep(0.1)
            service.error = None
            service.change(BatchState.COMPLETED)
            return [chunk async for chunk in stream]

    assert asyncio.run(watch())[-1] == OVER


def test_a_batch_that_is_deleted_meanwhile_ends_its_stream(service, live):
    async def watch():
        async with aclosing(live().follow(BATCH, "en", frozenset())) as stream:
            await take(stream)
            service.batch = None
            return [chunk async for chunk in stream]

    assert asyncio.run(watch()) == [OVER]


def test_a_batch_that_is_not_there_has_no_stream(live):
    async def watch():
        await take(live().follow("c" * 32, "en", frozenset()))

    with pytest.raises(UnknownBatch):
        asyncio.run(watch())


def test_a_server_that_stops_ends_every_stream(live):
    async def watch():
        watching = live()
        async with aclosing(watching.follow(BATCH, "en", frozenset())) as stream:
            await take(stream)
            asyncio.get_running_loop().call_later(0.05, watching.close)
            return [chunk async for chunk in stream]

    assert b"over" not in b"".join(asyncio.run(watch()))


def test_a_quiet_batch_gives_a_sign_of_life(live, monkeypatch):
    monkeypatch.setattr(broadcast, "_SECONDS_BETWEEN_SIGNS", 0.02)
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_CLOCKS", 60)

    async def watch():
        async with aclosing(live().follow(BATCH, "en", frozenset())) as stream:
            await take(stream)
            return await take(stream)

    assert asyncio.run(watch()) == broadcast.KEEP_ALIVE


def test_a_fragment_of_many_lines_is_one_event():
    assert as_event("<p>\n\n  <b>x</b>\n</p>") == b"event: fragment\ndata: <p>\ndata: <b>x</b>\ndata: </p>\n\n"
