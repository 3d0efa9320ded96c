"""The parts of a batch that never change: read once by a process, as the plan of 10,000 partitions takes a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batchcast.domain.batch import Source
from batchcast.domain.plan import Partition, Plan
from batchcast.domain.settings import BatchSettings
from batchcast.store.records import NewBatch
from batchcast.store.sql import schema
from batchcast.store.sql.schema import from_text

_c = schema.content.c
_READ = sa.select(_c.settings, _c.plan, _c.source).where(_c.seq == sa.bindparam("wanted"))
_MOST_PARTITIONS = 50_000  # of all batches remembered: some 50 MB


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a batch was submitted with."""

    settings: BatchSettings
    plan: Plan
    source: Source | None
    partitions: Mapping[int, Partition]  # by number, in the order of the plan


class Contents:
    """The contents of the batches used last, by `seq`; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[int, Content] = OrderedDict()
        self._partitions = 0

    def of(self, connection: Connection, seq: int) -> Content:
        """The content of a batch that is there."""
        with self._lock:
            if seq in self._known:
                self._known.move_to_end(seq)
                return self._known[seq]
        row = connection.execute(_READ, {"wanted": seq}).one()
        settings, plan, source = (from_text(text) for text in row)
        return self._keep(seq, _content(settings, plan, source))

    def add(self, seq: int, new: NewBatch) -> None:
        """Remember the content of a batch that was just added."""
        self._keep(seq, _content(new.settings, new.plan, new.source))

    def forget(self, seq: int) -> None:
        """Forget a batch that is no more."""
        with self._lock:
            self._drop(seq)

    def _keep(self, seq: int, content: Content) -> Content:
        with self._lock:
            self._drop(seq)
            self._known[seq] = content
            self._partitions += len(content.partitions)
            while self._partitions > _MOST_PARTITIONS and len(self._known) > 1:
                self._drop(next(iter(self._known)))
        return content

    def _drop(self, seq: int) -> None:
        dropped = self._known.pop(seq, None)
        self._partitions -= len(dropped.partitions) if dropped else 0


def _content(settings: BatchSettings, plan: Plan, source: Source | None) -> Content:
    partitions = {partition.number: partition for partition in plan.partitions}
    return Content(settings=settings, plan=plan, source=source, partitions=partitions)
