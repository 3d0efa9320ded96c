"""What is said of a job that did not end well: for each way to end a sentence, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from batchcast.domain.batch import Attempt, Batch, BatchState, PartitionRecord, PartitionState
from batchcast.domain.errors import N_, BatchCancelled, BatchcastError, BatchFailed, Message, PartitionFailed
from batchcast.domain.plan import Partition
from batchcast.run.job import Ending, Job, Outcome
from batchcast.run.leased_store import LeasedStore
from batchcast.store.records import AttemptEnd, Lease


class Failed(Exception):
    """A step or partition failed, and the batch with it."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(str(message))


class Stopped(Exception):
    """The batch is not ours to carry on: cancelled, taken over, or given back."""


_PARTITION = {
    Ending.OUT_OF_MEMORY: N_(
        "Partition {partition} failed: Out of memory (limit {limit_mb} MB). "
        "Reduce max_rows_per_partition or raise memory_limit_mb."
    ),
    Ending.TIMEOUT: N_("Partition {partition} timeout: Exceeded {seconds}s"),
    Ending.ERROR: N_("Partition {partition} error: {problem}"),
    Ending.CRASH: N_("Partition {partition} crash: Its worker ended with {end} in each of {attempts} attempts"),
}
_TRIED_AGAIN = N_("Partition {partition} crash: Its worker ended with {end}; it is tried again")
_UNACCOUNTED = N_(
    "Partition {partition} error: Its result does not account for its {series} series: {result}. "
    "This is a mistake of ours; please send us the demand history"
)
_PREPARATION = {
    Ending.OUT_OF_MEMORY: N_("Preparation failed: Out of memory (limit {limit_mb} MB). Raise memory_limit_mb."),
    Ending.TIMEOUT: N_("Preparation timeout: Exceeded {seconds}s"),
    Ending.ERROR: N_("Preparation error: {problem}"),
    Ending.CRASH: N_("Preparation crash: Its worker ended with {end} in each of {attempts} attempts"),
}
_PUBLISHING = {
    Ending.OUT_OF_MEMORY: N_("Publishing failed: Out of memory (limit {limit_mb} MB). Raise memory_limit_mb."),
    Ending.TIMEOUT: N_("Publishing timeout: Exceeded {seconds}s"),
    Ending.ERROR: N_("Publishing error: {problem}"),
    Ending.CRASH: N_("Publishing crash: Its worker ended with {end} in each of {attempts} attempts"),
}
WAYS_OUT: Mapping[str, Message] = {
    Ending.OUT_OF_MEMORY: Message(N_("Reduce max_rows_per_partition or raise memory_limit_mb.")),
    Ending.TIMEOUT: Message(N_("Reduce max_rows_per_partition or raise max_execution_time.")),
    Ending.ERROR: Message(N_("Correct what the sentence names, and submit the batch again.")),
    Ending.CRASH: Message(
        N_("Submit the batch again; if it ends so again, send us the log, which has the last output of its worker.")
    ),
}  # by the reason of a partition: what to do, where a face has room for more than the sentence


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Where an attempt of a partition leaves it."""

    state: PartitionState
    reason: str | None = None  # code of how it failed
    error: Message | None = None


def judge_attempt(partition: Partition, outcome: Outcome, job: Job, crashes: int, *, is_last: bool) -> Verdict:
    """Where an attempt that ended so leaves its partition, which has crashed so often, this time included."""
    values = {"partition": partition.number}
    match outcome.ending:
        case Ending.DONE if _accounts_for(partition, outcome.result):
            return Verdict(state=PartitionState.COMPLETED)
        case Ending.DONE:
            error = Message(_UNACCOUNTED, values | {"series": partition.series, "result": repr(outcome.result)[:200]})
            return Verdict(state=PartitionState.FAILED, reason=Ending.ERROR, error=error)
        case Ending.CRASH if not is_last:
            error = Message(_TRIED_AGAIN, values | {"end": outcome.ended_by})
            return Verdict(state=PartitionState.PENDING, reason=Ending.CRASH, error=error)
    error = _sentence(_PARTITION, outcome, job, crashes, values)
    is_late = outcome.ending is Ending.TIMEOUT
    return Verdict(
        state=PartitionState.TIMEOUT if is_late else PartitionState.FAILED, reason=outcome.ending, error=error
    )


def unkept(partition: Partition, error: BatchcastError) -> Verdict:
    """Where a partition is left whose result could not be kept."""
    values = {"partition": partition.number, "problem": error.message}
    return Verdict(state=PartitionState.FAILED, reason=Ending.ERROR, error=Message(_PARTITION[Ending.ERROR], values))


def attempt_end(
    outcome: Outcome, verdict: Verdict | None = None, *, result: str | None = None, checkpoint: str | None = None
) -> AttemptEnd:
    """What the store is to remember of an attempt that ended so; `result`, `checkpoint`: where its result is kept."""
    return AttemptEnd(
        seconds=outcome.seconds,
        peak_mb=outcome.peak_mb,
        reason=verdict.reason if verdict else None,
        error=verdict.error if verdict else None,
        result=result,
        checkpoint=checkpoint,
    )


def preparation_sentence(outcome: Outcome, job: Job, attempts: int) -> Message:
    """What is said of a preparation step that failed."""
    return _sentence(_PREPARATION, outcome, job, attempts, {})


def publishing_sentence(outcome: Outcome, job: Job, attempts: int) -> Message:
    """What is said of a publishing step that failed."""
    return _sentence(_PUBLISHING, outcome, job, attempts, {})


def publishing_problem(error: BatchcastError | OSError) -> Message:
    """What is said of a result that can't be put in its place."""
    problem = error.message if isinstance(error, BatchcastError) else str(error)
    return Message(_PUBLISHING[Ending.ERROR], {"problem": problem})


