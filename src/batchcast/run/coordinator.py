"""Takes a batch from PENDING to its end, for a command that waits for it; `dispatcher.py` does so for a server.

PENDING ─► PROCESSING: prepare ─► partitions, largest first, at most max_parallel at once ─► publish ─► COMPLETED
                │ the first failure: siblings killed, waiting ones cancelled, files removed
                └─► ROLLED_BACK, or CANCELLED where a person was faster
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import nullcontext

from batchcast.domain.batch import Batch, BatchState, Event
from batchcast.domain.errors import N_, ConflictError, Message
from batchcast.run.batch_run import BatchRun
from batchcast.run.job import WorkerPool
from batchcast.run.steps import BatchWork, JobMaker, StepLimits, Steps
from batchcast.run.work_keeper import WorkKeeper
from batchcast.store.store import Store

_SECONDS_OF_WAITING = 60  # for an event, until the batch itself is looked at


class BatchNotPending(ConflictError):
    """The batch was started before; submit it again to run it again."""

    slug = "batch-not-pending"


class Coordinator:
    """Runs batches of a store on the workers of a pool; all methods may be called from any thread.

        store.add_batch(batch_id, settings, plan)
        batch = Coordinator(store, pool).run(batch_id, BatchWork(history=history, folder=folder, publish={...}))
        check_completed(batch)

    Or, to show what happens meanwhile:

        running = coordinator.start(batch_id, work)
        for event in follow(store, batch_id):
            show(event)
        batch = running.wait()
    """

    def __init__(
        self, store: Store, pool: WorkerPool, *, steps: Steps | None = None, limits: StepLimits | None = None
    ) -> None:
        self._store = store
        self._pool = pool
        self._steps = steps or Steps()
        self._limits = limits or StepLimits()
        self._lock = threading.Lock()
        self._running: dict[str, BatchRun] = {}

    def start(self, batch_id: str, work: BatchWork) -> BatchRun:
        """Set a PENDING batch off, on a thread of its own; returns at once.

        One that a person has cancelled meanwhile is not an error: it has ended when this returns, or soon after.

        Raises:
            UnknownBatch: if the store has none of that id.
            BatchNotPending: if it was started before.
        """
        batch = self._store.batch(batch_id)
        maker = JobMaker(steps=self._steps, limits=self._limits, settings=batch.settings, plan=batch.plan, work=work)
        keeper = WorkKeeper(self._store, maker, batch_id)
        running = BatchRun(self._store, self._pool, keeper, batch_id, when_ended=self._forget)
        with self._lock:
            if batch_id in self._running or batch.state not in (BatchState.PENDING, BatchState.CANCELLED):
                template = N_(
                    "Batch {batch_id} is {state}, and can't be started again; submit it again to run it again."
                )
                raise BatchNotPending(Message(template, {"batch_id": batch_id, "state": batch.state}))
            self._running[batch_id] = running
        running.start()
        return running

    def run(self, batch_id: str, work: BatchWork) -> Batch:
        """Run a PENDING batch to its end, and return it as it stands then; Ctrl-C cancels it.

        Raises:
            UnknownBatch: if the store has none of that id.
            BatchNotPending: if it was started before.
        """
        running = self.start(batch_id, work)
        try:
            return running.wait()
        except KeyboardInterrupt:
            self.cancel(batch_id)
            return running.wait()

    def cancel(self, batch_id: str) -> bool:
        """Stop a batch; returns at once, and whether it was in time. What is at work is killed within two seconds.

        Raises:
            UnknownBatch: if the store has none of that id.
        """
        with self._lock:
            running = self._running.get(batch_id)
        with running.committing if running else nullcontext():
            won = any(
                self._store.move_batch(batch_id, before, BatchState.CANCELLED)
                for before in (BatchState.PENDING, BatchState.PROCESSING)
            )
        with self._lock:
            running = self._running.get(batch_id)  # it may have started meanwhile
        if won and running:
            running.stop()
        return won

    def _forget(self, batch_id: str) -> None:
        with self._lock:
            del self._running[batch_id]


def follow(store: Store, batch_id: str, after: int = 0) -> Iterator[Event]:
    """Every event of a batch numbered above `after`, as it happens, until the batch has ended.

    Raises:
        UnknownBatch: if the store has none of that id.
    """
    while True:
        events = store.events_after(batch_id, after, wait_seconds=_SECONDS_OF_WAITING)
        yield from events
        after = events[-1].number if events else after
        if (not events or events[-1].kind == "batch") and store.batch(batch_id).state.is_final:
            yield from store.events_after(batch_id, after)
            return
