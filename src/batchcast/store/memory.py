"""A store that keeps all in the memory of this process: for the library, the command and tests."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from batchcast.domain.batch import Attempt, Batch, BatchState, Event, PartitionRecord, PartitionState
from batchcast.domain.message import Message
from batchcast.domain.plan import Plan
from batchcast.domain.settings import BatchSettings
from batchcast.store.store import (
    AttemptEnd,
    BatchExists,
    UndrawnArrow,
    UnknownBatch,
    check_batch_arrow,
    check_partition_arrow,
)

_WITHOUT_ITS_PARTITIONS = (BatchState.ROLLED_BACK, BatchState.CANCELLED)


@dataclass(kw_only=True, slots=True)
class _Page:
    """What is known of one batch; changed only under the lock of the store."""

    settings: BatchSettings
    plan: Plan
    records: dict[int, PartitionRecord]
    state: BatchState = BatchState.PENDING
    error: Message | None = None
    attempts: list[Attempt] = field(default_factory=list)
    open_attempts: dict[int, int] = field(default_factory=dict)  # partition -> place in `attempts`
    events: list[Event] = field(default_factory=list)
    total_cells: int = 0
    done_cells: float = 0.0


class MemoryStore:
    """Implements `Store`; forgets everything when the process ends."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._pages: dict[str, _Page] = {}

    def add_batch(self, batch_id: str, settings: BatchSettings, plan: Plan) -> Batch:
        """See `Store.add_batch`."""
        with self._changed:
            if batch_id in self._pages:
                raise BatchExists(batch_id)
            page = _Page(
                settings=settings,
                plan=plan,
                records={partition.number: PartitionRecord(partition=partition) for partition in plan.partitions},
                total_cells=sum(partition.cells for partition in plan.partitions),
            )
            self._pages[batch_id] = page
            self._tell(batch_id, "batch", {}, state=page.state)
            return self.batch(batch_id)

    def batch(self, batch_id: str) -> Batch:
        """See `Store.batch`."""
        with self._changed:
            page = self._page(batch_id)
            return Batch(
                batch_id=batch_id,
                settings=page.settings,
                plan=page.plan,
                state=page.state,
                partitions=tuple(page.records.values()),
                error=page.error,
            )

    def move_batch(self, batch_id: str, before: BatchState, after: BatchState, *, error: Message | None = None) -> bool:
        """See `Store.move_batch`."""
        check_batch_arrow(batch_id, before, after)
        with self._changed:
            page = self._page(batch_id)
            if page.state is not before:
                return False
            if after is BatchState.COMPLETED:
                _check_complete(batch_id, page)
            if after in _WITHOUT_ITS_PARTITIONS:
                self._cancel_unfinished(batch_id, page)
            page.state, page.error = after, error
            self._tell(batch_id, "batch", {"error": error}, state=after)
            return True

    def move_partition(
        self,
        batch_id: str,
        number: int,
        before: PartitionState,
        after: PartitionState,
        *,
        end: AttemptEnd | None = None,
    ) -> bool:
        """See `Store.move_partition`."""
        check_partition_arrow(batch_id, number, before, after)
        with self._changed:
            page = self._page(batch_id)
            record = page.records[number]
            if record.state is not before or page.state is not BatchState.PROCESSING:
                return False
            self._move(batch_id, page, record, after, end)
            return True

    def note_progress(self, batch_id: str, number: int, share: float) -> bool:
        """See `Store.note_progress`."""
        with self._changed:
            page = self._page(batch_id)
            record = page.records[number]
            if record.state is not PartitionState.PROCESSING:
                return False
            overall = _keep(page, replace(record, progress=share))
            self._tell(batch_id, "progress", {"progress": share, "overall": overall}, partition=number)
            return True

    def note_step(self, batch_id: str, step: str, detail: Mapping[str, object]) -> None:
        """See `Store.note_step`."""
        with self._changed:
            self._page(batch_id)
            self._tell(batch_id, "step", {"step": step, **detail})

    def attempts(self, batch_id: str) -> tuple[Attempt, ...]:
        """See `Store.attempts`."""
        with self._changed:
            return tuple(self._page(batch_id).attempts)

    def events_after(self, batch_id: str, number: int, *, wait_seconds: float = 0) -> tuple[Event, ...]:
        """See `Store.events_after`."""
        with self._changed:
            page = self._page(batch_id)
            if wait_seconds > 0:
                self._changed.wait_for(lambda: len(page.events) > number or page.state.is_final, wait_seconds)
            return tuple(page.events[max(number, 0) :])

    def _page(self, batch_id: str) -> _Page:
        try:
            return self._pages[batch_id]
        except KeyError:
            raise UnknownBatch(batch_id) from None

    def _cancel_unfinished(self, batch_id: str, page: _Page) -> None:
        for record in list(page.records.values()):
            if not record.state.is_final:
                self._move(batch_id, page, record, PartitionState.CANCELLED, None)

    def _move(
        self, batch_id: str, page: _Page, record: PartitionRecord, after: PartitionState, end: AttemptEnd | None
    ) -> None:
        number = record.partition.number
        if after is PartitionState.PROCESSING:
            moved = replace(record, state=after, attempt=record.attempt + 1)
            page.open_attempts[number] = len(page.attempts)
            page.attempts.append(Attempt(partition=number, number=moved.attempt))
        else:
            moved = _ended(record, after, end)
            place = page.open_attempts.pop(number, None)
            if place is not None and end is not None:
                page.attempts[place] = replace(
                    page.attempts[place], seconds=end.seconds, peak_mb=end.peak_mb, reason=end.reason, error=end.error
                )
        overall = _keep(page, moved)
        detail = {
            "attempt": moved.attempt,
            "seconds": moved.seconds,
            "peak_mb": end.peak_mb if end else None,
            "reason": moved.reason,
            "error": moved.error,
            "overall": overall,
        }
        self._tell(batch_id, "partition", detail, partition=number, state=after)

    def _tell(
        self,
        batch_id: str,
        kind: str,
        detail: Mapping[str, object],
        *,
        partition: int | None = None,
        state: str | None = None,
    ) -> None:
        events = self._pages[batch_id].events
        event = Event(
            number=len(events) + 1,
            batch_id=batch_id,
            kind=kind,
            partition=partition,
            state=state,
            detail=detail,
        )
        events.append(event)
        self._changed.notify_all()


def _keep(page: _Page, record: PartitionRecord) -> float:
    """Keep a changed record; returns the share of the whole batch that is done."""
    number, cells = record.partition.number, record.partition.cells
    page.done_cells += cells * (record.progress - page.records[number].progress)
    page.records[number] = record
    return min(page.done_cells / page.total_cells, 1.0) if page.total_cells else 0.0


def _ended(record: PartitionRecord, after: PartitionState, end: AttemptEnd | None) -> PartitionRecord:
    progress = {PartitionState.COMPLETED: 1.0, PartitionState.PENDING: 0.0}.get(after, record.progress)
    if end is None:
        return replace(record, state=after, progress=progress)
    return replace(record, state=after, progress=progress, seconds=end.seconds, reason=end.reason, error=end.error)


def _check_complete(batch_id: str, page: _Page) -> None:
    unfinished = [r.partition.number for r in page.records.values() if r.state is not PartitionState.COMPLETED]
    if unfinished:
        what = f"batch {batch_id}, whose partition {unfinished[0]} is {page.records[unfinished[0]].state}"
        raise UndrawnArrow(what, page.state, BatchState.COMPLETED)
