"""Calls of the system that fail, kill or take long, in a server at work and all that it starts: by strace."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.acceptance.service.server import Server, until
from tests.plugins.debian import find_program, skip_or_fail

SYNCS, RENAMES, REMOVALS = "fsync,fdatasync", "rename,renameat,renameat2", "unlink,unlinkat"
STARTS = "clone,clone3,fork,vfork"  # of threads and processes
SECONDS_TO_DETACH = 20


@contextlib.contextmanager
def injected(server: Server, calls: str, fault: str, *, path: Path | None = None) -> Iterator[Callable[[], int]]:
    """Have these calls meet with a fault for as long as the block runs; gives how many have met with it so far.

    `path`: only calls on this file.
    """
    strace = find_program("strace", "strace") or skip_or_fail("strace is not on this machine; install strace")
    with tempfile.TemporaryDirectory() as folder:
        seen = Path(folder) / "seen"
        options = ["-f", "-qq", "-o", str(seen), "-p", str(server.running.pid)]
        options += ["-P", str(path)] if path else []
        tracer = subprocess.Popen([strace, *options, "-e", f"trace={calls}", "-e", f"inject={calls}:{fault}"])
        status = Path(f"/proc/{server.running.pid}/status")
        try:
            until(lambda: tracer.poll() is not None or f"TracerPid:\t{tracer.pid}\n" in status.read_text())
            if tracer.poll() is not None:
                pytest.skip("strace can't attach to a process here")
            yield lambda: seen.read_text(errors="replace").count("(INJECTED)")
        finally:
            tracer.send_signal(signal.SIGTERM)
            tracer.wait(SECONDS_TO_DETACH)
