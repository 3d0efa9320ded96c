"""The pool of many machines as its users see it; a stand-in speaks for the machines, which so are lost at will."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from batchcast.domain.batch import StoredFile
from batchcast.domain.codec import encode
from batchcast.domain.errors import Message
from batchcast.run.job import Ending, Job, JobFiles, NeededFile, PoolClosed, Progress
from batchcast.run.local_pool import LocalPool
from batchcast.run.process_tree import MARK
from batchcast.run.ray import pool as ray_pool
from batchcast.run.ray.form import decode_job, encode_job
from batchcast.run.ray.pool import PoolUnavailable, RayPool
from batchcast.run.worker_process import WorkerProcess
from batchcast.store.artifacts.folder import LocalFolder

ACTS = Path(__file__).parent / "acts"
STAND_IN = ACTS / "bridge.py"
MakePool = Callable[..., RayPool]


def joined(node: str, cores: int = 1) -> dict[str, Any]:
    return {"joined": node, "name": f"machine {node}", "cores": cores, "memory_mb": 1024}


def polled(node: str, **fields: Any) -> dict[str, Any]:
    return {"polled": node, "is_leaving": False, "worker_mb": 10.0, "progress": [], **fields}


def remote_job(**arguments: Any) -> Job:
    knowledge = StoredFile(key="batches/ab/knowledge.json", sha256="00", size=3)
    reads = (NeededFile(argument="knowledge", file=knowledge),)
    files = JobFiles(batch_id="ab", reads=reads, writes="into", keep_as="batches/ab/partitions/00001-1-1")
    return Job(function="acts:echo", arguments=arguments, files=files)


@pytest.fixture
def make_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakePool]:
    """Makes an opened pool whose bridges play these plays, one after the other; the last one again and again."""
    pools: list[RayPool] = []

    def make(*plays: list[dict[str, Any]], **fields: Any) -> RayPool:
        left = list(plays)

        def start(pool: RayPool) -> WorkerProcess:
            play = left.pop(0) if len(left) > 1 else left[0]
            command = (sys.executable, str(STAND_IN), json.dumps(play))
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            return WorkerProcess(command, {MARK: f"{pool._mark}.0"}, f"{pool._mark}.0", folder)

        monkeypatch.setattr(RayPool, "_start_bridge", start)
        monkeypatch.setattr(ray_pool, "_SECONDS_FOR_ANOTHER", 0.2)
        here = LocalPool(1, allowed=("acts",), environment={"PYTHONPATH": str(ACTS)})
        artifacts = LocalFolder(tmp_path / "artifacts")
        pool = RayPool("host:6379", here, artifacts, (tmp_path / "artifacts").as_uri(), **fields)
        pools.append(pool)
        return pool.open()

    yield make
    for pool in pools:
        pool.close()


def test_a_job_is_told_whole_to_a_machine():
    job = remote_job(x=[1, {"$": "path", "value": "/a"}])

    assert decode_job(json.loads(json.dumps(encode_job(job)))) == job


def test_a_job_ends_as_its_machine_says(make_pool: MakePool) -> None:
    pool = make_pool([joined("a", cores=3)])

    outcome = pool.submit(remote_job(outcome={"result": {"series": 2}})).wait(20)

    assert (outcome.ending, outcome.result, outcome.kept) == (Ending.DONE, {"series": 2}, "there")
    assert outcome.node == "machine a"
    assert (pool.size, pool.nodes[0].memory_mb) == (3, 1024)


def test_a_job_without_files_is_done_here(make_pool: MakePool) -> None:
    pool = make_pool([joined("a")])

    outcome = pool.submit(Job(function="acts:echo", arguments={"x": 1})).wait(60)

    assert (outcome.ending, outcome.node) == (Ending.DONE, None)


def test_a_job_that_says_more_than_a_megabyte_is_done_here(make_pool: MakePool) -> None:
    pool = make_pool([joined("a")])
    job = remote_job(x="x" * ray_pool.MOST_BYTES, outcome={})

    outcome = pool.submit(job).wait(60)

    assert (outcome.ending, outcome.node, outcome.kept) == (Ending.DONE, None, None)


def test_jobs_of_a_lost_machine_are_lost_and_those_that_wait_go_to_another(make_pool: MakePool) -> None:
    pool = make_pool([joined("a")])
    inbox: SimpleQueue[Any] = SimpleQueue()
    lost = pool.submit(remote_job(says=[joined("b"), {"lost": "a", "why": "it burnt"}]), inbox)
    waiting = pool.submit(remote_job(outcome={}))

    outcome = lost.wait(20)

    assert (outcome.ending, outcome.node, outcome.ended_by) == (Ending.LOST, "machine a", "it burnt")
    assert waiting.wait(20).node == "machine b"
    assert [inbox.get()[1] for _ in range(2)] == [Progress(0.0), outcome]


def test_all_jobs_are_lost_where_the_connection_ends_and_the_next_one_is_used(make_pool: MakePool) -> None:
    pool = make_pool([joined("a"), {"ended": True}], [joined("b")])

    job = pool.submit(remote_job(outcome={}))

    assert {job.wait(20).ending} <= {Ending.LOST, Ending.DONE}
    assert pool.submit(remote_job(outcome={})).wait(20).node == "machine b"


def test_a_machine_that_is_leaving_is_given_no_more(make_pool: MakePool) -> None:
    pool = make_pool([joined("a"), polled("a", is_leaving=True), joined("b")])
    inbox: SimpleQueue[Any] = SimpleQueue()
    while len(pool.nodes) < 2:
        pool.submit(Job(function="acts:echo", arguments={"x": 1}), inbox)
        inbox.get(timeout=60)

    outcomes = [pool.submit(remote_job(outcome={})).wait(20) for _ in range(3)]

    assert {outcome.node for outcome in outcomes} == {"machine b"}
    assert pool.size == 1


def test_progress_is_passed_on(make_pool: MakePool) -> None:
    pool = make_pool([joined("a")])
    inbox: SimpleQueue[Any] = SimpleQueue()

    pool.submit(remote_job(says=[polled("a", progress=[[1, 0.5]])], outcome={}), inbox)

    assert inbox.get(timeout=20)[1] == Progress(0.5)


def test_those_who_wait_for_reports_are_woken_by_a_machine_that_joins(make_pool: MakePool) -> None:
    pool = make_pool([joined("a")])
    inbox: SimpleQueue[Any] = SimpleQueue()

    job = pool.submit(remote_job(says=[joined("b")]), inbox)

    assert inbox.get(timeout=20) == (job, Progress(0.0))
    assert pool.size == 2


def test_nothing_is_told_of_a_job_that_has_ended(make_pool: MakePool) -> None:
    pool = make_pool([joined("a")])
    inbox: SimpleQueue[Any] = SimpleQueue()
    job = pool.submit(remote_job(outcome={}), inbox)
    outcome = job.wait(20)

    job.note(Progress(0.9))

    assert (inbox.get(timeout=20)[1], inbox.empty()) == (outcome, True)


def test_a_cancelled_job_ends_whether_it_waits_or_is_at_work(make_pool: MakePool) -> None:
    pool = make_pool([joined("a")])
    jobs = [pool.submit(remote_job()) for _ in range(3)]

    for job in jobs:
        job.cancel()

    assert [job.wait(20).ending for job in jobs] == [Ending.CANCELLED] * 3


def test_a_cancelled_job_is_not_lost_with_its_machine(make_pool: MakePool) -> None:
    pool = make_pool([joined("a")])
    job = pool.submit(remote_job(says=[]))
    job.is_cancelled = True

    pool._lose("a", "it burnt")

    assert job.wait(20).ending is Ending.CANCELLED


@pytest.mark.parametrize("said", ["refused", "unfit"])
def test_what_can_not_be_used_is_told_in_a_sentence(make_pool: MakePool, said: str) -> None:
    message = Message("Ray is asleep on {node}", {"node": "a"})
    line = (
        {"refused": encode(message), "may_pass": False}
        if said == "refused"
        else {"unfit": "a", "message": encode(message)}
    )

    with pytest.raises(PoolUnavailable, match="Ray is asleep on a"):
        make_pool([line])


def test_a_ray_that_could_not_be_reached_is_tried_again(make_pool: MakePool) -> None:
    line = {"refused": encode(Message("not yet")), "may_pass": True}

    pool = make_pool([line], [line], [joined("a")])

    assert pool.submit(remote_job(outcome={})).wait(20).node == "machine a"


def test_a_ray_that_is_never_reached_is_given_up(make_pool: MakePool) -> None:
    with pytest.raises(PoolUnavailable, match="never"):
        make_pool([{"refused": encode(Message("never")), "may_pass": True}])


def test_a_machine_that_is_not_fit_does_not_keep_others_out(make_pool: MakePool) -> None:
    pool = make_pool([{"unfit": "a", "message": encode(Message("no"))}, joined("b")])

    assert pool.submit(remote_job(outcome={})).wait(20).node == "machine b"


def test_where_no_machine_is_there_work_goes_on_here_if_it_may(make_pool: MakePool) -> None:
    refusal = {"refused": encode(Message("nobody is there")), "may_pass": False}
    pool = make_pool([refusal], may_stay_here=True, silence_seconds=0.1)
    job = remote_job(x=1)

    outcome = pool.submit(job).wait(60)

    assert (outcome.ending, outcome.node) == (Ending.DONE, None)


def test_a_closed_pool_takes_nothing_and_cancels_what_it_had(make_pool: MakePool) -> None:
    pool = make_pool([joined("a")])
    jobs = [pool.submit(remote_job()) for _ in range(2)]

    pool.close()

    assert [job.wait(0).ending for job in jobs] == [Ending.CANCELLED] * 2
    with pytest.raises(PoolClosed):
        pool.submit(remote_job())
