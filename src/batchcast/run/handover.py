"""A batch that changes hands: what its new holder makes of the partitions that its last one had at work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from batchcast.domain.batch import Attempt, Batch, PartitionRecord, PartitionState
from batchcast.domain.message import Message, mark
from batchcast.run.job import Ending
from batchcast.run.keeping import Failed, RunStore, Stopped
from batchcast.store import AttemptEnd, Lease

MOST_LOST = 4  # attempts of one partition that may be lost with the server that made them
MOST_TAKEOVERS = 5  # of one batch
LOST, GIVEN_BACK = "lost", "given-back"  # reasons of attempts that say nothing of the partition itself

_LOST_AGAIN = mark("Partition {partition} crash: The server that worked at it was lost; it is tried again")
_LOST_TOO_OFTEN = mark(
    "Partition {partition} crash: The server that worked at it was lost in each of {attempts} attempts"
)
_TOO_MANY_TAKEOVERS = mark(
    "The batch was given up: {servers} servers were lost one after the other while they worked at it. "
    "Look into their logs and their memory, and submit it again."
)


def take_over(store: RunStore, lease: Lease, batch: Batch) -> None:
    """Put the partitions that were at work back to PENDING.

    Raises:
        Failed: if a partition has failed already, or was lost too often, or the batch was taken over too often.
        Stopped: if somebody else has ended it.
    """
    failed = [record for record in batch.partitions if record.state in (PartitionState.FAILED, PartitionState.TIMEOUT)]
    if failed and failed[0].error:
        raise Failed(failed[0].error)
    if lease.takeovers > MOST_TAKEOVERS:
        raise Failed(Message(_TOO_MANY_TAKEOVERS, {"servers": lease.takeovers}))
    at_work = [record for record in batch.partitions if record.state is PartitionState.PROCESSING]
    lost = count_reason(store.attempts(batch.batch_id) if at_work else (), LOST)
    for record in at_work:
        _put_back(store, batch.batch_id, record, lost[record.partition.number] + 1)


def count_reason(attempts: Iterable[Attempt], reason: str) -> Counter[int]:
    """How many attempts ended for that reason, by partition."""
    return Counter(attempt.partition for attempt in attempts if attempt.reason == reason)


def _put_back(store: RunStore, batch_id: str, record: PartitionRecord, lost: int) -> None:
    number = record.partition.number
    values = {"partition": number, "attempts": lost}
    if lost < MOST_LOST:
        after, reason, error = PartitionState.PENDING, LOST, Message(_LOST_AGAIN, {"partition": number})
    else:
        after, reason, error = PartitionState.FAILED, str(Ending.CRASH), Message(_LOST_TOO_OFTEN, values)
    end = AttemptEnd(seconds=0.0, peak_mb=0.0, reason=reason, error=error)
    if not store.move_partition(batch_id, number, PartitionState.PROCESSING, after, end=end):
        raise Stopped
    if after is PartitionState.FAILED:
        raise Failed(error)
