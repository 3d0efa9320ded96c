"""Workers that outlived the process of their pool: how they are known, and their end.

Every worker, and whatever it starts, carries a mark in its environment: the process of its pool, when that process
started (numbers are given out again), the pool, and a number of the worker. The number of a process means nothing
outside its namespace, so workers of a container, which its host sees among its own processes, are left to it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from pathlib import Path

import psutil

from batchcast.run.process_tree import marked_processes


def new_pool_mark() -> str:
    """A mark for the workers of a new pool of this process; a worker adds a number of its own."""
    return f"{os.getpid()}.{start_of(os.getpid())}.{secrets.token_hex(8)}"


def sweep_orphans() -> int:
    """Kill every worker, and whatever it started, whose pool's process is gone; returns how many were killed.

    Workers of pools that live, in this process or in others, are left alone, and so are those of containers.
    """
    swept, here = 0, _namespace_of(os.getpid())
    for process, mark in marked_processes():
        pid, _, rest = mark.partition(".")
        start, _, _ = rest.partition(".")
        is_orphan = pid.isdecimal() and start and start != start_of(int(pid))
        if is_orphan and _namespace_of(process.pid) == here:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                process.kill()
                swept += 1
    return swept


def start_of(pid: int) -> str | None:
    """When a living process started, in words that only compare; None where there is no such process.

    Counted from the boot on Linux: a clock that is set right must not make a living pool look dead.
    """
    try:
        if sys.platform == "linux":
            state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return None if state in "ZX" else fields[18]
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else str(int(process.create_time()))
    except (OSError, psutil.NoSuchProcess):
        return None


def _namespace_of(pid: int) -> str | None:
    """Where the number of a process counts; None where there is only one such place, or the process is gone."""
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return None
