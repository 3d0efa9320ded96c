"""The disk is full while uploading, while a partition writes, while publishing: a small file system shows it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.acceptance.service.sample import SETTINGS, demand
from tests.acceptance.service.server import until

MEGABYTES = 24
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("small disk")]


@pytest.fixture
def disk(tmp_path):
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small file system can't be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def server(make_server, disk, tmp_path):
    """Its home is on the small disk; its database is not, so that how a batch ended can be kept at once."""
    database = f"sqlite:///{tmp_path}/batches.db"
    server = make_server(home=disk / "home", faults=tmp_path / "faults", database_url=database, reserve_mb=0)
    server.log_path = tmp_path / "server.log"
    return server.start()


def test_an_upload_that_finds_no_room_is_refused_in_a_sentence(server, disk):
    large = demand() + b"2025-08-01,P-1,S0,1\n" * (MEGABYTES * 2**20 // 20)

    refused = server.client.submit(large, **SETTINGS)

    assert refused.status_code == 503, refused.text
    assert refused.headers["Retry-After"]
    assert "disk is full" in refused.json()["detail"]
    assert server.client.history()["total"] == 0
    until(lambda: used(disk) < 1)  # nothing of it is left, and there is room again
    completes(server, demand())


@pytest.mark.parametrize("step", ["S1", "publish_job"])
def test_a_batch_that_finds_no_room_is_rolled_back_and_the_next_one_completes(server, disk, step):
    server.set_fault(step, "hold")
    batch_id = server.client.accepted(demand(), **SETTINGS)
    server.await_job(step)

    with no_room(disk):
        server.lift_fault(step)
        ended = server.client.await_end(batch_id)

    assert ended["status"] == "ROLLED_BACK"
    assert "No space left on device" in ended["error"]["message"]
    assert server.client.download(batch_id).status_code == 409
    assert not list(server.home.glob(f"**/{batch_id}/result-*"))
    completes(server, demand())


def test_a_server_whose_database_finds_no_room_carries_on_when_there_is_some(make_server, disk, tmp_path, undisturbed):
    server = make_server(home=disk / "home", faults=tmp_path / "faults", reserve_mb=0)
    server.log_path = tmp_path / "server.log"
    server.start().set_fault("S1", "hold")
    batch_id = server.client.accepted(demand(), **SETTINGS)
    server.await_job("S1")

    with no_room(disk):
        refused = server.client.submit(demand(seed=1), **SETTINGS)
        server.lift_fault("S1")
        until(lambda: "the queue is not looked at for now" in server.log)
    ended = server.client.await_end(batch_id)

    assert refused.status_code == 503, refused.text
    assert ended["status"] in {"COMPLETED", "ROLLED_BACK"}
    if ended["status"] == "COMPLETED":
        assert server.client.sha256(batch_id) == undisturbed["sha256"]
    completes(server, demand(seed=2))


def completes(server, file):
    """It works again."""
    assert server.running.poll() is None
    ended = server.client.await_end(server.client.accepted(file, **SETTINGS))
    assert ended["status"] == "COMPLETED", ended


def used(folder: Path) -> float:
    """Megabytes taken."""
    return shutil.disk_usage(folder).used / 2**20


@contextlib.contextmanager
def no_room(folder: Path):
    """Fill a file system to its last byte."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(os.urandom(4096) * 16)
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x")
    assert shutil.disk_usage(folder).free == 0
    try:
        yield
    finally:
        filler.unlink()
