"""A batch is published whole, or leaves nothing behind but what went wrong: with real worker processes."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import psutil
import pytest
from tests.plugins.watchdog import processes_left

from batchcast.domain.batch import BatchState, PartitionState
from batchcast.domain.errors import BatchCancelled, BatchFailed, PartitionFailed
from batchcast.domain.settings import BatchSettings
from batchcast.run.one_batch import OneBatch, Placement
from batchcast.run.steps import StepLimits, Steps
from batchcast.run.verdict import check_completed

pytestmark = pytest.mark.alone  # counts the processes and descriptors of its own process


STEPS = Steps(prepare="acts:prepare", partition="acts:partition", publish="acts:publish")


class Bench:
    """One batch with its folders."""

    def __init__(self, folder, pool, plan, source, *, steps=STEPS, limits=None, **settings):
        self.folder: Path = folder
        self.out = folder / "out.csv"
        self.published = []
        placement = Placement(arguments={"out": self.out}, commit=self.published.append)
        self.batch = OneBatch("b", pool, folder / "work", placement, steps=steps, limits=limits or StepLimits())
        self.store = self.batch.store
        self._start = lambda: self.batch.start(BatchSettings(**settings), plan, source(self.batch.artifacts))

    def site_does(self, site, act):
        """What the partition of a site does in place of a forecast."""
        (self.folder / site).write_text(act)

    def start(self):
        self._start()
        return self.batch

    def run(self):
        return self.start().wait(60)

    def states(self):
        return [record.state.value for record in self.store.batch("b").partitions]

    def log(self):
        return [line.split()[0] for line in (self.folder / "log").read_text().splitlines()]

    def scratch(self):
        return [path.name for path in (self.folder / "work").iterdir() if path.name != "artifacts"]

    def leaves_nothing(self):
        return self.scratch() == [] and not self.out.exists()


@pytest.fixture
def bench(tmp_path, make_pool, make_plan, a_source):
    """Makes a batch of partitions with so many cells each."""

    def make(cells, *, size=2, pool=None, **options):
        return Bench(tmp_path, pool or make_pool(size), make_plan(cells), a_source, **options)

    return make


def test_a_batch_is_prepared_forecast_in_the_order_of_its_plan_and_published(bench):
    one = bench([30, 20, 10], size=1)

    batch = one.run()

    assert batch.state is BatchState.COMPLETED
    assert batch.progress == 1
    assert one.states() == ["COMPLETED"] * 3
    assert one.log() == ["S0", "S1", "S2"]
    assert one.out.read_text() == "S0 S1 S2"
    assert one.scratch() == []
    assert check_completed(batch) is None


def test_every_change_is_an_event_in_order(bench):
    one = bench([30, 10], size=1)

    one.run()
    events = one.store.events_after("b", 0)

    assert [event.number for event in events] == list(range(1, len(events) + 1))
    told = [
        (event.kind, event.partition, event.state or event.detail.get("state") or event.detail["overall"])
        for event in events
    ]
    assert told == [
        ("batch", None, "PENDING"),
        ("batch", None, "PROCESSING"),
        ("step", None, "started"),
        ("step", None, "progress"),
        ("step", None, "done"),
        ("partition", 0, "PROCESSING"),
        ("progress", 0, 0.375),
        ("partition", 0, "COMPLETED"),
        ("partition", 1, "PROCESSING"),
        ("progress", 1, 0.875),
        ("partition", 1, "COMPLETED"),
        ("step", None, "started"),
        ("step", None, "progress"),
        ("step", None, "done"),
        ("batch", None, "COMPLETED"),
    ]
    assert [published["counts"] for published in one.published] == [{"series": 2}]


def test_no_more_partitions_than_asked_for_are_at_work_at_once(bench):
    one = bench([3, 2, 1], size=2, max_parallel=1)

    one.run()

    events = [event for event in one.store.events_after("b", 0) if event.kind == "partition"]
    assert [event.state for event in events] == ["PROCESSING", "COMPLETED"] * 3


@pytest.mark.parametrize(
    ("act", "reason", "sentence"),
    [
        (
            "take_memory",
            "out-of-memory",
            "Partition 1 failed: Out of memory (limit 1024 MB). "
            "Reduce max_rows_per_partition or raise memory_limit_mb.",
        ),
        (
            "raise_plain",
            "error",
            "Partition 1 error: ValueError: line 3: not a number",
        ),
        (
            "kill_itself",
            "crash",
            "Partition 1 crash: Its worker ended with signal SIGSEGV in each of 2 attempts",
        ),
        (
            "lose_a_series",
            "error",
            "Partition 1 error: Its result does not account for its 1 series: "
            "{'series': 1, 'forecast': 0, 'refused': 0}. "
            "This is a mistake of ours; please send us the demand history",
        ),
    ],
)
def test_the_first_failure_rolls_the_batch_back_and_says_which_and_why(bench, act, reason, sentence):
    one = bench([30, 20, 10, 5], memory_limit_mb=1024)
    one.site_does("S0", "wait_for_ever")
    one.site_does("S1", act)

    batch = one.run()

    assert batch.state is BatchState.ROLLED_BACK
    assert str(batch.error) == sentence
    failed = batch.partitions[1]
    assert (failed.state, failed.reason, failed.error) == (PartitionState.FAILED, reason, batch.error)
    assert one.states() == ["CANCELLED", "FAILED", "CANCELLED", "CANCELLED"]
    assert one.leaves_nothing()
    with pytest.raises(PartitionFailed) as raised:
        check_completed(batch)
    assert (raised.value.partition, raised.value.reason, str(raised.value)) == (1, reason, sentence)


def test_an_error_of_megabytes_is_kept_cut_and_as_text(bench):
    one = bench([30, 20])
    one.site_does("S1", "raise_megabytes")

    batch = one.run()

    said = str(batch.error)
    assert said.startswith("Partition 1 error: RuntimeError: xxx")
    assert len(said.encode()) <= 4096  # a half of a character can't be encoded
    assert [event.detail for event in one.store.events_after("b", 0) if "xxxx" in str(event.detail)]
    assert all(len(str(event.detail).encode()) < 10_000 for event in one.store.events_after("b", 0))


def test_a_partition_over_its_time_rolls_the_batch_back(bench):
    one = bench([30, 20], size=1, max_execution_time=3)
    one.site_does("S1", "loop_in_c")

    batch = one.run()

    assert batch.state is BatchState.ROLLED_BACK
    assert str(batch.error) == "Partition 1 timeout: Exceeded 3s"
    assert one.states() == ["COMPLETED", "TIMEOUT"]
    assert batch.partitions[1].reason == "timeout"
    assert one.leaves_nothing()


def test_siblings_of_a_failed_partition_are_killed(bench):
    one = bench([30, 20, 10])
    one.site_does("S0", "loop_in_c")
    one.site_does("S1", "raise_plain")

    batch = one.run()

    assert one.states() == ["CANCELLED", "FAILED", "CANCELLED"]
    assert batch.state is BatchState.ROLLED_BACK
    told = one.folder / "S0.told"
    assert not told.exists() or not psutil.pid_exists(int(told.read_text()))


def test_a_crashed_partition_is_tried_once_more(bench):
    one = bench([30, 20])
    one.site_does("S1", "kill_itself_once then-good")

    batch = one.run()

    assert batch.state is BatchState.COMPLETED
    assert one.out.read_text() == "S0 S1"
    attempts = [(a.number, a.reason, str(a.error)) for a in one.store.attempts("b") if a.partition == 1]
    crash = "Partition 1 crash: Its worker ended with signal SIGKILL; it is tried again"
    assert attempts == [(1, "crash", crash), (2, None, "None")]


def test_a_worker_killed_from_outside_is_replaced_and_its_partition_tried_again(bench, until):
    one = bench([30], size=1)
    one.site_does("S0", "loop_in_c")
    told = one.folder / "S0.told"
    running = one.start()

    for _ in range(2):
        until(told.exists)
        worker = psutil.Process(int(told.read_text()))
        told.unlink()
        worker.kill()
    batch = running.wait(20)

    assert batch.state is BatchState.ROLLED_BACK
    assert str(batch.error) == "Partition 0 crash: Its worker ended with signal SIGKILL in each of 2 attempts"
    assert batch.partitions[0].attempt == 2


@pytest.mark.parametrize(
    ("step", "act", "sentence"),
    [
        ("prepare", "raise_plain", "Preparation error: ValueError: line 3: not a number"),
        ("prepare", "wait_for_ever", "Preparation timeout: Exceeded 0.5s"),
        ("prepare", "fork_and_die", "Preparation crash: Its worker ended with exit code 7 in each of 2 attempts"),
        (
            "prepare",
            "ask_for_too_much",
            "Preparation failed: Out of memory (limit 2048 MB). Raise memory_limit_mb.",
        ),
        ("publish", "raise_plain", "Publishing error: ValueError: line 3: not a number"),
        ("publish", "wait_for_ever", "Publishing timeout: Exceeded 0.5s"),
        ("publish", "fork_and_die", "Publishing crash: Its worker ended with exit code 7 in each of 2 attempts"),
        ("publish", "ask_for_too_much", "Publishing failed: Out of memory (limit 2048 MB). Raise memory_limit_mb."),
    ],
)
def test_a_step_that_fails_rolls_the_batch_back(bench, step, act, sentence):
    steps = Steps(
        **{**{name: getattr(STEPS, name) for name in ("prepare", "partition", "publish")}, step: f"acts:{act}"}
    )
    seconds = 0.5 if act == "wait_for_ever" else 60
    one = bench([30, 20], steps=steps, limits=StepLimits(prepare_seconds=seconds, publish_seconds=seconds))

    batch = one.run()

    assert batch.state is BatchState.ROLLED_BACK
    assert str(batch.error) == sentence
    assert one.leaves_nothing()
    assert one.states() == (["CANCELLED"] * 2 if step == "prepare" else ["COMPLETED"] * 2)
    with pytest.raises(BatchFailed) as raised:
        check_completed(batch)
    assert type(raised.value) is BatchFailed


def test_a_cancel_kills_what_is_at_work_soon(bench, until):
    one = bench([30, 20, 10])
    one.site_does("S0", "loop_in_c")
    one.site_does("S1", "pause_in_c")
    running = one.start()
    until(lambda: all((one.folder / f"{site}.told").exists() for site in ("S0", "S1")))
    start = time.monotonic()

    won = one.batch.cancel()
    batch = running.wait(20)

    assert won
    assert time.monotonic() - start < 15  # the jobs would never end; a second on an idle machine
    assert batch.state is BatchState.CANCELLED
    assert one.states() == ["CANCELLED"] * 3
    assert one.leaves_nothing()
    assert not one.batch.cancel()
    with pytest.raises(BatchCancelled, match="nothing was published"):
        check_completed(batch)


def test_a_cancel_while_publishing_leaves_nothing(bench, until):
    one = bench([30], steps=Steps(prepare=STEPS.prepare, partition=STEPS.partition, publish="acts:loop_in_c"))
    running = one.start()
    until(lambda: [e.detail.get("step") for e in one.store.events_after("b", 0)][-1:] == ["publish"])

    one.batch.cancel()

    assert running.wait(20).state is BatchState.CANCELLED
    assert one.leaves_nothing()


def test_a_pool_that_is_closed_rolls_the_batch_back(bench, make_pool, until):
    pool = make_pool()
    one = bench([30], pool=pool)
    one.site_does("S0", "loop_in_c")
    running = one.start()
    until((one.folder / "S0.told").exists)

    pool.close()
    batch = running.wait(20)

    assert batch.state is BatchState.ROLLED_BACK
    assert str(batch.error).startswith("The batch could not be carried on: PoolClosed('the pool is closed")
    assert one.leaves_nothing()


def test_a_wait_that_is_too_short_says_so(bench):
    one = bench([30])
    one.site_does("S0", "loop_in_c")
    running = one.start()

    with pytest.raises(TimeoutError, match="batch b has not ended after 0 s"):
        running.wait(0)

    running.cancel()
    assert running.wait(20).state is BatchState.CANCELLED


def test_two_hundred_partitions_leak_no_process_file_or_descriptor(bench, make_pool, workers_of):
    pool = make_pool(2)
    me = psutil.Process()
    one = bench([1000 - i for i in range(200)], pool=pool)
    for site in range(0, 200, 20):
        one.site_does(f"S{site}", "kill_itself_once then-good")
    threads, files = threading.active_count(), me.num_fds()

    batch = one.run()

    assert batch.state is BatchState.COMPLETED
    assert len(one.out.read_text().split()) == 200
    assert len(one.batch.artifacts.names("batches/b/partitions")) == 200
    assert threading.active_count() <= threads + 4
    pool.close()
    assert me.num_fds() <= files
    assert workers_of(os.getpid()) == []
    assert processes_left() == []
