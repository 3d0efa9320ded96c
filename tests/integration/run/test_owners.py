"""Whether the holder of a lease still lives."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from batchcast.run import process_tree
from batchcast.run.process_tree import is_dead_here, lacked_memory, new_owner


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
    host, boot, pid, start, _, _ = new_owner().split(":")

    assert pid == str(os.getpid())
    assert new_owner() != new_owner()
    assert not is_dead_here(f"{host}:{boot}:{pid}:{start}:x")
    assert is_dead_here(f"{host}:{boot}:{pid}:{start}9:x")  # the number was given to another process
    assert not is_dead_here(f"other:{boot}:{pid}:0:x")
    assert not is_dead_here(f"{host}:other:{pid}:0:x")
    assert not is_dead_here("anything")


@pytest.mark.parametrize(("kills_now", "expected"), [(7, False), (8, True)])
def test_memory_that_ran_out_since_an_owner_started_is_seen(monkeypatch, kills_now, expected):
    monkeypatch.setattr(process_tree, "_memory_kills", lambda: 7)
    owner = new_owner()
    monkeypatch.setattr(process_tree, "_memory_kills", lambda: kills_now)

    assert lacked_memory(owner) is lacked_memory(f"{owner}.3") is expected


def test_an_owner_of_a_version_that_did_not_count_says_nothing_of_memory():
    host, boot, pid, start, _, _ = new_owner().split(":")

    assert not lacked_memory(f"{host}:{boot}:{pid}:{start}:9f")
    assert not lacked_memory(f"{host}:{boot}:{pid}:{start}")
