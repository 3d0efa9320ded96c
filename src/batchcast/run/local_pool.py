"""Workers on this machine: processes started fresh, kept warm between jobs, and killed where a job breaks its limits.

LocalPool ── queue ──► Slot (a thread) ──► WorkerProcess (its worker, replaced when killed or grown)
                            └── Supervision of the job at work
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import sys
import tempfile
import threading
from bisect import insort
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Self

from batchcast.domain.errors import N_, Message
from batchcast.run.job import Ending, Inbox, Job, Outcome, PoolClosed, Progress
from batchcast.run.process_tree import MARK, new_pool_mark
from batchcast.run.supervision import Supervision
from batchcast.run.worker import ALLOWED, PARENT
from batchcast.run.worker_process import WorkerProcess, WorkerStartFailed

_log = logging.getLogger(__name__)
_FAIR_SHARE = 0.75  # of its memory limit that a job may find taken by the jobs before it
_PATIENCE_SECONDS = 2  # for an idle worker to end of itself


class Slot(threading.Thread):
    """Takes jobs from its pool, one at a time, and keeps a worker warm for them.

    The thread that starts a worker must outlive it: on Linux workers are killed with the THREAD that started them.
    Starting here, and not where jobs are submitted, is also what keeps a submitter from waiting.
    """

    def __init__(self, pool: LocalPool, number: int) -> None:
        super().__init__(name=f"batchcast-slot-{number}", daemon=True)
        self._pool = pool
        self._worker: WorkerProcess | None = None
        self._at_work: PooledJob | None = None
        self._is_warm = pool.warm_up is None
        self._failed_to_warm = False  # once is enough: a job that needs what failed will say so
        self._is_stopping = False

    def run(self) -> None:
        """Work until the pool is closed."""
        self._start_early()
        while pooled := self._pool.next_job(or_warm_up=self._worker is not None and not self._is_warm):
            self._at_work = pooled
            outcome = self._carry_out_or_say_why(pooled)
            self._at_work = None
            if pooled.job is self._pool.warm_up:
                self._note_warm_up(outcome)
            pooled.end(outcome)
            if self._worker is None:
                self._start_early()
        if self._worker:
            self._worker.dismiss(_PATIENCE_SECONDS)

    @property
    def is_warming(self) -> bool:
        """Whether its worker starts or warms up, so that a job waits. From any thread."""
        at_work, worker = self._at_work, self._worker
        if at_work is not None:
            return at_work.job is self._pool.warm_up
        return worker is None or not worker.is_ready

    def wake(self, pooled: PooledJob) -> None:
        """If that job is at work here, look at once whether it is to be cancelled. From any thread."""
        worker = self._worker
        if self._at_work is pooled and worker:
            worker.wake()

    def megabytes(self) -> float:
        """Resident memory of its worker and of what that started, in MB of 2**20 bytes. From any thread."""
        worker = self._worker
        return worker.megabytes() if worker else 0.0

    def stop(self) -> None:
        """Cancel what is at work here. From any thread."""
        self._is_stopping = True
        worker = self._worker
        if worker:
            worker.wake()

    def _start_early(self) -> None:
        """Start a worker before there is a job for it; a job that comes while it starts goes before the warm-up."""
        try:
            self._start_worker()
            self._await_ready(lambda: self._is_stopping)
        except WorkerStartFailed as failure:  # the next job tries again, and says so if it fails
            _log.debug("%s", failure)
            self._worker = None

    def _carry_out_or_say_why(self, pooled: PooledJob) -> Outcome:
        try:
            outcome = self._carry_out(pooled)
            self._retire_if_unfit()
        except Exception as error:  # noqa: BLE001 a mistake of ours here must not leave the submitter waiting for ever
            from batchcast.domain.codec import decode_error, encode_error

            if self._worker:
                self._worker.kill()
            self._worker = None
            return Outcome(ending=Ending.ERROR, error=decode_error(encode_error(error)))
        return outcome

    def _carry_out(self, pooled: PooledJob) -> Outcome:
        def is_cancelled() -> bool:
            return pooled.is_cancelled or self._is_stopping

        try:
            worker = self._worker_for(pooled.job)
            self._await_ready(is_cancelled)
        except WorkerStartFailed as failure:
            self._worker = None
            return Outcome(ending=Ending.ERROR, error=failure)
        if is_cancelled():
            return Outcome(ending=Ending.CANCELLED)
        return Supervision(worker, pooled.job, is_cancelled, pooled.note).outcome()

    def _worker_for(self, job: Job) -> WorkerProcess:
        """The worker of this slot, or a fresh one where it died while idle or holds too much memory to be fair."""
        worker = self._worker
        if worker is None or worker.has_ended():
            return self._start_worker()
        if worker.jobs_done and worker.megabytes() > job.memory_limit_mb * _FAIR_SHARE:
            return self._start_worker()
        return worker

    def _start_worker(self) -> WorkerProcess:
        if self._worker:
            self._worker.kill()
        self._worker = None
        self._worker = self._pool.new_worker()
        self._is_warm = self._pool.warm_up is None or self._failed_to_warm
        return self._worker

    def _await_ready(self, is_cancelled: Callable[[], bool]) -> None:
        worker = self._worker
        while worker and not worker.is_ready and not is_cancelled():
            with contextlib.suppress(InterruptedError):  # woken: look again whether it is cancelled
                worker.await_ready(self._pool.start_timeout_seconds)

    def _retire_if_unfit(self) -> None:
        """End a worker that was killed, has grown, or has left a process running."""
        worker = self._worker
        if worker is None:
            return
        if worker.has_ended() or worker.has_children() or worker.megabytes() > self._pool.retire_above_mb:
            worker.kill()
            self._worker = None

    def _note_warm_up(self, outcome: Outcome) -> None:
        self._is_warm = True
        if outcome.ending not in (Ending.DONE, Ending.CANCELLED):
            self._failed_to_warm = True
            _log.warning("warming up a worker ended in %s: %s", outcome.ending, outcome.error or outcome.stderr_tail)


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

# What workers are given of the environment of their pool: nothing else, for they read files of strangers, and keys of
# the server and of its cloud are none of their business.
_GIVEN = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "VIRTUAL_ENV", "CONDA_PREFIX", "XDG_CACHE_HOME"),
        *("SYSTEMROOT", "WINDIR", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "USERPROFILE", "LOCALAPPDATA", "APPDATA"),
        *("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "SSL_CERT_FILE"),
    }
)
_GIVEN_FROM = ("LC_", "PYTHON", "NUMBA_", "MALLOC_", "ARROW_", "COV", "FAKETIME")  # how others that are given begin


_FURTHER = "BATCHCAST_WORKER_VARIABLES"  # names of more, where a system needs them


def worker_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Those variables that a worker needs to run."""
    names = _GIVEN | frozenset(given.get(_FURTHER, "").replace(",", " ").split())
    return {name: value for name, value in given.items() if name in names or name.startswith(_GIVEN_FROM)}


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


