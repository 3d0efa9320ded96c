"""What is said of a job that did not end well: for each way to end a sentence, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batchcast.domain.batch import Batch, BatchState, PartitionRecord, PartitionState
from batchcast.domain.errors import N_, BatchCancelled, BatchcastError, BatchFailed, Message, PartitionFailed
from batchcast.domain.plan import Partition
from batchcast.plan.remedies import Cut
from batchcast.run.job import Ending, Job, Outcome
from batchcast.store.records import AttemptEnd


class Failed(Exception):
    """A step or partition failed, and the batch with it."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(str(message))


class Stopped(Exception):
    """The batch is not ours to carry on: cancelled, taken over, or given back."""


_PARTITION = {
    Ending.OUT_OF_MEMORY: N_(
        "Partition {partition} failed: Out of memory (limit {limit_mb} MB). Reduce {@max_rows_per_partition} or "
        "raise {@memory_limit_mb}."
    ),
    Ending.TIMEOUT: N_("Partition {partition} timeout: Exceeded {seconds}s"),
    Ending.ERROR: N_("Partition {partition} error: {problem}"),
    Ending.CRASH: N_("Partition {partition} crash: Its worker ended with {end} in each of {attempts} attempts"),
    Ending.LOST: N_(
        "Partition {partition} lost: Each machine that worked at it was lost ({attempts} in a row), at last {node}"
    ),
}
_MACHINE_LOST = N_("Partition {partition} lost: Machine {node} was lost while it worked at it; it is tried again")
_TRIED_AGAIN = N_("Partition {partition} crash: Its worker ended with {end}; it is tried again")
_UNACCOUNTED = N_(
    "Partition {partition} error: Its result does not account for its {series} series: {result}. "
    "This is a mistake of ours; please send us the demand history"
)
_PREPARATION = {
    Ending.OUT_OF_MEMORY: N_("Preparation failed: Out of memory (limit {limit_mb} MB). Raise {@memory_limit_mb}."),
    Ending.TIMEOUT: N_("Preparation timeout: Exceeded {seconds}s"),
    Ending.ERROR: N_("Preparation error: {problem}"),
    Ending.CRASH: N_("Preparation crash: Its worker ended with {end} in each of {attempts} attempts"),
}
_PUBLISHING = {
    Ending.OUT_OF_MEMORY: N_("Publishing failed: Out of memory (limit {limit_mb} MB). Raise {@memory_limit_mb}."),
    Ending.TIMEOUT: N_("Publishing timeout: Exceeded {seconds}s"),
    Ending.ERROR: N_("Publishing error: {problem}"),
    Ending.CRASH: N_("Publishing crash: Its worker ended with {end} in each of {attempts} attempts"),
}
_WAYS_OUT: Mapping[str, Message] = {
    Ending.ERROR: Message(N_("Correct what the sentence names, and submit the batch again.")),
    Ending.CRASH: Message(
        N_("Submit the batch again; if it ends so again, send us the log, which has the last output of its worker.")
    ),
    Ending.LOST: Message(N_("Find out from the log of Ray why the machines were lost, and submit the batch again.")),
}  # by the reason of a partition that exceeded no limit
_EXCEEDED: Mapping[str, str] = {Ending.TIMEOUT: "max_execution_time", Ending.OUT_OF_MEMORY: "memory_limit_mb"}
_ENOUGH_SAID = ("max_rows_per_partition",)  # the remedy that the sentence of memory itself has


def way_out_of(batch: Batch, record: PartitionRecord) -> Message | None:
    """What to do about a partition that did not end well, where its own sentence does not say it."""
    if record.reason is None or (limit := _EXCEEDED.get(record.reason)) is None:
        return _WAYS_OUT.get(record.reason or "")
    cut = _cut_of(batch)
    if record.reason == Ending.OUT_OF_MEMORY and cut.smaller_with(record.partition) == _ENOUGH_SAID:
        return None
    return cut.way_out(limit, [record.partition])


def cures_of(batch: Batch) -> frozenset[str]:
    """The settings that may cure the failures of a batch: the limits that were exceeded, and what makes smaller."""
    cut = _cut_of(batch)
    exceeded = [one for one in batch.partitions if one.reason in _EXCEEDED]
    smaller = {name for one in exceeded for name in cut.smaller_with(one.partition)}
    return frozenset({_EXCEEDED[str(one.reason)] for one in exceeded} | smaller)


def _cut_of(batch: Batch) -> Cut:
    return Cut(settings=batch.settings, batch_mode=batch.plan.batch_mode, partitions=batch.plan.partitions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Where an attempt of a partition leaves it."""

    state: PartitionState
    reason: str | None = None  # code of how it failed
    error: Message | None = None


def judge_attempt(partition: Partition, outcome: Outcome, job: Job, crashes: int, *, is_last: bool) -> Verdict:
    """Where an attempt that ended so leaves its partition, which has ended so as often, this time included.

    `crashes`: those of its workers, or, where its machine was lost, the machines that were.
    """
    values = {"partition": partition.number}
    match outcome.ending:
        case Ending.DONE if _accounts_for(partition, outcome.result):
            return Verdict(state=PartitionState.COMPLETED)
        case Ending.DONE:
            error = Message(_UNACCOUNTED, values | {"series": partition.series, "result": repr(outcome.result)[:200]})
            return Verdict(state=PartitionState.FAILED, reason=Ending.ERROR, error=error)
        case Ending.LOST if not is_last:
            error = Message(_MACHINE_LOST, values | {"node": outcome.node})
            return Verdict(state=PartitionState.PENDING, reason=Ending.LOST, error=error)
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
    problem = (
        error.message
        if isinstance(error, BatchcastError)
        else Message("{server_reason}", {"server_reason": str(error)})
    )
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
            reason, way_out = record.reason or "error", way_out_of(batch, record)
            raise PartitionFailed(message, partition=record.partition.number, reason=reason, way_out=way_out)
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
        case Ending.LOST:
            values = {**values, "node": outcome.node, "attempts": attempts}
        case Ending.ERROR if outcome.error:
            values = {**values, "problem": outcome.error.message}
    return Message(templates[outcome.ending], values)
