"""The store as the holder of a lease sees it: changes carry the lease, and an unreachable store is waited for."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from batchcast.domain.batch import Attempt, Batch, BatchResult, BatchState, PartitionState
from batchcast.domain.errors import N_, Message, bounded
from batchcast.run.verdict import Failed, Stopped
from batchcast.store.errors import LeaseLost, StoreUnavailable, UnknownBatch
from batchcast.store.records import AttemptEnd, Checkpoint, Lease
from batchcast.store.store import Store

_PATIENCE_SECONDS = 300  # with a store that can't be reached
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0  # seconds between two tries; each is twice the one before
_Answer = TypeVar("_Answer")


@dataclass(eq=False)
class LeasedStore:
    """What a run asks of the store, and changes there, under one lease; each method is that of `Store`.

    Where a change broke off, so that it is not known whether it happened, and is then refused, the batch is read: as
    long as the lease is ours no other process makes such changes, so if it has the new state, the change was ours.
    A batch that was ended and deleted meanwhile reads as a lease that is lost.
    """

    store: Store
    lease: Lease  # the right to change its batch
    stopping: threading.Event  # once set, an unreachable store is not waited for any more

    def batch(self, batch_id: str) -> Batch:
        return self._patiently(lambda: self.store.batch(batch_id))

    def attempts(self, batch_id: str) -> tuple[Attempt, ...]:
        return self._patiently(lambda: self.store.attempts(batch_id))

    def checkpoints(self, keys: Collection[str]) -> Mapping[str, Checkpoint]:
        return self._patiently(lambda: self.store.checkpoints(keys))

    def drop_checkpoint(self, batch_id: str, number: int) -> None:
        self._patiently(lambda: self.store.drop_checkpoint(batch_id, number))

    def move_batch(
        self,
        batch_id: str,
        before: BatchState,
        after: BatchState,
        *,
        error: Message | None = None,
        result: BatchResult | None = None,
    ) -> bool:
        return self._change(
            lambda: self.store.move_batch(
                batch_id, before, after, error=error and bounded(error), result=result, lease=self.lease
            ),
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
        if end is not None and end.error is not None:
            end = replace(end, error=bounded(end.error))

        def stands_so() -> bool:
            batch = self.batch(batch_id)
            record = next(record for record in batch.partitions if record.partition.number == number)
            return batch.state is BatchState.PROCESSING and record.state is after

        return self._change(
            lambda: self.store.move_partition(batch_id, number, before, after, end=end, lease=self.lease), stands_so
        )

    def note_progress(self, batch_id: str, number: int, share: float) -> bool:
        return self._patiently(lambda: self.store.note_progress(batch_id, number, share, lease=self.lease))

    def note_step(self, batch_id: str, step: str, detail: Mapping[str, object]) -> bool:
        return self._patiently(lambda: self.store.note_step(batch_id, step, detail, lease=self.lease))

    def release(self) -> bool:
        """Give the lease back; False where it is not ours any more."""
        return self._patiently(lambda: self.store.release_batch(self.lease))

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
                raise LeaseLost(self.lease.batch_id, self.lease.owner) from error
            except StoreUnavailable as error:
                if broke_off is not None:
                    broke_off.append(error)
                if time.monotonic() + pause > deadline or self.stopping.wait(pause):
                    raise
                pause = min(2 * pause, _LONGEST_PAUSE)


# A batch that changes hands: what its new holder makes of the partitions that its last one had at work.
#
# The death of a server says nothing of the batch: it was restarted, or its machine was. Only where the machine ran out
# of memory meanwhile may the batch be the cause. The death of a worker is a crash of its job, and counted there.

MOST_MEMORY_DEATHS = 3  # of servers at work on one batch, in a row
LOST, GIVEN_BACK = "lost", "given-back"  # reasons of attempts that say nothing of the partition itself

_LOST_AGAIN = N_("Partition {partition} crash: The server that worked at it was lost; it is tried again")
_TOO_LITTLE_MEMORY = N_(
    "The batch was set aside: the machine ran out of memory {servers} times in a row while a server worked at it, and "
    "the server was ended. Give the machine more memory or the server fewer workers, then run the batch "
    "again."
)


def take_over(store: LeasedStore, lease: Lease, batch: Batch) -> None:
    """Put the partitions that were at work back to PENDING.

    Raises:
        Failed: if a partition has failed already, or memory ran out too often.
        Stopped: if it was ended elsewhere.
    """
    failed = [record for record in batch.partitions if record.state in (PartitionState.FAILED, PartitionState.TIMEOUT)]
    if failed and failed[0].error:
        raise Failed(failed[0].error)
    if lease.memory_deaths > MOST_MEMORY_DEATHS:
        raise Failed(Message(_TOO_LITTLE_MEMORY, {"servers": lease.memory_deaths}))
    for record in batch.partitions:
        if record.state is PartitionState.PROCESSING:
            _put_back(store, batch.batch_id, record.partition.number)


def count_reason(attempts: Iterable[Attempt], reason: str) -> Counter[int]:
    """How many attempts ended for that reason, by partition."""
    return Counter(attempt.partition for attempt in attempts if attempt.reason == reason)


def _put_back(store: LeasedStore, batch_id: str, number: int) -> None:
    end = AttemptEnd(seconds=0.0, peak_mb=0.0, reason=LOST, error=Message(_LOST_AGAIN, {"partition": number}))
    if not store.move_partition(batch_id, number, PartitionState.PROCESSING, PartitionState.PENDING, end=end):
        raise Stopped
