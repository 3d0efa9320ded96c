"""What every benchmark shares: measuring a command with all its processes, and printing a table.

A benchmark is a script in this folder that prints Markdown: a heading, what is compared, a table. `all.py` runs
each in turn and puts what they printed into `docs/benchmarks.md`.
"""

from __future__ import annotations

import math
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

SAMPLE_SECONDS = 0.02
FEWEST_LOOKS = 5  # under that the largest is as good as any
SECONDS_TO_START = 120
MEGABYTE = 1024 * 1024
BATCHCAST = (sys.executable, "-m", "batchcast")
DATA = Path(os.environ.get("BATCHCAST_DATA", Path(__file__).parents[2] / "shared" / "data"))


class BenchmarkFailed(Exception):
    """A measured command did not do its work; its output says why."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What a command took, over all its processes."""

    wall_seconds: float
    cpu_seconds: float  # user and system time of every process that ended in it
    peak_mb: float  # largest sum of resident memory seen, shared pages counted in each process
    output: str  # standard output and error


def measure(command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None) -> Measurement:
    """Run a command to its end and measure it with all its descendants.

    Raises:
        BenchmarkFailed: if it ends with another exit code than 0.

    Memory is looked at 50 times a second, so a peak shorter than that can be missed.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as captured:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdout=captured,
            stderr=subprocess.STDOUT,
            env=os.environ | (environment or {}),
        )
        peak = _watch(process)
        process.wait()
        wall = time.perf_counter() - started
        captured.seek(0)
        output = captured.read()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise BenchmarkFailed(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{output}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measurement(wall_seconds=wall, cpu_seconds=cpu, peak_mb=peak / MEGABYTE, output=output)


@contextmanager
def serve(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, str]]:
    """A server with this home and the addresses of its API and its page, from when it is ready to the end of the block.

    Raises:
        BenchmarkFailed: if it does not start; its log says why.
    """
    port, page_port = _free_ports()
    environment = {"HOME": str(home), "API_PORT": str(port), "PAGE_PORT": str(page_port)}
    log = home.with_name(f"{home.name}.log")
    with log.open("wb") as captured:
        process = subprocess.Popen(
            [*BATCHCAST, "serve"],
            env=os.environ | {f"BATCHCAST_{name}": value for name, value in environment.items()},
            stdout=captured,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + SECONDS_TO_START
        while not _is_ready(address):
            if process.poll() is not None or time.monotonic() > deadline:
                raise BenchmarkFailed(f"the server did not start:\n{log.read_text()}")
            time.sleep(0.1)
        yield process, address, f"http://127.0.0.1:{page_port}"
    finally:
        process.terminate()
        process.wait(30)


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table; numbers are shown with three digits that count."""
    print("|", " | ".join(header), "|")
    print("|", " | ".join("---" for _ in header), "|")
    for row in rows:
        print("|", " | ".join(_shown(cell) for cell in row), "|")
    print()


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", trust_env=False, timeout=10).status_code == 200
    except httpx.TransportError:
        return False  # it does not listen yet


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _watch(process: subprocess.Popen[bytes]) -> float:
    """Bytes of the largest sum of resident memory over the process and its descendants; NaN where it ended too soon."""
    looks = peak = 0
    root = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            family = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            break
        peak = max(peak, sum(map(_resident, family)))
        looks += 1
        time.sleep(SAMPLE_SECONDS)
    return peak if looks >= FEWEST_LOOKS else math.nan


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _shown(cell: object) -> str:
    if isinstance(cell, float) and math.isnan(cell):
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.3g}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return str(cell)
