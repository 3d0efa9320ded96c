"""Each way to end has a code, a sentence word for word, and a way out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from batchcast.domain.batch import Batch, BatchState, PartitionState
from batchcast.domain.errors import BatchFailed, InternalError, Message
from batchcast.domain.settings import BatchSettings
from batchcast.run.job import Ending, Job, Outcome
from batchcast.run.verdict import WAYS_OUT, check_completed, cures_of, judge_attempt

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
    ],
)
def test_the_sentences_are_those_of_the_product_word_for_word(make_plan, number, outcome, state, sentence):
    partition = make_plan([1] * 8).partitions[number]

    verdict = judge_attempt(partition, outcome, JOB, 2, is_last=True)

    assert str(verdict.error) == sentence
    assert (verdict.state, verdict.reason) == (state, outcome.ending.value)
    assert WAYS_OUT[verdict.reason].template


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


@pytest.mark.parametrize(
    ("strategy", "reason", "cures"),
    [
        ("site", "out-of-memory", {"memory_limit_mb", "partition_strategy"}),
        ("auto", "out-of-memory", {"memory_limit_mb", "max_rows_per_partition"}),
        ("site", "timeout", {"max_execution_time", "partition_strategy"}),
        ("site", "crash", set()),
    ],
)
def test_a_setting_that_can_not_help_is_not_offered(strategy, reason, cures):
    """Where each site is a partition, fewer rows in a partition change nothing."""
    state = PartitionState.TIMEOUT if reason == "timeout" else PartitionState.FAILED
    ended = [(state, reason), (PartitionState.CANCELLED, None)]
    records = tuple(SimpleNamespace(state=state, reason=reason) for state, reason in ended)
    batch = SimpleNamespace(partitions=records, settings=BatchSettings(partition_strategy=strategy))

    assert cures_of(batch) == cures
