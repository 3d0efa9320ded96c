"""A disk that fails under a server at work: calls of the system kill it, fail or take long; nothing can be written.

strace, attached to the server and all that it starts, has the calls fail.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from tests.acceptance.service.sample import SETTINGS, demand
from tests.acceptance.service.server import until
from tests.plugins.debian import find_program, skip_or_fail

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("broken disk")]

SYNCS, RENAMES, REMOVALS = "fsync,fdatasync", "rename,renameat,renameat2", "unlink,unlinkat"
SLOW = 0.2  # seconds


@contextlib.contextmanager
def injected(server, calls, fault):
    """Have these calls of a server and its workers meet with a fault for as long as the block runs."""
    strace = find_program("strace", "strace") or skip_or_fail("strace is not on this machine; install strace")
    traced = ["-f", "-qq", "-o", "/dev/null", "-p", str(server.running.pid)]
    tracer = subprocess.Popen([strace, *traced, "-e", f"trace={calls}", "-e", f"inject={calls}:{fault}"])
    status = Path(f"/proc/{server.running.pid}/status")
    try:
        until(lambda: tracer.poll() is not None or f"TracerPid:\t{tracer.pid}\n" in status.read_text())
        if tracer.poll() is not None:
            pytest.skip("strace can't attach to a process here")
        yield
    finally:
        tracer.terminate()
        tracer.wait(20)


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

    with injected(server, SYNCS, "error=EIO"):
        refused = server.client.submit(demand(), key="once", **SETTINGS)

    assert refused.status_code == 503, refused.text
    assert refused.headers["Retry-After"]
    assert server.client.history()["total"] == 0
    batch_id = server.client.accepted(demand(), key="once", **SETTINGS)
    assert server.client.await_end(batch_id)["status"] == "COMPLETED"


def test_a_batch_whose_results_can_not_be_brought_to_the_disk_has_none(make_server, undisturbed):
    server = make_server()
    server.set_fault("S1", "hold")
    server.start()
    batch_id = server.client.accepted(demand(), **SETTINGS)
    server.await_job("S1")

    with injected(server, SYNCS, "error=EIO"):
        server.lift_fault("S1")
        time.sleep(1)  # for the fault to be met: then the disk is whole again
    ended = server.client.await_end(batch_id)

    assert ended["status"] in {"COMPLETED", "ROLLED_BACK"}
    if ended["status"] == "COMPLETED":  # the database, on the same disk, could not keep that it had failed either
        assert server.client.sha256(batch_id) == undisturbed["sha256"]
    else:
        assert server.client.download(batch_id).status_code == 409
    again = server.client.accepted(demand(seed=1), **SETTINGS)
    assert server.client.await_end(again)["status"] == "COMPLETED"


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
