"""What is done in the ways of other systems than Linux does the same, as far as it can be tried here."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from batchcast.run import process_tree
from batchcast.run.job import Ending


@pytest.fixture
def elsewhere(monkeypatch):
    """No Linux, as far as our own code can tell."""
    monkeypatch.setattr(process_tree.sys, "platform", "darwin")
    monkeypatch.setattr(process_tree.sys, "platform", "darwin")


@pytest.mark.usefixtures("elsewhere")
def test_descendants_are_found_without_the_kernels_lists():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        found = process_tree.descendants(os.getpid())
        child.kill()

    assert child.pid in [process.pid for process in found]
    assert process_tree.descendants(child.pid) == []
    assert process_tree.tree_megabytes(child.pid) == 0


@pytest.mark.usefixtures("elsewhere")
def test_orphans_are_known_by_the_time_their_pool_started(monkeypatch):
    marks = [f"{process_tree.new_pool_mark()}.1", f"{os.getpid()}.1.cafe.1", "4194305.1.cafe.1"]
    mine = living, orphan, orphan_without_pool = [subprocess.Popen(["sleep", "600"]) for _ in marks]
    # It is shown its own alone: by a clock that is not theirs, the workers of every other test would be orphans.
    shown = [(psutil.Process(process.pid), mark) for process, mark in zip(mine, marks, strict=True)]
    monkeypatch.setattr(process_tree, "marked_processes", lambda: iter(shown))

    swept = process_tree.sweep_orphans()
    is_living = living.poll() is None
    living.kill()

    assert swept == 2
    assert is_living
    assert [process.wait(20) for process in (orphan, orphan_without_pool, living)] == [-9] * 3


def test_a_worker_is_killed_where_there_are_no_process_groups(make_pool, act, tmp_path, until, monkeypatch):
    pool = make_pool()
    submitted = pool.submit(act("leave_a_child", hang=True, tell=str(tmp_path / "told")))
    until((tmp_path / "told").exists)
    monkeypatch.delattr(os, "killpg")
    monkeypatch.delattr(os, "waitid")

    submitted.cancel()

    assert submitted.wait(20).ending is Ending.CANCELLED
    stray = int((tmp_path / "told").read_text())
    assert not psutil.pid_exists(stray) or psutil.Process(stray).status() == psutil.STATUS_ZOMBIE
    assert pool.submit(act("leave", code=9)).wait(20).ended_by == "exit code 9"
