"""Whether the holder of a lease still lives."""

from __future__ import annotations

import os
import subprocess
import sys

from batchcast.run.process_tree import is_dead_here, new_owner


def test_an_owner_is_dead_when_its_process_is_gone():
    code = "from batchcast.run.process_tree import new_owner; print(new_owner(), flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    owner = process.stdout.readline().strip()
    alive = is_dead_here(owner)

    process.kill()
    process.communicate()

    assert not alive
    assert is_dead_here(owner)
    assert is_dead_here(f"{owner}.7")


def test_an_owner_elsewhere_or_of_this_process_is_not_dead():
    host, boot, pid, start, _ = new_owner().split(":")

    assert pid == str(os.getpid())
    assert new_owner() != new_owner()
    assert not is_dead_here(f"{host}:{boot}:{pid}:{start}:x")
    assert is_dead_here(f"{host}:{boot}:{pid}:{start}9:x")  # the number was given to another process
    assert not is_dead_here(f"other:{boot}:{pid}:0:x")
    assert not is_dead_here(f"{host}:other:{pid}:0:x")
    assert not is_dead_here("anything")
