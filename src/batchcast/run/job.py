"""A job for a worker, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from batchcast.domain.batch import FilePiece, StoredFile
from batchcast.domain.errors import BatchcastError


class Ending(StrEnum):
    """How a job ended; the values are the codes that partitions keep as their reason."""

    DONE = "done"
    ERROR = "error"  # its function raised
    TIMEOUT = "timeout"  # it was at work longer than its limit, and was killed
    OUT_OF_MEMORY = "out-of-memory"  # its worker and all that it started took more than the limit, and were killed
    CRASH = "crash"  # its worker died, or was killed by another process
    CANCELLED = "cancelled"  # we were asked to stop it
    LOST = "lost"  # the machine of its worker was lost, which says nothing of the job


@dataclass(frozen=True, kw_only=True, slots=True)
class NeededFile:
    """A file that a job reads, as an artifact."""

    argument: str  # of the job: is given the path
    file: StoredFile
    pieces: tuple[FilePiece, ...] | None = None  # of it, that the job reads; None: it reads the whole


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFiles:
    """What a job reads and writes, for a machine that has neither the files nor the folders of this one."""

    batch_id: str  # what was fetched for it is kept until the batch has ended
    reads: tuple[NeededFile, ...]
    writes: str  # the argument that is given a folder to write to
    keep_as: str  # the prefix of artifacts below which that folder is kept at the end


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A function for a worker to call, by name, with plain values, and its limits."""

    function: str  # "module:function"; the module must be one that the pool allows
    arguments: Mapping[str, Any] = field(default_factory=dict)  # JSON values
    timeout_seconds: float = 300  # from the moment a worker has it
    share: str = ""  # whose it is: the jobs of one never take all workers; empty: no share
    memory_limit_mb: int = 2048  # MB of 2**20 bytes, resident, of the worker and all that it started
    files: JobFiles | None = None  # None: it is done on this machine


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a job ended, with what it took."""

    ending: Ending
    result: Any = None  # JSON value, where it is done
    error: BatchcastError | None = None  # where its function raised, or no worker could be started
    ended_by: str | None = None  # of a crash: "signal SIGSEGV", "exit code 3"
    stderr_tail: str = ""  # end of what its worker wrote to stderr, where it did not end well
    seconds: float = 0.0  # at work
    peak_mb: float = 0.0  # most memory seen, in MB of 2**20 bytes
    worker_pid: int | None = None  # of the process that had it; None where none had
    node: str | None = None  # name of the machine that had it; None: this one
    kept: str | None = None  # the prefix of artifacts where what it wrote is kept; None: it stands where it was written


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job at work has come."""

    share: float  # of its work done, 0 to 1


class PoolClosed(RuntimeError):
    """The pool takes no more jobs: the process stops."""


# What every pool of workers can do, wherever its workers live.


class SubmittedJob(Protocol):
    """A job in the hands of a pool."""

    @property
    def job(self) -> Job:
        """What was submitted."""

    def wait(self, timeout_seconds: float | None = None) -> Outcome:
        """How it ended; blocks until it has.

        Raises:
            TimeoutError: if it has not ended after `timeout_seconds`.
        """

    def cancel(self) -> None:
        """Ask for its end: its worker is killed, and it ends CANCELLED unless it has ended already. Never blocks."""


Report = tuple[SubmittedJob, Progress | Outcome]


class Inbox(Protocol):
    """Where a pool reports to, from threads of its own; a `queue.SimpleQueue` is one."""

    def put(self, report: Report, /) -> None:
        """Take a report; never blocks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A machine whose workers a pool has."""

    name: str
    cores: int  # jobs at work at once
    memory_mb: int  # of the machine, in MB of 2**20 bytes
    at_work: int  # jobs
    is_leaving: bool = False  # it ends what it has, and is given no more


class WorkerPool(Protocol):
    """Carries out jobs in processes of their own, `size` at a time, with limits that hold."""

    is_wide: bool  # it has workers on other machines: a job that names its files may be done there

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The machines of a wide pool; empty where there is only this one."""

    @property
    def size(self) -> int:
        """Jobs at work at once."""

    @property
    def idle(self) -> int:
        """Workers for whom there is nothing to do."""

    @property
    def is_warming(self) -> bool:
        """Whether every worker of this machine starts or warms up, so that a batch waits."""

    def megabytes(self) -> float:
        """Resident memory of all workers and of what they started, in MB of 2**20 bytes."""

    def submit(self, job: Job, reports: Inbox | None = None, priority: int = 0) -> SubmittedJob:
        """Queue a job, those of a lower priority number first, in the order they come within one; returns at once.

        `reports` receives a Progress whenever the job tells how far it is, and in the end exactly one Outcome.

        Raises:
            PoolClosed: if it is.
        """

    def end_batch(self, batch_id: str) -> None:
        """No further job of a batch comes: what was fetched for it is removed, on threads of its own."""

    def close(self) -> None:
        """Cancel what is queued or at work, end every worker, and return when none is left."""
