"""A server as a person starts it: a process of its own, which tests kill, stop and wake."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from tests.acceptance.service.client import Client
from tests.plugins.watchdog import RUN

from batchcast.domain.batch import Timing
from batchcast.publish.certificate import engine_versions
from batchcast.store.sql.sql_store import SqlStore

HERE = Path(__file__).parent
MARK = "SERVER_UNDER_TEST"  # environment: which server of which test a process belongs to
SECONDS_TO_START = 60


class Server:
    """`batchcast serve` (or `worker`) with a home, ports and a mark of its own."""

    def __init__(
        self,
        home: Path,
        *,
        command: str = "serve",
        faults: Path | None = None,
        database_url: str | None = None,
        **settings: object,
    ) -> None:
        """Settings are variables BATCHCAST_… without the prefix, in lower case; a None is left out."""
        self.home = home
        self.faults = faults or home.with_name(f"{home.name}-faults")
        self.faults.mkdir(exist_ok=True)
        self.command = command
        self.settings = {"database_url": database_url, "max_parallel": 1, **settings}
        self.log_path = home.with_name(f"{home.name}.log")
        self.process: subprocess.Popen[bytes] | None = None
        self.mark = ""
        spare_calibration(home, database_url)
        self.client = Client("http://127.0.0.1:1")
        self.page = ""  # address of its web page
        self.ports: tuple[int, int] | None = None  # those of a server that is to be found again where it was

    def start(self, *, wait: bool = True, **settings: object) -> Server:
        """Start it, with further settings for this time alone, and wait until it takes batches."""
        assert self.process is None or self.process.poll() is not None, "it runs already"
        port, page_port = self.ports or free_ports(2)
        self.mark = secrets.token_hex(8)
        own = {"home": self.home, "api_port": port, "page_port": page_port, **self.settings, **settings}
        environment = {name: value for name, value in os.environ.items() if not is_ours(name)}
        environment |= {f"BATCHCAST_{name.upper()}": str(value) for name, value in own.items() if value is not None}
        environment |= {
            MARK: self.mark,
            "FAULTS": str(self.faults),
            "BATCHCAST_WORKER_VARIABLES": f"{MARK} FAULTS {RUN}",
            "PYTHONPATH": os.pathsep.join([str(HERE / "faults"), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "BATCHCAST_LANG": "en",
        }
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "batchcast", self.command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.client.close()
        self.client = Client(f"http://127.0.0.1:{port}")
        self.page = f"http://127.0.0.1:{page_port}"
        if wait and self.command == "serve":
            until(self._is_ready, SECONDS_TO_START)
        return self

    @property
    def log(self) -> str:
        """All that it has said, over all its starts."""
        return self.log_path.read_text(errors="replace")

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """Its process."""
        assert self.process is not None
        return self.process

    def kill(self) -> None:
        """Kill it with -9, and see that it was alive until then and that nothing of it is left."""
        assert self.running.poll() is None, f"it had ended before:\n{self.log}"
        self.running.kill()
        self.await_death()

    def await_death(self, seconds: float = 30) -> None:
        """Wait until it has been killed with -9, and see that nothing of it is left."""
        assert self.running.wait(seconds) == -signal.SIGKILL, self.log
        self.check_nothing_left()

    def stop(self) -> None:
        """Stop it in the middle of whatever it does, with SIGSTOP; its workers go on."""
        self.running.send_signal(signal.SIGSTOP)
        until(lambda: psutil.Process(self.running.pid).status() == psutil.STATUS_STOPPED)

    def wake(self) -> None:
        """Let it go on."""
        self.running.send_signal(signal.SIGCONT)

    def terminate(self) -> float:
        """End it in good order; seconds that it took."""
        started = time.monotonic()
        self.running.terminate()
        assert self.running.wait(20) == 0, self.log
        seconds = time.monotonic() - started
        self.check_nothing_left(seconds=1)
        return seconds

    def close(self) -> None:
        """End it however it stands: for the end of a test."""
        self.client.close()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(20)
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()

    def processes(self) -> list[psutil.Process]:
        """Every living process that this start of it has made, itself included."""
        return list(marked(self.mark))

    def workers(self) -> list[psutil.Process]:
        """Its worker processes."""
        return [process for process in self.processes() if process.pid != self.running.pid]

    def check_nothing_left(self, seconds: float = 5) -> None:
        """No process of it is left, however it ended."""
        until(lambda: not self.processes(), seconds)

    # Faults of its workers: `faults/sitecustomize.py`

    def set_fault(self, name: str, act: str) -> None:
        """Have every later job of that name (a partition's is its site) meet with that act."""
        (self.faults / f"{name}.part").write_text(act)
        (self.faults / f"{name}.part").rename(self.faults / name)

    def lift_fault(self, name: str) -> None:
        """End that act; jobs that it holds go on."""
        (self.faults / name).unlink()

    def lift_all_faults(self) -> None:
        """End every act that is still set."""
        for fault in self.faults.iterdir():
            if fault.name != "log":
                fault.unlink()

    def die_at(self, point: str, times: int = 1) -> None:
        """Have it kill itself when it reaches that point of a batch's life for the n-th time from now on."""
        (self.faults / "kill-at.part").write_text(f"{point}:{times}")
        (self.faults / "kill-at.part").rename(self.faults / "kill-at")

    def jobs(self) -> list[str]:
        """The names of all jobs that its workers have begun, in order."""
        log = self.faults / "log"
        return log.read_text().split() if log.exists() else []

    def await_job(self, name: str, times: int = 1) -> None:
        """Wait until a worker has begun that job."""
        until(lambda: self.jobs().count(name) >= times, 90)

    def _is_ready(self) -> bool:
        assert self.running.poll() is None, f"it ended with {self.running.returncode}:\n{self.log}"
        return self.client.is_ready()


def spare_calibration(home: Path, database_url: str | None) -> None:
    """Have a new installation know its pace, which it would measure at its first start for seconds."""
    home.mkdir(exist_ok=True)
    version = engine_versions()["batchcast"]
    timing = Timing(version=version, cells=1000, series=10, work_seconds=0.1, start_seconds=1, partitions=1)
    store = SqlStore.open(database_url or f"sqlite:///{home / 'batchcast.db'}")
    try:
        if not store.timings(version):
            store.add_timing(timing)
    finally:
        store.close()


def until(is_so: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is so, and fail where it is not in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.02)


def free_ports(count: int) -> list[int]:
    """Free ports of this machine."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def marked(mark: str) -> Iterator[psutil.Process]:
    """Living processes that a server of that mark started, or that it is."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # gone meanwhile, or not ours to look at
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def is_ours(name: str) -> bool:
    """A variable that would change what a server does, or count its lines, which takes it half its time again."""
    return name.startswith(("BATCHCAST_", "COV_", "COVERAGE_"))
