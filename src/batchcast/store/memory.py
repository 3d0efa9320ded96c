"""A store that keeps all in the memory of this process: for the library, the command and tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from batchcast.domain.audit import AuditEntry
from batchcast.domain.batch import (
    MOST_A_PAGE,
    Attempt,
    Batch,
    BatchPage,
    BatchQuery,
    BatchResult,
    BatchState,
    Event,
    PartitionRecord,
    PartitionState,
    ResultFile,
    Timing,
)
from batchcast.domain.errors import Message
from batchcast.domain.recipe import PastReading, Recipe
from batchcast.store.errors import BatchExists, BatchNotEnded, KeyTaken, LeaseLost, UnknownBatch
from batchcast.store.life import check_batch_arrow, check_partition_arrow
from batchcast.store.memory_leases import MemoryLeases
from batchcast.store.memory_notes import MemoryNotes
from batchcast.store.memory_page import Page
from batchcast.store.memory_sessions import MemorySessions
from batchcast.store.records import AttemptEnd, Checkpoint, Lease, NewBatch, Submission, folded


class MemoryStore(MemoryLeases, MemorySessions, MemoryNotes):
    """Implements `Store`, which describes the methods; forgets everything when the process ends."""

    def __init__(self) -> None:
        MemoryLeases.__init__(self)
        MemorySessions.__init__(self)
        MemoryNotes.__init__(self)
        self._submitted = 0
        self._submissions: dict[str, Submission] = {}
        self._timings: list[Timing] = []
        self._recipes: dict[str, Recipe] = {}  # the newest last
        self._past_readings: dict[str, PastReading] = {}
        self._audit: list[AuditEntry] = []

    def add_batch(self, new: NewBatch) -> Batch:
        with self._changed:
            self._check_new(new)
            self._add(new)
            return self.batch(new.batch_id)

    def submission(self, idempotency_key: str) -> Submission | None:
        with self._changed:
            return self._submissions.get(idempotency_key)

    def batch(self, batch_id: str) -> Batch:
        with self._changed:
            page = self._page(batch_id)
            return page.batch(self._place(page))

    def batches(self, query: BatchQuery) -> BatchPage:
        with self._changed:
            found = [
                page
                for page in reversed(self._pages.values())
                if (not query.states or page.state in query.states) and folded(query.search) in page.searched
            ]
            shown = found[query.offset : query.offset + min(query.limit, MOST_A_PAGE)]
            return BatchPage(batches=tuple(page.summary(self._place(page)) for page in shown), total=len(found))

    def move_batch(
        self,
        batch_id: str,
        before: BatchState,
        after: BatchState,
        *,
        error: Message | None = None,
        result: BatchResult | None = None,
        lease: Lease | None = None,
    ) -> bool:
        check_batch_arrow(batch_id, before, after)
        with self._changed:
            page = self._page(batch_id, lease)
            if page.state is not before:
                return False
            page.move(after, error, result)
            self._changed.notify_all()
            return True

    def move_partition(
        self,
        batch_id: str,
        number: int,
        before: PartitionState,
        after: PartitionState,
        *,
        end: AttemptEnd | None = None,
        lease: Lease | None = None,
    ) -> bool:
        check_partition_arrow(batch_id, number, before, after)
        with self._changed:
            page = self._page(batch_id, lease)
            record = page.records[number]
            if record.state is not before or page.state is not BatchState.PROCESSING:
                return False
            page.move_partition(record, after, end)
            self._changed.notify_all()
            return True

    def note_progress(self, batch_id: str, number: int, share: float, *, lease: Lease | None = None) -> bool:
        with self._changed:
            page = self._page(batch_id, lease)
            record = page.records[number]
            if record.state is not PartitionState.PROCESSING:
                return False
            page.keep(replace(record, progress=share))
            page.tell("progress", {"progress": share, "overall": page.overall}, partition=number)
            self._changed.notify_all()
            return True

    def note_step(self, batch_id: str, step: str, detail: Mapping[str, object], *, lease: Lease | None = None) -> bool:
        with self._changed:
            page = self._page(batch_id, lease)
            if page.state.is_final:
                return False
            page.tell("step", {"step": step, **detail})
            self._changed.notify_all()
            return True

    def attempts(self, batch_id: str) -> tuple[Attempt, ...]:
        with self._changed:
            return tuple(self._page(batch_id).attempts)

    def events_after(self, batch_id: str, number: int, *, wait_seconds: float = 0) -> tuple[Event, ...]:
        with self._changed:
            page = self._page(batch_id)
            if wait_seconds > 0:
                self._changed.wait_for(lambda: len(page.events) > number or page.state.is_final, wait_seconds)
            return tuple(page.events[max(number, 0) :])

    def latest_events(self, ids: Collection[str]) -> Mapping[str, int]:
        with self._changed:
            return {batch_id: len(self._pages[batch_id].events) for batch_id in ids if batch_id in self._pages}

    def checkpoints(self, keys: Collection[str]) -> Mapping[str, Checkpoint]:
        wanted = frozenset(keys)
        found: dict[str, Checkpoint] = {}
        with self._changed:
            for page in self._pages.values():
                for number, key in page.checkpoints.items():
                    result = page.records[number].result
                    if key in wanted and result is not None:
                        found[key] = Checkpoint(batch_id=page.new.batch_id, result=result)
        return found

    def drop_checkpoint(self, batch_id: str, number: int) -> None:
        with self._changed:
            dropped = self._page(batch_id).checkpoints.get(number)
            for page in self._pages.values():
                page.checkpoints = {other: key for other, key in page.checkpoints.items() if key != dropped}

    def add_file(self, batch_id: str, file: ResultFile) -> ResultFile:
        with self._changed:
            files = self._page(batch_id).files
            for kept in files:
                if (kept.kind, kept.format) == (file.kind, file.format):
                    return kept
            files.append(file)
            return file

    def files(self, batch_id: str) -> tuple[ResultFile, ...]:
        with self._changed:
            return tuple(self._page(batch_id).files)

    def delete_batch(self, batch_id: str) -> None:
        with self._changed:
            page = self._page(batch_id)
            if not page.state.is_final:
                raise BatchNotEnded(batch_id, page.state)
            del self._pages[batch_id]
            if page.new.idempotency_key is not None:
                del self._submissions[page.new.idempotency_key]
            self._looks.pop(batch_id, None)
            self._changed.notify_all()

    def add_timing(self, timing: Timing) -> None:
        with self._changed:
            self._timings.append(timing)

    def timings(self, version: str, limit: int = 50) -> tuple[Timing, ...]:
        with self._changed:
            return tuple(timing for timing in reversed(self._timings) if timing.version == version)[:limit]

    def recipes(self) -> tuple[Recipe, ...]:
        with self._changed:
            return tuple(reversed(self._recipes.values()))

    def keep_recipe(self, recipe: Recipe) -> None:
        with self._changed:
            self._recipes.pop(recipe.name, None)
            self._recipes[recipe.name] = recipe

    def drop_recipe(self, name: str) -> bool:
        with self._changed:
            return self._recipes.pop(name, None) is not None

    def past_reading(self, signature: str) -> PastReading | None:
        with self._changed:
            return self._past_readings.get(signature)

    def keep_past_reading(self, past: PastReading) -> None:
        with self._changed:
            self._past_readings[past.signature] = past

    def add_audit(self, entry: AuditEntry) -> None:
        with self._changed:
            self._audit.append(replace(entry, number=len(self._audit) + 1))

    def audit(self, limit: int, before: int | None = None) -> tuple[AuditEntry, ...]:
        with self._changed:
            return tuple(reversed(self._audit[: None if before is None else max(before - 1, 0)]))[:limit]

    def queue(self) -> tuple[int, int]:
        with self._changed:
            states = [page.state for page in self._pages.values()]
        return states.count(BatchState.PENDING), states.count(BatchState.PROCESSING)

    def ping(self) -> None:
        """Nothing can keep it from being reached."""

    def close(self) -> None:
        """Nothing is open."""

    def _page(self, batch_id: str, lease: Lease | None = None) -> Page:
        try:
            page = self._pages[batch_id]
        except KeyError:
            raise UnknownBatch(batch_id) from None
        page.check_lease(lease)
        return page

    def _place(self, page: Page) -> int | None:
        if page.state is not BatchState.PENDING:
            return None
        queued = (other for other in self._pages.values() if other.state is BatchState.PENDING)
        return sum(other.sequence <= page.sequence for other in queued)

    def _check_new(self, new: NewBatch) -> None:
        if new.batch_id in self._pages:
            raise BatchExists(new.batch_id)
        if new.idempotency_key in self._submissions:
            raise KeyTaken(self._submissions[new.idempotency_key])
        if new.claimed_by is not None and not self._is_claimed(new.batch_id, new.claimed_by):
            raise LeaseLost(new.batch_id, new.claimed_by)

    def _add(self, new: NewBatch) -> None:
        self._submitted += 1
        page = Page(
            new=new,
            sequence=self._submitted,
            now=self._now,
            submitted_at=self._now(),
            records={partition.number: PartitionRecord(partition=partition) for partition in new.plan.partitions},
            total_cells=sum(partition.cells for partition in new.plan.partitions),
        )
        self._pages[new.batch_id] = page
        self._claims.pop(new.batch_id, None)
        if new.idempotency_key is not None:
            submission = Submission(batch_id=new.batch_id, fingerprint=new.fingerprint or "")
            self._submissions[new.idempotency_key] = submission
        page.tell("batch", {}, state=page.state)
