"""One batch of this process alone: the dispatcher of a server, over a memory store and a scratch folder.

A command runs its batch so, and so does the batch that measures the pace of a machine. Nothing of it outlives the
process but what the destination has put in its place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any

from batchcast.domain.batch import Batch, BatchState, ResultFile, Source, Timing
from batchcast.domain.errors import BatchcastError
from batchcast.domain.plan import Plan
from batchcast.domain.settings import BatchSettings
from batchcast.run.dispatcher import Dispatcher
from batchcast.run.job import WorkerPool
from batchcast.run.process_tree import new_owner
from batchcast.run.steps import StepLimits, Steps
from batchcast.run.verdict import Failed, Stopped, publishing_problem
from batchcast.store.artifacts.artifacts import Artifacts
from batchcast.store.artifacts.folder import ScratchFolder
from batchcast.store.memory import MemoryStore
from batchcast.store.records import NewBatch

_SECONDS_TO_STOP = 60  # for the jobs of a batch that has ended to be gone


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """How the result of a batch is put in its place outside the scratch folder."""

    arguments: Mapping[str, Any]  # what the publishing step is told, as domain values
    # Called with what the publishing step returned: the last act before COMPLETED. If it raises, the batch is rolled
    # back.
    commit: Callable[[Mapping[str, Any]], None]
    discard: Callable[[], None] = lambda: None  # removes what a killed publishing step left outside the scratch folder


@dataclass(eq=False)
class OneBatch:
    """Runs one batch to its end; all methods may be called from any thread.

    batch = OneBatch("id", pool, folder, placement)
    batch.start(settings, plan, source)
    check_completed(batch.wait())
    """

    batch_id: str
    pool: WorkerPool  # does the work
    folder: Path  # scratch space for this batch alone; the caller removes it
    placement: Placement | None = None  # where the result goes; None: it stays in `artifacts`
    _: KW_ONLY
    steps: Steps = field(default_factory=Steps)  # functions of the steps of a batch
    limits: StepLimits = field(default_factory=StepLimits)  # what they may take
    shared: Artifacts | None = None  # where a wide pool finds files; None: they stay in `folder`
    timing: Timing | None = field(init=False, default=None)  # of the batch, once it is COMPLETED

    def __post_init__(self) -> None:
        self.store = MemoryStore()  # remembers the batch; its events tell how far it is
        # Source of the batch, and results of its partitions.
        self.artifacts: Artifacts = self.shared or ScratchFolder(self.folder / "artifacts")
        self._placing = threading.Lock()  # held while the result is put in its place: a cancel waits, and is too late
        self._ended = threading.Event()
        self._dispatcher = Dispatcher(
            self.store,
            self.pool,
            self.artifacts,
            owner=new_owner(),
            folder=self.folder,
            lease_seconds=None,
            destination=_PlaceOutside(self, self.placement, self._placing) if self.placement else None,
            has_checkpoints=False,
            steps=self.steps,
            limits=self.limits,
            on_ended=self._note_end,
        )

    def start(self, settings: BatchSettings, plan: Plan, source: Source) -> None:
        """Set the batch off; returns at once. The files of `source` are in `artifacts`."""
        self.store.add_batch(NewBatch(self.batch_id, settings, plan, source=source))
        self._dispatcher.start()

    def wait(self, timeout_seconds: float | None = None) -> Batch:
        """The batch when it has ended, and none of its jobs is at work any more.

        Raises:
            TimeoutError: if it has not ended after `timeout_seconds`.
        """
        if not self._ended.wait(timeout_seconds):
            raise TimeoutError(f"batch {self.batch_id} has not ended after {timeout_seconds} s")
        self._dispatcher.stop(_SECONDS_TO_STOP)
        return self.store.batch(self.batch_id)

    def cancel(self) -> bool:
        """Stop the batch; returns whether it was in time. Its jobs are killed within two seconds."""
        with self._placing:
            return self._dispatcher.cancel(self.batch_id)

    def _note_end(self, batch: Batch, timing: Timing | None) -> None:
        self.timing = timing
        self._ended.set()


class _PlaceOutside:
    """Implements `Destination` for a result that is seen as soon as it is in its place."""

    def __init__(self, one: OneBatch, placement: Placement, lock: threading.Lock) -> None:
        self._one = one
        self._placement = placement
        self._lock = lock

    def arguments(self, folder: Path) -> Mapping[str, Any]:
        """See `Destination.arguments`."""
        return self._placement.arguments

    @contextmanager
    def placing(self, published: Mapping[str, Any]) -> Iterator[tuple[ResultFile, ...]]:
        """See `Destination.placing`."""
        with self._lock:
            if self._one.store.batch(self._one.batch_id).state is not BatchState.PROCESSING:
                raise Stopped
            try:
                self._placement.commit(published)
            except (BatchcastError, OSError) as error:
                raise Failed(publishing_problem(error)) from error
            yield ()

    def discard(self) -> None:
        """See `Destination.discard`."""
        self._placement.discard()
