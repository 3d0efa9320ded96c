"""A batch whose row is locked: it is looked at, changed and written back in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batchcast.domain.batch import BatchResult, BatchState, PartitionRecord, PartitionState
from batchcast.domain.errors import Message
from batchcast.domain.plan import Partition
from batchcast.store.errors import LeaseLost, UnknownBatch
from batchcast.store.life import WITHOUT_ITS_PARTITIONS, incomplete, moved_on, partition_detail
from batchcast.store.records import AttemptEnd, Lease
from batchcast.store.sql import partitions, schema
from batchcast.store.sql.contents import Contents
from batchcast.store.sql.schema import now, to_text, to_time

_b, _p = schema.batch.c, schema.partition.c
_LOCK = (
    sa.select(
        _b.seq,
        _b.state,
        _b.owner,
        _b.fence,
        _b.events,
        _b.total_cells,
        _b.done_cells,
        _b.completed,
        _b.started_at,
        now().label("now"),
    )
    .where(_b.batch_id == sa.bindparam("wanted"))
    .with_for_update(of=schema.batch)
)
_FIRST_INCOMPLETE = (
    sa.select(_p.number, _p.state)
    .where(_p.seq == sa.bindparam("batch"), _p.state != PartitionState.COMPLETED.value)
    .order_by(_p.number)
    .limit(1)
)


class LockedBatch:
    """One batch under its row's lock; nothing is kept before `save`."""

    def __init__(self, connection: Connection, contents: Contents, batch_id: str, lease: Lease | None = None) -> None:
        """Lock the row.

        Raises:
            UnknownBatch: if there is none.
            LeaseLost: if another owner has the batch, or may have.
        """
        row = connection.execute(_LOCK, {"wanted": batch_id}).one_or_none()
        if row is None:
            raise UnknownBatch(batch_id)
        self._connection = connection
        self._contents = contents
        self.batch_id = batch_id
        self.seq: int = row.seq
        self.state = BatchState(row.state)
        self.now: float = row.now
        self._started_at: float | None = row.started_at
        self._last_event: int = row.events
        self._total_cells: int = row.total_cells
        self._done_cells: float = row.done_cells
        self._completed: int = row.completed
        self._changes: dict[str, Any] = {}
        self._told: list[dict[str, Any]] = []
        is_ours = lease is None or (row.fence == lease.fence and (row.owner == lease.owner or self.state.is_final))
        if lease is not None and not is_ours:
            raise LeaseLost(batch_id, lease.owner)

    def partition(self, number: int) -> PartitionRecord:
        """One of its partitions."""
        return partitions.read_record(self._connection, self.seq, self._partitions[number])

    def move(self, after: BatchState, error: Message | None = None, result: BatchResult | None = None) -> None:
        """Move the batch itself, and whatever ends with it."""
        if after is BatchState.COMPLETED:
            self._check_complete()
        if after in WITHOUT_ITS_PARTITIONS:
            self._cancel_unfinished()
        self.state = after
        self.change(state=after.value, error=to_text(error), result=to_text(result))
        if after is BatchState.PROCESSING:
            self.change(started_at=self.now)
        else:
            ended_at = max(self.now, self._started_at or self.now)  # a clock that went back must not end it before
            self.change(ended_at=ended_at, owner=None, lease_until=None)
        self.tell("batch", {"error": error}, state=after)

    def move_partition(self, record: PartitionRecord, after: PartitionState, end: AttemptEnd | None) -> None:
        """Move one partition, open or close its attempt, and tell."""
        if after is PartitionState.PROCESSING:
            moved = replace(record, state=after, attempt=record.attempt + 1, started_at=to_time(self.now))
            partitions.open_attempt(self._connection, self.seq, moved, self._last_event + 1)
        else:
            moved = moved_on(record, after, end)
            if end is not None and record.state is PartitionState.PROCESSING:
                partitions.close_attempt(self._connection, self.seq, record, end)
        partitions.write_records(self._connection, self.seq, [moved], end.checkpoint if end else None)
        self._account(record, moved)
        self.tell(
            "partition", partition_detail(moved, end, self.overall), partition=record.partition.number, state=after
        )

    def note_progress(self, record: PartitionRecord, share: float) -> None:
        """Keep how far a partition is, and tell."""
        moved = replace(record, progress=share)
        partitions.write_records(self._connection, self.seq, [moved])
        self._account(record, moved)
        self.tell("progress", {"progress": share, "overall": self.overall}, partition=record.partition.number)

    def change(self, **columns: Any) -> None:
        """Change columns of its row."""
        self._changes |= columns

    def tell(
        self, kind: str, detail: Mapping[str, object], *, partition: int | None = None, state: str | None = None
    ) -> None:
        """Add an event."""
        self._last_event += 1
        told = {"kind": kind, "partition": partition, "state": None if state is None else str(state)}
        self._told.append(
            told | {"seq": self.seq, "number": self._last_event, "detail": to_text(detail), "at": self.now}
        )

    def save(self) -> None:
        """Write everything down."""
        if self._told:
            self.change(events=self._last_event)
            self._connection.execute(sa.insert(schema.event), self._told)
        self._connection.execute(sa.update(schema.batch).where(_b.seq == self.seq).values(self._changes))

    @property
    def overall(self) -> float:
        """Share of the work done, 0 to 1."""
        return min(self._done_cells / self._total_cells, 1.0) if self._total_cells else 0.0

    @property
    def _partitions(self) -> Mapping[int, Partition]:
        return self._contents.of(self._connection, self.seq).partitions

    def _account(self, before: PartitionRecord, after: PartitionRecord) -> None:
        self._done_cells += before.partition.cells * (after.progress - before.progress)
        if after.state is PartitionState.COMPLETED:
            self._completed += 1
            self.change(memory_deaths=0)
        self.change(done_cells=self._done_cells, completed=self._completed)

    def _cancel_unfinished(self) -> None:
        unfinished = partitions.read_unfinished(self._connection, self.seq, self._partitions)
        cancelled = [moved_on(record, PartitionState.CANCELLED, None) for record in unfinished]
        partitions.write_records(self._connection, self.seq, cancelled)
        for record in cancelled:
            detail = partition_detail(record, None, self.overall)
            self.tell("partition", detail, partition=record.partition.number, state=PartitionState.CANCELLED)

    def _check_complete(self) -> None:
        first = self._connection.execute(_FIRST_INCOMPLETE, {"batch": self.seq}).one_or_none()
        if first is not None:
            raise incomplete(self.batch_id, first.number, first.state)
