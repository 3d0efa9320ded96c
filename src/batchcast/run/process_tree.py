"""A process and all that it started: how much memory they take, and their end."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from batchcast.store.store import Leases

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

    The process must not have been waited for yet: until then no other process can have its number.
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


# Workers that outlived the process of their pool: how they are known, and their end.
#
# Every worker, and whatever it starts, carries a mark in its environment: the process of its pool, when that process
# started (numbers are given out again), the pool, and a number of the worker. The number of a process means nothing
# outside its namespace, so workers of a container, which its host sees among its own processes, are left to it.


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


# Who holds a lease: a process, named so that others on the same machine can tell whether it still lives.
#
#     host : boot : process id : start of the process : kills for want of memory until then : random
#
# Process ids mean something within one boot and one namespace of processes alone; of an owner elsewhere nothing is
# known here, and its leases expire by themselves.

_FIELDS = 6  # owners of version 0.1.0 have 5: they did not count kills
_log = logging.getLogger(__name__)


def new_owner() -> str:
    """A name for this process as an owner; another one at every call."""
    return ":".join(
        (_host(), _boot(), str(os.getpid()), start_of(os.getpid()) or "", str(_memory_kills()), secrets.token_hex(8))
    )


def is_dead_here(owner: str) -> bool:
    """Was that owner a process of this machine, and is it gone?"""
    host, boot, pid, start = (*owner.split(":"), "", "", "")[:4]
    return (host, boot) == (_host(), _boot()) and pid.isdecimal() and start_of(int(pid)) != start


def lacked_memory(owner: str) -> bool:
    """Has this machine killed a process for want of memory since that owner of this machine started?"""
    fields = owner.split(":")
    return len(fields) == _FIELDS and fields[4].isdecimal() and _memory_kills() > int(fields[4])


def free_what_dead_owners_hold(store: Leases) -> None:
    """End the leases and claims of processes of this machine that are dead."""
    for owner in store.owners():
        if is_dead_here(owner):
            freed = store.expire_leases(owner, lacked_memory=lacked_memory(owner))
            _log.info("%d batches of %s, which is dead, can be carried on", freed, owner)


def _memory_kills() -> int:
    """How many processes the kernel has killed for want of memory since the boot; 0 where it does not count them."""
    try:
        counts = dict(line.split() for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines())
    except OSError:
        return 0
    return int(counts.get("oom_kill", 0))


def _host() -> str:
    return socket.gethostname().replace(":", "-")


def _boot() -> str:
    """What tells this boot, and this container, from others."""
    if sys.platform != "linux":
        return str(int(psutil.boot_time()))
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot}.{Path('/proc/self/ns/pid').stat().st_ino}"
