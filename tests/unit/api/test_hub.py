"""Events for many clients: each is written once, a slow client delays no other, every stream ends."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.unit.api.fakes import BATCH_ID

from batchcast.api import hub as hub_module
from batchcast.api.hub import Hub
from batchcast.domain.errors import Message
from batchcast.http import broadcast
from batchcast.http.threads import Threads
from batchcast.store.errors import UnknownBatch


@pytest.fixture(autouse=True)
def _look_often(monkeypatch):
    monkeypatch.setattr(broadcast, "_SECONDS_BETWEEN_LOOKS", 0.01)


def run(scenario):
    async def within_ten_seconds():
        async with asyncio.timeout(10):
            return await scenario

    return asyncio.run(within_ten_seconds())


def numbers(chunk: bytes) -> list[int]:
    return [int(line.removeprefix("id: ")) for line in chunk.decode().split("\n") if line.startswith("id: ")]


async def all_of(stream) -> list[int]:
    return [number async for chunk in stream for number in numbers(chunk)]


def test_every_client_gets_every_event_from_where_it_left_off(fake):
    async def scenario():
        hub = Hub(fake, Threads())
        for _ in range(5):
            fake.happen("progress")
        first = asyncio.create_task(all_of(hub.follow(BATCH_ID, 4, "en")))
        await asyncio.sleep(0)
        from_the_beginning = asyncio.create_task(all_of(hub.follow(BATCH_ID, 0, "en")))
        while fake.asked["latest_events"] < 2:
            await asyncio.sleep(0.01)
        fake.happen("batch", "PROCESSING")
        fake.happen("batch", "COMPLETED")
        return await first, await from_the_beginning

    first, whole = run(scenario())

    assert first == [5, 6, 7, 8]
    assert whole == [1, 2, 3, 4, 5, 6, 7, 8]


def test_an_event_is_written_once_for_all_who_follow(fake, monkeypatch):
    written = []
    write = hub_module.write_event
    monkeypatch.setattr(
        hub_module, "write_event", lambda event, lang: written.append(event.number) or write(event, lang)
    )

    async def scenario():
        hub = Hub(fake, Threads())
        clients = [asyncio.create_task(all_of(hub.follow(BATCH_ID, 0, "en"))) for _ in range(50)]
        while fake.asked["latest_events"] < 1:
            await asyncio.sleep(0.01)
        fake.happen("batch", "CANCELLED")
        return await asyncio.gather(*clients)

    assert run(scenario()) == [[1, 2]] * 50
    assert written == [1, 2]


def test_a_client_that_reads_nothing_delays_no_other_and_misses_nothing(fake):
    async def scenario():
        hub = Hub(fake, Threads())
        slow = hub.follow(BATCH_ID, 0, "en")
        begun = numbers(await anext(slow))
        quick = asyncio.create_task(all_of(hub.follow(BATCH_ID, 0, "en")))
        for _ in range(2000):
            fake.happen("progress")
        fake.happen("batch", "COMPLETED")
        return await quick, begun + await all_of(slow)

    quick, slow = run(scenario())

    assert quick == slow == list(range(1, 2003))


def test_a_quiet_stream_shows_that_it_lives(fake, monkeypatch):
    monkeypatch.setattr(broadcast, "_SECONDS_BETWEEN_SIGNS", 0.02)

    async def scenario():
        stream = Hub(fake, Threads()).follow(BATCH_ID, 1, "en")
        sign = await anext(stream)
        await stream.aclose()
        return sign

    assert run(scenario()) == broadcast.KEEP_ALIVE


def test_streams_end_when_the_server_stops(fake):
    async def scenario():
        hub = Hub(fake, Threads())
        open_one = asyncio.create_task(all_of(hub.follow(BATCH_ID, 0, "en")))
        while not fake.asked["latest_events"]:
            await asyncio.sleep(0.01)
        hub.close()
        return await open_one, await all_of(hub.follow(BATCH_ID, 0, "en"))

    assert run(scenario()) == ([1], [1])


def test_a_stream_outlives_a_store_that_is_away(fake):
    async def scenario():
        hub = Hub(fake, Threads())
        stream = asyncio.create_task(all_of(hub.follow(BATCH_ID, 0, "en")))
        fake.is_away = True
        while fake.asked["latest_events"] < 3:
            await asyncio.sleep(0.01)
        fake.happen("batch", "CANCELLED")
        fake.is_away = False
        return await stream

    assert run(scenario()) == [1, 2]


def test_the_stream_of_a_deleted_batch_ends(fake):
    async def scenario():
        hub = Hub(fake, Threads())
        stream = asyncio.create_task(all_of(hub.follow(BATCH_ID, 0, "en")))
        while not fake.asked["latest_events"]:
            await asyncio.sleep(0.01)
        fake.is_deleted = True
        return await stream

    assert run(scenario()) == [1]


def test_a_batch_that_is_deleted_while_it_is_looked_at_ends_its_stream(fake):
    async def scenario():
        hub = Hub(fake, Threads())
        stream = asyncio.create_task(all_of(hub.follow(BATCH_ID, 0, "en")))
        while not fake.asked["latest_events"]:
            await asyncio.sleep(0.01)
        fake.latest_events = lambda _: {BATCH_ID: 99}
        fake.is_deleted = True
        return await stream

    assert run(scenario()) == [1]


def test_a_batch_that_is_not_there_cannot_be_followed(fake):
    async def scenario():
        hub = Hub(fake, Threads())
        with pytest.raises(UnknownBatch):
            await anext(hub.follow("f" * 32, 0, "en"))
        return hub._broadcast._topics

    assert run(scenario()) == {}


def test_nothing_is_kept_and_nothing_asked_once_all_have_gone(fake):
    async def scenario():
        hub = Hub(fake, Threads())
        stream = hub.follow(BATCH_ID, 0, "en")
        await anext(stream)
        await stream.aclose()
        await hub._broadcast._poller
        return hub._broadcast._topics

    assert run(scenario()) == {}


@pytest.mark.parametrize(("after", "more"), [(0, True), (1, True), (2, False), (99, False)])
def test_a_client_that_knows_the_end_is_not_kept_waiting(fake, after, more):
    fake.happen("batch", "ROLLED_BACK")

    assert run(Hub(fake, Threads()).has_more(BATCH_ID, after)) is more


def test_a_batch_that_goes_on_always_has_more(fake):
    assert run(Hub(fake, Threads()).has_more(BATCH_ID, 1))


def test_an_event_says_its_sentences_in_the_clients_language_on_one_line(fake):
    sentence = Message("The batch could not be carried on: {problem}", {"problem": "a\nb"})
    fake.happen("partition", "FAILED", {"error": sentence, "more": [1.5, (True, None)], "odd": frozenset()})

    lines = [hub_module.write_event(fake.events[-1], language).decode().split("\n") for language in ("en", "id")]

    english, indonesian = (json.loads(line[2].removeprefix("data: ")) for line in lines)
    assert all(line[:2] == ["id: 2", "event: partition"] and line[3:] == ["", ""] for line in lines)
    assert english["detail"]["error"] == "The batch could not be carried on: a\nb"
    assert indonesian["detail"]["error"] != english["detail"]["error"]
    assert english["detail"]["more"] == [1.5, [True, None]]
