"""One batch on its way to a terminal state, on a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from batchcast.domain.batch import BatchState, PartitionState
from batchcast.domain.crash_points import CrashPoint, reach
from batchcast.domain.errors import N_, BatchcastError, Message
from batchcast.domain.plan import Partition
from batchcast.domain.settings import BatchSettings
from batchcast.publish.certificate import ResultRejected
from batchcast.run import tracing
from batchcast.run.job import Ending, Job, Outcome, Progress, Report, SubmittedJob, WorkerPool
from batchcast.run.leased_store import LeasedStore
from batchcast.run.result_sink import BatchStart, ResultSink
from batchcast.run.verdict import (
    Failed,
    Stopped,
    attempt_end,
    judge_attempt,
    preparation_sentence,
    publishing_sentence,
    unkept,
)
from batchcast.store.artifacts.artifacts import ArtifactsUnavailable
from batchcast.store.errors import LeaseLost, StoreUnavailable
from batchcast.store.records import AttemptEnd

MOST_ATTEMPTS = 2  # of a job whose worker crashes; what fails in any other way fails at once
MOST_MACHINES = 5  # that one partition may lose, for it may be what brings them down
LEAST_PROGRESS = 0.01  # share of a partition that is worth an event
_SECONDS_TO_END_JOBS = 30

_log = logging.getLogger(__name__)


def workers_for(settings: BatchSettings, pool: WorkerPool) -> int:
    """Partitions of one batch at work at once: those that its settings allow, of the workers that are there now."""
    return min((settings.max_parallel or pool.size) if pool.is_wide else settings.parallel, pool.size)


@dataclass(eq=False)
class BatchRun:
    """Carries a batch to its end, or to where it is given back; `Dispatcher` makes it.

    Everything happens on one thread, which sleeps on its inbox: reports of the pool, and requests to stop.
    """

    store: LeasedStore  # what it asks, and where it stores what changes
    pool: WorkerPool  # does the jobs
    sink: ResultSink  # where the results go
    batch_id: str
    when_ended: Callable[[], None]  # called when this is over; no job of it is at work then
    stopping: threading.Event  # set when it is to stop, for those who must not make it wait

    def __post_init__(self) -> None:
        self._inbox: SimpleQueue[Report | None] = SimpleQueue()
        self._at_work: dict[SubmittedJob, Partition] = {}
        self._step: SubmittedJob | None = None
        self._start_state: BatchStart  # once it has begun
        self._attempts: Counter[int] = Counter()
        self._crashes: Counter[int] = Counter()
        self._machines_lost: Counter[int] = Counter()  # by partition
        self.has_submitted = False  # a first job: until then the pool counts a worker for it as idle
        self.has_learned = True  # its timing tells how long that takes
        self.seconds: dict[str, float] = {}  # by step, as far as it has come

    def start(self) -> None:
        """Set off; returns at once."""
        threading.Thread(target=self._run, name=f"batch-{self.batch_id}", daemon=True).start()

    def stop(self) -> None:
        """Stop working at the batch, which has been cancelled in the store or is to be given back.

        From any thread; returns at once. The jobs at work are killed even where the thread of the run is busy.
        """
        self.stopping.set()
        self._inbox.put(None)
        for job in self._submitted():
            job.cancel()

    def _run(self) -> None:
        try:
            with tracing.batch_span(self.batch_id):
                self._carry_on_or_roll_back()
        except Exception:  # noqa: BLE001 a mistake of ours: the batch was rolled back for it where that can be done
            _log.exception("batch %s could not be carried on", self.batch_id)
            self._end_jobs()
            self.sink.remove_scratch()
        finally:
            self.pool.end_batch(self.batch_id)
            self.when_ended()

    def _carry_on_or_roll_back(self) -> None:
        try:
            self._carry_on()
        except (Stopped, LeaseLost, StoreUnavailable) as end:
            self._give_back(end)
        except Failed as failure:
            tracing.note(outcome=BatchState.ROLLED_BACK.value)
            self._roll_back(failure.message)
        except Exception as mistake:
            problem = Message("{server_reason}", {"server_reason": repr(mistake)})
            if isinstance(mistake, BatchcastError):
                problem = mistake.message
            self._roll_back(Message(N_("The batch could not be carried on: {problem}"), {"problem": problem}))
            raise

    def _carry_on(self) -> None:
        start = self._start_state = self.sink.begin()
        self._attempts.update(start.attempts)
        self._crashes.update(start.crashes)
        waiting = [p for p in start.maker.plan.partitions if p.number not in start.completed]
        started = time.monotonic()
        if waiting:  # what they share is needed for nothing else
            is_known = self.sink.take_knowledge()
            self.has_learned = not is_known
            with tracing.phase("prepare"):
                prepared = self._carry_out_step("prepare", start.maker.prepare(is_known=is_known), preparation_sentence)
            if not is_known:
                self.sink.keep_knowledge()
            self.seconds["prepare"] = round(time.monotonic() - started, 3)
            reach(CrashPoint.PREPARED)
            taken = self.sink.take_checkpoints(prepared, waiting)
            if len(taken) < len(waiting):
                self.sink.share()
            reach(CrashPoint.CHECKPOINTS_TAKEN)
            with tracing.phase("forecast", partitions=len(waiting), reused=len(taken)):
                self._carry_out_partitions([p for p in waiting if p.number not in taken])
        self.seconds["forecast"] = round(time.monotonic() - started - self.seconds.get("prepare", 0.0), 3)
        reach(CrashPoint.PARTITIONS_COMPLETED)
        with tracing.phase("publish"):
            self._publish()
        tracing.note(outcome=BatchState.COMPLETED.value)

    def _publish(self) -> None:
        started = time.monotonic()
        job = self._start_state.maker.publish(self.sink.folders(), self.seconds)
        published = self._carry_out_step("publish", job, publishing_sentence)
        reach(CrashPoint.RESULT_WRITTEN)
        self.sink.commit(published)
        reach(CrashPoint.BATCH_COMPLETED)
        self.seconds["publish"] = round(time.monotonic() - started, 3)
        self.sink.remove_scratch()

    # A step that is one job

    def _carry_out_step(self, step: str, job: Job, sentence: Callable[[Outcome, Job, int], Message]) -> object:
        self._note_step(step, {"state": "started"})
        for attempt in range(1, MOST_ATTEMPTS + 1):
            outcome = self._outcome_of(step, job)
            if outcome.ending is Ending.DONE:
                self._note_step(step, {"state": "done", "seconds": outcome.seconds, "peak_mb": outcome.peak_mb})
                return outcome.result
            self._log_failure(step, outcome)
            if isinstance(outcome.error, ResultRejected):
                self.sink.throw_away(outcome.error.partition)
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
        self.store.note_step(self.batch_id, step, detail)

    # Partitions, several at once

    def _carry_out_partitions(self, partitions: list[Partition]) -> None:
        waiting = deque(partitions)
        noted: dict[int, float] = {}  # share of the latest progress event, by partition
        while waiting or self._at_work:
            while waiting and len(self._at_work) < workers_for(self._start_state.maker.settings, self.pool):
                self._start(waiting.popleft())
            submitted, report = self._next_report()
            partition = self._at_work[submitted]
            if isinstance(report, Progress):
                if report.share - noted.get(partition.number, 0.0) >= LEAST_PROGRESS:
                    noted[partition.number] = report.share
                    self.store.note_progress(self.batch_id, partition.number, report.share)
                continue
            attempt = self._attempts[partition.number]
            tracing.note_job("partition", report, number=partition.number, attempt=attempt, series=partition.series)
            if self._is_to_be_tried_again(partition, report, submitted.job):
                noted.pop(partition.number, None)
                waiting.appendleft(partition)
            del self._at_work[submitted]

    def _start(self, partition: Partition) -> None:
        number = partition.number
        self._attempts[number] += 1
        self._require(self._move(partition, PartitionState.PENDING, PartitionState.PROCESSING))
        reach(CrashPoint.PARTITION_STARTED)
        attempt = self._attempts[number]
        job = self._start_state.maker.partition(partition, attempt, self.sink.files_of(partition, attempt))
        self._at_work[self._submit(job)] = partition

    def _is_to_be_tried_again(self, partition: Partition, outcome: Outcome, job: Job) -> bool:
        """Store how an attempt ended, and its result; raises Failed where the partition has failed for good."""
        number = partition.number
        if outcome.ending is not Ending.DONE:
            self._log_failure(f"partition {number}", outcome)
        ended_so, most = self._crashes, MOST_ATTEMPTS
        if outcome.ending is Ending.LOST:
            ended_so, most = self._machines_lost, MOST_MACHINES
        ended_so[number] += outcome.ending in (Ending.CRASH, Ending.LOST)
        verdict = judge_attempt(partition, outcome, job, ended_so[number], is_last=ended_so[number] == most)
        if verdict.state is PartitionState.COMPLETED:
            try:
                self._require(self.sink.complete(partition, self._attempts[number], outcome))
                return False
            except ArtifactsUnavailable as error:
                verdict = unkept(partition, error)
        self.sink.discard(partition, self._attempts[number])
        end = attempt_end(outcome, verdict)
        self._require(self._move(partition, PartitionState.PROCESSING, verdict.state, end))
        if verdict.error and verdict.state is not PartitionState.PENDING:
            raise Failed(verdict.error)
        return True

    def _move(
        self, partition: Partition, before: PartitionState, after: PartitionState, end: AttemptEnd | None = None
    ) -> bool:
        return self.store.move_partition(self.batch_id, partition.number, before, after, end=end)

    def _require(self, moved: bool) -> None:
        if not moved:
            raise Stopped  # the batch was ended elsewhere

    # The pool

    def _submit(self, job: Job) -> SubmittedJob:
        if self.stopping.is_set():
            raise Stopped
        submitted = self.pool.submit(job, self._inbox, self._start_state.priority)
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

    def _give_back(self, end: Exception) -> None:
        self._end_jobs()
        self.sink.remove_scratch()
        if isinstance(end, Stopped):
            self.sink.release([partition.number for partition in self._at_work.values()])
        else:  # the server that has it now, or that reaches the store first, carries it on
            _log.warning("batch %s is left: %s", self.batch_id, end)

    def _roll_back(self, error: Message) -> None:
        reach(CrashPoint.FAILURE_SEEN)
        self._end_jobs()
        self.sink.remove_scratch()  # first: the disk may be full of them, and the store may be on it
        try:
            if not self.store.move_batch(self.batch_id, BatchState.PROCESSING, BatchState.ROLLED_BACK, error=error):
                _log.info("batch %s was cancelled before it could be rolled back for: %s", self.batch_id, error)
            reach(CrashPoint.BATCH_ROLLED_BACK)
        except (LeaseLost, StoreUnavailable) as end:
            _log.warning("batch %s is left: %s; it was to be rolled back for: %s", self.batch_id, end, error)

    def _end_jobs(self) -> None:
        """Kill what is at work, and wait until it is gone."""
        submitted = self._submitted()
        for job in submitted:
            job.cancel()
        for job in submitted:
            try:
                job.wait(_SECONDS_TO_END_JOBS)
            except TimeoutError as error:
                _log.error("batch %s: %s although it was cancelled", self.batch_id, error)

    def _log_failure(self, what: str, outcome: Outcome) -> None:
        notes = "\n".join(getattr(outcome.error, "__notes__", ()))
        _log.warning(
            "batch %s: %s ended in %s (%s) after %.1f s, at most %.0f MB. The end of its worker's stderr: %s",
            self.batch_id,
            what,
            outcome.ending,
            outcome.ended_by or outcome.error or "killed",
            outcome.seconds,
            outcome.peak_mb,
            notes or outcome.stderr_tail or "none",
        )