@dataclass(eq=False, repr=False)  # its environment may hold secrets
class LocalPool:
    """Carries out jobs in worker processes of this machine, one job a worker at a time.

        with LocalPool(2, warm_up=Job(function="batchcast.run.jobs:warm_job")) as pool:
            outcome = pool.submit(Job(function="batchcast.run.jobs:ingest_job", arguments={...})).wait()

    Starting it does not block: workers start, and warm up while there is nothing else to do, on threads of their own.
    """

    size: int  # workers, and jobs at work at once; see `grow`
    _: KW_ONLY
    warm_up: Job | None = None  # a job that a worker does once, when it would be idle, to load what later jobs need
    allowed: tuple[str, ...] = (JOBS,)  # modules whose functions (and those of modules below them) a job may name
    environment: Mapping[str, str] = field(
        default_factory=dict
    )  # of the workers, on top of what they are given of ours
    scratch: Path | None = None  # where each worker gets a folder for temporary files; None: the system's place
    retire_above_mb: float = 768  # a worker that holds more memory after a job is replaced by a fresh one
    start_timeout_seconds: float = 60  # how long a worker may take until it is ready
    python: str = sys.executable  # the interpreter of the workers
    is_wide = False  # no field: it has no workers elsewhere
    nodes = ()

    def __post_init__(self) -> None:
        self._command = (self.python, "-P", "-m", "batchcast.run.worker")
        self._mark = new_pool_mark()
        self._environment = {
            **worker_environment(os.environ),
            **ONE_THREAD,
            **self.environment,
            ALLOWED: ",".join(self.allowed),
            PARENT: str(os.getpid()),
        }
        self._numbers = itertools.count(1)
        self._arrivals = itertools.count(1)
        self._queue: list[PooledJob] = []  # by their places
        self._at_work: set[PooledJob] = set()
        self._changed = threading.Condition()
        self._is_closed = False
        self._slots = [Slot(self, number) for number in range(self.size)]
        for slot in self._slots:
            slot.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def grow(self, size: int) -> None:
        """Have at least so many workers; those that are missing start, and warm up, on threads of their own.

        Raises:
            PoolClosed: if it is.
        """
        with self._changed:
            if self._is_closed:
                raise PoolClosed("the pool is closed; it takes no more workers")
            new = [Slot(self, number) for number in range(self.size, size)]
            self._slots.extend(new)
            self.size += len(new)
        for slot in new:
            slot.start()

    @property
    def idle(self) -> int:
        """Workers for whom there is nothing to do."""
        with self._changed:
            return max(self.size - len(self._at_work) - len(self._queue), 0)

    @property
    def is_warming(self) -> bool:
        """Whether every worker starts or warms up, so that a job waits."""
        return all(slot.is_warming for slot in self._slots)

    def megabytes(self) -> float:
        """Resident memory of all workers and of what they started, in MB of 2**20 bytes."""
        return sum(slot.megabytes() for slot in self._slots)

    def submit(self, job: Job, reports: Inbox | None = None, priority: int = 0) -> PooledJob:
        """Queue a job, those of a lower priority number first, in the order they come within one; returns at once.

        `reports` receives a Progress whenever the job tells how far it is, and in the end exactly one Outcome.

        Raises:
            PoolClosed: if it is.
        """
        with self._changed:
            if self._is_closed:
                raise PoolClosed(f"the pool is closed; it takes no {job.function}")
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

    def end_batch(self, batch_id: str) -> None:
        """See `WorkerPool.end_batch`; nothing is fetched for workers of this machine."""

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
            while not self._is_closed:
                pooled = next((one for one in self._queue if self._has_room(one.job.share)), None)
                if pooled is not None:
                    self._queue.remove(pooled)
                    self._at_work.add(pooled)
                    return pooled
                if or_warm_up and self.warm_up:
                    return PooledJob(self, self.warm_up, None)
                self._changed.wait()
            return None

    def forget(self, pooled: PooledJob) -> None:
        """A job is at work no longer."""
        with self._changed:
            self._at_work.discard(pooled)
            if pooled.job.share:  # another of its share may be taken now, by any slot
                self._changed.notify_all()

    def _has_room(self, share: str) -> bool:
        """Whether one more job of a share may be at work: one worker is left to others, where there are several."""
        return not share or self.size == 1 or sum(one.job.share == share for one in self._at_work) < self.size - 1

    def new_worker(self) -> WorkerProcess:
        """For a slot: a worker process, just started, not yet ready.

        Raises:
            WorkerStartFailed: if there can be none.
        """
        worker_mark = f"{self._mark}.{next(self._numbers)}"
        temporary = self._temporary_folder()
        environment = {**self._environment, MARK: worker_mark, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary)}
        return WorkerProcess(self._command, environment, worker_mark, Path(temporary))

    def _temporary_folder(self) -> str:
        try:
            if self.scratch is not None:
                self.scratch.mkdir(parents=True, exist_ok=True)
            return tempfile.mkdtemp(prefix="batchcast-worker-", dir=self.scratch)
        except OSError as error:
            template = N_("No worker can be started: there is no place for its temporary files ({server_reason}).")
            raise WorkerStartFailed(Message(template, {"server_reason": error.strerror or str(error)})) from error
