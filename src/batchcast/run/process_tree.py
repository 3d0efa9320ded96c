"""A process and all that it started: how much memory they take, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

MARK = "BATCHCAST_WORKER"  # environment: whose worker a process is; what a worker starts inherits it
BYTES_IN_MB = 2**20


def descendants(pid: int) -> list[psutil.Process]:
    """Everything that a process started and that is still there, itself not included; empty where it is gone."""
    try:
        if sys.platform == "linux":
            return list(_linux_descendants(pid))
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def tree_megabytes(pid: int) -> float:
    """Resident memory of a process and of all that it started, in MB of 2**20 bytes; 0 where they are gone."""
    total = _resident_bytes(pid)
    for process in descendants(pid):
        total += _resident_bytes(process.pid)
    return total / BYTES_IN_MB


def kill_tree(pid: int, mark: str) -> None:
    """Kill a process, its group and all that it started, even what has left the group.

    The process must not have been waited for yet: until then nobody else can have its number.
    """
    strays = descendants(pid)
    _kill_group(pid)
    for stray in strays:
        _kill(stray)
    for survivor in marked(mark):
        if survivor.pid != pid:
            _kill(survivor)


def marked(mark: str) -> Iterator[psutil.Process]:
    """Processes that carry this mark of a worker, or that inherited it."""
    return (process for process, found in marked_processes() if found == mark)


def marked_processes() -> Iterator[tuple[psutil.Process, str]]:
    """Every process of ours that carries the mark of any worker, with the mark."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # gone meanwhile, or not ours to look at
            mark = process.environ().get(MARK)
            if mark is not None:
                yield process, mark


def _linux_descendants(pid: int) -> Iterator[psutil.Process]:
    # The kernel's own lists cost a hundredth of a look at every process, and are asked for ten times a second.
    for child in _linux_children(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(child)
            if process.status() != psutil.STATUS_ZOMBIE:
                yield process
        yield from _linux_descendants(child)


def _linux_children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):  # it ended meanwhile
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return found


def _resident_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:  # it ended meanwhile
        return 0


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.Error):
        process.kill()


def _kill_group(pid: int) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    else:
        with contextlib.suppress(psutil.Error):
            psutil.Process(pid).kill()
