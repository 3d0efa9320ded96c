"""What becomes of the results of a batch while it runs: the difference between a command and a server.

`BatchRun` carries a batch on; its keeper says where it stands at the beginning, keeps what its partitions give, and
puts the result in its place. `work_keeper.py`: for a command, which sees to one batch and then ends.
`artifact_keeper.py`: for a server, where another may carry the batch on from what was kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from batchcast.domain.batch import Attempt, Batch, BatchState, PartitionState
from batchcast.domain.errors import Message
from batchcast.domain.plan import Partition
from batchcast.run.job import Outcome
from batchcast.run.steps import JobMaker
from batchcast.store.records import AttemptEnd


class Failed(Exception):
    """A step or partition failed, and the batch with it."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(str(message))


class Stopped(Exception):
    """The batch is not ours to carry on: cancelled, taken over, or given back."""


class RunStore(Protocol):
    """What a run asks of the store, and changes there; every `Store` can do it. See there."""

    def batch(self, batch_id: str) -> Batch:
        """See `Store.batch`."""

    def attempts(self, batch_id: str) -> tuple[Attempt, ...]:
        """See `Store.attempts`."""

    def move_batch(self, batch_id: str, before: BatchState, after: BatchState, *, error: Message | None = None) -> bool:
        """See `Store.move_batch`."""

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

    def note_progress(self, batch_id: str, number: int, share: float) -> bool:
        """See `Store.note_progress`."""

    def note_step(self, batch_id: str, step: str, detail: Mapping[str, object]) -> object:
        """See `Store.note_step`."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a batch stands as its run begins."""

    maker: JobMaker
    priority: int = 0  # of its jobs in the pool; lower goes first
    attempts: Mapping[int, int] = field(default_factory=dict)  # tries started so far, by partition
    crashes: Mapping[int, int] = field(default_factory=dict)  # of those, the ones whose worker crashed
    completed: Collection[int] = ()  # partitions that are done already


class Keeper(Protocol):
    """Keeps what a batch gives; all methods are for the thread of its run."""

    def begin(self) -> Standing:
        """Where the batch stands.

        Raises:
            Stopped: if it is not ours to run.
            Failed: if it can't be carried on.
        """

    def take_checkpoints(self, prepared: object, partitions: Sequence[Partition]) -> Collection[int]:
        """Complete the partitions whose results are there already; returns their numbers.

        Args:
            prepared: what the preparation step returned.
            partitions: those that are still to be done.
        """

    def complete(self, partition: Partition, attempt: int, outcome: Outcome) -> bool:
        """Keep what an attempt gave, and move its partition to COMPLETED; False where somebody else was faster.

        Raises:
            ArtifactsUnavailable: if it can't be kept.
        """

    def discard(self, partition: Partition, attempt: int) -> None:
        """Remove what an attempt that failed has written, before anything is told: the disk may be full of it."""

    def folders(self) -> list[Path]:
        """Where the results of all partitions can be read, in the order of the plan.

        Raises:
            Failed: if one is no longer there.
        """

    def commit(self, published: object) -> None:
        """Put what the publish step returned in its place, and move the batch to COMPLETED.

        Raises:
            Stopped: if the batch has ended otherwise; then nothing is in its place.
            Failed: if it can't be put there.
        """

    def tidy(self) -> None:
        """Remove what a COMPLETED batch needs no more."""

    def remove_files(self) -> None:
        """Remove what was written on the way; the jobs are over."""

    def let_go(self, at_work: Sequence[int]) -> None:
        """Say goodbye to a batch that was stopped, with the numbers of the partitions that were at work."""