def check_completed(batch: Batch) -> None:
    """Return if the batch was published.

    Raises:
        BatchCancelled: if a person stopped it.
        PartitionFailed: if a partition failed; says which, and carries the code of how.
        BatchFailed: if another step did.
    """
    if batch.state is BatchState.COMPLETED:
        return
    if batch.state is BatchState.CANCELLED:
        raise BatchCancelled(Message(N_("The batch was cancelled; nothing was published.")))
    message = batch.error or Message(N_("The batch is {state}; nothing was published."), {"state": batch.state})
    for record in batch.partitions:
        if record.state in (PartitionState.FAILED, PartitionState.TIMEOUT) and record.error == batch.error:
            raise PartitionFailed(message, partition=record.partition.number, reason=record.reason or "error")
    raise BatchFailed(message)


def _accounts_for(partition: Partition, result: object) -> bool:
    match result:
        case {"series": int(series), "forecast": int(forecast), "refused": int(refused)}:
            return series == partition.series == forecast + refused
    return False


def _sentence(
    templates: Mapping[Ending, str], outcome: Outcome, job: Job, attempts: int, values: Mapping[str, object]
) -> Message:
    match outcome.ending:
        case Ending.OUT_OF_MEMORY:
            values = {**values, "limit_mb": job.memory_limit_mb}
        case Ending.TIMEOUT:
            values = {**values, "seconds": f"{job.timeout_seconds:.10g}"}
        case Ending.CRASH:
            values = {**values, "end": outcome.ended_by, "attempts": attempts}
        case Ending.ERROR if outcome.error:
            values = {**values, "problem": outcome.error.message}
    return Message(templates[outcome.ending], values)


# A batch that changes hands: what its new holder makes of the partitions that its last one had at work.

MOST_LOST = 4  # attempts of one partition that may be lost with the server that made them
MOST_TAKEOVERS = 5  # of one batch
LOST, GIVEN_BACK = "lost", "given-back"  # reasons of attempts that say nothing of the partition itself

_LOST_AGAIN = N_("Partition {partition} crash: The server that worked at it was lost; it is tried again")
_LOST_TOO_OFTEN = N_(
    "Partition {partition} crash: The server that worked at it was lost in each of {attempts} attempts"
)
_TOO_MANY_TAKEOVERS = N_(
    "The batch was given up: {servers} servers were lost one after the other while they worked at it. "
    "Look into their logs and their memory, and submit it again."
)


def take_over(store: LeasedStore, lease: Lease, batch: Batch) -> None:
    """Put the partitions that were at work back to PENDING.

    Raises:
        Failed: if a partition has failed already, or was lost too often, or the batch was taken over too often.
        Stopped: if it was ended elsewhere.
    """
    failed = [record for record in batch.partitions if record.state in (PartitionState.FAILED, PartitionState.TIMEOUT)]
    if failed and failed[0].error:
        raise Failed(failed[0].error)
    if lease.takeovers > MOST_TAKEOVERS:
        raise Failed(Message(_TOO_MANY_TAKEOVERS, {"servers": lease.takeovers}))
    at_work = [record for record in batch.partitions if record.state is PartitionState.PROCESSING]
    lost = count_reason(store.attempts(batch.batch_id) if at_work else (), LOST)
    for record in at_work:
        _put_back(store, batch.batch_id, record, lost[record.partition.number] + 1)


def count_reason(attempts: Iterable[Attempt], reason: str) -> Counter[int]:
    """How many attempts ended for that reason, by partition."""
    return Counter(attempt.partition for attempt in attempts if attempt.reason == reason)


def _put_back(store: LeasedStore, batch_id: str, record: PartitionRecord, lost: int) -> None:
    number = record.partition.number
    values = {"partition": number, "attempts": lost}
    if lost < MOST_LOST:
        after, reason, error = PartitionState.PENDING, LOST, Message(_LOST_AGAIN, {"partition": number})
    else:
        after, reason, error = PartitionState.FAILED, str(Ending.CRASH), Message(_LOST_TOO_OFTEN, values)
    end = AttemptEnd(seconds=0.0, peak_mb=0.0, reason=reason, error=error)
    if not store.move_partition(batch_id, number, PartitionState.PROCESSING, after, end=end):
        raise Stopped
    if after is PartitionState.FAILED:
        raise Failed(error)
