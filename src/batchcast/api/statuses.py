"""The status of batches, serialised once for all clients.

A batch of 10,000 partitions takes a fifth of a second to read and write down, and changes many times a second. So its
status is built once for all clients, kept until the batch has a newer event, and while only its progress changes it is
not built more often than leaves nine tenths of the time for other work. A change of the batch's own
state shows at once.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import accumulate

from batchcast.api.answers import Status
from batchcast.api.rendering import render_status
from batchcast.app.service.service import Service
from batchcast.app.words.translation import Language
from batchcast.http.threads import Threads
from batchcast.store.errors import UnknownBatch

_MOST_BYTES = 64 * 2**20  # of all entries
_REST = 10  # times as long as building took, the status is not built again
_SECONDS_KEPT = 1.0  # of a batch that has not ended: its place and its time left change without an event
_LEAST_COMPRESSED = 1024  # bytes
_BATCH_EVENT = "batch"

Key = tuple[str, Language]


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusBody:
    """A status as it is sent."""

    plain: bytes
    packed: bytes | None  # gzip; None where it is too small to compress
    partitions: tuple[int, ...]  # where each stands in `plain`, and last where the first byte after them is
    etag: str
    version: int  # number of the event it was made after
    is_final: bool
    built_at: float  # monotonic
    seconds: float  # building took

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return len(self.plain) + len(self.packed or b"")

    def page(self, offset: int, limit: int) -> bytes:
        """The status with some of its partitions: `limit` at most, after the first `offset`."""
        starts = self.partitions
        first = min(offset, len(starts) - 1)
        last = min(first + limit, len(starts) - 1)
        shown = self.plain[starts[first] : starts[last]].rstrip(b",")
        return self.plain[: starts[0]] + shown + self.plain[starts[-1] :]

    def rests(self, now: float) -> bool:
        """It is so recent that a change of progress alone does not replace it."""
        return now < self.built_at + _REST * self.seconds

    def is_kept(self, now: float) -> bool:
        """It is current where no event has happened since."""
        return self.is_final or self.rests(now) or now < self.built_at + _SECONDS_KEPT


@dataclass
class _Entry:
    body: StatusBody | None = None
    looked_at: int = 0  # events up to this one are known to hold no change of the batch's state after the body
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # one builds, the others wait


class Statuses:
    """The status of the batches that clients ask for."""

    def __init__(self, service: Service, threads: Threads) -> None:
        self._service = service
        self._threads = threads
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()  # the latest asked for last

    async def get(self, batch_id: str, language: Language) -> StatusBody:
        """The status of a batch as it is sent.

        Raises:
            UnknownBatch: if there is none of that id.
        """
        try:
            version = await self._threads.light(self._service.status_version, batch_id)
        except UnknownBatch:
            self._entries.pop((batch_id, language), None)
            raise
        entry = self._entries.setdefault((batch_id, language), _Entry())
        self._entries.move_to_end((batch_id, language))
        if entry.body is not None and await self._holds(entry, entry.body, batch_id, version):
            return entry.body
        async with entry.lock:
            if entry.body is None or not await self._holds(entry, entry.body, batch_id, version):
                entry.body = await self._threads.light(self._build, batch_id, language)
                entry.looked_at = entry.body.version
                self._make_room()
            return entry.body

    async def _holds(self, entry: _Entry, body: StatusBody, batch_id: str, version: int) -> bool:
        now = time.monotonic()
        if body.version >= version:
            return body.is_kept(now)
        if not body.rests(now):
            return False
        if entry.looked_at < version:
            events = await self._threads.light(self._service.events_after, batch_id, entry.looked_at)
            if any(event.kind == _BATCH_EVENT for event in events):
                return False
            entry.looked_at = max([entry.looked_at, *(event.number for event in events)])
        return True

    def _build(self, batch_id: str, language: Language) -> StatusBody:
        began = time.monotonic()
        status = self._service.status(batch_id)
        plain, partitions = _written(render_status(status, language))
        packed = gzip.compress(plain, 1, mtime=0) if len(plain) >= _LEAST_COMPRESSED else None
        now = time.monotonic()
        return StatusBody(
            plain=plain,
            packed=packed,
            partitions=partitions,
            etag=f'"{hashlib.sha256(plain).hexdigest()[:32]}"',
            version=status.batch.last_event,
            is_final=status.batch.state.is_final,
            built_at=began,
            seconds=now - began,
        )

    def _make_room(self) -> None:
        total = sum(entry.body.size for entry in self._entries.values() if entry.body)
        while total > _MOST_BYTES and len(self._entries) > 1:
            _, oldest = self._entries.popitem(last=False)
            total -= oldest.body.size if oldest.body else 0


_NONE = b'"partitions":[]'


def _written(status: Status) -> tuple[bytes, tuple[int, ...]]:
    """A status as JSON, and where each partition stands in it, and last where the first byte after them is."""
    head, _, tail = status.model_copy(update={"partitions": []}).model_dump_json().encode().partition(_NONE)
    texts = [partition.model_dump_json().encode() for partition in status.partitions]
    starts = accumulate((len(text) + 1 for text in texts), initial=len(head) + len(_NONE) - 1)
    places = list(starts)
    if texts:
        places[-1] -= 1  # no comma follows the last
    return head + _NONE[:-1] + b",".join(texts) + b"]" + tail, tuple(places)
