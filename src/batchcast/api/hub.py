"""The events of batches for the clients of the API, each event written down once for all who follow its batch."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial

from batchcast.api.answers import Change
from batchcast.api.rendering import say_in
from batchcast.app.service.service import Service
from batchcast.app.words.nouns import plain
from batchcast.app.words.translation import Language
from batchcast.domain.batch import BatchState, Event
from batchcast.http.broadcast import Broadcast, Topic
from batchcast.http.threads import Threads

_MOST_AT_ONCE = 64 * 1024  # bytes
_MOST_LINES_AT_ONCE = 500
_FINAL = frozenset(state.value for state in BatchState if state.is_final)


class Hub:
    """Follows batches for the clients of one server."""

    def __init__(self, service: Service, threads: Threads) -> None:
        self._service = service
        self._threads = threads
        self._broadcast: Broadcast[_EventLog] = Broadcast(lambda ids: threads.light(service.latest_events, ids))

    def close(self) -> None:
        """End every stream, because the server stops."""
        self._broadcast.close()

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
        """What to send to one client: its batch's events after a number, until the batch has ended.

        Raises:
            UnknownBatch: if there is none of that id.
        """
        sent = after

        def take() -> bytes:
            nonlocal sent
            lines = log.lines_after(sent)
            sent += len(lines)
            return b"".join(lines)

        new_log = partial(_EventLog, self._service, self._threads, batch_id, language, after)
        async with self._broadcast.join((batch_id, language), new_log) as log:
            await log.begin(after)
            while (chunk := await self._broadcast.next_chunk(log, take)) is not None:
                yield chunk


class _EventLog(Topic):
    """The events of one batch in one language, from number `first` on, as they are sent."""

    def __init__(self, service: Service, threads: Threads, batch_id: str, language: Language, after: int) -> None:
        super().__init__(batch_id)
        self.first = after + 1
        self.lines: list[bytes] = []
        self._service = service
        self._threads = threads
        self._language = language

    @property
    def latest(self) -> int:
        """Number of the last event that is written down."""
        return self.first + len(self.lines) - 1

    def lines_after(self, number: int) -> list[bytes]:
        """The lines after an event, as many as one write takes."""
        start, size, chosen = number + 1 - self.first, 0, []
        for line in self.lines[start : start + _MOST_LINES_AT_ONCE]:
            chosen.append(line)
            size += len(line)
            if size >= _MOST_AT_ONCE:
                break
        return chosen

    async def begin(self, after: int) -> None:
        """Bring it up to date for a client that has the events up to a number, and back to there."""
        async with self.lock:
            if after + 1 < self.first:
                earlier = [event for event in await self._events_after(after) if event.number < self.first]
                self.lines[:0] = [write_event(event, self._language) for event in earlier]
                self.first = after + 1
            await self._read()

    async def update(self, latest: int) -> None:
        """Write down the events that are new."""
        if latest > self.latest:
            await self._read()

    async def _read(self) -> None:
        new = [event for event in await self._events_after(self.latest) if event.number > self.latest]
        self.lines += [write_event(event, self._language) for event in new]
        self.wake(is_over=any(_is_final(event) for event in new))

    async def _events_after(self, number: int) -> tuple[Event, ...]:
        return await self._threads.light(self._service.events_after, self.batch_id, number)


def write_event(event: Event, language: Language) -> bytes:
    """An event as it is sent: its number, its kind, and what happened as JSON."""
    change = Change(
        number=event.number,
        batch_id=event.batch_id,
        kind=event.kind,
        partition=event.partition,
        state=event.state,
        detail=plain(event.detail, say_in(language)),
        at=event.at,
    )
    return f"id: {event.number}\nevent: {event.kind}\ndata: {change.model_dump_json()}\n\n".encode()


def _is_final(event: Event) -> bool:
    return event.kind == "batch" and event.state in _FINAL
