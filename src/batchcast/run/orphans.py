"""Workers that outlived the process of their pool: how they are known, and their end.

Every worker, and whatever it starts, carries a mark in its environment: the process of its pool, when that process
started (numbers are given out again), the pool, and a number of the worker.
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

    Workers of pools that live, in this process or in others, are left alone.
    """
    swept = 0
    for process, mark in marked_processes():
        pid, _, rest = mark.partition(".")
        start, _, _ = rest.partition(".")
        if pid.isdecimal() and start and start != start_of(int(pid)):
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
