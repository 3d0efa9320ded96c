"""Cancel, completion and failure race: exactly one wins. With a pool whose jobs end when the test says so."""

from __future__ import annotations

import threading
from pathlib import Path
from queue import SimpleQueue

import pytest

from batchcast.domain.batch import BatchState
from batchcast.domain.errors import InternalError, Message
from batchcast.domain.settings import BatchSettings
from batchcast.run.batch_run import BatchRun
from batchcast.run.job import Ending, Outcome, Progress
from batchcast.run.one_batch import OneBatch, Placement
from batchcast.run.verdict import check_completed

GOOD = {"series": 1, "forecast": 1, "refused": 0}
STAGED = {"stage": "here", "counts": {"series": 1}, "leaderboard": []}


class HandJob:
    """A job in the hands of a HandPool."""

    def __init__(self, job, reports):
        self.job = job
        self.step = job.function.partition(":")[2]
        self._reports = reports
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.outcome = None

    def end(self, ending=Ending.DONE, **fields):
        """End it so, unless it has ended; whether it had not."""
        with self._lock:
            if self.outcome is not None:
                return False
            self.outcome = Outcome(ending=ending, **fields)
        self._ended.set()
        self._reports.put((self, self.outcome))
        return True

    def tell(self, share):
        self._reports.put((self, Progress(share)))

    def cancel(self):
        self.end(Ending.CANCELLED)

    def wait(self, timeout_seconds=None):
        if not self._ended.wait(timeout_seconds):
            raise TimeoutError("not ended")
        return self.outcome


class HandPool:
    """A pool without workers: what is submitted waits in `jobs` for the test to end it."""

    size = idle = 2
    is_wide = False
    is_warming = False
    nodes = ()

    def __init__(self):
        self.jobs = SimpleQueue()

    def submit(self, job, reports=None, priority=0):
        submitted = HandJob(job, reports)
        self.jobs.put(submitted)
        return submitted

    def next(self, step):
        submitted = self.jobs.get(timeout=10)
        assert submitted.step == step
        return submitted

    def end_batch(self, batch_id):
        """Nothing is fetched."""

    def close(self):
        """Nothing to close."""


@pytest.fixture
def pool():
    return HandPool()


@pytest.fixture
def begin(pool, make_plan, a_source, tmp_path):
    """Starts a batch of partitions with so many cells."""

    def start(*cells, name="b", **placement):
        placement = Placement(**{"arguments": {}, "commit": lambda published: None, **placement})
        one = OneBatch(name, pool, tmp_path / name, placement)
        one.start(BatchSettings(max_parallel=2), make_plan(cells), a_source(one.artifacts, name))
        return one

    return start


def forecast(partition):
    """Ends a partition job well, and writes what it would have written."""
    into = Path(partition.job.arguments["into"]["value"])
    into.mkdir(parents=True)
    (into / "forecast").touch()
    partition.end(result=GOOD)


def publish_of(pool):
    """Ends all that goes before publishing a batch of one partition; returns the publish job."""
    pool.next("prepare_job").end()
    forecast(pool.next("partition_job"))
    return pool.next("publish_job")


def test_largest_partitions_go_first_and_waiting_ones_follow_as_places_get_free(begin, pool):
    running = begin(9, 8, 7, 6)
    pool.next("prepare_job").end()
    first, second = pool.next("partition_job"), pool.next("partition_job")
    assert pool.jobs.empty()

    forecast(second)
    third = pool.next("partition_job")

    numbers = [job.job.arguments["partition"]["number"] for job in (first, second, third)]
    assert numbers == [0, 1, 2]
    for job in (first, third):
        forecast(job)
    forecast(pool.next("partition_job"))
    pool.next("publish_job").end(result=STAGED)
    assert running.wait(10).state is BatchState.COMPLETED


def test_a_crashed_partition_is_tried_again_before_the_waiting_ones(begin, pool):
    running = begin(9, 8, 7)
    pool.next("prepare_job").end()
    first, _ = pool.next("partition_job"), pool.next("partition_job")
    first.tell(0.5)

    first.end(Ending.CRASH, ended_by="signal SIGBUS")
    again = pool.next("partition_job")

    assert again.job.arguments["partition"]["number"] == 0
    assert again.job.arguments["into"] != first.job.arguments["into"]
    assert running.store.batch("b").progress == 0
    running.cancel()
    running.wait(10)


