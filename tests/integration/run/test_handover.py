"""A batch whose server is lost is carried on from what is finished; a server that comes back late changes nothing."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from batchcast.domain.batch import BatchState, PartitionState
from batchcast.domain.errors import Message
from batchcast.run.process_tree import new_owner
from batchcast.store.errors import LeaseLost
from batchcast.store.records import AttemptEnd

pytestmark = pytest.mark.parametrize("site", ["memory", "sqlite"], indirect=True)

LOST = "Partition 0 crash: The server that worked at it was lost; it is tried again"


@pytest.fixture
def half_done(site):
    """A batch of three partitions: its server has finished one, was at work at one, and is gone."""
    site.submit("a", [30, 20, 10])
    lease = site.die("a")
    for number in (1, 0):
        site.store.move_partition("a", number, PartitionState.PENDING, PartitionState.PROCESSING, lease=lease)
    put_result(site, "batches/a/partitions/00001-1-1", "S1")
    end = AttemptEnd(seconds=1.0, peak_mb=1.0, result="batches/a/partitions/00001-1-1", checkpoint="key")
    site.store.move_partition("a", 1, PartitionState.PROCESSING, PartitionState.COMPLETED, end=end, lease=lease)
    return lease


def put_result(site, prefix, text):
    folder = site.folder / "given"
    folder.mkdir(exist_ok=True)
    (folder / "forecast.parquet").write_text(text)
    site.artifacts.put_folder(folder, prefix)


def test_finished_partitions_stay_and_the_others_are_done(site, half_done, make_instant_pool, ends):
    site.store.expire_leases(half_done.owner)
    pool = make_instant_pool()

    site.server(pool)

    batch = ends("a")
    assert batch.state is BatchState.COMPLETED
    assert site.result("a") == "S0 S1 S2"
    assert {entry for entry in pool.log if entry[0] == "partition"} == {("partition", 0), ("partition", 2)}
    attempts = {(a.partition, a.number, a.reason, str(a.error)) for a in site.store.attempts("a")}
    assert attempts == {(1, 1, None, "None"), (0, 1, "lost", LOST), (0, 2, None, "None"), (2, 1, None, "None")}
    assert site.ended == [("a", "COMPLETED", False)]


def test_nothing_is_prepared_where_all_is_finished(site, make_instant_pool, ends):
    site.submit("a", [30])
    lease = site.die("a")
    site.store.move_partition("a", 0, PartitionState.PENDING, PartitionState.PROCESSING, lease=lease)
    put_result(site, "batches/a/partitions/00000-1-1", "S0")
    end = AttemptEnd(seconds=1.0, peak_mb=1.0, result="batches/a/partitions/00000-1-1")
    site.store.move_partition("a", 0, PartitionState.PROCESSING, PartitionState.COMPLETED, end=end, lease=lease)
    site.store.expire_leases(lease.owner)
    pool = make_instant_pool()

    site.server(pool)

    assert ends("a").state is BatchState.COMPLETED
    assert pool.log == [("publish", None)]


def test_what_the_lost_server_left_and_no_row_points_at_is_removed(site, half_done, make_instant_pool, ends):
    put_result(site, "batches/a/partitions/00000-1-1", "half")
    put_result(site, "batches/a/result-1", "half")
    site.store.expire_leases(half_done.owner)

    site.server(make_instant_pool())

    assert ends("a").state is BatchState.COMPLETED
    assert site.files("a") == {"result-2", "00000-2-2", "00001-1-1", "00002-1-2"}


def test_a_lease_that_expires_is_taken_over(site, make_instant_pool, ends):
    site.submit("a")
    site.store.claim_batch("elsewhere:boot:9:9:silent", 0.2)

    site.server(make_instant_pool())

    assert ends("a").state is BatchState.COMPLETED
    assert site.files("a") == {"result-2", "00000-1-2"}


def test_leases_are_renewed_while_a_batch_is_at_work(site, make_instant_pool, ends, until):
    pool = make_instant_pool(1)
    may_end = threading.Event()
    pool.acts["partition"] = lambda job, given: may_end.wait(10) and None
    site.submit("a")
    site.server(pool, lease_seconds=0.9)
    until(lambda: ("partition", 0) in pool.log)
    other = make_instant_pool()
    site.server(other)

    threading.Event().wait(1.5)  # a lease that is not renewed is over by then
    may_end.set()

    assert ends("a").state is BatchState.COMPLETED
    assert other.log == []


def test_a_server_that_comes_back_late_changes_nothing(site, make_instant_pool, ends, until):
    """It was stopped past its lease while its partition was at work; another has completed the batch meanwhile."""
    late = make_instant_pool(1)
    woken = threading.Event()
    late.acts["partition"] = lambda job, given: woken.wait(20) and None
    site.submit("a", [30])
    sleeper = site.server(late)
    until(lambda: ("partition", 0) in late.log)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sleeper, "_look", lambda: None)  # it sleeps: no heartbeat, and it does not see that it is late
        (owner,) = site.store.owners()
        site.store.expire_leases(owner)
        site.server(make_instant_pool())
        until(lambda: site.store.batch("a").state.is_final)
        events = site.store.batch("a").last_event
        files = site.files("a")

        woken.set()
        until(lambda: not sleeper.at_work())

    assert site.store.batch("a").last_event == events
    assert site.files("a") == files == {"result-2", "00000-2-2"}
    assert site.scratch() == []


def test_a_late_write_is_refused_while_another_is_at_work(site, make_instant_pool, until, caplog):
    """As before, but the batch is still at work elsewhere: the lease itself is refused, and its files are removed."""
    late = make_instant_pool(1)
    woken = threading.Event()
    late.acts["partition"] = lambda job, given: woken.wait(20) and None
    site.submit("a", [30])
    sleeper = site.server(late)
    until(lambda: ("partition", 0) in late.log)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sleeper, "_look", lambda: None)
        (owner,) = site.store.owners()
        site.store.expire_leases(owner)
        other = site.die("a")

        woken.set()
        until(lambda: not sleeper.at_work())

    assert "batch a is left: Batch a is no longer held by" in caplog.text
    assert site.states("a") == ["PROCESSING"]
    assert site.files("a") == set()
    with pytest.raises(LeaseLost):
        site.store.note_progress("a", 0, 0.5, lease=replace(other, fence=other.fence - 1))


def test_a_server_that_sees_that_it_is_late_lets_go_at_once(site, make_instant_pool, until):
    late = make_instant_pool(1)
    late.acts["partition"] = lambda job, given: job.is_cancelled.wait(20) and None
    site.submit("a", [30])
    sleeper = site.server(late)
    until(lambda: ("partition", 0) in late.log)

    (owner,) = site.store.owners()
    site.store.expire_leases(owner)
    site.die("a")

    until(lambda: not sleeper.at_work(), 3)
    assert site.store.batch("a").state is BatchState.PROCESSING


@pytest.mark.parametrize("moment", ["publish", "commit"])
def test_a_result_that_comes_late_is_not_published(site, make_instant_pool, until, moment):
    late = make_instant_pool(1)
    woken = threading.Event()
    late.acts["publish"] = lambda job, given: woken.wait(20) and None
    site.submit("a", [30])
    sleeper = site.server(late)
    until(lambda: ("publish", None) in late.log)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sleeper, "_look", lambda: None)
        (owner,) = site.store.owners()
        if moment == "publish":
            site.store.expire_leases(owner)
            site.die("a")
        else:  # another has taken it and given it back: it has no owner
            patch.setattr("batchcast.run.batch_run.BatchRun._note_step", lambda self, step, detail: None)
            site.store.expire_leases(owner)
            site.store.release_batch(site.die("a"))
        woken.set()
        until(lambda: not sleeper.at_work())

    assert site.store.batch("a").state is BatchState.PROCESSING
    assert site.files("a") == {"00000-1-1"}
    sleeper.wake()
    if moment == "commit":
        until(lambda: site.store.batch("a").state is BatchState.COMPLETED)


def test_a_batch_outlives_thirty_servers_that_are_killed_at_one_partition(site, make_instant_pool, ends):
    site.submit("a", [30, 20])
    for _ in range(30):
        lease = site.die("a")
        records = {record.partition.number: record.state for record in site.store.batch("a").partitions}
        if records[0] is PartitionState.PROCESSING:
            end = AttemptEnd(seconds=0.0, peak_mb=0.0, reason="lost", error=Message(LOST))
            site.store.move_partition("a", 0, PartitionState.PROCESSING, PartitionState.PENDING, end=end, lease=lease)
        site.store.move_partition("a", 0, PartitionState.PENDING, PartitionState.PROCESSING, lease=lease)
        site.store.expire_leases(lease.owner)

    site.server(make_instant_pool())

    assert ends("a").state is BatchState.COMPLETED
    assert site.result("a") == "S0 S1"


def test_a_batch_is_set_aside_where_memory_runs_out_again_and_again(site, make_instant_pool, ends):
    site.submit("a")
    for _ in range(4):
        site.store.expire_leases(site.die("a").owner, lacked_memory=True)

    site.server(make_instant_pool())

    batch = ends("a")
    assert batch.state is BatchState.ROLLED_BACK
    assert str(batch.error).startswith("The batch was set aside: the machine ran out of memory 4 times in a row")


def test_a_failure_that_its_server_could_not_act_upon_rolls_back(site, make_instant_pool, ends):
    site.submit("a", [30, 20])
    lease = site.die("a")
    error = Message("Partition 0 timeout: Exceeded 300s")
    end = AttemptEnd(seconds=300.0, peak_mb=1.0, reason="timeout", error=error)
    site.store.move_partition("a", 0, PartitionState.PENDING, PartitionState.PROCESSING, lease=lease)
    site.store.move_partition("a", 0, PartitionState.PROCESSING, PartitionState.TIMEOUT, end=end, lease=lease)
    site.store.expire_leases(lease.owner)

    site.server(make_instant_pool())

    batch = ends("a")
    assert (batch.state, batch.error) == (BatchState.ROLLED_BACK, error)


def test_crashes_of_a_partition_are_counted_over_all_its_servers(site, make_instant_pool, ends):
    from batchcast.run.job import Ending, Outcome

    site.submit("a")
    lease = site.die("a")
    end = AttemptEnd(seconds=1.0, peak_mb=1.0, reason="crash", error=Message("crashed"))
    site.store.move_partition("a", 0, PartitionState.PENDING, PartitionState.PROCESSING, lease=lease)
    site.store.move_partition("a", 0, PartitionState.PROCESSING, PartitionState.PENDING, end=end, lease=lease)
    site.store.release_batch(lease)
    pool = make_instant_pool()
    pool.acts["partition"] = lambda job, given: Outcome(ending=Ending.CRASH, ended_by="signal SIGSEGV")

    site.server(pool)

    sentence = "Partition 0 crash: Its worker ended with signal SIGSEGV in each of 2 attempts"
    assert str(ends("a").error) == sentence
    assert len([entry for entry in pool.log if entry[0] == "partition"]) == 1


def test_what_a_dead_process_of_this_machine_held_goes_on_at_once(site, make_instant_pool, ends):
    host, boot, pid, start, _, _ = new_owner().split(":")
    site.submit("a")
    site.die("a", f"{host}:{boot}:{pid}:{start}9:dead")

    site.server(make_instant_pool())

    assert ends("a").state is BatchState.COMPLETED
    assert site.store.owners() == frozenset()
