"""Topics are updated by one poller, which outlasts errors; a stream ends when its client has gone or is stuck."""

from __future__ import annotations

import asyncio

import pytest

from batchcast.http import broadcast
from batchcast.http.broadcast import Broadcast, EventStream, Topic
from batchcast.store.errors import StoreUnavailable

SCOPE = {"type": "http", "method": "GET", "headers": []}


class Counter(Topic):
    """Counts how often it was updated; fails where it is told to."""

    def __init__(self, batch_id, error=None):
        super().__init__(batch_id)
        self.updates = 0
        self.error = error

    async def update(self, latest):
        self.updates += 1
        if self.error:
            raise self.error
        self.wake()


@pytest.fixture(autouse=True)
def _look_often(monkeypatch):
    monkeypatch.setattr(broadcast, "_SECONDS_BETWEEN_LOOKS", 0.01)


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario, 10))


def test_an_error_of_one_topic_stops_no_other():
    asked = []

    async def latest(ids):
        asked.append(ids)
        return dict.fromkeys(ids, 1)

    async def scenario():
        topics = Broadcast(latest)
        bad, good = Counter("a", StoreUnavailable("fake", "it is away")), Counter("b")
        async with topics.join("a", lambda: bad), topics.join("b", lambda: good):
            while good.updates < 3:
                await asyncio.sleep(0.01)
            return bad

    bad = run(scenario())

    assert bad.updates >= 3
    assert not bad.is_over
    assert all(ids == ["a", "b"] for ids in asked)  # one question for all that is followed


def test_clients_of_one_key_share_a_topic_which_goes_with_the_last():
    async def scenario():
        topics = Broadcast(lambda ids: asyncio.sleep(0, dict.fromkeys(ids, 1)))
        async with topics.join("k", lambda: Counter("a")) as one:
            async with topics.join("k", lambda: Counter("a")) as two:
                shared = one is two
            left = topics._topics["k"].clients
        return shared, left, topics._topics

    assert run(scenario()) == (True, 1, {})


class Events:
    """A stream of events that notes that it was closed."""

    def __init__(self):
        self.is_closed = False

    async def __call__(self):
        try:
            while True:
                yield b"data: x\n\n"
                await asyncio.sleep(0.01)
        finally:
            self.is_closed = True


def test_a_stream_is_closed_when_its_client_has_gone():
    events, sent = Events(), []

    async def receive():
        while len(sent) < 4:
            await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    run(EventStream(events())(SCOPE, receive, send))

    assert events.is_closed
    assert sent[0]["status"] == 200
    assert (b"content-type", b"text/event-stream; charset=utf-8") in sent[0]["headers"]
    assert [message["body"] for message in sent[1:3]] == [b"retry: 2000\n\n", b"data: x\n\n"]


def test_a_client_that_takes_nothing_is_cut_off(monkeypatch):
    monkeypatch.setattr(broadcast, "_SECONDS_STUCK", 0.05)
    events, sent = Events(), []

    async def receive():
        await asyncio.sleep(60)

    async def send(message):
        sent.append(message)
        if len(sent) > 2:
            await asyncio.sleep(60)

    run(EventStream(events())(SCOPE, receive, send))

    assert events.is_closed
    assert len(sent) == 3  # and no regular end: the client must not take it for whole
