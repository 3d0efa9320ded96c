"""A worker from the inside: `python -m batchcast.run.worker`, started and watched by `LocalPool`.

Jobs come as JSON lines on stdin, reports go as JSON lines to stdout; both pipes are taken away at the start, so
that whatever a library prints lands in stderr. One job at a time. Imports next to nothing but the standard library,
because every worker pays for it; a job imports what it needs.

    in:   {"job": 1, "function": "batchcast.run.jobs:partition_job", "arguments": {...}}
    out:  {"ready": true}
          {"job": 1, "progress": 0.5}
          {"job": 1, "done": ...} | {"job": 1, "error": {...}} | {"job": 1, "out_of_memory": "..."}
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

PARENT = "BATCHCAST_WORKER_PARENT"  # environment: process id of the pool's process
ALLOWED = "BATCHCAST_WORKER_MODULES"  # environment: modules, by commas, whose functions (and those below) may be called
SECONDS_BETWEEN_PROGRESS = 0.2

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


class WorkerLoop:
    """Where one worker takes its jobs and hands in its reports."""

    def __init__(self, jobs: int, reports: int) -> None:
        self._reports = reports
        self._lock = threading.Lock()
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._at_work = False
        threading.Thread(target=self._receive, args=(jobs,), daemon=True, name="jobs").start()

    def report(self, **fields: Any) -> None:
        """Send one line to the pool."""
        line = memoryview(json.dumps(fields).encode() + b"\n")
        with self._lock:
            while line:
                line = line[os.write(self._reports, line) :]

    def work(self) -> None:
        """Carry out jobs until the pool closes the pipe."""
        self.report(ready=True)
        while (line := self._queue.get()) is not None:
            self._at_work = True
            self._carry_out(**json.loads(line))
            self._at_work = False

    def _receive(self, jobs: int) -> None:
        with os.fdopen(jobs, "rb") as pipe:
            for line in pipe:
                self._queue.put(line)
        if self._at_work:  # the pool is gone: there is no use for the result
            _end_group()
        self._queue.put(None)

    def _carry_out(self, job: int, function: str, arguments: dict[str, Any]) -> None:
        # The one place that catches everything: some libraries' panics are no Exception.
        try:
            result = _find(function)(arguments, self._progress_of(job))
            self.report(job=job, done=result)
        except MemoryError as error:
            self.report(job=job, out_of_memory=str(error))
        except BaseException as error:  # noqa: BLE001 a job may raise anything, and its error is its result
            from batchcast.domain.codec import encode_error

            self.report(job=job, error=encode_error(error))

    def _progress_of(self, job: int) -> Callable[[float], None]:
        next_time = 0.0

        def on_progress(share: float) -> None:
            nonlocal next_time
            now = time.monotonic()
            if now >= next_time:
                next_time = now + SECONDS_BETWEEN_PROGRESS
                self.report(job=job, progress=float(share))

        return on_progress


def main() -> None:
    """Work until the pool closes the pipe or dies."""
    die_with_parent()
    sys.meta_path.insert(0, LeftOut)
    faulthandler.enable()
    worker_loop = WorkerLoop(*take_pipes())
    worker_loop.work()
    sys.stderr.flush()
    os._exit(0)  # taking compilers and tables down in good order costs a quarter of a second, and saves nothing


def take_pipes() -> tuple[int, int]:
    """Keep stdin and stdout for the worker; what a library prints from now on goes to stderr."""
    jobs, reports = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return jobs, reports


def die_with_parent() -> None:
    """On Linux: be killed when the thread that started us ends, adopt our orphans, go first when memory runs out."""
    if sys.platform != "linux":
        return
    import ctypes

    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    if os.getppid() != int(os.environ.get(PARENT, os.getppid())):  # it died before we asked
        _end_group()
    with open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 no pathlib: it would be imported for this alone
        file.write("500")


def _end_group() -> None:
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _find(function: str) -> Callable[[dict[str, Any], Callable[[float], None]], Any]:
    """The function of that name, if its module is one that may be called."""
    module, _, name = function.partition(":")
    allowed = os.environ.get(ALLOWED, "").split(",")
    is_allowed = any(f"{module}.".startswith(f"{prefix}.") for prefix in allowed)
    if not is_allowed or not name.isidentifier() or name.startswith("_"):
        raise PermissionError(f"{function} is not a job of this pool; it may call functions of {', '.join(allowed)}")
    found: Callable[[dict[str, Any], Callable[[float], None]], Any] = getattr(importlib.import_module(module), name)
    return found


# Modules that no process of ours needs, and that libraries load where they happen to be installed.
#
# pyarrow looks for pandas, and numba for the BLAS of scipy, which no kernel calls: half a second of every start, and
# memory for good.
# Imports nothing, because every worker pays for it.


class LeftOut:
    """Says that these modules are not there."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Nothing, or say so."""
        if name in {"pandas", "scipy"}:
            raise ModuleNotFoundError(f"{name} is left out of the processes of batchcast", name=name)


if __name__ == "__main__":
    main()
