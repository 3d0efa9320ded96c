"""One batch on its way to a terminal state, on a thread of its own."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from batchcast.domain.batch import Batch, BatchState, PartitionState
from batchcast.domain.errors import BatchcastError
from batchcast.domain.message import Message, mark
from batchcast.domain.plan import Partition
from batchcast.run.job import Ending, Job, Outcome, Progress
from batchcast.run.pool import Report, SubmittedJob, WorkerPool
from batchcast.run.steps import JobMaker
from batchcast.run.verdict import judge_attempt, preparation_sentence, publishing_sentence
from batchcast.store.store import AttemptEnd, Store

MOST_ATTEMPTS = 2  # of a job whose worker crashes; what fails in any other way fails at once
LEAST_PROGRESS = 0.01  # share of a partition that is worth an event
_SECONDS_TO_END_JOBS = 30

_log = logging.getLogger(__name__)


class _Failed(Exception):
    """A step or partition failed, and the batch with it."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(str(message))


class _Stopped(Exception):
    """The batch is not ours to carry on: cancelled, or the pool was closed."""


class BatchRun:
    """Carries a batch from PENDING to its end; `Coordinator` makes it.

    Everything happens on one thread, which sleeps on its inbox: reports of the pool, and the wish to stop.
    """

    def __init__(
        self, store: Store, pool: WorkerPool, maker: JobMaker, batch_id: str, when_ended: Callable[[str], None]
    ) -> None:
        self._store = store
        self._pool = pool
        self._maker = maker
        self._batch_id = batch_id
        self._inbox: SimpleQueue[Report | None] = SimpleQueue()
        self._at_work: dict[SubmittedJob, Partition] = {}
        self._step: SubmittedJob | None = None
        self._folders: dict[int, Path] = {}
        self._attempts: dict[int, int] = {}
        self._mistake: Exception | None = None
        self._when_ended = when_ended
        self._ended = threading.Event()
        self.committing = threading.Lock()  # held while the result is put in its place: a cancel waits for it
        self.published: object = None  # what the publish step returned, once the batch is COMPLETED

    def start(self) -> None:
        """Set off; returns at once."""
        threading.Thread(target=self._run, name=f"batch-{self._batch_id}", daemon=True).start()

    def wait(self, timeout_seconds: float | None = None) -> Batch:
        """The batch at its end: its processes are gone, and its files too unless it is COMPLETED.

        Raises:
            TimeoutError: if it has not ended after `timeout_seconds`.
        """
        if not self._ended.wait(timeout_seconds):
            raise TimeoutError(f"batch {self._batch_id} has not ended after {timeout_seconds} s")
        if self._mistake:
            raise self._mistake
        return self._store.batch(self._batch_id)

    def stop(self) -> None:
        """Let go of the batch, which has been cancelled in the store. From any thread; returns at once."""
        self._inbox.put(None)

    def _run(self) -> None:
        try:
            self._carry_on_or_roll_back()
        except Exception as mistake:  # noqa: BLE001 not swallowed: `wait` raises it
            self._mistake = mistake
        finally:
            self._when_ended(self._batch_id)
            self._ended.set()

    def _carry_on_or_roll_back(self) -> None:
        try:
            self._carry_on()
        except _Stopped:
            self._clean_up()
            self._store.move_batch(self._batch_id, BatchState.PROCESSING, BatchState.CANCELLED)
        except _Failed as failure:
            self._roll_back(failure.message)
        except Exception as mistake:
            problem = mistake.message if isinstance(mistake, BatchcastError) else repr(mistake)
            self._roll_back(Message(mark("The batch could not be carried on: {problem}"), {"problem": problem}))
            raise

    def _carry_on(self) -> None:
        if not self._store.move_batch(self._batch_id, BatchState.PENDING, BatchState.PROCESSING):
            raise _Stopped
        self._maker.work.folder.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        self._carry_out_step("prepare", self._maker.prepare(), preparation_sentence)
        prepared = time.monotonic()
        self._carry_out_partitions()
        timings = {"prepare": round(prepared - started, 3), "forecast": round(time.monotonic() - prepared, 3)}
        folders = [self._folders[partition.number] for partition in self._maker.plan.partitions]
        published = self._carry_out_step("publish", self._maker.publish(folders, timings), publishing_sentence)
        with self.committing:
            self._commit(published)

    def _commit(self, published: object) -> None:
        if self._store.batch(self._batch_id).state is not BatchState.PROCESSING:
            raise _Stopped
        commit = self._maker.work.commit
        if commit:
            try:
                commit(published)
            except (BatchcastError, OSError) as error:
                problem = error.message if isinstance(error, BatchcastError) else str(error)
                raise _Failed(Message(mark("Publishing error: {problem}"), {"problem": problem})) from error
        if not self._store.move_batch(self._batch_id, BatchState.PROCESSING, BatchState.COMPLETED):
            raise _Stopped
        self.published = published

    # A step that is one job

    def _carry_out_step(self, step: str, job: Job, sentence: Callable[[Outcome, Job, int], Message]) -> object:
        self._store.note_step(self._batch_id, step, {"state": "started"})
        for attempt in range(1, MOST_ATTEMPTS + 1):
            outcome = self._outcome_of(step, job)
            if outcome.ending is Ending.DONE:
                detail = {"state": "done", "seconds": outcome.seconds, "peak_mb": outcome.peak_mb}
                self._store.note_step(self._batch_id, step, detail)
                return outcome.result
            self._log_failure(step, outcome)
            if outcome.ending is not Ending.CRASH or attempt == MOST_ATTEMPTS:
                break
        raise _Failed(sentence(outcome, job, attempt))

    def _outcome_of(self, step: str, job: Job) -> Outcome:
        self._step = self._pool.submit(job, self._inbox)
        while True:
            _, report = self._next_report()
            if isinstance(report, Outcome):
                self._step = None
                return report
            self._store.note_step(self._batch_id, step, {"state": "progress", "progress": report.share})

    # Partitions, several at once

    def _carry_out_partitions(self) -> None:
        waiting = deque(self._maker.plan.partitions)
        parallel = min(self._maker.settings.parallel, self._pool.size)
        told: dict[int, float] = {}
        while waiting or self._at_work:
            while waiting and len(self._at_work) < parallel:
                self._start(waiting.popleft())
            submitted, report = self._next_report()
            partition = self._at_work[submitted]
            if isinstance(report, Progress):
                if report.share - told.get(partition.number, 0.0) >= LEAST_PROGRESS:
                    told[partition.number] = report.share
                    self._store.note_progress(self._batch_id, partition.number, report.share)
                continue
            del self._at_work[submitted]
            if self._is_to_be_tried_again(partition, report, submitted.job):
                told.pop(partition.number, None)
                waiting.appendleft(partition)

    def _start(self, partition: Partition) -> None:
        number = partition.number
        attempt = self._attempts[number] = self._attempts.get(number, 0) + 1
        self._move(partition, PartitionState.PENDING, PartitionState.PROCESSING, None)
        self._folders[number] = self._maker.result_folder(partition, attempt)
        self._at_work[self._pool.submit(self._maker.partition(partition, attempt), self._inbox)] = partition

    def _is_to_be_tried_again(self, partition: Partition, outcome: Outcome, job: Job) -> bool:
        """Keep how an attempt ended; raises _Failed where the partition failed for good."""
        if outcome.ending is not Ending.DONE:
            self._log_failure(f"partition {partition.number}", outcome)
        attempt = self._attempts[partition.number]
        verdict = judge_attempt(partition, outcome, job, attempt, is_last=attempt == MOST_ATTEMPTS)
        end = AttemptEnd(seconds=outcome.seconds, peak_mb=outcome.peak_mb, reason=verdict.reason, error=verdict.error)
        self._move(partition, PartitionState.PROCESSING, verdict.state, end)
        if verdict.error and verdict.state is not PartitionState.PENDING:
            raise _Failed(verdict.error)
        return verdict.state is PartitionState.PENDING

    def _move(
        self, partition: Partition, before: PartitionState, after: PartitionState, end: AttemptEnd | None
    ) -> None:
        if not self._store.move_partition(self._batch_id, partition.number, before, after, end=end):
            raise _Stopped  # somebody else has ended the batch

    # The end

    def _next_report(self) -> Report:
        report = self._inbox.get()
        if report is None:
            raise _Stopped
        if isinstance(report[1], Outcome) and report[1].ending is Ending.CANCELLED:
            raise _Stopped  # the pool was closed
        return report

    def _roll_back(self, error: Message) -> None:
        self._clean_up()
        if not self._store.move_batch(self._batch_id, BatchState.PROCESSING, BatchState.ROLLED_BACK, error=error):
            _log.info("batch %s was cancelled before it could be rolled back for: %s", self._batch_id, error)

    def _clean_up(self) -> None:
        """Kill what is at work, then remove what it wrote."""
        submitted = [*self._at_work, *([self._step] if self._step else [])]
        for job in submitted:
            job.cancel()
        for job in submitted:
            try:
                job.wait(_SECONDS_TO_END_JOBS)
            except TimeoutError as error:
                _log.error("batch %s: %s although it was cancelled", self._batch_id, error)
        try:
            if self._maker.work.discard:
                self._maker.work.discard()
            if self._maker.work.folder.exists():
                shutil.rmtree(self._maker.work.folder)
        except OSError as error:
            _log.error("batch %s: its temporary files could not be removed: %s", self._batch_id, error)

    def _log_failure(self, what: str, outcome: Outcome) -> None:
        notes = "\n".join(getattr(outcome.error, "__notes__", ()))
        _log.warning(
            "batch %s: %s ended in %s (%s) after %.1f s, at most %.0f MB. Its worker's last words: %s",
            self._batch_id,
            what,
            outcome.ending,
            outcome.ended_by or outcome.error or "killed",
            outcome.seconds,
            outcome.peak_mb,
            notes or outcome.last_words or "none",
        )
