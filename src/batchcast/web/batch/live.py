"""The changes of a batch as fragments of its page, each rendered once for all clients that watch it in a language.

A client gets the newest version of each fragment that it shows. The more reading a batch costs, the rarer it is read.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from functools import partial

from batchcast.app.service.answers import BatchStatus
from batchcast.app.service.service import Service
from batchcast.app.words.translation import Language
from batchcast.http.broadcast import Broadcast, Topic
from batchcast.http.threads import Threads
from batchcast.web.batch.views import overview_of, partition_rows
from batchcast.web.rendering import Templates

OVER = b"event: over\ndata: \n\n"
_SECONDS_BETWEEN_READINGS = 0.5  # at least
_SECONDS_BETWEEN_CLOCKS = 1.0  # the time that something has taken changes without an event
_WHOLE = {"overview": "batch/overview.html", "partitions-title": "batch/heading.html"}  # by id
_REST = 25  # times as long as reading and rendering took, a batch is not read again: 4 % of a core


class Live:
    """Watches batches for the clients of one server."""

    def __init__(self, service: Service, threads: Threads, templates: Templates) -> None:
        self._service = service
        self._threads = threads
        self._templates = templates
        self._broadcast: Broadcast[_Page] = Broadcast(lambda ids: threads.light(service.latest_events, ids))

    def close(self) -> None:
        """End every stream, because the server stops."""
        self._broadcast.close()

    async def follow(self, batch_id: str, language: Language, rows: frozenset[int]) -> AsyncGenerator[bytes]:
        """What to send to one client: its page as it stands, then every change, until the batch has ended.

        Args:
            batch_id: the batch.
            language: of the page.
            rows: numbers of the partitions in the part of the table that the client shows.

        Raises:
            UnknownBatch: if there is none of that id.
        """
        sent = 0

        def take() -> bytes:
            nonlocal sent
            news, sent = page.news_after(sent, rows), page.version
            return news

        new_page = partial(_Page, self._service, self._threads, self._templates, batch_id, language)
        async with self._broadcast.join((batch_id, language), new_page) as page:
            page.shown.append(rows)
            try:
                await page.begin(rows)
                while (chunk := await self._broadcast.next_chunk(page, take)) is not None:
                    yield chunk
                if page.is_over:
                    yield OVER
            finally:
                page.shown.remove(rows)


@dataclass(frozen=True)
class _Fragment:
    sign: object  # differs when the fragment has to be rendered anew
    version: int  # of the page, at its latest change
    event: bytes  # as it is sent


class _Page(Topic):
    """The page of one batch in one language."""

    def __init__(
        self, service: Service, threads: Threads, templates: Templates, batch_id: str, language: Language
    ) -> None:
        super().__init__(batch_id)
        self.version = 0  # counts its changes
        self.shown: list[frozenset[int]] = []  # rows of the table, a set for each client
        self._service = service
        self._threads = threads
        self._templates = templates
        self._language = language
        self._fragments: dict[str, _Fragment] = {}  # by id of the element
        self._latest = -1  # number of the latest event that was rendered
        self._read_at = 0.0  # monotonic
        self._cost = 0.0  # seconds of the last reading and rendering

    def news_after(self, version: int, rows: frozenset[int]) -> bytes:
        """The fragments that have changed since a version, of those that a client shows."""
        found = (self._fragments[name] for name in _names(rows) if name in self._fragments)
        return b"".join(one.event for one in found if one.version > version)

    async def begin(self, rows: frozenset[int]) -> None:
        """Render what a new client shows, where no other shows it already."""
        async with self.lock:
            if not all(name in self._fragments for name in _names(rows)):
                await self._read()
                self._cost = 0.0  # everything was rendered; an update renders what has changed

    def is_due(self, now: float) -> bool:
        """Whether it was left alone for long enough."""
        return super().is_due(now) and now >= self._read_at + max(_SECONDS_BETWEEN_READINGS, _REST * self._cost)

    async def update(self, latest: int) -> None:
        """Render what has changed, if anything has or the clocks on the page go on."""
        if latest != self._latest or time.monotonic() - self._read_at >= _SECONDS_BETWEEN_CLOCKS:
            await self._read()

    async def _read(self) -> None:
        began = time.monotonic()
        status = await self._threads.light(self._service.status, self.batch_id)
        fresh = await self._threads.light(self._render, status)
        self._latest, self._read_at = status.batch.last_event, began
        self._cost = time.monotonic() - began
        is_over = status.batch.state.is_final
        if fresh:
            self.version += 1
            self._fragments |= {name: _Fragment(sign, self.version, event) for name, (sign, event) in fresh.items()}
        if fresh or is_over:
            self.wake(is_over=is_over)

    def _render(self, status: BatchStatus) -> Mapping[str, tuple[object, bytes]]:
        """The fragments that have changed: by id, the sign and the event of each."""
        fresh: dict[str, tuple[object, bytes]] = {}
        shown = {"overview": overview_of(status)}
        for name, template in _WHOLE.items():
            html = self._templates.render(template, self._language, shown)
            if self._has_changed(name, html):
                fresh[name] = (html, as_event(html))
        rows = frozenset[int]().union(*self.shown)
        for row in partition_rows(status.batch.partitions, rows, dt.datetime.now(dt.UTC)):
            if self._has_changed(name := f"partition-{row.number}", row.sign):
                html = self._templates.render("batch/row.html", self._language, {"row": row})
                fresh[name] = (row.sign, as_event(html))
        return fresh

    def _has_changed(self, name: str, sign: object) -> bool:
        known = self._fragments.get(name)
        return known is None or known.sign != sign


def _names(rows: frozenset[int]) -> list[str]:
    return [*_WHOLE, *(f"partition-{number}" for number in sorted(rows))]


def as_event(html: str) -> bytes:
    """A fragment as a server-sent event."""
    lines = "".join(f"data: {line.strip()}\n" for line in html.splitlines() if line.strip())
    return f"event: fragment\n{lines}\n".encode()
