"""Sends the changes of batches to many clients as server-sent events: one poller, each change written once for all.

A followed batch has a topic, which holds its changes as they are sent. A client has only a position in the topic, so
that a slow client takes no memory and delays no other. A topic is dropped with its last client.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Generic, TypeVar

import structlog
from starlette.responses import StreamingResponse
from starlette.types import Send

from batchcast.store.errors import UnknownBatch

KEEP_ALIVE = b": still here\n\n"
_SECONDS_BETWEEN_LOOKS = 0.25
_SECONDS_BETWEEN_SIGNS = 15.0  # of life, while nothing changes
_SECONDS_STUCK = 60.0  # a client that takes nothing for so long is cut off

_log = structlog.get_logger("batchcast.http")


class Topic(ABC):
    """The changes of one batch, as they are sent."""

    def __init__(self, batch_id: str) -> None:
        self.batch_id = batch_id
        self.is_over = False  # no change follows
        self.clients = 0
        self.changed = asyncio.Event()  # set at the next change, and then replaced
        self.lock = asyncio.Lock()  # one task reads the store for it at a time

    @abstractmethod
    async def update(self, latest: int) -> None:
        """Add what has changed; `latest` is the number of the newest event of the batch.

        Raises:
            UnknownBatch: if the batch was deleted meanwhile.
        """

    def is_due(self, now: float) -> bool:
        """Whether the poller should update it at this monotonic time."""
        return not self.is_over

    def wake(self, *, is_over: bool = False) -> None:
        """Tell the clients of a change, which may be the last."""
        self.is_over = self.is_over or is_over
        self.changed.set()
        self.changed = asyncio.Event()


T = TypeVar("T", bound=Topic)


class Broadcast(Generic[T]):
    """The topics of one server. Everything runs on the thread of its loop."""

    def __init__(self, latest_events: Callable[[list[str]], Awaitable[Mapping[str, int]]]) -> None:
        """`latest_events` gives the number of the newest event of each batch that exists."""
        self._latest_events = latest_events
        self._topics: dict[Hashable, T] = {}
        self._poller: asyncio.Task[None] | None = None
        self._is_closed = False

    def close(self) -> None:
        """End every stream, because the server stops."""
        self._is_closed = True
        for topic in self._topics.values():
            topic.wake()

    @asynccontextmanager
    async def join(self, key: Hashable, new_topic: Callable[[], T]) -> AsyncIterator[T]:
        """The topic under a key, which is followed while the block runs; made where no client follows it yet."""
        topic = self._topics.get(key) or new_topic()
        self._topics[key] = topic
        topic.clients += 1
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll(), name="broadcast")
        try:
            yield topic
        finally:
            topic.clients -= 1
            if not topic.clients:
                self._topics.pop(key, None)

    async def next_chunk(self, topic: T, take: Callable[[], bytes]) -> bytes | None:
        """What to send to a client next: what it takes from the topic, or a sign of life; None at the end."""
        while True:
            changed = topic.changed
            if taken := take():
                return taken
            if topic.is_over or self._is_closed:
                return None
            try:
                await asyncio.wait_for(changed.wait(), _SECONDS_BETWEEN_SIGNS)
            except TimeoutError:
                return KEEP_ALIVE

    async def _poll(self) -> None:
        """Look for changes while any topic has clients."""
        while self._topics and not self._is_closed:
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            due = [topic for topic in self._topics.values() if topic.is_due(time.monotonic())]
            if due:
                with _logged():
                    latest = await self._latest_events(sorted({topic.batch_id for topic in due}))
                    for topic in due:
                        with _logged():
                            await _update(topic, latest.get(topic.batch_id))


async def _update(topic: Topic, latest: int | None) -> None:
    try:
        if latest is None:
            raise UnknownBatch(topic.batch_id)
        async with topic.lock:
            await topic.update(latest)
    except UnknownBatch:  # it has been deleted
        topic.wake(is_over=True)


@contextmanager
def _logged() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 the streams outlast a store that does not answer
        _log.warning("changes can't be read: %s", error, action="events")


class EventStream(StreamingResponse):
    """Server-sent events, until they end or the client has gone or takes nothing more."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes]) -> None:
        super().__init__(events, headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        self._events = events

    async def stream_response(self, send: Send) -> None:
        """Send each chunk as it comes."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
        async with aclosing(self._events) as events:
            async for chunk in events:
                try:
                    async with asyncio.timeout(_SECONDS_STUCK):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                except TimeoutError:
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
