"""What is done in the ways of other systems than Linux does the same, as far as it can be tried here."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from batchcast.run import orphans, process_tree
from batchcast.run.job import Ending
from batchcast.run.process_tree import MARK


@pytest.fixture
def elsewhere(monkeypatch):
    """No Linux, as far as our own code can tell."""
    monkeypatch.setattr(process_tree.sys, "platform", "darwin")
    monkeypatch.setattr(orphans.sys, "platform", "darwin")


@pytest.mark.usefixtures("elsewhere")
def test_descendants_are_found_without_the_kernels_lists():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        found = process_tree.descendants(os.getpid())
        child.kill()

    assert child.pid in [process.pid for process in found]
    assert process_tree.descendants(child.pid) == []
    assert process_tree.tree_megabytes(child.pid) == 0


@pytest.mark.usefixtures("elsewhere")
def test_orphans_are_known_by_the_time_their_pool_started():
    own = orphans.new_pool_mark()
    with (
        subprocess.Popen(["sleep", "600"], env={**os.environ, MARK: f"{own}.1"}) as living,
        subprocess.Popen(["sleep", "600"], env={**os.environ, MARK: f"{os.getpid()}.1.cafe.1"}) as orphan,
        subprocess.Popen(["sleep", "600"], env={**os.environ, MARK: "4194305.1.cafe.1"}) as orphan_of_nobody,
    ):
        orphans.sweep_orphans()

        assert orphan.wait(20) == orphan_of_nobody.wait(20) == -9
        assert living.poll() is None
        living.kill()


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
