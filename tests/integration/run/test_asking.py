"""Reading for one who asks: stopped where they have gone, done again where a worker was killed, shared fairly."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from batchcast.app.intake import ReaderKilled, ReadingFailed, error_of
from batchcast.domain.errors import BatchCancelled
from batchcast.run.asking import Asking, asked_by, carry_out
from batchcast.run.job import Ending, Job, Outcome


@pytest.fixture
def reading():
    """Carries a job out for somebody, in a thread; its outcome is `reading.outcomes[0]` once the thread has ended."""

    def start(pool, job, asking):
        thread = threading.Thread(target=lambda: thread.outcomes.append(run(pool, job, asking)))
        thread.outcomes = []
        thread.start()
        started.append(thread)
        return thread

    def run(pool, job, asking):
        with asked_by(asking):
            return carry_out(pool, job)

    started = []
    yield start
    for thread in started:
        thread.join(20)


def test_what_is_read_for_one_who_has_gone_is_stopped(make_pool, act, reading, until, tmp_path):
    pool, asking = make_pool(), Asking(share="ani")
    at_work = reading(pool, act("loop_in_c", tell=str(tmp_path / "told")), asking)
    until((tmp_path / "told").exists)

    asking.gone.stop()
    at_work.join(20)

    assert at_work.outcomes[0].ending is Ending.CANCELLED
    assert pool.submit(act("echo")).wait(20).ending is Ending.DONE


def test_one_who_has_gone_before_is_not_read_for(make_pool, act):
    asking = Asking(share="ani")
    asking.gone.stop()

    with asked_by(asking):
        assert carry_out(make_pool(), act("wait_for_ever")).ending is Ending.CANCELLED


def test_a_reader_that_is_killed_once_is_tried_again(make_pool, act, tmp_path):
    outcome = carry_out(make_pool(), act("kill_itself_once", tell=str(tmp_path / "killed")))

    assert (outcome.ending, outcome.result) == (Ending.DONE, "second time")
    assert (tmp_path / "killed").exists()


def test_a_reader_that_is_killed_twice_is_told_as_it_is(make_pool, act):
    cleared = []

    outcome = carry_out(make_pool(), act("kill_itself", signal="SIGKILL"), before_again=lambda: cleared.append(1))

    assert (outcome.ending, cleared) == (Ending.CRASH, [1])
    error = error_of(Path("demand.xlsx"), outcome, Job(function="x:y"))
    assert isinstance(error, ReaderKilled)
    assert "demand.xlsx was killed twice from outside" in str(error)
    crash = error_of(Path("demand.xlsx"), replace(outcome, ended_by="signal SIGSEGV"), Job(function="x:y"))
    assert isinstance(crash, ReadingFailed)
    assert "signal SIGSEGV in each of two attempts" in str(crash)


def test_a_pool_that_is_closed_is_a_server_that_stops(make_pool, act):
    pool = make_pool()
    pool.close()

    outcome = carry_out(pool, act("echo"))

    assert outcome == Outcome(ending=Ending.CANCELLED)
    assert isinstance(error_of(Path("d.csv"), outcome, Job(function="x:y")), BatchCancelled)


def test_one_share_leaves_a_worker_to_others(make_pool, act, reading, until, tmp_path):
    pool, ani = make_pool(3), Asking(share="ani")
    slow = [reading(pool, act("loop_in_c", tell=str(tmp_path / f"slow{n}")), ani) for n in range(4)]
    until(lambda: len(list(tmp_path.glob("slow*"))) == 2)

    with asked_by(Asking(share="budi")):
        assert carry_out(pool, act("echo")).ending is Ending.DONE

    assert len(list(tmp_path.glob("slow*"))) == 2  # the others of the share wait, though a worker is idle
    ani.gone.stop()
    for thread in slow[1:]:
        thread.join(0)
    pool.close()


def test_a_share_goes_on_when_one_of_its_jobs_has_ended(make_pool, act):
    pool = make_pool(2)

    jobs = [pool.submit(replace(act("echo"), share="ani")) for _ in range(6)]

    assert [job.wait(20).ending for job in jobs] == [Ending.DONE] * 6


def test_a_pool_of_one_worker_serves_every_share(make_pool, act):
    assert make_pool(1).submit(replace(act("echo"), share="ani")).wait(20).ending is Ending.DONE