def test_progress_is_kept_where_it_is_worth_it(begin, pool):
    running = begin(10)
    pool.next("prepare_job").end()
    partition = pool.next("partition_job")

    for share in (0.001, 0.25, 0.255, 0.5):
        partition.tell(share)
    forecast(partition)
    pool.next("publish_job")

    told = [event.detail["progress"] for event in running.store.events_after("b", 0) if event.kind == "progress"]
    assert told == [0.25, 0.5]
    running.cancel()
    running.wait(10)


def test_the_publish_step_is_told_what_its_destination_says_and_what_was_done(begin, pool, tmp_path):
    running = begin(10, arguments={"out": tmp_path / "out.csv"})

    arguments = publish_of(pool).job.arguments

    assert arguments["out"] == {"$": "path", "value": str(tmp_path / "out.csv")}
    assert arguments["history"]["input_sha256"] == "0" * 64
    kept = tmp_path / "b" / "artifacts" / "batches" / "b" / "partitions" / "00000-1-1"
    assert arguments["folders"] == [{"$": "path", "value": str(kept)}]
    assert list(arguments["timings"]) == ["ingest", "prepare", "forecast"]
    running.cancel()
    running.wait(10)


def test_the_result_is_put_in_its_place_before_the_batch_is_completed(begin, pool):
    seen = []
    running = begin(10, commit=lambda given: seen.append((given["stage"], running.store.batch("b").state.value)))

    publish_of(pool).end(result=STAGED)

    assert running.wait(10).state is BatchState.COMPLETED
    assert seen == [("here", "PROCESSING")]


def test_a_cancel_waits_while_the_result_is_put_in_its_place_and_is_too_late(begin, pool):
    is_committing, may_end = threading.Event(), threading.Event()

    def commit(published):
        is_committing.set()
        may_end.wait(10)

    running = begin(10, commit=commit)
    publish_of(pool).end(result=STAGED)
    is_committing.wait(10)
    answers = SimpleQueue()
    canceller = threading.Thread(target=lambda: answers.put(running.cancel()))
    canceller.start()
    may_end.set()

    assert answers.get(timeout=10) is False
    canceller.join()
    assert running.wait(10).state is BatchState.COMPLETED


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device"), "Publishing error: [Errno 28] No space left on device"),
        (InternalError(Message("no room for {n}", {"n": 3})), "Publishing error: no room for 3"),
    ],
)
def test_a_result_that_can_t_be_put_in_its_place_rolls_back(begin, pool, tmp_path, error, sentence):
    discarded = []

    def commit(published):
        raise error

    running = begin(10, commit=commit, discard=lambda: discarded.append("staged"))
    publish_of(pool).end(result=STAGED)

    batch = running.wait(10)
    assert (batch.state, str(batch.error)) == (BatchState.ROLLED_BACK, sentence)
    assert discarded == ["staged"]
    assert not (tmp_path / "b" / "b-1").exists()


def test_what_a_cancelled_batch_had_staged_is_discarded_and_never_put_in_its_place(begin, pool):
    calls = []
    running = begin(10, commit=calls.append, discard=lambda: calls.append("discarded"))
    publish = publish_of(pool)

    running.cancel()
    publish.end(result=STAGED)

    assert running.wait(10).state is BatchState.CANCELLED
    assert calls == ["discarded"]


def test_files_that_can_t_be_removed_are_logged_and_the_batch_ends(begin, pool, caplog):
    def discard():
        raise PermissionError(13, "Permission denied")

    running = begin(10, discard=discard)
    pool.next("prepare_job").end(Ending.TIMEOUT)

    assert running.wait(10).state is BatchState.ROLLED_BACK
    assert "batch b: its scratch files could not be removed: [Errno 13] Permission denied" in caplog.text


