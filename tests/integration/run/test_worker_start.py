"""Starting a worker is cheap: it loads what it needs to listen, and no more."""

from __future__ import annotations

import subprocess
import sys

import pytest

import batchcast.run

CODE = "import sys, batchcast.run.worker; print(*sorted(sys.modules))"


def test_a_worker_imports_the_standard_library_alone():
    loaded = set(
        subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout.split()
    )

    ours = {name for name in loaded if name.startswith("batchcast")}
    assert ours <= {"batchcast", "batchcast.run", "batchcast.run.worker"}
    assert not loaded & {"numpy", "numba", "pyarrow", "psutil", "asyncio", "subprocess", "multiprocessing"}


def test_a_worker_ends_when_its_pipe_is_closed():
    command = [sys.executable, "-m", "batchcast.run.worker"]

    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=True)

    assert ended.stdout == '{"ready": true}\n'


def test_a_worker_whose_parent_is_gone_ends_at_once(monkeypatch):
    monkeypatch.setenv("BATCHCAST_WORKER_PARENT", "1")
    command = [sys.executable, "-m", "batchcast.run.worker"]

    ended = subprocess.run(command, stdin=subprocess.PIPE, capture_output=True, timeout=20, check=False)

    assert ended.returncode != 0
    assert ended.stdout == b""


@pytest.mark.parametrize("name", batchcast.run.__all__)
def test_every_name_of_the_room_is_there(name):
    assert getattr(batchcast.run, name)


def test_a_name_that_the_room_has_not_is_an_error():
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = batchcast.run.Nothing
