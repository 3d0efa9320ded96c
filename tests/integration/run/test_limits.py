"""Limits hold, whatever a job does: it is killed with all that it started, and nothing else suffers."""

from __future__ import annotations

import os
import threading
import time

import psutil
import pytest
from tests.plugins.watchdog import processes_left

from batchcast.run.job import Ending

pytestmark = pytest.mark.alone  # counts the processes and descriptors of its own process


SLACK = 2.0  # seconds after its limit by which a job is gone


@pytest.mark.parametrize("name", ["loop_in_c", "pause_in_c", "wait_for_ever"])
def test_a_job_stuck_in_native_code_is_killed_within_its_limit_and_two_seconds(make_pool, act, tmp_path, name):
    pool = make_pool()
    told = tmp_path / "pid"
    start = time.monotonic()

    outcome = pool.submit(act(name, timeout_seconds=0.5, tell=str(told))).wait(20)

    assert outcome.ending is Ending.TIMEOUT
    assert 0.5 <= outcome.seconds < 0.5 + SLACK
    assert time.monotonic() - start < 0.5 + SLACK + 2  # and the start of the worker
    assert not psutil.pid_exists(int(told.read_text()))


def test_a_job_stopped_by_a_signal_is_killed_within_its_limit(make_pool, act):
    """Its pipe is full, too: the three megabytes that it is sent are not read."""
    pool = make_pool()
    worker = psutil.Process(pool.submit(act("who")).wait(20).result["pid"])
    worker.suspend()

    outcome = pool.submit(act("echo", timeout_seconds=0.3, big="x" * 3_000_000)).wait(20)

    assert outcome.ending is Ending.TIMEOUT
    assert not worker.is_running()


def test_three_gigabytes_under_a_limit_of_one_are_out_of_memory_and_a_sibling_lives(make_pool, act):
    pool = make_pool(2)
    sibling = pool.submit(act("take_memory", mb=100, hold_seconds=None, memory_limit_mb=1024))

    outcome = pool.submit(act("take_memory", mb=3000, memory_limit_mb=1024)).wait(60)

    assert outcome.ending is Ending.OUT_OF_MEMORY
    assert 1024 < outcome.peak_mb < 3000
    with pytest.raises(TimeoutError):
        sibling.wait(0.1)
    sibling.cancel()
    assert sibling.wait(20).ending is Ending.CANCELLED


def test_memory_of_what_a_job_starts_counts(make_pool, act, workers_of):
    pool = make_pool()

    outcome = pool.submit(act("take_memory_in_a_child", mb=600, memory_limit_mb=300)).wait(20)
    pool.close()

    assert outcome.ending is Ending.OUT_OF_MEMORY
    assert workers_of(os.getpid()) == []


def test_memory_that_the_machine_refuses_is_out_of_memory(make_pool, act):
    pool = make_pool()

    assert pool.submit(act("ask_for_too_much")).wait(20).ending is Ending.OUT_OF_MEMORY
    assert pool.submit(act("echo", a=1)).wait(20).ending is Ending.DONE


def test_a_worker_that_has_grown_is_replaced(make_pool, act):
    pool = make_pool(retire_above_mb=100)
    small = pool.submit(act("grow", mb=1)).wait(20).result

    grown = pool.submit(act("grow", mb=200)).wait(20).result
    fresh = pool.submit(act("who")).wait(20).result["pid"]

    assert small == grown
    assert fresh != grown
    assert not psutil.pid_exists(grown)


def test_a_job_with_a_small_limit_does_not_pay_for_the_one_before(make_pool, act):
    pool = make_pool()
    grown = pool.submit(act("grow", mb=300)).wait(20).result

    outcome = pool.submit(act("who", memory_limit_mb=256)).wait(20)

    assert outcome.ending is Ending.DONE
    assert outcome.result["pid"] != grown


@pytest.mark.parametrize("name", ["loop_in_c", "pause_in_c", "wait_for_ever"])
def test_a_cancelled_job_is_gone_within_two_seconds(make_pool, act, tmp_path, until, name):
    told = tmp_path / "pid"
    submitted = make_pool().submit(act(name, tell=str(told)))
    until(told.exists)
    start = time.monotonic()

    submitted.cancel()
    outcome = submitted.wait(20)

    assert outcome.ending is Ending.CANCELLED
    assert time.monotonic() - start < SLACK
    assert not psutil.pid_exists(int(told.read_text()))


def test_a_queued_job_that_is_cancelled_never_starts(make_pool, act, tmp_path):
    pool = make_pool()
    at_work = pool.submit(act("wait_for_ever"))
    queued = pool.submit(act("loop_in_c", tell=str(tmp_path / "told")))

    queued.cancel()
    at_work.cancel()

    assert queued.wait(0).ending is Ending.CANCELLED
    assert at_work.wait(20).ending is Ending.CANCELLED
    assert pool.submit(act("echo")).wait(20).ending is Ending.DONE
    assert not (tmp_path / "told").exists()


def test_a_job_cancelled_while_its_worker_starts_never_starts(tmp_path, make_pool, act):
    mute = tmp_path / "mute"
    mute.write_text("#!/bin/sh\nexec sleep 600\n")
    mute.chmod(0o755)
    submitted = make_pool(python=str(mute)).submit(act("echo"))
    with pytest.raises(TimeoutError):
        submitted.wait(0.2)

    submitted.cancel()

    assert submitted.wait(20).ending is Ending.CANCELLED


def test_cancelling_what_has_ended_changes_nothing(make_pool, act):
    pool = make_pool()
    submitted = pool.submit(act("echo", a=1))
    outcome = submitted.wait(20)

    submitted.cancel()

    assert submitted.wait(0) is outcome
    assert pool.submit(act("echo", a=2)).wait(20).result == {"a": 2}


def test_what_a_killed_job_started_is_killed_even_outside_its_group(make_pool, act, tmp_path):
    told = tmp_path / "pid"

    outcome = make_pool().submit(act("leave_a_child", hang=True, tell=str(told), timeout_seconds=1)).wait(20)

    assert outcome.ending is Ending.TIMEOUT
    assert _is_gone(int(told.read_text()))


def test_what_a_job_leaves_running_is_killed_when_it_has_ended(make_pool, act):
    outcome = make_pool().submit(act("leave_a_child")).wait(20)

    assert outcome.ending is Ending.DONE
    assert _is_gone(outcome.result)


def test_a_crash_is_seen_though_a_child_holds_the_pipes(make_pool, act):
    outcome = make_pool().submit(act("fork_and_die")).wait(20)

    assert (outcome.ending, outcome.ended_by) == (Ending.CRASH, "exit code 7")
    assert outcome.seconds < SLACK


def test_two_hundred_jobs_and_twenty_crashed_workers_leak_nothing(make_pool, act, workers_of):
    pool = make_pool(2)
    pool.submit(act("echo")).wait(20)
    me = psutil.Process()
    threads, files = threading.active_count(), me.num_fds()

    submitted = [pool.submit(act("leave" if i % 10 == 0 else "echo", code=1)) for i in range(200)]
    endings = [one.wait(60).ending for one in submitted]

    assert endings.count(Ending.CRASH) == 20
    assert endings.count(Ending.DONE) == 180
    pool.submit(act("echo")).wait(20)
    assert len(workers_of(os.getpid())) <= 2
    assert threading.active_count() <= threads
    pool.close()
    assert me.num_fds() < files
    assert workers_of(os.getpid()) == []
    assert processes_left() == []


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
