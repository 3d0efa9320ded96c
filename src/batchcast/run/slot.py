"""One place at work in a LocalPool: a thread that owns one worker process after the other."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from batchcast.run.job import Ending, Job, Outcome
from batchcast.run.supervision import Supervision
from batchcast.run.worker_process import WorkerProcess, WorkerStartFailed

if TYPE_CHECKING:
    from batchcast.run.local_pool import LocalPool, PooledJob

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
            self._tidy()
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

    def _tidy(self) -> None:
        """Let go of a worker that was killed, has grown, or has left something running."""
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
