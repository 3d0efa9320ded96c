"""One batch on its way to a terminal state, on a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from queue import SimpleQueue

from batchcast.domain.batch import Batch, BatchState, PartitionState
from batchcast.domain.crash_points import CrashPoint, reach
from batchcast.domain.errors import N_, BatchcastError, Message
from batchcast.domain.plan import Partition
from batchcast.run.job import Ending, Job, Outcome, Progress, Report, SubmittedJob, WorkerPool
from batchcast.run.keeping import Failed, Keeper, RunStore, Standing, Stopped
from batchcast.run.verdict import attempt_end, judge_attempt, preparation_sentence, publishing_sentence, unkept
from batchcast.store.artifacts.artifacts import ArtifactsUnavailable
from batchcast.store.errors import LeaseLost, StoreUnavailable
from batchcast.store.records import AttemptEnd

MOST_ATTEMPTS = 2  # of a job whose worker crashes; what fails in any other way fails at once
LEAST_PROGRESS = 0.01  # share of a partition that is worth an event
_SECONDS_TO_END_JOBS = 30

_log = logging.getLogger(__name__)


class BatchRun:
    """Carries a batch to its end, or to where it is given back; `Coordinator` and `Dispatcher` make it.

    Everything happens on one thread, which sleeps on its inbox: reports of the pool, and the wish to stop.

    Args:
        store: what it asks, and where it tells what changes.
        pool: who does the jobs.
        keeper: what becomes of the results.
        batch_id: which batch.
        when_ended: called when this is over; nothing of it is at work then.
        stopping: set when it is to stop, for those who must not make it wait.
    """

    def __init__(
        self,
        store: RunStore,
        pool: WorkerPool,
        keeper: Keeper,
        batch_id: str,
        when_ended: Callable[[str], None],
        *,
        stopping: threading.Event | None = None,
    ) -> None:
        self._store = store
        self._pool = pool
        self._keeper = keeper
        self._batch_id = batch_id
        self._inbox: SimpleQueue[Report | None] = SimpleQueue()
        self._at_work: dict[SubmittedJob, Partition] = {}
        self._step: SubmittedJob | None = None
        self._standing: Standing  # once it has begun
        self._attempts: Counter[int] = Counter()
        self._crashes: Counter[int] = Counter()
        self._mistake: Exception | None = None
        self._when_ended = when_ended
        self._stopping = stopping or threading.Event()
        self._ended = threading.Event()
        self.committing = threading.Lock()  # held while the result is put in its place: a cancel waits for it
        self.published: object = None  # what the publish step returned, once the batch is COMPLETED
        self.has_submitted = False  # a job: its workers are those that are no longer idle
        self.seconds: dict[str, float] = {}  # by step, as far as it has come

    def start(self) -> None:
        """Set off; returns at once."""
        threading.Thread(target=self._run, name=f"batch-{self._batch_id}", daemon=True).start()

    def wait(self, timeout_seconds: float | None = None) -> Batch:
        """The batch when this is over: its processes are gone, and its files too unless it is COMPLETED.

        Raises:
            TimeoutError: if it has not ended after `timeout_seconds`.
        """
        if not self._ended.wait(timeout_seconds):
            raise TimeoutError(f"batch {self._batch_id} has not ended after {timeout_seconds} s")
        if self._mistake:
            raise self._mistake
        return self._store.batch(self._batch_id)

    def stop(self) -> None:
        """Let go of the batch, which has been cancelled in the store or is to be given back.

        From any thread; returns at once. What is at work is killed even where its own thread is busy.
        """
        self._stopping.set()
        self._inbox.put(None)
        for job in self._submitted():
            job.cancel()

    def _run(self) -> None:
        try:
            self._carry_on_or_roll_back()
        except Exception as mistake:  # noqa: BLE001 not swallowed: logged, and `wait` raises it
            _log.exception("batch %s could not be carried on", self._batch_id)
            self._mistake = mistake
        finally:
            self._when_ended(self._batch_id)
            self._ended.set()

    def _carry_on_or_roll_back(self) -> None:
        try:
            self._carry_on()
        except (Stopped, LeaseLost, StoreUnavailable) as end:
            self._let_go(end)
        except Failed as failure:
            self._roll_back(failure.message)
        except Exception as mistake:
            problem = mistake.message if isinstance(mistake, BatchcastError) else repr(mistake)
            self._roll_back(Message(N_("The batch could not be carried on: {problem}"), {"problem": problem}))
            raise

    def _carry_on(self) -> None:
        standing = self._standing = self._keeper.begin()
        self._attempts.update(standing.attempts)
        self._crashes.update(standing.crashes)
        waiting = [p for p in standing.maker.plan.partitions if p.number not in standing.completed]
        started = time.monotonic()
        if waiting:  # what they share is needed for nothing else
            prepared = self._carry_out_step("prepare", standing.maker.prepare(), preparation_sentence)
            self.seconds["prepare"] = round(time.monotonic() - started, 3)
            reach(CrashPoint.PREPARED)
            taken = self._keeper.take_checkpoints(prepared, waiting)
            reach(CrashPoint.CHECKPOINTS_TAKEN)
            self._carry_out_partitions([p for p in waiting if p.number not in taken])
        self.seconds["forecast"] = round(time.monotonic() - started - self.seconds.get("prepare", 0.0), 3)
        reach(CrashPoint.PARTITIONS_COMPLETED)
        self._publish()

    def _publish(self) -> None:
        started = time.monotonic()
        job = self._standing.maker.publish(self._keeper.folders(), self.seconds)
        published = self._carry_out_step("publish", job, publishing_sentence)
        reach(CrashPoint.RESULT_WRITTEN)
        with self.committing:
            self._keeper.commit(published)
        reach(CrashPoint.BATCH_COMPLETED)
        self.published = published
        self.seconds["publish"] = round(time.monotonic() - started, 3)
        self._keeper.tidy()

    # A step that is one job

    def _carry_out_step(self, step: str, job: Job, sentence: Callable[[Outcome, Job, int], Message]) -> object:
        self._note_step(step, {"state": "started"})
        for attempt in range(1, MOST_ATTEMPTS + 1):
            outcome = self._outcome_of(step, job)
            if outcome.ending is Ending.DONE:
                self._note_step(step, {"state": "done", "seconds": outcome.seconds, "peak_mb": outcome.peak_mb})
                return outcome.result
            self._log_failure(step, outcome)
            if outcome.ending is not Ending.CRASH or attempt == MOST_ATTEMPTS:
                break
        raise Failed(sentence(outcome, job, attempt))

    def _outcome_of(self, step: str, job: Job) -> Outcome:
        self._step = self._submit(job)
        while True:
            _, report = self._next_report()
            if isinstance(report, Outcome):
                self._step = None
                return report
            self._note_step(step, {"state": "progress", "progress": report.share})

    def _note_step(self, step: str, detail: dict[str, object]) -> None:
        self._store.note_step(self._batch_id, step, detail)

    # Partitions, several at once

    def _carry_out_partitions(self, partitions: list[Partition]) -> None:
        waiting = deque(partitions)
        parallel = min(self._standing.maker.settings.parallel, self._pool.size)
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
            if self._is_to_be_tried_again(partition, report, submitted.job):
                told.pop(partition.number, None)
                waiting.appendleft(partition)
            del self._at_work[submitted]

    def _start(self, partition: Partition) -> None:
        number = partition.number
        self._attempts[number] += 1
        self._require(self._move(partition, PartitionState.PENDING, PartitionState.PROCESSING))
        reach(CrashPoint.PARTITION_STARTED)
        job = self._standing.maker.partition(partition, self._attempts[number])
        self._at_work[self._submit(job)] = partition

    def _is_to_be_tried_again(self, partition: Partition, outcome: Outcome, job: Job) -> bool:
        """Keep how an attempt ended, and what it gave; raises Failed where the partition failed for good."""
        number = partition.number
        if outcome.ending is not Ending.DONE:
            self._log_failure(f"partition {number}", outcome)
        self._crashes[number] += outcome.ending is Ending.CRASH
        is_last = self._crashes[number] == MOST_ATTEMPTS
        verdict = judge_attempt(partition, outcome, job, self._crashes[number], is_last=is_last)
        if verdict.state is PartitionState.COMPLETED:
            try:
                self._require(self._keeper.complete(partition, self._attempts[number], outcome))
                return False
            except ArtifactsUnavailable as error:
                verdict = unkept(partition, error)
        self._keeper.discard(partition, self._attempts[number])
        end = attempt_end(outcome, verdict)
        self._require(self._move(partition, PartitionState.PROCESSING, verdict.state, end))
        if verdict.error and verdict.state is not PartitionState.PENDING:
            raise Failed(verdict.error)
        return True

    def _move(
        self, partition: Partition, before: PartitionState, after: PartitionState, end: AttemptEnd | None = None
    ) -> bool:
        return self._store.move_partition(self._batch_id, partition.number, before, after, end=end)

    def _require(self, moved: bool) -> None:
        if not moved:
            raise Stopped  # somebody else has ended the batch

    # The pool

    def _submit(self, job: Job) -> SubmittedJob:
        if self._stopping.is_set():
            raise Stopped
        submitted = self._pool.submit(job, self._inbox, self._standing.priority)
        self.has_submitted = True
        return submitted

    def _submitted(self) -> list[SubmittedJob]:
        step = self._step
        return [*self._at_work, *([step] if step else [])]

    def _next_report(self) -> Report:
        report = self._inbox.get()
        if report is None:
            raise Stopped
        if isinstance(report[1], Outcome) and report[1].ending is Ending.CANCELLED:
            raise Stopped  # the pool was closed
        return report

    # The end

    def _let_go(self, end: Exception) -> None:
        self._end_jobs()
        self._keeper.remove_files()
        if isinstance(end, Stopped):
            self._keeper.let_go([partition.number for partition in self._at_work.values()])
        else:  # whoever can reach the store again, or has it now, carries it on
            _log.warning("batch %s is let go: %s", self._batch_id, end)

    def _roll_back(self, error: Message) -> None:
        reach(CrashPoint.FAILURE_SEEN)
        self._end_jobs()
        self._keeper.remove_files()  # first: the disk may be full of them, and the store may be on it
        try:
            if not self._store.move_batch(self._batch_id, BatchState.PROCESSING, BatchState.ROLLED_BACK, error=error):
                _log.info("batch %s was cancelled before it could be rolled back for: %s", self._batch_id, error)
            reach(CrashPoint.BATCH_ROLLED_BACK)
        except (LeaseLost, StoreUnavailable) as end:
            _log.warning("batch %s is let go: %s; it was to be rolled back for: %s", self._batch_id, end, error)

    def _end_jobs(self) -> None:
        """Kill what is at work, and wait until it is gone."""
        submitted = self._submitted()
        for job in submitted:
            job.cancel()
        for job in submitted:
            try:
                job.wait(_SECONDS_TO_END_JOBS)
            except TimeoutError as error:
                _log.error("batch %s: %s although it was cancelled", self._batch_id, error)

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
            notes or outcome.stderr_tail or "none",
        )
