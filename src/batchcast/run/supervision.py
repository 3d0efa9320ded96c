"""Watches over one job in one worker: its deadline, its memory, a request to cancel it, and how it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from batchcast.run.job import Ending, Job, Outcome, Progress
from batchcast.run.worker_process import WorkerProcess

SECONDS_BETWEEN_LOOKS = 0.1  # at the memory of the worker and of all that it started


@dataclass(eq=False)
class Supervision:
    """Carries one job through one worker; the worker is gone afterwards where the job did not end well."""

    worker: WorkerProcess  # ready and idle
    job: Job  # what to do, with its limits
    is_cancelled: Callable[[], bool]  # asked whenever the worker is woken, and at every look
    on_progress: Callable[[Progress], None]  # told how far the job is

    def __post_init__(self) -> None:
        self._number = self.worker.jobs_done + 1
        self._started = time.monotonic()
        self._deadline = self._started + self.job.timeout_seconds
        self._next_look = self._started + SECONDS_BETWEEN_LOOKS
        self._peak_mb = 0.0

    def outcome(self) -> Outcome:
        """Hand the job to the worker, watch over it, and say how it ended."""
        job = self.job
        self.worker.send({"job": self._number, "function": job.function, "arguments": dict(job.arguments)})
        while True:
            wake = min(self._next_look, self._deadline)
            report = self.worker.next_report(wake - time.monotonic())
            outcome = self._read(report) if report else None
            outcome = outcome or self._judge()
            if outcome:
                self.worker.jobs_done = self._number
                return outcome

    def _read(self, report: dict[str, Any]) -> Outcome | None:
        match report:
            case {"ended": True}:
                return self._ended(Ending.CRASH, ended_by=self.worker.end_of_itself())
            case {"garbled": True}:
                return self._killed(Ending.CRASH, ended_by="a report that is no JSON line")
            case {"job": self._number, "progress": share}:
                self.on_progress(Progress(share))
            case {"job": self._number}:
                return self._read_last(report)
        return None  # a wake-up, or a late word of a thread that an earlier job left

    def _read_last(self, report: dict[str, Any]) -> Outcome:
        self._look()
        match report:
            case {"done": result}:
                return self._ended(Ending.DONE, result=result)
            case {"out_of_memory": _}:  # the machine had no more, before our limit was reached
                return self._killed(Ending.OUT_OF_MEMORY)
        from batchcast.domain.codec import decode_error

        return self._ended(Ending.ERROR, error=decode_error(report["error"]))

    def _judge(self) -> Outcome | None:
        now = time.monotonic()
        if self.is_cancelled():
            return self._killed(Ending.CANCELLED)
        if now >= self._deadline:
            return self._killed(Ending.TIMEOUT)
        if now < self._next_look:
            return None
        self._next_look = now + SECONDS_BETWEEN_LOOKS
        if self._look() > self.job.memory_limit_mb:
            return self._killed(Ending.OUT_OF_MEMORY)
        if self.worker.has_ended():  # and what it started holds its pipe open
            return self._ended(Ending.CRASH, ended_by=self.worker.end_of_itself())
        return None

    def _look(self) -> float:
        megabytes = self.worker.megabytes()
        self._peak_mb = max(self._peak_mb, megabytes)
        return megabytes

    def _killed(self, ending: Ending, **fields: Any) -> Outcome:
        self.worker.kill()
        return self._ended(ending, **fields)

    def _ended(self, ending: Ending, **fields: Any) -> Outcome:
        return Outcome(
            ending=ending,
            seconds=time.monotonic() - self._started,
            peak_mb=self._peak_mb,
            worker_pid=self.worker.pid,
            stderr_tail="" if ending is Ending.DONE else self.worker.stderr_tail,
            **fields,
        )
