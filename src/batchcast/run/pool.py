"""What every pool of workers can do, wherever its workers live."""

from __future__ import annotations

from typing import Protocol

from batchcast.run.job import Job, Outcome, Progress


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


class WorkerPool(Protocol):
    """Carries out jobs in processes of their own, `size` at a time, with limits that hold."""

    @property
    def size(self) -> int:
        """Jobs at work at once."""

    @property
    def idle(self) -> int:
        """Workers for whom there is nothing to do."""

    def megabytes(self) -> float:
        """Resident memory of all workers and of what they started, in MB of 2**20 bytes."""

    def submit(self, job: Job, reports: Inbox | None = None, priority: int = 0) -> SubmittedJob:
        """Queue a job, those of a lower priority number first, in the order they come within one; returns at once.

        `reports` receives a Progress whenever the job tells how far it is, and in the end exactly one Outcome.

        Raises:
            RuntimeError: if the pool is closed.
        """

    def close(self) -> None:
        """Cancel what is queued or at work, end every worker, and return when none is left."""
