"""Events of batches for all who follow them: one question to the store, each event written down once.

Every followed batch has a log of the lines that were written for it; each client has a place in the log and reads on at
its own speed, so that a slow one costs no memory and delays nobody. A log goes when nobody follows its batch.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator

import structlog

from batchcast.api.answers import Change
from batchcast.api.rendering import say_in
from batchcast.app.nouns import plain
from batchcast.app.service.service import Service
from batchcast.app.translation import Language
from batchcast.domain.batch import BatchState, Event
from batchcast.http.threads import Threads
from batchcast.store.errors import UnknownBatch

KEEP_ALIVE = b": still here\n\n"
_SECONDS_BETWEEN_LOOKS = 0.25
_SECONDS_BETWEEN_SIGNS = 15.0
_MOST_AT_ONCE = 64 * 1024  # bytes
_FINAL = frozenset(state.value for state in BatchState if state.is_final)

_log = structlog.get_logger("batchcast.api")


class _Topic:
    """The events of one batch in one language, from number `first` on, as they are sent."""

    def __init__(self, batch_id: str, language: Language, after: int) -> None:
        self.batch_id = batch_id
        self.language = language
        self.first = after + 1
        self.lines: list[bytes] = []
        self.is_over = False  # no more will come
        self.followers = 0
        self.changed = asyncio.Event()
        self.lock = asyncio.Lock()  # one reads the store for it at a time

    @property
    def latest(self) -> int:
        """Number of the last event that is written down."""
        return self.first + len(self.lines) - 1

    def add(self, events: tuple[Event, ...]) -> None:
        """Write down what is new."""
        new = [event for event in events if event.number > self.latest]
        self.lines += [write_event(event, self.language) for event in new]
        self.end(is_over=any(_is_final(event) for event in new))

    def end(self, *, is_over: bool) -> None:
        """Wake who waits; where it is over, nothing follows."""
        self.is_over = self.is_over or is_over
        self.changed.set()
        self.changed = asyncio.Event()


class Hub:
    """Follows batches for the clients of one server."""

    def __init__(
        self, service: Service, threads: Threads, *, seconds_between_signs: float = _SECONDS_BETWEEN_SIGNS
    ) -> None:
        self._service = service
        self._threads = threads
        self._seconds_between_signs = seconds_between_signs
        self._topics: dict[tuple[str, Language], _Topic] = {}
        self._poller: asyncio.Task[None] | None = None
        self._is_closed = False

    def close(self) -> None:
        """End every stream: the server stops."""
        self._is_closed = True
        for topic in self._topics.values():
            topic.end(is_over=True)

    async def has_more(self, batch_id: str, after: int) -> bool:
        """Whether a batch has, or may yet have, events after this number.

        Raises:
            UnknownBatch: if there is none of that id.
        """
        latest = await self._threads.light(self._service.status_version, batch_id)
        if latest > after:
            return True
        last = await self._threads.light(self._service.events_after, batch_id, latest - 1)
        return not any(_is_final(event) for event in last)

    async def follow(self, batch_id: str, after: int, language: Language) -> AsyncGenerator[bytes]:
        """What to send to one client: its batch's events after a number, until the batch has ended."""
        topic = await self._join(batch_id, after, language)
        try:
            sent = after
            while True:
                changed = topic.changed
                if sent < topic.latest:
                    lines = _next_lines(topic, sent)
                    sent += len(lines)
                    yield b"".join(lines)
                elif topic.is_over:
                    return
                elif not await _comes(changed, self._seconds_between_signs):
                    yield KEEP_ALIVE
        finally:
            self._leave(topic)

    async def _join(self, batch_id: str, after: int, language: Language) -> _Topic:
        key = (batch_id, language)
        topic = self._topics.get(key)
        if topic is None:
            topic = self._topics[key] = _Topic(batch_id, language, after)
        topic.followers += 1
        try:
            async with topic.lock:
                if after + 1 < topic.first:
                    await self._reach_back(topic, after)
                await self._look_at(topic)
        except BaseException:
            self._leave(topic)
            raise
        if self._is_closed:
            topic.end(is_over=True)
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll(), name="events")
        return topic

    def _leave(self, topic: _Topic) -> None:
        topic.followers -= 1
        if not topic.followers:
            self._topics.pop((topic.batch_id, topic.language), None)

    async def _reach_back(self, topic: _Topic, after: int) -> None:
        """Write down earlier events, for one who follows from further back."""
        events = await self._threads.light(self._service.events_after, topic.batch_id, after)
        earlier = [event for event in events if event.number < topic.first]
        topic.lines[:0] = [write_event(event, topic.language) for event in earlier]
        topic.first = after + 1

    async def _look_at(self, topic: _Topic) -> None:
        topic.add(await self._threads.light(self._service.events_after, topic.batch_id, topic.latest))

    async def _poll(self) -> None:
        """Ask the store what is new, for as long as anybody follows."""
        while self._topics and not self._is_closed:
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 the streams outlive a store that is away; what happened is logged
                _log.warning("events can't be read: %s", error, action="events")

    async def _look(self) -> None:
        by_batch: dict[str, list[_Topic]] = defaultdict(list)
        for topic in self._topics.values():
            by_batch[topic.batch_id].append(topic)
        latest = await self._threads.light(self._service.latest_events, list(by_batch))
        for batch_id, topics in by_batch.items():
            for topic in topics:
                async with topic.lock:
                    await self._catch_up(topic, latest.get(batch_id))

    async def _catch_up(self, topic: _Topic, latest: int | None) -> None:
        try:
            if latest is None:
                topic.end(is_over=True)  # it has been deleted
            elif latest > topic.latest:
                await self._look_at(topic)
        except UnknownBatch:
            topic.end(is_over=True)


def write_event(event: Event, language: Language) -> bytes:
    """An event as it is sent: its number, its kind, and what happened as JSON."""
    told = Change(
        number=event.number,
        batch_id=event.batch_id,
        kind=event.kind,
        partition=event.partition,
        state=event.state,
        detail=plain(event.detail, say_in(language)),
        at=event.at,
    )
    return f"id: {event.number}\nevent: {event.kind}\ndata: {told.model_dump_json()}\n\n".encode()


def _is_final(event: Event) -> bool:
    return event.kind == "batch" and event.state in _FINAL


def _next_lines(topic: _Topic, sent: int) -> list[bytes]:
    """The lines after number `sent`, as many as one write takes."""
    start = sent + 1 - topic.first
    chosen: list[bytes] = []
    size = 0
    for line in topic.lines[start : start + 500]:
        chosen.append(line)
        size += len(line)
        if size >= _MOST_AT_ONCE:
            break
    return chosen


async def _comes(changed: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(changed.wait(), seconds)
    except TimeoutError:
        return False
    return True
