"""What the memory store holds of one batch, and how that changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from batchcast.domain.batch import (
    Attempt,
    Batch,
    BatchResult,
    BatchState,
    BatchSummary,
    Event,
    PartitionRecord,
    PartitionState,
    ResultFile,
)
from batchcast.domain.errors import Message
from batchcast.store.errors import LeaseLost
from batchcast.store.life import WITHOUT_ITS_PARTITIONS, incomplete, moved_on, partition_detail
from batchcast.store.records import AttemptEnd, Lease, NewBatch, searched_text


@dataclass(kw_only=True, slots=True)
class Page:
    """One batch; read and changed only under the lock of its store."""

    new: NewBatch
    sequence: int  # of submission
    now: Callable[[], dt.datetime]
    submitted_at: dt.datetime
    records: dict[int, PartitionRecord]
    state: BatchState = BatchState.PENDING
    error: Message | None = None
    result: BatchResult | None = None
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    attempts: list[Attempt] = field(default_factory=list)
    open_attempts: dict[int, int] = field(default_factory=dict)  # partition -> place in `attempts`
    checkpoints: dict[int, str] = field(default_factory=dict)  # partition -> key
    files: list[ResultFile] = field(default_factory=list)  # made on demand
    events: list[Event] = field(default_factory=list)
    total_cells: int = 0
    done_cells: float = 0.0
    owner: str | None = None
    fence: int = 0
    memory_deaths: int = 0
    lease_until: dt.datetime | None = None  # None: never expires

    def batch(self, place: int | None) -> Batch:
        """The batch as it stands."""
        return Batch(
            batch_id=self.new.batch_id,
            settings=self.new.settings,
            plan=self.new.plan,
            state=self.state,
            partitions=tuple(self.records.values()),
            error=self.error,
            source=self.new.source,
            result=self.result,
            place=place,
            submitted_at=self.submitted_at,
            started_at=self.started_at,
            ended_at=self.ended_at,
            submitted_by=self.new.submitted_by,
            retry_of=self.new.retry_of,
            last_event=len(self.events),
        )

    def summary(self, place: int | None) -> BatchSummary:
        """Its line of the history."""
        plan = self.new.plan
        return BatchSummary(
            batch_id=self.new.batch_id,
            state=self.state,
            file_name=self.file_name,
            rows=plan.rows,
            sites=plan.sites,
            parts=plan.parts,
            series=plan.series,
            partitions=len(self.records),
            completed=sum(record.state is PartitionState.COMPLETED for record in self.records.values()),
            progress=self.overall,
            place=place,
            estimate_seconds=plan.estimate_seconds,
            error=self.error,
            submitted_at=self.submitted_at,
            started_at=self.started_at,
            ended_at=self.ended_at,
            submitted_by=self.new.submitted_by,
            retry_of=self.new.retry_of,
        )

    @property
    def file_name(self) -> str | None:
        """Of the file it was made of, where there is one."""
        return self.new.source.file_name if self.new.source else None

    @property
    def searched(self) -> str:
        """What a search of the history looks through."""
        return searched_text(self.file_name, self.new.batch_id)

    @property
    def overall(self) -> float:
        """Share of the work done, 0 to 1."""
        return min(self.done_cells / self.total_cells, 1.0) if self.total_cells else 0.0

    def check_lease(self, lease: Lease | None) -> None:
        """Raise LeaseLost where another owner has the batch, or may have."""
        if lease is None:
            return
        is_ours = self.fence == lease.fence and (self.owner == lease.owner or self.state.is_final)
        if not is_ours:
            raise LeaseLost(self.new.batch_id, lease.owner)

    def move(self, after: BatchState, error: Message | None = None, result: BatchResult | None = None) -> None:
        """Move the batch itself, and whatever ends with it."""
        if after is BatchState.COMPLETED:
            self._check_complete()
        if after in WITHOUT_ITS_PARTITIONS:
            for record in list(self.records.values()):
                if not record.state.is_final:
                    self.move_partition(record, PartitionState.CANCELLED, None)
        self.state, self.error, self.result = after, error, result
        if after is BatchState.PROCESSING:
            self.started_at = self.now()
        else:
            self.ended_at = max(self.now(), self.started_at or self.now())  # the clock may have gone back
            self.owner = self.lease_until = None
        self.tell("batch", {"error": error}, state=after)

    def move_partition(self, record: PartitionRecord, after: PartitionState, end: AttemptEnd | None) -> None:
        """Move one partition, open or close its attempt, and tell."""
        number = record.partition.number
        if after is PartitionState.PROCESSING:
            moved = replace(record, state=after, attempt=record.attempt + 1, started_at=self.now())
            self.open_attempts[number] = len(self.attempts)
            self.attempts.append(Attempt(partition=number, number=moved.attempt))
        else:
            moved = moved_on(record, after, end)
            self._close_attempt(number, end)
        if end is not None and end.checkpoint is not None:
            self.checkpoints[number] = end.checkpoint
        if after is PartitionState.COMPLETED:
            self.memory_deaths = 0
        self.keep(moved)
        detail = partition_detail(moved, end, self.overall)
        self.tell("partition", detail, partition=number, state=after)

    def keep(self, record: PartitionRecord) -> None:
        """Keep a changed record."""
        number, cells = record.partition.number, record.partition.cells
        self.done_cells += cells * (record.progress - self.records[number].progress)
        self.records[number] = record

    def tell(
        self, kind: str, detail: Mapping[str, object], *, partition: int | None = None, state: str | None = None
    ) -> None:
        """Add an event."""
        event = Event(
            number=len(self.events) + 1,
            batch_id=self.new.batch_id,
            kind=kind,
            partition=partition,
            state=state,
            detail=detail,
            at=self.now(),
        )
        self.events.append(event)

    def _close_attempt(self, number: int, end: AttemptEnd | None) -> None:
        place = self.open_attempts.pop(number, None)
        if place is not None and end is not None:
            self.attempts[place] = replace(
                self.attempts[place], seconds=end.seconds, peak_mb=end.peak_mb, reason=end.reason, error=end.error
            )

    def _check_complete(self) -> None:
        for number, record in self.records.items():
            if record.state is not PartitionState.COMPLETED:
                raise incomplete(self.new.batch_id, number, record.state)
