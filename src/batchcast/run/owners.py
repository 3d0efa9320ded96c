"""Who holds a lease: a process, named so that others on the same machine can tell whether it still lives.

    host : boot : process id : start of the process : random

Process ids mean something within one boot and one namespace of processes alone; of an owner elsewhere nothing is known
here, and its leases expire by themselves.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import sys
from pathlib import Path

import psutil

from batchcast.run.orphans import start_of
from batchcast.store.leases import Leases

_log = logging.getLogger(__name__)


def new_owner() -> str:
    """A name for this process as an owner; another one at every call."""
    return ":".join((_host(), _boot(), str(os.getpid()), start_of(os.getpid()) or "", secrets.token_hex(8)))


def is_dead_here(owner: str) -> bool:
    """Was that owner a process of this machine, and is it gone?"""
    host, boot, pid, start, _ = (*owner.split(":"), "", "", "", "")[:5]
    return (host, boot) == (_host(), _boot()) and pid.isdecimal() and start_of(int(pid)) != start


def free_what_dead_owners_hold(store: Leases) -> None:
    """Let the batches and files that dead processes of this machine hold be anybody's at once."""
    for owner in store.owners():
        if is_dead_here(owner):
            freed = store.expire_leases(owner)
            _log.info("%d batches of %s, which is dead, can be carried on", freed, owner)


def _host() -> str:
    return socket.gethostname().replace(":", "-")


def _boot() -> str:
    """What tells this boot, and this container, from others."""
    if sys.platform != "linux":
        return str(int(psutil.boot_time()))
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot}.{Path('/proc/self/ns/pid').stat().st_ino}"
