"""What every benchmark shares: measuring a command with all its processes, and printing a table.

A benchmark is a script in this folder that prints Markdown: a heading, what is compared, a table. `all.py` runs
each in turn and puts what they printed into `docs/benchmarks.md`.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.02
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


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table; numbers are shown with three digits that count."""
    print("|", " | ".join(header), "|")
    print("|", " | ".join("---" for _ in header), "|")
    for row in rows:
        print("|", " | ".join(_shown(cell) for cell in row), "|")
    print()


def _watch(process: subprocess.Popen[bytes]) -> int:
    """Bytes of the largest sum of resident memory over the process and its descendants."""
    peak = 0
    root = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            family = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            break
        peak = max(peak, sum(map(_resident, family)))
        time.sleep(SAMPLE_SECONDS)
    return peak


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _shown(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.3g}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return str(cell)
