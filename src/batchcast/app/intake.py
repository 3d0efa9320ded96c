"""From a file to a planned batch: read and checked in a worker, planned here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from batchcast.app.analysis import Analysis, place_problems
from batchcast.app.stopper import Stopper
from batchcast.domain.codec import decode, encode
from batchcast.domain.errors import BatchCancelled, BatchcastError, InvalidInput
from batchcast.domain.history import DemandHistory, IngestReport
from batchcast.domain.message import Message, mark
from batchcast.domain.plan import Pace, Plan
from batchcast.domain.settings import BatchSettings
from batchcast.ingest import RowsRefused, read_series_table
from batchcast.plan import plan_batch
from batchcast.run import Ending, Job, Outcome, WorkerPool

_SECONDS = 3600.0  # for reading one file
_LEAST_MEMORY_MB = 2048  # reading needs as much for any file, however small the partitions are


class ReadingFailed(InvalidInput):
    """The file made its reader run out of time or memory, or crash; nothing of it was kept."""

    slug = "reading-failed"


@dataclass(frozen=True, kw_only=True)
class Intake:
    """A history that has been read and planned."""

    history: DemandHistory
    plan: Plan
    analysis: Analysis
    seconds: float  # of reading and checking


def take_in(
    file: Path, settings: BatchSettings, *, folder: Path, pool: WorkerPool, pace: Pace, stopper: Stopper
) -> Intake:
    """Read a file into `folder` and plan its batch.

    Raises:
        InvalidInput: if it can't be a demand history. RowsRefused, one of its kinds, if rows were refused and
            `bad_rows` is `fail`, or none is left; it carries the report and, where there is one, the plan.
        InvalidSettings: if a setting does not fit the history.
        BatchCancelled: if a person stopped it.
    """
    started = time.perf_counter()
    history, report = _read(file, settings, folder=folder, pool=pool, stopper=stopper)
    seconds = time.perf_counter() - started
    plan = plan_batch(history.facts, read_series_table(history), settings, pace) if history else None
    analysis = Analysis(report=place_problems(report, plan), plan=plan, sites=_sites_of(history))
    if history is None or plan is None or (report.rows_refused and settings.bad_rows == "fail"):
        raise RowsRefused(analysis.report, plan, analysis.sites)
    return Intake(history=history, plan=plan, analysis=analysis, seconds=seconds)


def _sites_of(history: DemandHistory | None) -> tuple[str, ...]:
    return tuple(site.site_code for site in history.facts.sites) if history else ()


def _read(
    file: Path, settings: BatchSettings, *, folder: Path, pool: WorkerPool, stopper: Stopper
) -> tuple[DemandHistory | None, IngestReport]:
    job = Job(
        function="batchcast.run.jobs:ingest_job",
        arguments=encode({"source": file.absolute(), "into": folder / "ingest", "settings": settings}),
        timeout_seconds=_SECONDS,
        memory_limit_mb=max(settings.memory_limit_mb, _LEAST_MEMORY_MB),
    )
    submitted = pool.submit(job)
    with stopper.stopping(submitted.cancel):
        outcome = submitted.wait()
    if outcome.ending is Ending.DONE:
        read = decode(outcome.result)
        return read["history"], read["report"]
    raise error_of(file, outcome, job)


def error_of(file: Path, outcome: Outcome, job: Job) -> BatchcastError:
    """What to raise where a reader did not end well."""
    if outcome.ending is Ending.CANCELLED:
        return BatchCancelled(Message(mark("Stopped while the file was read; nothing was published.")))
    if outcome.ending is Ending.ERROR and outcome.error is not None:
        return outcome.error
    reasons = {
        Ending.TIMEOUT: Message(mark("it took more than {seconds:g} seconds"), {"seconds": job.timeout_seconds}),
        Ending.OUT_OF_MEMORY: Message(mark("it took more than {limit} MB of memory"), {"limit": job.memory_limit_mb}),
    }
    crash = Message(mark("its reader ended with {end}"), {"end": outcome.ended_by or outcome.ending.value})
    template = mark(
        "{file} could not be read: {reason}. It may be damaged, or made to do harm; export it again, or send it to us."
    )
    reason = reasons.get(outcome.ending, crash)
    return ReadingFailed(Message(template, {"file": file.name, "reason": reason}))
