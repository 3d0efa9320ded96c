"""Pools with workers that know the acts of `acts/acts.py`, and a look at what processes are left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from batchcast.run.job import Job
from batchcast.run.local_pool import LocalPool
from batchcast.run.process_tree import marked_processes

ACTS = Path(__file__).parent / "acts"


@pytest.fixture
def make_pool() -> Iterator[Callable[..., LocalPool]]:
    """Starts pools that may call the acts; they are closed in the end."""
    pools: list[LocalPool] = []

    def make(size: int = 1, **options: object) -> LocalPool:
        environment = {"PYTHONPATH": str(ACTS), **options.pop("environment", {})}  # type: ignore[dict-item]
        pools.append(LocalPool(size, allowed=("acts",), environment=environment, **options))  # type: ignore[arg-type]
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


@pytest.fixture
def act() -> Callable[..., Job]:
    """Makes the job that does one act."""

    def make(name: str, *, timeout_seconds: float = 30, memory_limit_mb: int = 2048, **arguments: object) -> Job:
        return Job(
            function=f"acts:{name}",
            arguments=arguments,
            timeout_seconds=timeout_seconds,
            memory_limit_mb=memory_limit_mb,
        )

    return make


@pytest.fixture
def until() -> Callable[[Callable[[], object], float], None]:
    """Waits until something is so, and fails where it is not in time."""

    def wait(is_so: Callable[[], object], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, f"not so after {seconds} s"
            threading.Event().wait(0.01)

    return wait


@pytest.fixture
def workers_of() -> Callable[[int], list[psutil.Process]]:
    """The living processes that carry the mark of a process's pools."""

    def find(pid: int) -> list[psutil.Process]:
        found = []
        for process, mark in marked_processes():
            if mark.startswith(f"{pid}."):
                found.append(process)
        return found

    return find
