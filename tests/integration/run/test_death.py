"""Nothing outlives the process of a pool, however that process ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from batchcast.domain.codec import encode
from batchcast.run import process_tree
from batchcast.run.process_tree import MARK, sweep_orphans
from batchcast.store.artifacts.folder import ScratchFolder

ACTS = Path(__file__).parent / "acts"


@pytest.fixture
def start_program(tmp_path):
    """Starts `acts/main_process.py`; it is killed in the end."""
    started = []

    def start(what):
        command = [sys.executable, str(ACTS / "main_process.py"), what, str(tmp_path)]
        environment = {**os.environ, "PYTHONPATH": str(ACTS)}
        process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.alone  # measures time
def test_killing_the_main_process_leaves_no_worker_alive_two_seconds_later(start_program, tmp_path, until, workers_of):
    program = start_program("hold_workers")
    until(lambda: all((tmp_path / name).exists() for name in "123"))
    workers = [process for process in workers_of(program.pid) if process.ppid() == program.pid]
    assert len(workers) == 3

    program.kill()
    _, left = psutil.wait_procs(workers, timeout=2)

    # The process that inherits a dead worker may be slow to collect it.
    assert [process for process in left if process.status() != psutil.STATUS_ZOMBIE] == []


def test_a_sweep_kills_what_a_dead_pools_workers_left_and_nothing_else(
    *, start_program, tmp_path, until, workers_of, make_pool, act
):
    program = start_program("hold_workers")
    living = make_pool().submit(act("wait_for_ever"))
    until(lambda: all((tmp_path / name).exists() for name in "123"))
    grandchild = psutil.Process(int((tmp_path / "3").read_text()))
    sweep_orphans()
    assert grandchild.is_running()
    program.kill()
    program.wait()
    orphan = _orphan_of(program.pid)

    sweep_orphans()

    orphan.wait(20)
    psutil.wait_procs([grandchild], timeout=20)
    assert workers_of(program.pid) == []
    with pytest.raises(TimeoutError):
        living.wait(0)


def test_a_worker_number_that_was_given_to_another_process_is_an_orphans(until):
    """Same process id as a living process, but that one started at another time."""
    orphan = _orphan_of(os.getpid())

    sweep_orphans()

    assert orphan.wait(20) == -signal.SIGKILL


def test_marks_that_are_not_ours_are_left_alone():
    others = [_marked(mark) for mark in ("", "yes", "12", "x.y.z", f"{os.getpid()}")]
    try:
        sweep_orphans()

        assert [other.poll() for other in others] == [None] * len(others)
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_workers_of_a_container_are_left_to_it(monkeypatch):
    """There the id of their pool's process is that of another process here, or of none."""
    worker = subprocess.Popen(["sleep", "600"])
    monkeypatch.setattr(process_tree, "marked_processes", lambda: iter([(psutil.Process(worker.pid), "1.1.cafe.1")]))
    monkeypatch.setattr(process_tree, "_namespace_of", lambda pid: "pid:[2]" if pid == worker.pid else "pid:[1]")

    swept = sweep_orphans()
    is_living = worker.poll() is None
    worker.kill()
    worker.wait()

    assert swept == 0
    assert is_living


def test_a_sweep_tells_how_many_it_killed(monkeypatch):
    """Of what it was shown: other tests may have orphans, and sweep, at the same time."""
    mine = [subprocess.Popen(["sleep", "600"]) for _ in range(3)]
    marks = [f"{os.getpid()}.1.beef.1", f"{os.getpid()}.1.beef.2", "mine"]
    shown = [(psutil.Process(process.pid), mark) for process, mark in zip(mine, marks, strict=True)]
    monkeypatch.setattr(process_tree, "marked_processes", lambda: iter(shown))

    swept = sweep_orphans()
    mine[2].kill()

    assert swept == 2
    assert [process.wait(20) for process in mine] == [-signal.SIGKILL] * 3


@pytest.mark.alone  # measures time
@pytest.mark.parametrize("signals", [1, 3])
def test_ctrl_c_cancels_cleanly_and_soon(*, start_program, tmp_path, until, workers_of, make_plan, a_source, signals):
    (tmp_path / "batch.json").write_text(
        json.dumps(encode([make_plan([3, 2, 1]), a_source(ScratchFolder(tmp_path / "unused"))]))
    )
    for site in ("S0", "S1"):
        (tmp_path / site).write_text("loop_in_c")
    program = start_program("run_batch")
    until(lambda: (tmp_path / "S0.told").exists() and (tmp_path / "S1.told").exists())
    start = time.monotonic()

    for _ in range(signals):
        program.send_signal(signal.SIGINT)
    output, _ = program.communicate(timeout=20)

    assert time.monotonic() - start < 15  # the jobs would never end; a second on an idle machine
    assert output == ("CANCELLED\n" if signals == 1 else output)
    assert workers_of(program.pid) == []
    assert not (tmp_path / "out").exists()
    if signals == 1:
        assert program.returncode == 0
        assert [path.name for path in (tmp_path / "work").iterdir()] == ["artifacts"]


def _orphan_of(pid: int) -> subprocess.Popen[bytes]:
    return _marked(f"{pid}.1.cafe.1")


def _marked(mark: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "600"], env={**os.environ, MARK: mark})
