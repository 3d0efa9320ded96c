"""What every store can do, whatever it keeps its memory in; `tests/integration/store` runs over each of them.

A state changes only by a conditional update along an arrow drawn in `domain.batch`: of several that race for one
state exactly one is told True. All methods may be called from any thread; each is one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from batchcast.domain.batch import (
    BATCH_ARROWS,
    PARTITION_ARROWS,
    Attempt,
    Batch,
    BatchState,
    Event,
    PartitionState,
)
from batchcast.domain.errors import BatchcastError, ConflictError, InternalError
from batchcast.domain.message import Message, mark
from batchcast.domain.plan import Plan
from batchcast.domain.settings import BatchSettings


class UnknownBatch(BatchcastError):
    """There is no batch of that id; look it up in the history."""

    slug = "unknown-batch"

    def __init__(self, batch_id: str) -> None:
        super().__init__(Message(mark("There is no batch {batch_id}."), {"batch_id": batch_id}))


class BatchExists(ConflictError):
    """A batch of that id is remembered already; choose another id."""

    slug = "batch-exists"

    def __init__(self, batch_id: str) -> None:
        super().__init__(Message(mark("There is a batch {batch_id} already."), {"batch_id": batch_id}))


class UndrawnArrow(InternalError):
    """A change of state that is not drawn in `domain.batch` was asked for; send us the message."""

    slug = "undrawn-arrow"

    def __init__(self, what: str, before: str, after: str) -> None:
        template = mark("No arrow leads from {before} to {after} for {what}.")
        super().__init__(Message(template, {"what": what, "before": before, "after": after}))


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptEnd:
    """How one try of a partition ended, to be kept with its change of state."""

    seconds: float
    peak_mb: float
    reason: str | None = None  # code of how it failed
    error: Message | None = None


class Store(Protocol):
    """Remembers batches."""

    def add_batch(self, batch_id: str, settings: BatchSettings, plan: Plan) -> Batch:
        """Remember a new PENDING batch with its PENDING partitions, all or nothing; event: batch.

        Raises:
            BatchExists: if the id is taken.
        """

    def batch(self, batch_id: str) -> Batch:
        """The batch as it stands, partitions in the order of the plan.

        Raises:
            UnknownBatch: if there is none.
        """

    def move_batch(self, batch_id: str, before: BatchState, after: BatchState, *, error: Message | None = None) -> bool:
        """Move a batch along an arrow if it still stands at `before`; False where another was faster. Event: batch.

        Where the batch ends without its unfinished partitions, these become CANCELLED in the same step, an event each.

        Raises:
            UnknownBatch: if there is none.
            UndrawnArrow: if no such arrow is drawn, or COMPLETED is asked for before all partitions are.
        """

    def move_partition(
        self,
        batch_id: str,
        number: int,
        before: PartitionState,
        after: PartitionState,
        *,
        end: AttemptEnd | None = None,
    ) -> bool:
        """Move a partition along an arrow if it still stands at `before`; False where another was faster.

        Moving to PROCESSING opens its next attempt; moving on from there closes it with `end`. False as well where the
        batch is not PROCESSING. Event: partition.

        Raises:
            UnknownBatch: if there is none.
            UndrawnArrow: if no such arrow is drawn.
        """

    def note_progress(self, batch_id: str, number: int, share: float) -> bool:
        """Keep how far a partition at work is, 0 to 1; False, and nothing kept, where it is not. Event: progress.

        Raises:
            UnknownBatch: if there is none.
        """

    def note_step(self, batch_id: str, step: str, detail: Mapping[str, object]) -> None:
        """Tell those who follow the batch of a step that is no change of state. Event: step.

        Raises:
            UnknownBatch: if there is none.
        """

    def attempts(self, batch_id: str) -> tuple[Attempt, ...]:
        """Every try of every partition, in the order they were started.

        Raises:
            UnknownBatch: if there is none.
        """

    def events_after(self, batch_id: str, number: int, *, wait_seconds: float = 0) -> tuple[Event, ...]:
        """The events of a batch with a higher number, in order; waits for the first where there is none yet.

        Empty where none came in `wait_seconds`, and at once where the batch has ended: no more will come.

        Raises:
            UnknownBatch: if there is none.
        """


def check_batch_arrow(batch_id: str, before: BatchState, after: BatchState) -> None:
    """Raise UndrawnArrow unless a batch may move so."""
    if after not in BATCH_ARROWS[before]:
        raise UndrawnArrow(f"batch {batch_id}", before, after)


def check_partition_arrow(batch_id: str, number: int, before: PartitionState, after: PartitionState) -> None:
    """Raise UndrawnArrow unless a partition may move so."""
    if after not in PARTITION_ARROWS[before]:
        raise UndrawnArrow(f"partition {number} of batch {batch_id}", before, after)
