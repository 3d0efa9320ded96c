"""A pool does jobs in warm processes of their own, and says how each ended."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from queue import SimpleQueue

import psutil
import pytest

from batchcast.domain.errors import InternalError, InvalidSettings, PartitionFailed
from batchcast.run.job import Ending, Job, PoolClosed, Progress
from batchcast.run.local_pool import LocalPool
from batchcast.run.supervision import Supervision
from batchcast.run.worker_process import WorkerStartFailed

pytestmark = pytest.mark.alone  # counts the processes and descriptors of its own process


def test_a_job_is_done_and_its_result_comes_back(make_pool, act):
    outcome = make_pool().submit(act("echo", text="größer \ud800", numbers=[0.1, 1e300, None, True])).wait(20)

    assert outcome.ending is Ending.DONE
    assert outcome.result == {"text": "größer \ud800", "numbers": [0.1, 1e300, None, True]}
    assert outcome.seconds > 0
    assert outcome.peak_mb > 5
    assert outcome.stderr_tail == ""


def test_megabytes_of_arguments_and_results_go_through(make_pool, act):
    big = "x" * 3_000_000

    assert make_pool().submit(act("echo", text=big)).wait(20).result == {"text": big}


def test_a_worker_is_kept_warm_between_jobs_in_a_session_of_its_own_with_one_thread(make_pool, act):
    pool = make_pool()

    first, second = (pool.submit(act("who")).wait(20).result for _ in range(2))

    assert first == second
    assert first["pid"] != os.getpid()
    assert first["session"] == first["pid"]
    assert first["threads"] == ["1", "1", "1"]


def test_a_pool_that_grows_takes_the_jobs_that_wait_and_never_shrinks(make_pool, act):
    pool = make_pool(1)
    stuck = pool.submit(act("wait_for_ever"))
    waiting = pool.submit(act("who"))

    pool.grow(3)
    pool.grow(1)

    assert waiting.wait(20).ending is Ending.DONE
    assert (pool.size, pool.idle) == (3, 2)
    stuck.cancel()
    pool.close()
    with pytest.raises(PoolClosed):
        pool.grow(4)


def test_progress_is_told_in_order_and_not_too_often(make_pool, act):
    inbox = SimpleQueue()

    submitted = make_pool().submit(act("steps_of_progress"), inbox)
    reports = [inbox.get(timeout=20) for _ in range(3)]

    assert reports == [(submitted, Progress(0.25)), (submitted, Progress(0.75)), (submitted, submitted.wait(0))]


def test_a_late_word_of_an_earlier_job_is_not_taken_for_the_next_ones(make_pool, act, tmp_path):
    pool, inbox = make_pool(), SimpleQueue()
    pool.submit(act("late_thread", tell=str(tmp_path / "now"))).wait(20)

    outcome = pool.submit(act("say_now", tell=str(tmp_path / "now")), inbox).wait(20)

    assert outcome.result == "mine"
    assert inbox.get_nowait()[1] is outcome


def test_what_a_job_prints_does_not_disturb_its_result(make_pool, act):
    pool = make_pool()

    outcome = pool.submit(act("shout")).wait(20)

    assert outcome.ending is Ending.DONE
    assert outcome.result == {"input_is_closed": True}
    assert pool.submit(act("echo", a=1)).wait(20).result == {"a": 1}


def test_rubbish_in_the_pools_own_pipe_is_a_crash(make_pool, act):
    outcome = make_pool().submit(act("forge")).wait(20)

    assert outcome.ending is Ending.CRASH
    assert outcome.ended_by == "a report that is no JSON line"


def test_a_worker_that_closes_its_pipe_is_killed_and_a_crash(make_pool, act):
    outcome = make_pool().submit(act("close_the_pipe")).wait(20)

    assert outcome.ending is Ending.CRASH
    assert outcome.ended_by == "closing its pipe"


@pytest.mark.parametrize("signal", ["SIGSEGV", "SIGKILL", "SIGABRT", "SIGTERM"])
def test_a_crash_names_the_signal_and_keeps_the_end_of_its_output(make_pool, act, signal):
    outcome = make_pool().submit(act("kill_itself", signal=signal)).wait(20)

    assert outcome.ending is Ending.CRASH
    assert outcome.ended_by == f"signal {signal}"
    assert "my last words" in outcome.stderr_tail


def test_a_worker_that_leaves_is_a_crash_with_its_exit_code_and_is_replaced(make_pool, act):
    pool = make_pool()

    outcome = pool.submit(act("leave", code=3)).wait(20)

    assert (outcome.ending, outcome.ended_by) == (Ending.CRASH, "exit code 3")
    assert pool.submit(act("echo", a=1)).wait(20).ending is Ending.DONE


def test_a_worker_that_dies_while_idle_is_replaced_unnoticed(make_pool, act, until):
    pool = make_pool()
    first = pool.submit(act("who")).wait(20).result["pid"]
    process = psutil.Process(first)
    process.kill()
    until(lambda: os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT | os.WNOHANG))

    second = pool.submit(act("who")).wait(20)

    assert second.ending is Ending.DONE
    assert second.result["pid"] != first


def test_a_worker_that_was_collected_elsewhere_is_replaced(make_pool, act):
    pool = make_pool()
    first = psutil.Process(pool.submit(act("who")).wait(20).result["pid"])
    first.kill()
    first.wait(20)

    assert pool.submit(act("echo", a=1)).wait(20).result == {"a": 1}


def test_a_mistake_of_ours_ends_the_job_and_not_the_pool(make_pool, act, monkeypatch):
    pool = make_pool()

    with monkeypatch.context() as patch:
        patch.setattr(Supervision, "outcome", lambda self: 1 / 0)
        outcome = pool.submit(act("echo")).wait(20)

    assert str(outcome.error) == "ZeroDivisionError: division by zero"
    assert pool.submit(act("echo", a=1)).wait(20).result == {"a": 1}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("raise_plain", "ValueError: line 3: not a number"),
        ("raise_exit", "SystemExit: 3"),
        ("return_what_has_no_json", "TypeError: Object of type object is not JSON serializable"),
        ("not_there", "AttributeError: module 'acts' has no attribute 'not_there'"),
    ],
)
def test_whatever_a_job_raises_is_its_result(make_pool, act, name, text):
    outcome = make_pool().submit(act(name)).wait(20)

    assert outcome.ending is Ending.ERROR
    assert isinstance(outcome.error, InternalError)
    assert str(outcome.error) == text
    assert "Traceback" in outcome.error.__notes__[0]


def test_our_errors_arrive_as_themselves(make_pool, act):
    pool = make_pool()

    partition = pool.submit(act("raise_ours")).wait(20).error
    settings = pool.submit(act("raise_settings")).wait(20).error

    assert type(partition) is PartitionFailed
    assert (partition.partition, partition.reason, partition.slug) == (4, "error", "partition-failed")
    assert str(partition) == "Partition 4 holds ('a', 1.5)"
    assert type(settings) is InvalidSettings
    assert [str(problem) for problem in settings.problems] == ["first 1", "second"]


@pytest.mark.parametrize("function", ["os:getcwd", "acts:_tell", "actsmore:echo", "acts", "acts:os.getcwd", ":echo"])
def test_only_functions_of_allowed_modules_are_called(make_pool, function):
    outcome = make_pool().submit(Job(function=function)).wait(20)

    assert outcome.ending is Ending.ERROR
    assert str(outcome.error).startswith(f"PermissionError: {function} is not a job of this pool")


def test_an_interpreter_that_is_not_there_is_an_error_that_names_it(make_pool, act):
    outcome = make_pool(python="/nowhere/python").submit(act("echo")).wait(20)

    assert outcome.ending is Ending.ERROR
    assert isinstance(outcome.error, WorkerStartFailed)
    assert "`/nowhere/python -P -m batchcast.run.worker`" in str(outcome.error)


def test_a_worker_that_dies_at_its_start_is_an_error_with_the_end_of_its_output(make_pool, act):
    pool = make_pool(environment={"PYTHONHOME": "/nowhere"})

    for _ in range(2):
        outcome = pool.submit(act("echo")).wait(20)

        assert isinstance(outcome.error, WorkerStartFailed)
        assert "exit code 1" in str(outcome.error)
        assert "encodings" in str(outcome.error)


def test_a_worker_that_never_gets_ready_is_an_error(tmp_path, make_pool, act):
    mute = tmp_path / "mute"
    mute.write_text("#!/bin/sh\necho noise\nexec sleep 600\n")
    mute.chmod(0o755)

    outcome = make_pool(python=str(mute), start_timeout_seconds=0.3).submit(act("echo")).wait(20)

    assert "no sign of life after 0.3 s" in str(outcome.error)


def test_waiting_too_short_says_so(make_pool, act):
    submitted = make_pool().submit(act("wait_for_ever"))

    with pytest.raises(TimeoutError, match=r"acts:wait_for_ever has not ended after 0\.01 s"):
        submitted.wait(0.01)


def test_starting_a_pool_and_submitting_do_not_wait_for_workers(make_pool, act):
    pool = make_pool(4)
    submitted = pool.submit(act("echo"))

    assert not submitted._ended.is_set()  # no worker can have started by now
    assert submitted.wait(20).ending is Ending.DONE


def test_an_idle_worker_warms_up_once_and_a_job_goes_first(make_pool, act, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    pool = make_pool(warm_up=act("grow_warm", tell=str(first)))

    outcome = pool.submit(act("tell_once", tell=str(second))).wait(20)
    pids = {pool.submit(act("echo")).wait(20).ending for _ in range(3)}

    assert outcome.result == {"warm": False}
    assert pids == {Ending.DONE}
    assert first.read_text() == "warm\n"


def test_while_every_worker_warms_up_the_pool_says_so(make_pool, act, tmp_path, until):
    told = tmp_path / "told"
    pool = make_pool(warm_up=act("loop_in_c", tell=str(told)))
    until(told.exists)

    assert pool.is_warming

    other = make_pool(warm_up=act("grow_warm", tell=str(tmp_path / "warm")))
    until(lambda: not other.is_warming and (tmp_path / "warm").exists())
    assert other.submit(act("echo")).wait(20).ending is Ending.DONE
    assert not other.is_warming


def test_a_warm_up_that_fails_is_logged_and_not_tried_again(make_pool, act, caplog, until):
    with caplog.at_level(logging.WARNING):
        pool = make_pool(warm_up=act("leave", code=5))
        until(lambda: "warming up a worker ended in crash" in caplog.text)

        assert pool.submit(act("echo")).wait(20).ending is Ending.DONE

    assert caplog.text.count("warming up") == 1


def test_an_idle_pool_uses_no_processor_time(make_pool, act):
    pool = make_pool(2)
    pid = pool.submit(act("who")).wait(20).result["pid"]
    worker, me = psutil.Process(pid), psutil.Process()
    before = sum(worker.cpu_times()[:2]) + sum(me.cpu_times()[:2])

    threading.Event().wait(0.5)

    assert sum(worker.cpu_times()[:2]) + sum(me.cpu_times()[:2]) - before <= 0.05


def test_a_closed_pool_takes_no_job_and_has_cancelled_those_it_had(make_pool, act, tmp_path, until):
    pool = make_pool()
    at_work = pool.submit(act("loop_in_c", tell=str(tmp_path / "told")))
    queued = pool.submit(act("echo"))
    until((tmp_path / "told").exists)

    pool.close()

    assert at_work.wait(0).ending is Ending.CANCELLED
    assert queued.wait(0).ending is Ending.CANCELLED
    with pytest.raises(RuntimeError, match="the pool is closed; it takes no acts:echo"):
        pool.submit(act("echo"))


def test_leaving_a_pool_closes_it(workers_of):
    with LocalPool(2) as pool:
        pool.submit(Job(function="nothing:at_all")).wait(20)

    assert workers_of(os.getpid()) == []


def test_jobs_of_a_lower_priority_number_go_first_and_in_order_within_one(make_pool, act, tmp_path):
    pool, inbox = make_pool(), SimpleQueue()
    first = pool.submit(act("wait_for_ever", tell=str(tmp_path / "told")))
    names = {pool.submit(act("echo"), inbox, priority): f"{priority}{k}" for k in "ab" for priority in (7, 3)}

    first.cancel()

    assert [names[inbox.get(timeout=20)[0]] for _ in range(4)] == ["3a", "3b", "7a", "7b"]


def test_a_pool_tells_how_many_of_its_workers_are_idle_and_what_they_hold(make_pool, act, until):
    pool = make_pool(2)
    until(lambda: pool.megabytes() > 5)
    assert pool.idle == 2

    jobs = [pool.submit(act("wait_for_ever")) for _ in range(3)]
    idle_at_work = pool.idle
    for job in jobs:
        job.cancel()
        job.wait(20)

    assert (idle_at_work, pool.idle) == (0, 2)
    pool.close()
    assert pool.megabytes() == 0


SECRETS = {
    "BATCHCAST_TOKENS": "name:admin:sha256:00",
    "BATCHCAST_SESSION_KEY": "k",
    "BATCHCAST_DATABASE_URL": "postgresql://user:password@host/name",
    "AWS_SECRET_ACCESS_KEY": "s",
    "PGPASSWORD": "p",
    "A_SECRET_OF_ANOTHER_PROGRAM": "x",
}


def test_a_worker_knows_no_secret_of_its_server(make_pool, act, monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)

    names = set(make_pool().submit(act("surroundings")).wait(30).result["names"])

    assert names & SECRETS.keys() == set()
    assert {"PATH", "OMP_NUM_THREADS", "TMPDIR"} <= names
    assert {name for name in names if name.startswith("BATCHCAST_")} == {
        "BATCHCAST_WORKER",
        "BATCHCAST_WORKER_MODULES",
        "BATCHCAST_WORKER_PARENT",
    }


@pytest.mark.parametrize("dies", [False, True])
def test_the_temporary_files_of_a_worker_go_with_it(make_pool, act, tmp_path, until, dies):
    pool = make_pool(scratch=tmp_path / "workers")
    left = Path(pool.submit(act("surroundings")).wait(30).result["temporary"])
    assert left.is_file()
    assert left.is_relative_to(tmp_path / "workers")

    if dies:
        pool.submit(act("kill_itself", signal="SIGKILL")).wait(30)
    else:
        pool.close()

    until(lambda: not left.parent.exists())


def test_without_a_place_for_temporary_files_a_job_is_told_so(make_pool, act, tmp_path):
    (tmp_path / "workers").write_text("a file, where a folder is to be")

    outcome = make_pool(scratch=tmp_path / "workers").submit(act("echo")).wait(30)

    assert outcome.ending is Ending.ERROR
    assert "no place for its temporary files" in str(outcome.error)
