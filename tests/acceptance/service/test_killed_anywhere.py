"""kill -9 of the server at every step of a batch's life: nothing acknowledged is lost, nothing half-done is left.

The server kills itself at a named point (BATCHCAST_KILL_AT), which `Server.await_death` sees by its signal. What its
successor makes of the batch is compared with a run that nothing disturbed: the same digests, the same files.
"""

from __future__ import annotations

import httpx
import pytest
from tests.acceptance.service.sample import SETTINGS, demand, files_below

from batchcast.domain.points import Point

ON_THE_WAY = (
    Point.UPLOAD_RECEIVED,
    Point.UPLOAD_CHECKED,
    Point.ARTIFACTS_CLAIMED,
    Point.ARTIFACTS_KEPT,
    Point.BATCH_ADDED,
    Point.BATCH_CLAIMED,
    Point.PREPARED,
    Point.PARTITION_STARTED,
    Point.PARTITION_DONE,
    Point.PARTITION_KEPT,
    Point.PARTITION_COMPLETED,
    Point.PARTITIONS_COMPLETED,
    Point.RESULT_WRITTEN,
    Point.RESULT_KEPT,
    Point.BATCH_COMPLETED,
)
FAILING = (Point.FAILURE_SEEN, Point.BATCH_ROLLED_BACK)
ELSEWHERE = {Point.CHECKPOINTS_TAKEN, Point.BATCH_CANCELLED, Point.BATCH_DELETED}


def test_every_point_is_tried():
    assert {*ON_THE_WAY, *FAILING, *ELSEWHERE} == set(Point)


@pytest.fixture
def server(make_server, database_url, request):
    """A server with two workers where a partition is to have a sibling at work; one starts sooner."""
    is_in_the_middle = "partition-" in request.node.name
    return make_server(database_url=database_url, max_parallel=2 if is_in_the_middle else 1)


@pytest.mark.parametrize("point", ON_THE_WAY)
def test_a_batch_completes_as_if_nothing_had_happened(server, point, undisturbed):
    nth = 2 if point.name.startswith("PARTITION_") else 1  # in the middle of the partitions

    server.start(kill_at=f"{point}:{nth}")
    answer = attempt(lambda: server.client.submit(demand(), key="one", **SETTINGS))
    server.await_death()
    server.start()
    batch_id = server.client.accepted(demand(), key="one", **SETTINGS)
    ended = server.client.await_end(batch_id)

    assert ended["status"] == "COMPLETED", ended
    assert answer is None or answer.json()["batch_id"] == batch_id
    assert server.client.history()["total"] == 1
    assert server.client.sha256(batch_id) == undisturbed["sha256"]
    server.terminate()
    assert files_below(server.home, batch_id) == undisturbed["files"]


@pytest.mark.parametrize("point", FAILING)
def test_a_batch_that_fails_is_rolled_back(server, point):
    server.set_fault("S1", "crash")

    server.start(kill_at=point)
    batch_id = server.client.accepted(demand(), **SETTINGS)
    server.await_death()
    server.start()
    ended = server.client.await_end(batch_id)

    assert ended["status"] == "ROLLED_BACK"
    assert "Partition 1 crash: Its worker ended with signal SIGKILL" in ended["error"]["message"]
    assert server.client.download(batch_id).status_code == 409
    server.terminate()
    assert not [name for name in files_below(server.home) if is_stray(name)]


def test_a_retry_takes_its_checkpoints_once(server, undisturbed):
    server.start(kill_at=f"{Point.CHECKPOINTS_TAKEN}:2")
    first = server.client.accepted(demand(), **SETTINGS)
    assert server.client.await_end(first)["status"] == "COMPLETED"
    begun = len(server.jobs())

    attempt(lambda: server.client.retry(first))
    server.await_death()
    server.start()
    (second,) = {line["batch_id"] for line in server.client.history()["batches"]} - {first}
    ended = server.client.await_end(second)

    assert ended["status"] == "COMPLETED"
    assert [partition["reused_from"] for partition in ended["partitions"]] == [first] * 3
    assert not [job for job in server.jobs()[begun:] if job.startswith("S")]
    assert server.client.sha256(second) == undisturbed["sha256"]
    server.terminate()
    assert files_below(server.home, first, second) == sorted(2 * undisturbed["files"])


def test_a_cancelled_batch_stays_so(server):
    server.set_fault("S0", "hold")
    server.start(kill_at=Point.BATCH_CANCELLED)
    batch_id = server.client.accepted(demand(), **SETTINGS)
    server.await_job("S0")

    attempt(lambda: server.client.cancel(batch_id))
    server.await_death()
    server.lift_fault("S0")
    server.start()

    assert server.client.status(batch_id)["status"] == "CANCELLED"
    assert server.client.cancel(batch_id).status_code == 409
    assert server.client.download(batch_id).status_code == 409
    server.terminate()
    assert not [name for name in files_below(server.home) if is_stray(name)]


def test_a_deleted_batch_leaves_no_file(server):
    server.start(kill_at=Point.BATCH_DELETED)
    batch_id = server.client.accepted(demand(), **SETTINGS)
    assert server.client.await_end(batch_id)["status"] == "COMPLETED"

    attempt(lambda: server.client.delete(batch_id))
    server.await_death()
    assert [name for name in files_below(server.home, batch_id) if "ID" in name]
    server.start()

    assert server.client.http.get(f"/api/batch/status/{batch_id}").status_code == 404
    assert server.client.history()["total"] == 0
    server.terminate()
    assert not files_below(server.home)


def attempt(ask):
    """The answer of a server that may die over it: None where it did."""
    try:
        return ask()
    except httpx.TransportError:
        return None


def is_stray(name):
    """A file that only a batch at work has, or only a completed one."""
    return name.startswith("work/") or "/result-" in name
