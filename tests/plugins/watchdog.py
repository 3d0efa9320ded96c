"""Ends what a test run has started when the run itself is gone, however it ended.

Every process of a run inherits RUN from the environment. A child of pytest waits until its standard input closes, which
happens at the end of the run and also when the run is killed; then it ends every process that has the same value, and
removes the folders that it was told of.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    import pytest

RUN = "TEST_RUN_OF_A_PROCESS"  # environment: the run that a process belongs to
_SECONDS_TO_END = 10
_ROUNDS = 3  # a process that was just being started is found in the next
_watchdog: subprocess.Popen[str] | None = None


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the watchdog; each process of pytest-xdist has its own."""
    global _watchdog  # noqa: PLW0603 - one for each process, as pytest's hooks are
    run = secrets.token_hex(8)
    without_coverage = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
    without_coverage.pop(RUN, None)
    _watchdog = subprocess.Popen(
        [sys.executable, __file__, run],
        stdin=subprocess.PIPE,
        text=True,
        env=without_coverage,
        start_new_session=True,  # neither Ctrl-C nor the end of the terminal reaches it
    )
    os.environ[RUN] = run
    os.environ["BATCHCAST_WORKER_VARIABLES"] = RUN


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let the watchdog clean up, and wait until it has."""
    global _watchdog
    if _watchdog is not None:
        watchdog, _watchdog = _watchdog, None
        watchdog.communicate()


def remove_at_end(folder: Path) -> None:
    """Have a folder removed when the run is gone."""
    assert _watchdog is not None
    assert _watchdog.stdin is not None
    _watchdog.stdin.write(f"{folder}\n")
    _watchdog.stdin.flush()


def processes_left() -> list[psutil.Process]:
    """The processes that this one has started and that are still there, but for the watchdog."""
    watchdog = _watchdog.pid if _watchdog else None
    return [child for child in psutil.Process().children(recursive=True) if child.pid != watchdog]


def _watch(run: str) -> None:
    folders = sys.stdin.read().splitlines()
    for _ in range(_ROUNDS):
        processes = _processes_of(run)
        if not processes:
            break
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
                process.terminate()
        _, alive = psutil.wait_procs(processes, _SECONDS_TO_END)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, _SECONDS_TO_END)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _processes_of(run: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(RUN) == run and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


if __name__ == "__main__":
    _watch(sys.argv[1])
