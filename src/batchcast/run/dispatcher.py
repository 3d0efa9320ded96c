"""Takes queued batches from the store, in order, and runs them on the workers of a server.

    wake ─► claim, while a worker is idle ─► BatchRun, on a thread of its own ─► COMPLETED | ROLLED_BACK | CANCELLED
             renew the leases, a third of their time each                └─► given back, or lost to another server
             look whether they are still ours, twice a second
             let the batches of dead processes of this machine go on at once

Several dispatchers, in as many processes and on as many machines, share the queue of one store. Each claim has an owner
of its own: where a claim breaks off, so that it is not known whether it was made, its lease expires unrenewed.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from pathlib import Path

from batchcast.domain.batch import Batch, BatchState, Timing
from batchcast.domain.crash_points import CrashPoint, reach
from batchcast.run.batch_run import BatchRun, workers_for
from batchcast.run.job import WorkerPool
from batchcast.run.leased_store import LeasedStore
from batchcast.run.process_tree import free_what_dead_owners_hold
from batchcast.run.result_sink import ArtifactDestination, Destination, ResultSink
from batchcast.run.steps import StepLimits, Steps, timing_of
from batchcast.store.artifacts.artifacts import Artifacts
from batchcast.store.errors import StoreUnavailable, UnknownBatch
from batchcast.store.records import Lease
from batchcast.store.store import Store

SECONDS_BETWEEN_LOOKS = 0.5  # at the queue, and at whether a batch at work is still ours
_SECONDS_BETWEEN_SEARCHES = 2.0  # for owners that are dead
_RENEWALS = 3  # of a lease within its time
OnEnded = Callable[[Batch, Timing | None], None]
_log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class _AtWork:
    """A batch at work here."""

    lease: Lease
    run: BatchRun
    was_alone: bool  # what it took says something of the next batch


@dataclass(eq=False)
class Dispatcher:
    """Runs the batches of a store on the workers of a pool; all methods may be called from any thread.

    Stop it before its pool is closed.
    """

    store: Store  # whose queue it takes batches from
    pool: WorkerPool  # does the work; no more batches are at work at once than it has workers
    artifacts: Artifacts  # where files are kept
    _: KW_ONLY
    owner: str  # name of this process, by `new_owner`; its claims on artifacts are renewed here too
    folder: Path  # scratch space on a local disk, for this dispatcher alone
    # How long after the last renewal a batch may be taken over; None: never, for a store that no other process shares.
    lease_seconds: float | None = 15
    destination: Destination | None = None  # where the published files of every batch go; None: to the artifacts
    has_checkpoints: bool = True  # results of partitions are kept for later batches, and taken from earlier ones
    steps: Steps = field(default_factory=Steps)
    limits: StepLimits = field(default_factory=StepLimits)
    on_ended: OnEnded | None = None  # called with each batch that has ended here, and its timing where it is typical

    def __post_init__(self) -> None:
        self._claims = itertools.count(1)
        self._lock = threading.Lock()
        self._at_work: dict[str, _AtWork] = {}  # by the owner of the lease: a batch can be back before it is gone
        self._all_ended = threading.Condition(self._lock)
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._trouble: Exception | None = None
        self._next_renewal = self._next_search = 0.0
        self._thread = threading.Thread(target=self._work, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Take batches from now on; what dead processes of this machine held is free when this returns."""
        try:
            free_what_dead_owners_hold(self.store)  # now: a sweep that comes next finds their files without a claim
        except StoreUnavailable as error:
            self._note_trouble(error)
        self._thread.start()

    def wake(self) -> None:
        """A batch was submitted: look now."""
        self._woken.set()

    def is_healthy(self) -> bool:
        """It is at work, and the store answers."""
        return self._thread.is_alive() and self._trouble is None

    def at_work(self) -> tuple[str, ...]:
        """Ids of the batches at work here, in the order they were taken."""
        with self._lock:
            return tuple(one.lease.batch_id for one in self._at_work.values())

    def worker_memory_mb(self) -> float:
        """Resident memory of all workers, in MB of 2**20 bytes."""
        return self.pool.megabytes()

    def cancel(self, batch_id: str) -> bool:
        """Stop a batch, wherever it is at work; returns at once, and whether it was in time.

        What is at work here is killed at once; another server notices within a second.

        Raises:
            UnknownBatch: if the store has none of that id.
            StoreUnavailable: if it can't be asked.
        """
        was_waiting = self.store.move_batch(batch_id, BatchState.PENDING, BatchState.CANCELLED)
        if not was_waiting and not self.store.move_batch(batch_id, BatchState.PROCESSING, BatchState.CANCELLED):
            return False
        reach(CrashPoint.BATCH_CANCELLED)
        with self._lock:
            at_work = [one for one in self._at_work.values() if one.lease.batch_id == batch_id]
        for one in at_work:
            one.run.stop()
        if was_waiting and not at_work:
            self._tell(self.store.batch(batch_id), None)
        return True

    def stop(self, grace_seconds: float) -> None:
        """Take no more, kill the jobs at work, and give their batches back; returns when that is done, or time is up.

        A batch that is about to be completed may still be; what could not be given back in time expires.
        """
        deadline = time.monotonic() + grace_seconds
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(grace_seconds)
        with self._all_ended:
            for running in self._at_work.values():
                running.run.stop()
            if not self._all_ended.wait_for(lambda: not self._at_work, max(deadline - time.monotonic(), 0.0)):
                late = ", ".join(one.lease.batch_id for one in self._at_work.values())
                _log.warning("not given back within %g s: batches %s", grace_seconds, late)

    # The thread

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
                self._trouble = None
            except Exception as error:  # noqa: BLE001 the queue must go on; `is_healthy` tells, and the log
                self._note_trouble(error)
            self._woken.wait(SECONDS_BETWEEN_LOOKS)
            self._woken.clear()

    def _note_trouble(self, error: Exception) -> None:
        if isinstance(error, StoreUnavailable):
            if self._trouble is None:  # once, not twice a second
                _log.warning("the queue is not looked at for now: %s", error)
        else:
            _log.error("the queue could not be looked at", exc_info=error)
        self._trouble = error

    def _look(self) -> None:
        now = time.monotonic()
        if now >= self._next_search:
            free_what_dead_owners_hold(self.store)
            self._next_search = now + _SECONDS_BETWEEN_SEARCHES
        is_due = self.lease_seconds is not None and now >= self._next_renewal
        self._keep_what_is_ours(is_due=is_due)
        if is_due and self.lease_seconds is not None:
            self._next_renewal = now + self.lease_seconds / _RENEWALS
        while not self._stopping.is_set() and self._has_idle_worker() and self._take_next():
            pass

    def _keep_what_is_ours(self, *, is_due: bool) -> None:
        if is_due:
            self.store.renew_leases(self.owner, self.lease_seconds)  # claims on artifacts
        with self._lock:
            at_work = list(self._at_work.values())
        for one in at_work:
            owner, batch_id = one.lease.owner, one.lease.batch_id
            leased = self.store.renew_leases(owner, self.lease_seconds) if is_due else self.store.leased_by(owner)
            if batch_id not in leased:  # cancelled, or another server has it
                one.run.stop()

    def _has_idle_worker(self) -> bool:
        with self._lock:
            starting = sum(not one.run.has_submitted for one in self._at_work.values())
            return len(self._at_work) < self.pool.size and self.pool.idle > starting

    def _take_next(self) -> bool:
        lease = self.store.claim_batch(f"{self.owner}.{next(self._claims)}", self.lease_seconds)
        if lease is None:
            return False
        if self._stopping.is_set():
            self.store.release_batch(lease)
            return False
        try:
            self._set_off(lease)
        except Exception:  # such as a system that has no further thread: the batch waits for a better moment
            with self._lock:
                self._at_work.pop(lease.owner, None)
            self.store.release_batch(lease)
            raise
        return True

    def _set_off(self, lease: Lease) -> None:
        reach(CrashPoint.BATCH_CLAIMED)
        _log.info("batch %s is taken, fence %d", lease.batch_id, lease.fence)
        one = self._make_run(lease)
        with self._lock:
            for other in self._at_work.values():
                other.was_alone = one.was_alone = False
            self._at_work[lease.owner] = one
        one.run.start()

    def _make_run(self, lease: Lease) -> _AtWork:
        stopping = threading.Event()
        store = LeasedStore(self.store, lease, stopping)
        folder = self.folder / f"{lease.batch_id}-{lease.fence}"
        sink = ResultSink(
            store=store,
            artifacts=self.artifacts,
            lease=lease,
            folder=folder,
            stopping=stopping,
            destination=self.destination or ArtifactDestination(self.artifacts, lease, stopping),
            has_checkpoints=self.has_checkpoints,
            is_wide=self.pool.is_wide,
            steps=self.steps,
            limits=self.limits,
        )
        run = BatchRun(store, self.pool, sink, lease.batch_id, partial(self._end, lease), stopping)
        return _AtWork(lease=lease, run=run, was_alone=not lease.is_takeover)

    # The end of a batch, on its own thread

    def _end(self, lease: Lease) -> None:
        owner, batch_id = lease.owner, lease.batch_id
        with self._lock:
            one = self._at_work[owner]
        try:
            batch = self.store.batch(batch_id)
            if batch.state.is_final:
                workers = workers_for(batch.settings, self.pool)
                self._tell(
                    batch, timing_of(batch, one.run.seconds, workers) if one.was_alone and one.run.has_learned else None
                )
        except (StoreUnavailable, UnknownBatch) as error:  # or it was deleted at once
            _log.warning("batch %s: how it ended is not known here: %s", batch_id, error)
        finally:
            with self._all_ended:
                del self._at_work[owner]
                self._all_ended.notify_all()
            self._woken.set()

    def _tell(self, batch: Batch, timing: Timing | None) -> None:
        if self.on_ended is None:
            return
        try:
            self.on_ended(batch, timing)
        except Exception:  # noqa: BLE001 the batch has ended whatever its listener makes of it
            _log.exception("batch %s: its end could not be told", batch.batch_id)
