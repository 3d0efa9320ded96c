"""An error in place of a death, at each point of a run: the batch ends in one state, and nothing half-done is left."""

from __future__ import annotations

import errno
import threading

import pytest
from tests.integration.run.test_dispatcher import Gate

from batchcast.app.service.retention import sweep_artifacts
from batchcast.domain import crash_points
from batchcast.domain.batch import BatchState
from batchcast.domain.crash_points import CrashPoint
from batchcast.domain.errors import InternalError, Message
from batchcast.run.job import Ending, Outcome

LEASE_SECONDS = 0.5

COMPLETED, ROLLED_BACK, CANCELLED = BatchState.COMPLETED, BatchState.ROLLED_BACK, BatchState.CANCELLED
RUN = {  # how the batch ends that met with an error there
    CrashPoint.BATCH_CLAIMED: COMPLETED,  # it is given back, and taken again
    CrashPoint.PREPARED: ROLLED_BACK,
    CrashPoint.CHECKPOINTS_TAKEN: ROLLED_BACK,
    CrashPoint.PARTITION_STARTED: ROLLED_BACK,
    CrashPoint.PARTITION_DONE: ROLLED_BACK,
    CrashPoint.PARTITION_KEPT: ROLLED_BACK,
    CrashPoint.PARTITION_COMPLETED: ROLLED_BACK,
    CrashPoint.PARTITIONS_COMPLETED: ROLLED_BACK,
    CrashPoint.RESULT_WRITTEN: ROLLED_BACK,
    CrashPoint.RESULT_KEPT: ROLLED_BACK,
    CrashPoint.BATCH_COMPLETED: COMPLETED,  # its row points at the result: that is never taken back
}
FAILING = (CrashPoint.FAILURE_SEEN, CrashPoint.BATCH_ROLLED_BACK)
ELSEWHERE = {
    CrashPoint.BATCH_CANCELLED,  # below
    CrashPoint.BATCH_DELETED,  # tests/integration/app/test_submission.py, as those of a submission
    CrashPoint.UPLOAD_RECEIVED,
    CrashPoint.UPLOAD_CHECKED,
    CrashPoint.ARTIFACTS_CLAIMED,
    CrashPoint.ARTIFACTS_KEPT,
    CrashPoint.BATCH_ADDED,
}
BOTH = pytest.mark.parametrize("site", ["memory", "sqlite"], indirect=True)


def test_every_point_is_tried():
    assert {*RUN, *FAILING, *ELSEWHERE} == set(CrashPoint)


@pytest.fixture
def break_at(monkeypatch):
    """Has a point meet with an error of the disk, the first time that it is reached; returns the times that it was."""

    def set_up(point):
        met = []

        def fail(reached):
            if reached is point:
                met.append(reached)
                if len(met) == 1:
                    raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(crash_points, "_watchers", [fail])
        return met

    return set_up


def check_a_batch_that_has_ended(site, batch_id, state):
    """Its files are those that its row points at, and there is a result only where it is completed."""
    sweep_artifacts(site.store, site.artifacts)
    batch = site.store.batch(batch_id)
    assert batch.state is state
    assert site.scratch() == []
    kept = {record.result.rpartition("/")[2] for record in batch.partitions if record.result}
    assert site.files(batch_id) == kept | ({"result-1"} if state is COMPLETED else set())
    assert (batch.result is not None) is (state is COMPLETED)


@BOTH
@pytest.mark.parametrize("point", RUN)
def test_a_batch_that_meets_with_an_error_ends(site, make_instant_pool, ends, break_at, point):
    met = break_at(point)
    site.submit("a", [30, 20])

    server = site.server(make_instant_pool(1), lease_seconds=LEASE_SECONDS)
    batch = ends("a")

    assert met
    if RUN[point] is ROLLED_BACK:
        assert "Input/output error" in str(batch.error)
    site.submit("b", [30, 20])
    server.wake()
    assert ends("b").state is COMPLETED
    assert site.result("b") == "S0 S1"
    check_a_batch_that_has_ended(site, "b", COMPLETED)
    if point is not CrashPoint.BATCH_CLAIMED:  # its fence is another
        check_a_batch_that_has_ended(site, "a", RUN[point])


@BOTH
@pytest.mark.parametrize("point", FAILING)
def test_a_batch_that_fails_and_then_meets_with_an_error_is_rolled_back(site, make_instant_pool, ends, break_at, point):
    bad = Outcome(ending=Ending.ERROR, error=InternalError(Message("line 3 is no number")))
    pool = make_instant_pool(1)
    pool.acts["partition"] = lambda job, given: bad if given["partition"].number == 1 else None
    met = break_at(point)
    site.submit("a", [30, 20])

    site.server(pool, lease_seconds=LEASE_SECONDS)
    batch = ends("a")

    assert met
    assert "line 3 is no number" in str(batch.error)
    check_a_batch_that_has_ended(site, "a", ROLLED_BACK)


@BOTH
def test_a_batch_whose_cancelling_meets_with_an_error_is_cancelled(site, make_instant_pool, ends, until, break_at):
    pool = make_instant_pool(1)
    gate = pool.acts["partition"] = Gate()
    met = break_at(CrashPoint.BATCH_CANCELLED)
    site.submit("a")
    server = site.server(pool, lease_seconds=LEASE_SECONDS)
    assert gate.reached.wait(10)

    with pytest.raises(OSError, match="Input/output error"):
        server.cancel("a")
    ends("a")

    assert met
    assert not pool.at_work
    check_a_batch_that_has_ended(site, "a", CANCELLED)


def test_a_batch_waits_while_no_further_thread_can_be_started(site, make_instant_pool, ends, until, monkeypatch):
    start, refused = threading.Thread.start, []

    def start_few(thread):
        if thread.name.startswith("batch-") and len(refused) < 2:
            refused.append(thread.name)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_few)
    site.submit("a")

    server = site.server(make_instant_pool(1))

    assert ends("a").state is COMPLETED
    assert refused == ["batch-a", "batch-a"]
    assert server.is_healthy()
