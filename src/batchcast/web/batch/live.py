"""The changes of a batch as fragments of its page: looked for once, rendered once, sent to everybody who watches.

Each client has a place in the numbered changes of its batch, so that a slow one misses nothing but what was replaced in
the meantime, and costs no memory. How often a batch is read depends on what reading it costs.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

import structlog

from batchcast.app.service.answers import BatchStatus
from batchcast.app.service.service import Service
from batchcast.app.translation import Language
from batchcast.http.threads import Threads
from batchcast.store.errors import UnknownBatch
from batchcast.web.batch.views import overview_of, rows_of
from batchcast.web.rendering import Templates

KEEP_ALIVE = b": still here\n\n"
OVER = b"event: over\ndata: \n\n"
_SECONDS_BETWEEN_LOOKS = 0.5
_SECONDS_BETWEEN_CLOCKS = 1.0  # of what changes by itself: the time that something has taken
_REST = 25  # times as long as reading and rendering took, a batch is left alone: 4 % of a core
_SECONDS_BETWEEN_SIGNS = 15.0

_log = structlog.get_logger("batchcast.web")


@dataclass
class _Fragment:
    sign: object  # another when it has to be rendered anew
    change: int  # the number of its latest change
    sent: bytes  # as it goes to the clients


@dataclass
class _Watch:
    """One batch in one language, for as long as anybody watches it."""

    batch_id: str
    language: Language
    fragments: dict[str, _Fragment] = field(default_factory=dict)  # by id of the element
    change: int = 0
    is_over: bool = False
    shown: list[frozenset[int]] = field(default_factory=list)  # rows of the table, a set for each client
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # one looks at a time
    task: asyncio.Task[None] | None = None
    seen: tuple[int, float] = (-1, 0.0)  # the latest event, and when the batch was read last
    cost: float = 0.0  # seconds of the last reading and rendering

    @property
    def rows(self) -> frozenset[int]:
        """Rows that anybody shows."""
        return frozenset().union(*self.shown)

    def has(self, rows: frozenset[int]) -> bool:
        """Whether all that a client shows is rendered already, and so kept up to date."""
        return all(name in self.fragments for name in _names(rows))

    def wake(self) -> None:
        """Tell the clients that something is new."""
        self.changed.set()
        self.changed = asyncio.Event()

    def after(self, change: int, rows: frozenset[int]) -> bytes:
        """What has changed since, of what a client shows."""
        found = (self.fragments[name] for name in _names(rows) if name in self.fragments)
        return b"".join(one.sent for one in found if one.change > change)


class Live:
    """Watches batches for the clients of one server."""

    def __init__(self, service: Service, threads: Threads, templates: Templates) -> None:
        self._service = service
        self._threads = threads
        self._templates = templates
        self._watches: dict[tuple[str, Language], _Watch] = {}
        self._is_closed = False

    def close(self) -> None:
        """End every stream: the server stops."""
        self._is_closed = True
        for watch in self._watches.values():
            watch.wake()

    async def follow(self, batch_id: str, language: Language, rows: frozenset[int]) -> AsyncGenerator[bytes]:
        """What to send to one client: its page as it stands, then every change, until the batch has ended."""
        watch = self._watches.setdefault((batch_id, language), _Watch(batch_id, language))
        watch.shown.append(rows)
        try:
            async with watch.lock:
                if not watch.has(rows):
                    await self._look(watch, at_once=True)
            if watch.task is None:
                watch.task = asyncio.create_task(self._keep_looking(watch), name=f"watch {batch_id}")
            sent = -1
            while not self._is_closed:
                changed = watch.changed
                news, over = watch.after(sent, rows), watch.is_over
                sent = watch.change
                if news:
                    yield news
                if over:
                    yield OVER
                    return
                if not await _comes(changed, _SECONDS_BETWEEN_SIGNS):
                    yield KEEP_ALIVE
        finally:
            watch.shown.remove(rows)
            if not watch.shown:
                self._watches.pop((batch_id, language), None)
                if watch.task is not None:
                    watch.task.cancel()

    async def _keep_looking(self, watch: _Watch) -> None:
        while not (watch.is_over or self._is_closed):
            await asyncio.sleep(max(_SECONDS_BETWEEN_LOOKS, _REST * watch.cost))
            try:
                async with watch.lock:
                    await self._look(watch)
            except UnknownBatch:
                watch.is_over = True
                watch.wake()
            except Exception as error:  # noqa: BLE001 the page outlives a store that is away; what happened is logged
                _log.warning("a batch can't be read: %s", error, action="live", batch_id=watch.batch_id)

    async def _look(self, watch: _Watch, *, at_once: bool = False) -> None:
        event, read_at = watch.seen
        now = time.monotonic()
        latest = (await self._threads.light(self._service.latest_events, [watch.batch_id])).get(watch.batch_id)
        if latest is None:
            raise UnknownBatch(watch.batch_id)
        if latest == event and not at_once and now - read_at < _SECONDS_BETWEEN_CLOCKS:
            return
        status = await self._threads.light(self._service.status, watch.batch_id)
        fresh = await self._threads.light(self._render, watch, status)
        watch.seen = (latest, now)
        watch.cost = 0.0 if at_once else time.monotonic() - now
        if fresh:
            watch.change += 1
            for name, (sign, sent) in fresh.items():
                watch.fragments[name] = _Fragment(sign, watch.change, sent)
        watch.is_over = status.batch.state.is_final
        if fresh or watch.is_over:
            watch.wake()

    def _render(self, watch: _Watch, status: BatchStatus) -> Mapping[str, tuple[object, bytes]]:
        """The fragments that are not as they were, with what tells it."""
        fresh: dict[str, tuple[object, bytes]] = {}
        overview = self._templates.render("batch/overview.html", watch.language, {"overview": overview_of(status)})
        known = watch.fragments.get("overview")
        if known is None or known.sign != overview:
            fresh["overview"] = (overview, as_event(overview))
        for row in rows_of(status.batch.partitions, watch.rows, dt.datetime.now(dt.UTC)):
            name = f"partition-{row.number}"
            before = watch.fragments.get(name)
            if before is None or before.sign != row.sign:
                html = self._templates.render("batch/row.html", watch.language, {"row": row})
                fresh[name] = (row.sign, as_event(html))
        return fresh


def _names(rows: frozenset[int]) -> list[str]:
    return ["overview", *(f"partition-{number}" for number in sorted(rows))]


def as_event(html: str) -> bytes:
    """A fragment as a server-sent event."""
    lines = "".join(f"data: {line.strip()}\n" for line in html.splitlines() if line.strip())
    return f"event: fragment\n{lines}\n".encode()


async def _comes(changed: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(changed.wait(), seconds)
        return True
    return False
