"""What a change of state does to a batch and its partitions: the same in every store. Pure."""

from __future__ import annotations

from dataclasses import replace

from batchcast.domain.batch import BATCH_ARROWS, PARTITION_ARROWS, BatchState, PartitionRecord, PartitionState
from batchcast.store.errors import UndrawnArrow
from batchcast.store.records import AttemptEnd

WITHOUT_ITS_PARTITIONS = (BatchState.ROLLED_BACK, BatchState.CANCELLED)  # ends that cancel what is unfinished


def check_batch_arrow(batch_id: str, before: BatchState, after: BatchState) -> None:
    """Raise UndrawnArrow unless a batch may move so."""
    if after not in BATCH_ARROWS[before]:
        raise UndrawnArrow(f"batch {batch_id}", before, after)


def check_partition_arrow(batch_id: str, number: int, before: PartitionState, after: PartitionState) -> None:
    """Raise UndrawnArrow unless a partition may move so."""
    if after not in PARTITION_ARROWS[before]:
        raise UndrawnArrow(f"partition {number} of batch {batch_id}", before, after)


def incomplete(batch_id: str, number: int, state: str) -> UndrawnArrow:
    """The refusal to complete a batch at work before this partition is."""
    what = f"batch {batch_id}, whose partition {number} is {state}"
    return UndrawnArrow(what, BatchState.PROCESSING, BatchState.COMPLETED)


def moved_on(record: PartitionRecord, after: PartitionState, end: AttemptEnd | None) -> PartitionRecord:
    """A partition that was moved anywhere but to PROCESSING."""
    progress = {PartitionState.COMPLETED: 1.0, PartitionState.PENDING: 0.0}.get(after, record.progress)
    moved = replace(record, state=after, progress=progress)
    if end is None:
        return moved
    return replace(
        moved, seconds=end.seconds, reason=end.reason, error=end.error, result=end.result, reused_from=end.reused_from
    )


def partition_detail(record: PartitionRecord, end: AttemptEnd | None, overall: float) -> dict[str, object]:
    """What the event of a moved partition tells; `overall` is the share of the whole batch that is done."""
    detail: dict[str, object] = {
        "attempt": record.attempt,
        "seconds": record.seconds,
        "peak_mb": end.peak_mb if end else None,
        "reason": record.reason,
        "error": record.error,
        "overall": overall,
    }
    return detail | ({"reused_from": record.reused_from} if record.reused_from else {})
