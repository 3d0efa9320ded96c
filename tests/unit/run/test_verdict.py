"""Each way to end has a code, a sentence word for word, and a way out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchcast.domain.batch import Batch, BatchState, PartitionRecord, PartitionState
from batchcast.domain.errors import BatchFailed, InternalError, Message
from batchcast.domain.settings import BatchSettings
from batchcast.run.job import Ending, Job, Outcome
from batchcast.run.verdict import check_completed, cures_of, judge_attempt, way_out_of

JOB = Job(function="m:f", timeout_seconds=300.0, memory_limit_mb=2048)
INVALID_DATE = InternalError(Message("Invalid date format (line {n}: {value!r})", {"n": 1204, "value": "31/02/2025"}))


@pytest.mark.parametrize(
    ("number", "outcome", "state", "sentence"),
    [
        (
            3,
            Outcome(ending=Ending.OUT_OF_MEMORY),
            PartitionState.FAILED,
            "Partition 3 failed: Out of memory (limit 2048 MB). "
            "Reduce max_rows_per_partition or raise memory_limit_mb.",
        ),
        (5, Outcome(ending=Ending.TIMEOUT), PartitionState.TIMEOUT, "Partition 5 timeout: Exceeded 300s"),
        (
            7,
            Outcome(ending=Ending.ERROR, error=INVALID_DATE),
            PartitionState.FAILED,
            "Partition 7 error: Invalid date format (line 1204: '31/02/2025')",
        ),
        (
            0,
            Outcome(ending=Ending.CRASH, ended_by="signal SIGSEGV"),
            PartitionState.FAILED,
            "Partition 0 crash: Its worker ended with signal SIGSEGV in each of 2 attempts",
        ),
        (
            1,
            Outcome(ending=Ending.LOST, node="press-2", ended_by="RayActorError"),
            PartitionState.FAILED,
            "Partition 1 lost: Each machine that worked at it was lost (2 in a row), at last press-2",
        ),
    ],
)
def test_the_sentences_are_those_of_the_product_word_for_word(make_plan, number, outcome, state, sentence):
    partition = make_plan([1] * 8).partitions[number]

    verdict = judge_attempt(partition, outcome, JOB, 2, is_last=True)

    assert str(verdict.error) == sentence
    assert (verdict.state, verdict.reason) == (state, outcome.ending.value)


def test_a_partition_whose_machine_is_lost_is_tried_again(make_plan):
    outcome = Outcome(ending=Ending.LOST, node="press-2")

    verdict = judge_attempt(make_plan([1]).partitions[0], outcome, JOB, 1, is_last=False)

    assert (verdict.state, verdict.reason) == (PartitionState.PENDING, "lost")
    assert str(verdict.error) == ("Partition 0 lost: Machine press-2 was lost while it worked at it; it is tried again")


@pytest.mark.parametrize(("seconds", "text"), [(0.5, "0.5"), (300, "300"), (86_400.0, "86400"), (1.25, "1.25")])
def test_a_limit_is_said_without_needless_digits(make_plan, seconds, text):
    job = Job(function="m:f", timeout_seconds=seconds)

    verdict = judge_attempt(make_plan([1]).partitions[0], Outcome(ending=Ending.TIMEOUT), job, 1, is_last=False)

    assert str(verdict.error) == f"Partition 0 timeout: Exceeded {text}s"


@pytest.mark.parametrize(
    "result",
    [
        None,
        {"series": 2, "forecast": 2, "refused": 0},
        {"series": 1, "forecast": 0, "refused": 0},
        {"series": 1, "forecast": 1},
    ],
)
def test_a_result_that_does_not_account_for_every_series_fails(make_plan, result):
    outcome = Outcome(ending=Ending.DONE, result=result)

    verdict = judge_attempt(make_plan([1]).partitions[0], outcome, JOB, 1, is_last=True)

    assert (verdict.state, verdict.reason) == (PartitionState.FAILED, "error")
    assert "Its result does not account for its 1 series" in str(verdict.error)


def test_a_batch_that_has_not_ended_is_no_published_one(make_plan):
    batch = Batch(batch_id="b", settings=BatchSettings(), plan=make_plan([]), state=BatchState.PROCESSING)

    with pytest.raises(BatchFailed, match="The batch is PROCESSING; nothing was published"):
        check_completed(batch)


def ended_batch(make_plan, reason, *, series=9, sites=("A",), batch_mode=True, **settings):
    """A batch of 9,000 rows in two partitions, of which the first ended so."""
    plan = make_plan([8_000, 1_000])
    first = replace(plan.partitions[0], series=series, sites=sites)
    plan = replace(plan, partitions=(first, plan.partitions[1]), batch_mode=batch_mode)
    state = PartitionState.TIMEOUT if reason == "timeout" else PartitionState.FAILED
    records = (
        PartitionRecord(partition=first, state=state, reason=reason),
        PartitionRecord(partition=plan.partitions[1], state=PartitionState.CANCELLED),
    )
    return Batch(batch_id="b", settings=BatchSettings(**settings), plan=plan, partitions=records)


BY_SIZE = {"partition_strategy": "auto"}


@pytest.mark.parametrize(
    ("reason", "how", "cures", "words"),
    [
        ("timeout", {}, {"partition_strategy"}, "set partition_strategy=auto"),
        ("timeout", {"series": 1}, set(), None),
        (
            "timeout",
            {"max_rows_per_partition": 50_000},
            {"partition_strategy", "max_rows_per_partition"},
            "set partition_strategy=auto, lower max_rows_per_partition",
        ),
        ("timeout", {"sites": ("A", "B"), "max_partitions": 2}, {"max_partitions"}, "raise max_partitions"),
        (
            "timeout",
            BY_SIZE | {"max_rows_per_partition": 4_500},
            {"max_rows_per_partition"},
            "lower max_rows_per_partition",
        ),
        ("timeout", BY_SIZE | {"max_partitions": 2}, {"max_partitions"}, "raise max_partitions"),
        ("timeout", {"batch_mode": False, "sites": ("A", "B")}, {"batch_mode"}, "set batch_mode=on"),
        (
            "timeout",
            {"batch_mode": False},
            {"batch_mode", "partition_strategy"},
            "set batch_mode=on, set partition_strategy=auto",
        ),
        ("out-of-memory", {}, {"partition_strategy"}, "set partition_strategy=auto"),
        ("out-of-memory", {"series": 1}, set(), None),
    ],
)
def test_what_can_not_make_a_partition_smaller_is_not_offered(make_plan, reason, how, cures, words):
    batch = ended_batch(make_plan, reason, **how)
    limit = {"timeout": "max_execution_time", "out-of-memory": "memory_limit_mb"}[reason]

    assert cures_of(batch) == {limit} | cures
    smaller = f", or make partitions smaller: {words}" if words else ""
    assert str(way_out_of(batch, batch.partitions[0])) == f"Raise {limit}{smaller}."


def test_the_remedy_that_the_sentence_of_memory_has_is_not_said_twice(make_plan):
    batch = ended_batch(make_plan, "out-of-memory", **BY_SIZE, max_rows_per_partition=4_500)

    assert way_out_of(batch, batch.partitions[0]) is None
    assert cures_of(batch) == {"memory_limit_mb", "max_rows_per_partition"}


@pytest.mark.parametrize("reason", ["error", "crash"])
def test_no_setting_cures_an_error_or_a_crash(make_plan, reason):
    batch = ended_batch(make_plan, reason)

    assert cures_of(batch) == frozenset()
    assert "ubmit the batch again" in str(way_out_of(batch, batch.partitions[0]))
