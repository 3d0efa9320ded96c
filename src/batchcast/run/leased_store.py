"""The store as the holder of a lease sees it: changes carry the lease, and an unreachable store is waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from batchcast.domain.batch import Attempt, Batch, BatchResult, BatchState, PartitionState
from batchcast.domain.errors import Message
from batchcast.store.errors import LeaseLost, StoreUnavailable, UnknownBatch
from batchcast.store.records import AttemptEnd, Checkpoint, Lease
from batchcast.store.store import Store

_PATIENCE_SECONDS = 300  # with a store that can't be reached
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0  # seconds between two tries; each is twice the one before
_Answer = TypeVar("_Answer")


class LeasedStore:
    """What a run asks of the store, and changes there, under one lease; each method is that of `Store`.

    Where a change broke off, so that it is not known whether it happened, and is then refused, the batch is read: as
    long as the lease is ours no other process makes such changes, so if it has the new state, the change was ours.
    A batch that was ended and deleted meanwhile reads as a lease that is lost.

    Args:
        store: the store itself.
        lease: the right to change its batch.
        stopping: once set, an unreachable store is not waited for any more.
    """

    def __init__(self, store: Store, lease: Lease, stopping: threading.Event) -> None:
        self._store = store
        self._lease = lease
        self._stopping = stopping

    def batch(self, batch_id: str) -> Batch:
        """See `Store.batch`."""
        return self._patiently(lambda: self._store.batch(batch_id))

    def attempts(self, batch_id: str) -> tuple[Attempt, ...]:
        """See `Store.attempts`."""
        return self._patiently(lambda: self._store.attempts(batch_id))

    def checkpoints(self, keys: Collection[str]) -> Mapping[str, Checkpoint]:
        """See `Store.checkpoints`."""
        return self._patiently(lambda: self._store.checkpoints(keys))

    def move_batch(
        self,
        batch_id: str,
        before: BatchState,
        after: BatchState,
        *,
        error: Message | None = None,
        result: BatchResult | None = None,
    ) -> bool:
        """See `Store.move_batch`."""
        return self._change(
            lambda: self._store.move_batch(batch_id, before, after, error=error, result=result, lease=self._lease),
            lambda: self.batch(batch_id).state is after,
        )

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

        def stands_so() -> bool:
            batch = self.batch(batch_id)
            record = next(record for record in batch.partitions if record.partition.number == number)
            return batch.state is BatchState.PROCESSING and record.state is after

        return self._change(
            lambda: self._store.move_partition(batch_id, number, before, after, end=end, lease=self._lease), stands_so
        )

    def note_progress(self, batch_id: str, number: int, share: float) -> bool:
        """See `Store.note_progress`."""
        return self._patiently(lambda: self._store.note_progress(batch_id, number, share, lease=self._lease))

    def note_step(self, batch_id: str, step: str, detail: Mapping[str, object]) -> bool:
        """See `Store.note_step`."""
        return self._patiently(lambda: self._store.note_step(batch_id, step, detail, lease=self._lease))

    def release(self) -> bool:
        """Give the lease back; False where it is not ours any more."""
        return self._patiently(lambda: self._store.release_batch(self._lease))

    def _change(self, change: Callable[[], bool], stands_so: Callable[[], bool]) -> bool:
        broke_off: list[StoreUnavailable] = []
        try:
            return self._patiently(change, broke_off) or (bool(broke_off) and stands_so())
        except LeaseLost:
            if broke_off and stands_so():  # and was taken from us only afterwards
                return True
            raise

    def _patiently(self, ask: Callable[[], _Answer], broke_off: list[StoreUnavailable] | None = None) -> _Answer:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        pause = _FIRST_PAUSE
        while True:
            try:
                return ask()
            except UnknownBatch as error:
                raise LeaseLost(self._lease.batch_id, self._lease.owner) from error
            except StoreUnavailable as error:
                if broke_off is not None:
                    broke_off.append(error)
                if time.monotonic() + pause > deadline or self._stopping.wait(pause):
                    raise
                pause = min(2 * pause, _LONGEST_PAUSE)
