"""kill -9 of the server at every step of a batch's life: nothing acknowledged is lost, nothing half-done is left.

The server kills itself at a named point (`Server.die_at`), which `Server.await_death` sees by its signal. What its
successor makes of the batch is compared with a run that nothing disturbed: the same digests, the same files. Then the
batch is deleted, and that successor is the one to be killed at the next point, again and again.
"""

from __future__ import annotations

import httpx
import pytest
from tests.acceptance.service.sample import SETTINGS, demand, files_below
from tests.acceptance.service.server import Server, until

from batchcast.domain.crash_points import CrashPoint

pytestmark = pytest.mark.long

ON_THE_WAY = (
    CrashPoint.UPLOAD_RECEIVED,
    CrashPoint.UPLOAD_CHECKED,
    CrashPoint.ARTIFACTS_CLAIMED,
    CrashPoint.ARTIFACTS_KEPT,
    CrashPoint.BATCH_ADDED,
    CrashPoint.BATCH_CLAIMED,
    CrashPoint.PREPARED,
    CrashPoint.PARTITION_STARTED,
    CrashPoint.PARTITION_DONE,
    CrashPoint.PARTITION_KEPT,
    CrashPoint.PARTITION_COMPLETED,
    CrashPoint.PARTITIONS_COMPLETED,
    CrashPoint.RESULT_WRITTEN,
    CrashPoint.RESULT_KEPT,
    CrashPoint.BATCH_COMPLETED,
)
FAILING = (CrashPoint.FAILURE_SEEN, CrashPoint.BATCH_ROLLED_BACK)
ELSEWHERE = {CrashPoint.CHECKPOINTS_TAKEN, CrashPoint.BATCH_CANCELLED, CrashPoint.BATCH_DELETED}


def test_every_point_is_tried():
    assert {*ON_THE_WAY, *FAILING, *ELSEWHERE} == set(CrashPoint)


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.xdist_group(f"killed-{name}")) for name in ("sqlite", "postgresql")],
)
def installation(request, tmp_path_factory):
    """A server at work on either database, with two workers, so that a partition has a sibling at work."""
    url = None
    if request.param == "postgresql":
        database = request.getfixturevalue("postgresql_server")
        url = database.new_database()
    server = Server(tmp_path_factory.mktemp(request.param) / "home", database_url=url, max_parallel=2)
    yield server
    server.close()
    if url:
        database.drop_database(url)


@pytest.fixture
def server(installation):
    """That server, at work; whatever a test leaves of batches and faults is gone before the next."""
    if installation.process is None or installation.process.poll() is not None:
        installation.start()
    yield installation
    for fault in installation.faults.iterdir():
        fault.unlink()
    if installation.running.poll() is not None:
        installation.start()
    for line in installation.client.history()["batches"]:
        attempt(lambda batch_id=line["batch_id"]: installation.client.cancel(batch_id))
        installation.client.await_end(line["batch_id"])
        assert installation.client.delete(line["batch_id"]).status_code == 204
    until(lambda: not kept(installation))


@pytest.mark.parametrize("point", ON_THE_WAY)
def test_a_batch_completes_as_if_nothing_had_happened(server, point, undisturbed):
    server.die_at(point, 2 if point.name.startswith("PARTITION_") else 1)  # in the middle of the partitions

    answer = attempt(lambda: server.client.submit(demand(), key=point, **SETTINGS))
    server.await_death()
    server.start()
    batch_id = server.client.accepted(demand(), key=point, **SETTINGS)
    ended = server.client.await_end(batch_id)

    assert ended["status"] == "COMPLETED", ended
    assert answer is None or answer.json()["batch_id"] == batch_id
    assert server.client.history()["total"] == 1
    assert server.client.sha256(batch_id) == undisturbed["sha256"]
    await_files(server, undisturbed["files"], batch_id)


@pytest.mark.parametrize("point", FAILING)
def test_a_batch_that_fails_is_rolled_back(server, point):
    server.set_fault("S1", "crash")
    server.die_at(point)

    batch_id = server.client.accepted(demand(), **SETTINGS)
    server.await_death()
    server.start()
    ended = server.client.await_end(batch_id)

    assert ended["status"] == "ROLLED_BACK"
    assert "Partition 1 crash: Its worker ended with signal SIGKILL" in ended["error"]["message"]
    assert server.client.download(batch_id).status_code == 409
    until(lambda: not [name for name in kept(server) if "/result-" in name])


def test_a_retry_takes_its_checkpoints_once(server, undisturbed):
    first = server.client.accepted(demand(), **SETTINGS)
    assert server.client.await_end(first)["status"] == "COMPLETED"
    begun = len(server.jobs())
    server.die_at(CrashPoint.CHECKPOINTS_TAKEN)

    attempt(lambda: server.client.retry(first))
    server.await_death()
    server.start()
    (second,) = {line["batch_id"] for line in server.client.history()["batches"]} - {first}
    ended = server.client.await_end(second)

    assert ended["status"] == "COMPLETED"
    assert [partition["reused_from"] for partition in ended["partitions"]] == [first] * 3
    assert not [job for job in server.jobs()[begun:] if job.startswith("S")]
    assert server.client.sha256(second) == undisturbed["sha256"]
    await_files(server, sorted(2 * undisturbed["files"]), first, second)


def test_a_cancelled_batch_stays_so(server):
    server.set_fault("S0", "hold")
    server.die_at(CrashPoint.BATCH_CANCELLED)
    batch_id = server.client.accepted(demand(), **SETTINGS)
    server.await_job("S0")

    attempt(lambda: server.client.cancel(batch_id))
    server.await_death()
    server.lift_fault("S0")
    server.start()

    assert server.client.status(batch_id)["status"] == "CANCELLED"
    assert server.client.cancel(batch_id).status_code == 409
    assert server.client.download(batch_id).status_code == 409
    until(lambda: not [name for name in kept(server) if "/result-" in name])


def test_a_deleted_batch_leaves_no_file(server):
    batch_id = server.client.accepted(demand(), **SETTINGS)
    assert server.client.await_end(batch_id)["status"] == "COMPLETED"
    server.die_at(CrashPoint.BATCH_DELETED)

    attempt(lambda: server.client.delete(batch_id))
    server.await_death()
    assert [name for name in files_below(server.home, batch_id) if "ID" in name]
    server.start()

    assert server.client.http.get(f"/api/batch/status/{batch_id}").status_code == 404
    assert server.client.history()["total"] == 0
    until(lambda: not kept(server))


def await_files(server, expected, *batch_ids):
    """Wait until these files are kept and no others."""
    until(lambda: kept(server, *batch_ids) == expected)


def kept(server, *batch_ids):
    """What is kept for good; and of the servers that died, no scratch is left either."""
    folders = [path for path in (server.home / "work").iterdir() if path.is_dir()]
    until(lambda: len([path for path in folders if path.exists()]) == 1)
    return [name for name in files_below(server.home, *batch_ids) if not name.startswith("work/")]


def attempt(ask):
    """The answer of a server that may die over it: None where it did."""
    try:
        return ask()
    except httpx.TransportError:
        return None
