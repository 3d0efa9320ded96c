"""Machines of a Ray that stand in the network namespace of this process, each with a folder of its own."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

PORT = 6379
ADDRESS = f"127.0.0.1:{PORT}"
CLIENT = "ray://127.0.0.1:10001"
TRIES = 3  # to start a machine: half of them fail where the computer is busy
_RAY = Path(sys.executable).with_name("ray")


class Cluster:
    """Starts machines, and ends each by the ids of its processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder  # its path is short: sockets stand in it
        self._numbers = itertools.count(1)
        self.machines: dict[str, psutil.Process] = {}

    def start(self, name: str, *, cores: int = 1, seconds: float = 180, **variables: str) -> None:
        """Start a machine, the first one as head; with retries."""
        is_head = not self.machines
        where = ("--head", f"--port={PORT}", "--include-dashboard=false") if is_head else (f"--address={ADDRESS}",)
        for attempt in range(1, TRIES + 1):
            folder = self._folder / f"{name}{next(self._numbers)}"
            (folder / "tmp").mkdir(parents=True)
            command = [_RAY, "start", *where, "--block", f"--node-name={name}", f"--num-cpus={cores}"]
            command += ["--node-ip-address=127.0.0.1", "--disable-usage-stats"]
            command += ["--object-store-memory=80000000", *([f"--temp-dir={folder}"] if is_head else [])]
            environment = {**os.environ, "TMPDIR": str(folder / "tmp"), **variables}
            log = folder / "log"
            with log.open("wb") as output:
                started = subprocess.Popen(
                    command, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
                )
            machine = psutil.Process(started.pid)

            def has_shown(started: subprocess.Popen[bytes] = started, log: Path = log) -> bool:
                return started.poll() is not None or b"runtime started" in log.read_bytes()

            if _comes_true(has_shown, seconds) and started.returncode is None:
                self.machines[name] = machine
                return
            _end(machine)
            sys.stderr.write(f"{name} did not start, attempt {attempt}\n")
        raise RuntimeError(f"{name} did not start in {TRIES} attempts: {log.read_text()[-2000:]}")

    def processes(self, name: str, part: str) -> list[psutil.Process]:
        """The processes of a machine whose command line holds this text."""
        found = []
        for process in self.machines[name].children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if part in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def agent(self, name: str) -> psutil.Process:
        """The process of the agent of a machine."""
        return self.processes(name, "NodeAgent")[0]

    def raylet(self, name: str) -> psutil.Process:
        """The raylet of a machine."""
        return self.processes(name, "raylet/raylet")[0]

    def kill(self, name: str) -> None:
        """A machine is gone from one moment to the next: all its processes are killed."""
        _end(self.machines.pop(name))

    def close(self) -> None:
        """End every machine."""
        for name in list(self.machines):
            self.kill(name)


@contextmanager
def cluster_in(folder: Path) -> Iterator[Cluster]:
    """A cluster without machines yet; all are gone on leaving."""
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.close()


def bring_up_loopback() -> None:
    """The namespace has a network of its own: so nothing that Ray opens can be reached from anywhere else."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def _end(machine: psutil.Process) -> None:
    processes = [machine, *machine.children(recursive=True)] if machine.is_running() else []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    psutil.wait_procs(processes, timeout=10)


def _comes_true(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def given_environment() -> Mapping[str, str]:
    """What every machine and the command are given: a token, and no figures for the makers of Ray."""
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 4}
    return {**token, "RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}  # else a busy computer starves them
