"""Workers on this machine: processes started fresh, kept warm between jobs, and killed where a job breaks its limits.

LocalPool ── queue ──► Slot (a thread) ──► WorkerProcess (its worker, replaced when killed or grown)
                            └── Supervision of the job at work
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from bisect import insort
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from batchcast.run.job import Ending, Inbox, Job, Outcome, Progress
from batchcast.run.process_tree import MARK, new_pool_mark
from batchcast.run.slot import Slot
from batchcast.run.worker import ALLOWED, PARENT
from batchcast.run.worker_process import WorkerProcess

JOBS = "batchcast.run.jobs"
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "POLARS_MAX_THREADS",
        "ARROW_IO_THREADS",
    ),
    "1",
) | {"OMP_WAIT_POLICY": "PASSIVE"}


class PooledJob:
    """A job in the hands of a LocalPool."""

    def __init__(self, pool: LocalPool, job: Job, reports: Inbox | None, place: tuple[int, int] = (0, 0)) -> None:
        self._pool = pool
        self._reports = reports
        self.place = place  # in the queue: by priority, then in the order they came
        self._ended = threading.Event()
        self._outcome: Outcome  # once it has ended
        self.job = job
        self.is_cancelled = False

    def wait(self, timeout_seconds: float | None = None) -> Outcome:
        """How it ended; blocks until it has.

        Raises:
            TimeoutError: if it has not ended after `timeout_seconds`.
        """
        if not self._ended.wait(timeout_seconds):
            raise TimeoutError(f"{self.job.function} has not ended after {timeout_seconds} s")
        return self._outcome

    def cancel(self) -> None:
        """Ask for its end: its worker is killed, and it ends CANCELLED unless it has ended already. Never blocks."""
        self.is_cancelled = True
        self._pool.cancel(self)

    def note(self, progress: Progress) -> None:
        """Pass on how far it is."""
        if self._reports is not None:
            self._reports.put((self, progress))

    def end(self, outcome: Outcome) -> None:
        """Pass on how it ended; once."""
        self._pool.forget(self)
        self._outcome = outcome
        self._ended.set()
        if self._reports is not None:
            self._reports.put((self, outcome))


class LocalPool:
    """Carries out jobs in worker processes of this machine, one job a worker at a time.

        with LocalPool(2, warm_up=Job(function="batchcast.run.jobs:warm_job")) as pool:
            outcome = pool.submit(Job(function="batchcast.run.jobs:ingest_job", arguments={...})).wait()

    Starting it does not block: workers start, and warm up while there is nothing else to do, on threads of their own.

    Args:
        size: workers, and jobs at work at once.
        warm_up: job that a worker does once, when it would be idle, to load what later jobs need.
        allowed: modules whose functions (and those of modules below them) a job may name.
        environment: variables for the workers, on top of those of this process.
        retire_above_mb: a worker that holds more memory than this after a job is replaced by a fresh one.
        start_timeout_seconds: how long a worker may take until it is ready.
        python: the interpreter of the workers.
    """

    def __init__(
        self,
        size: int,
        *,
        warm_up: Job | None = None,
        allowed: tuple[str, ...] = (JOBS,),
        environment: Mapping[str, str] | None = None,
        retire_above_mb: float = 768,
        start_timeout_seconds: float = 60,
        python: str = sys.executable,
    ) -> None:
        self.size = size
        self.warm_up = warm_up
        self.retire_above_mb = retire_above_mb
        self.start_timeout_seconds = start_timeout_seconds
        self._command = (python, "-P", "-m", "batchcast.run.worker")
        self._mark = new_pool_mark()
        self._environment = {
            **os.environ,
            **ONE_THREAD,
            **(environment or {}),
            ALLOWED: ",".join(allowed),
            PARENT: str(os.getpid()),
        }
        self._numbers = itertools.count(1)
        self._arrivals = itertools.count(1)
        self._queue: list[PooledJob] = []  # by their places
        self._at_work: set[PooledJob] = set()
        self._changed = threading.Condition()
        self._is_closed = False
        self._slots = [Slot(self, number) for number in range(size)]
        for slot in self._slots:
            slot.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def idle(self) -> int:
        """Workers for whom there is nothing to do."""
        with self._changed:
            return max(self.size - len(self._at_work) - len(self._queue), 0)

    def megabytes(self) -> float:
        """Resident memory of all workers and of what they started, in MB of 2**20 bytes."""
        return sum(slot.megabytes() for slot in self._slots)

    def submit(self, job: Job, reports: Inbox | None = None, priority: int = 0) -> PooledJob:
        """Queue a job, those of a lower priority number first, in the order they come within one; returns at once.

        `reports` receives a Progress whenever the job tells how far it is, and in the end exactly one Outcome.

        Raises:
            RuntimeError: if the pool is closed.
        """
        with self._changed:
            if self._is_closed:
                raise RuntimeError(f"the pool is closed; it takes no {job.function}")
            pooled = PooledJob(self, job, reports, place=(priority, next(self._arrivals)))
            insort(self._queue, pooled, key=lambda queued: queued.place)
            self._changed.notify()
        return pooled

    def cancel(self, pooled: PooledJob) -> None:
        """Take a job out of the queue, or have its worker killed."""
        with self._changed:
            is_queued = pooled in self._queue
            if is_queued:
                self._queue.remove(pooled)
        if is_queued:
            pooled.end(Outcome(ending=Ending.CANCELLED))
        for slot in self._slots:
            slot.wake(pooled)

    def close(self) -> None:
        """Cancel what is queued or at work, end every worker, and return when none is left."""
        with self._changed:
            self._is_closed = True
            queued = list(self._queue)
            self._queue.clear()
            self._changed.notify_all()
        for pooled in queued:
            pooled.end(Outcome(ending=Ending.CANCELLED))
        for slot in self._slots:
            slot.stop()
        for slot in self._slots:
            slot.join()

    def next_job(self, *, or_warm_up: bool) -> PooledJob | None:
        """For a slot: the next job; blocks until there is one. None where the pool is closed.

        With `or_warm_up` and nothing to do, the warm-up job at once.
        """
        with self._changed:
            while not self._queue and not self._is_closed:
                if or_warm_up and self.warm_up:
                    return PooledJob(self, self.warm_up, None)
                self._changed.wait()
            if self._is_closed:
                return None
            pooled = self._queue.pop(0)
            self._at_work.add(pooled)
            return pooled

    def forget(self, pooled: PooledJob) -> None:
        """A job is at work no longer."""
        with self._changed:
            self._at_work.discard(pooled)

    def new_worker(self) -> WorkerProcess:
        """For a slot: a worker process, just started, not yet ready.

        Raises:
            WorkerStartFailed: if there can be none.
        """
        worker_mark = f"{self._mark}.{next(self._numbers)}"
        return WorkerProcess(self._command, {**self._environment, MARK: worker_mark}, worker_mark)
