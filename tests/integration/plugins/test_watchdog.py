"""A test run that is killed leaves no process and no folder behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[3]
SECONDS = 60
# Runs inside another pytest: starts a server and a child, says where they are, and waits to be killed.
TEST = """
import subprocess, time

def test_waits(postgresql_server):
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    text = f"{postgresql_server.pid} {child.pid} {postgresql_server.folder}"
    open(r"%s", "w").write(text + " .")
    time.sleep(600)
"""


@pytest.mark.long
def test_a_killed_run_leaves_neither_its_database_server_nor_a_child_nor_a_folder(tmp_path):
    said = tmp_path / "said"
    test = tmp_path / "test_waits.py"
    test.write_text(TEST % said, encoding="utf-8")
    options = ["-p", "tests.plugins.postgresql", "-p", "tests.plugins.watchdog", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-q", *options, "-c", os.devnull, "-n", "1", test]
    run = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    try:
        _until(lambda: (said.exists() and said.read_text().endswith(".")) or run.poll() is not None)
        if run.poll() is not None:
            pytest.skip("PostgreSQL is not installed")
        server, child, folder, _ = said.read_text().split()
        left = [psutil.Process(int(server)), psutil.Process(int(child)), *psutil.Process(int(server)).children()]
        assert len(left) > 2
        assert Path(folder).is_dir()
    finally:
        run.kill()
        run.wait()

    _until(lambda: not any(_is_alive(process) for process in left))
    _until(lambda: not Path(folder).exists())


def _is_alive(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
