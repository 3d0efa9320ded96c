"""A disk that fails under a server at work: calls of the system kill it, fail or take long; nothing can be written.

strace, attached to the server and all that it starts, has the calls fail.
"""

from __future__ import annotations

import contextlib
import subprocess

import httpx
import pytest
from tests.acceptance.service.injection import REMOVALS, RENAMES, SYNCS, injected
from tests.acceptance.service.sample import SETTINGS, demand
from tests.acceptance.service.server import until

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("broken disk")]

SLOW = 0.2  # seconds


@pytest.mark.parametrize(
    ("calls", "count"), [(RENAMES, 1), (RENAMES, 2), (SYNCS, 1), (SYNCS, 3), ("pwrite64", 2), (REMOVALS, 1)]
)
def test_a_server_killed_in_a_call_of_the_system_loses_and_doubles_nothing(make_server, undisturbed, calls, count):
    server = make_server(max_parallel=2).start()
    with injected(server, calls, f"signal=SIGKILL:when={count}"):
        with contextlib.suppress(httpx.TransportError):
            server.client.submit(demand(), key="once", **SETTINGS)
        server.await_death(60)

    server.start()
    batch_id = server.client.accepted(demand(), key="once", **SETTINGS)
    ended = server.client.await_end(batch_id)

    assert ended["status"] == "COMPLETED", ended
    assert server.client.history()["total"] == 1
    assert server.client.sha256(batch_id) == undisturbed["sha256"]
    assert not list(server.home.rglob("*.tmp"))


def test_what_can_not_be_brought_to_the_disk_is_not_acknowledged(make_server):
    server = make_server().start()

    with injected(server, SYNCS, "error=EIO") as met:
        refused = server.client.submit(demand(), key="once", **SETTINGS)
        assert met()

    assert refused.status_code == 503, refused.text
    assert refused.headers["Retry-After"]
    assert server.client.history()["total"] == 0
    batch_id = server.client.accepted(demand(), key="once", **SETTINGS)
    assert server.client.await_end(batch_id)["status"] == "COMPLETED"


def test_a_batch_whose_results_can_not_be_brought_to_the_disk_is_rolled_back(make_server, new_postgresql_database):
    server = make_server(database_url=new_postgresql_database())  # so that only files are brought to this disk
    server.set_fault("S1", "hold")
    server.start()
    batch_id = server.client.accepted(demand(), **SETTINGS)
    server.await_job("S1-held")

    with injected(server, SYNCS, "error=EIO") as met:
        server.lift_fault("S1")
        ended = server.client.await_end(batch_id)
        assert met()

    assert ended["status"] == "ROLLED_BACK"
    assert "Input/output error" in ended["error"]["message"]
    assert server.client.download(batch_id).status_code == 409
    again = server.client.accepted(demand(seed=1), **SETTINGS)
    assert server.client.await_end(again)["status"] == "COMPLETED"


def test_a_batch_goes_on_once_the_database_can_be_brought_to_the_disk_again(make_server, undisturbed):
    server = make_server()
    server.set_fault("S1", "hold")
    server.start()
    batch_id = server.client.accepted(demand(), **SETTINGS)
    server.await_job("S1-held")

    with injected(server, SYNCS, "error=EIO", path=server.home / "batchcast.db-wal") as met:
        server.lift_fault("S1")
        until(met)
    ended = server.client.await_end(batch_id)

    assert ended["status"] == "COMPLETED"
    assert server.client.sha256(batch_id) == undisturbed["sha256"]


def test_a_slow_disk_does_not_stop_those_who_read_a_status(make_server):
    server = make_server()
    server.set_fault("S1", "hold")
    server.start()
    batch_id = server.client.accepted(demand(), **SETTINGS)
    server.await_job("S1")

    with injected(server, SYNCS, f"delay_enter={int(SLOW * 10**6)}"):
        server.lift_fault("S1")
        ended = server.client.await_end(batch_id, 120)  # by asking its status, each within the time of a request

    assert ended["status"] == "COMPLETED"


@pytest.fixture
def disk(tmp_path):
    """Mounts a small file system with these options."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
        if mounted.returncode:
            pytest.skip(f"a small file system can't be mounted here: {mounted.stderr.strip()}")
        return folder

    yield mount
    subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_disk_that_becomes_read_only_is_told_and_gone_on_with_once_it_can_be_written(make_server, disk, tmp_path):
    folder = disk("size=64m")
    database = f"sqlite:///{tmp_path}/batches.db"  # a disk with a file that is open for writing can't be remounted
    server = make_server(home=folder / "home", faults=tmp_path / "faults", database_url=database, reserve_mb=0)
    server.log_path = tmp_path / "server.log"
    server.start()

    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    refused, ready = server.client.submit(demand(), **SETTINGS), server.client.http.get("/readyz")
    subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)

    assert refused.status_code == 503, refused.text
    assert ready.status_code == 503
    until(server.client.is_ready)
    assert server.client.await_end(server.client.accepted(demand(), **SETTINGS))["status"] == "COMPLETED"


def test_a_disk_without_inodes_is_told_as_full_and_gone_on_with_once_there_are_some(make_server, disk, tmp_path):
    folder = disk("size=64m,nr_inodes=2000")
    server = make_server(home=folder / "home", faults=tmp_path / "faults", reserve_mb=0)
    server.log_path = tmp_path / "server.log"
    server.start()
    taken = []
    with contextlib.suppress(OSError):
        while True:
            taken.append(folder / f"filler-{len(taken)}")
            taken[-1].touch()

    refused = server.client.submit(demand(), **SETTINGS)
    for path in taken[:-1]:
        path.unlink()

    assert refused.status_code in {503, 507}, refused.text
    assert server.client.history()["total"] == 0
    assert server.client.await_end(server.client.accepted(demand(), **SETTINGS))["status"] == "COMPLETED"
