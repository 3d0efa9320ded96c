"""Starting a worker is cheap: it loads what it needs to listen, and no more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from batchcast.run.job import Ending

ACTS = Path(__file__).parent / "acts"
CODE = "import sys, batchcast.run.worker; print(*sorted(sys.modules))"


def test_a_worker_imports_the_standard_library_alone():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, "-c", CODE]
    asked = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    loaded = {name for name in asked.stdout.split() if not name.startswith("_")}

    ours = {"batchcast", "sitecustomize"}  # the latter is what a distribution adds to its Python
    foreign = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names - ours
    assert foreign == set()
    assert not loaded & {"asyncio", "multiprocessing", "subprocess", "batchcast.run.local_pool"}


@pytest.mark.parametrize("module", ["pandas", "scipy"])
def test_a_worker_leaves_out_what_libraries_would_load_and_no_job_needs(module, make_pool, act):
    outcome = make_pool().submit(act("load", module=module)).wait(20)

    assert outcome.ending is Ending.ERROR
    assert f"{module} is left out of the processes of batchcast" in str(outcome.error)


def test_a_worker_ends_when_its_pipe_is_closed():
    command = [sys.executable, "-m", "batchcast.run.worker"]

    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=True)

    assert ended.stdout == '{"ready": true}\n'


def test_a_worker_whose_pipe_is_closed_while_it_works_ends_with_all_that_it_started(tmp_path, until):
    """As where no signal comes with the death of a parent: the pipe tells."""
    environment = {**os.environ, "PYTHONPATH": str(ACTS), "BATCHCAST_WORKER_MODULES": "acts"}
    command = [sys.executable, "-m", "batchcast.run.worker"]
    job = {"job": 1, "function": "acts:wait_with_a_child", "arguments": {"tell": str(tmp_path / "pid")}}

    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    ) as worker:
        worker.stdin.write(json.dumps(job).encode() + b"\n")
        worker.stdin.flush()
        until((tmp_path / "pid").exists)
        child = psutil.Process(int((tmp_path / "pid").read_text()))
        worker.stdin.close()

        assert worker.wait(20) == -signal.SIGKILL
    psutil.wait_procs([child], timeout=2)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_worker_whose_parent_is_gone_ends_at_once(monkeypatch):
    monkeypatch.setenv("BATCHCAST_WORKER_PARENT", "1")
    command = [sys.executable, "-m", "batchcast.run.worker"]

    ended = subprocess.run(command, stdin=subprocess.PIPE, capture_output=True, timeout=20, check=False)

    assert ended.returncode != 0
    assert ended.stdout == b""