def test_a_job_that_does_not_end_is_logged_and_the_batch_ends(begin, pool, caplog, monkeypatch):
    monkeypatch.setattr("batchcast.run.batch_run._SECONDS_TO_END_JOBS", 0.01)
    monkeypatch.setattr(HandJob, "cancel", lambda self: None)
    running = begin(10)
    pool.next("prepare_job")

    running.cancel()

    assert running.wait(10).state is BatchState.CANCELLED
    assert "batch b: not ended although it was cancelled" in caplog.text


def test_a_failure_that_a_person_forestalled_is_a_cancel(begin, pool, monkeypatch):
    """The batch is cancelled between the failure of its step and its roll-back."""
    running = begin(10)
    step = pool.next("prepare_job")
    end_jobs = BatchRun._end_jobs

    def cancelled_meanwhile(run):
        end_jobs(run)
        running.store.move_batch("b", BatchState.PROCESSING, BatchState.CANCELLED)

    monkeypatch.setattr(BatchRun, "_end_jobs", cancelled_meanwhile)
    step.end(Ending.TIMEOUT)

    batch = running.wait(10)
    assert (batch.state, batch.error) == (BatchState.CANCELLED, None)


def test_a_batch_ended_elsewhere_is_let_go(begin, pool, tmp_path):
    """Another process that shares the store has cancelled it: the next change tells."""
    running = begin(10)
    prepare = pool.next("prepare_job")

    running.store.move_batch("b", BatchState.PROCESSING, BatchState.CANCELLED)
    prepare.end()

    assert running.wait(10).state is BatchState.CANCELLED
    assert pool.jobs.empty()
    assert not (tmp_path / "b" / "b-1").exists()


def test_a_batch_ended_elsewhere_while_publishing_is_not_put_in_its_place(begin, pool):
    committed = []
    running = begin(10, commit=committed.append)
    publish = publish_of(pool)

    running.store.move_batch("b", BatchState.PROCESSING, BatchState.CANCELLED)
    publish.end(result=STAGED)

    assert running.wait(10).state is BatchState.CANCELLED
    assert committed == []


def test_a_batch_ended_elsewhere_while_its_result_is_put_in_its_place_is_let_go(begin, pool):
    running = begin(10, commit=lambda _: running.store.move_batch("b", BatchState.PROCESSING, BatchState.CANCELLED))

    publish_of(pool).end(result=STAGED)

    assert running.wait(10).state is BatchState.CANCELLED


@pytest.mark.parametrize("rival", ["completion", "failure", "timeout"])
def test_of_a_cancel_and_a_rival_exactly_one_wins(begin, pool, rival, tmp_path):
    won = {BatchState.CANCELLED: 0, BatchState.COMPLETED: 0, BatchState.ROLLED_BACK: 0}
    for race in range(100):
        placed = []
        running = begin(10, name=f"b{race}", commit=placed.append)
        publish = publish_of(pool)
        start = threading.Barrier(2)

        def rivals_part(publish=publish, start=start):
            start.wait()
            if rival == "completion":
                publish.end(result=STAGED)
            elif rival == "failure":
                publish.end(Ending.ERROR, error=InternalError(Message("bad")))
            else:
                publish.end(Ending.TIMEOUT)

        thread = threading.Thread(target=rivals_part)
        thread.start()
        start.wait()
        is_cancelled = running.cancel()
        thread.join()
        batch = running.wait(10)

        won[batch.state] += 1
        assert is_cancelled == (batch.state is BatchState.CANCELLED)
        assert placed == ([STAGED] if batch.state is BatchState.COMPLETED else [])
        assert [path.name for path in (tmp_path / f"b{race}").iterdir()] == ["artifacts"]
        ends = [e.state for e in running.store.events_after(f"b{race}", 0) if e.kind == "batch"][2:]
        assert ends == [batch.state.value]
        if batch.state is BatchState.COMPLETED:
            check_completed(batch)
    assert sum(won.values()) == 100


@pytest.mark.long
def test_ten_thousand_partitions_are_carried_on_without_trouble(begin, pool):
    running = begin(*([1] * 10_000))
    pool.next("prepare_job").end()

    for _ in range(10_000):
        forecast(pool.next("partition_job"))
    pool.next("publish_job").end(result=STAGED)

    assert running.wait(30).state is BatchState.COMPLETED
