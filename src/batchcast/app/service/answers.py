"""What a server answers, beside the nouns of the domain."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchcast.app.intake import Analysis
from batchcast.domain.batch import Batch, BatchState
from batchcast.domain.errors import N_, BatchcastError, ConflictError, Message
from batchcast.publish.kinds import DOWNLOADS, REJECTED
from batchcast.results.series import BacktestFold


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """A submission that was taken, and will not be lost."""

    batch: Batch
    analysis: Analysis
    is_new: bool  # False: the same submission was sent before, and this is its batch


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchStatus:
    """A batch as it stands."""

    batch: Batch
    analysis: Analysis
    seconds_left: float | None  # until it has ended; None where it is not at work
    learned: float = 0.0  # share of the learning step that is done, 0 to 1, while no partition has begun
    damage: tuple[Message, ...] = ()  # what is wrong with its files, as far as they were compared
    is_warming: bool = False  # it has not begun, and every worker of this server starts or warms up


@dataclass(frozen=True, kw_only=True, slots=True)
class Download:
    """A file of a batch, on this machine and checked."""

    path: Path
    name: str  # under which it is saved, such as "forecast-demand-1a2b3c4d.csv"
    media_type: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectedPage:
    """Some of the rows that were refused: a value by column of rejected.csv."""

    rows: tuple[Mapping[str, str], ...]
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesDetail:
    """One series: where it came from and what was forecast."""

    series: Mapping[str, Any]  # its row of the index: demand class, model, stock and accuracy figures
    history: Sequence[tuple[str, float]]  # (first day of the period, demand), every period, the oldest first
    forecast: Sequence[Mapping[str, Any]]  # rows as they were published
    out_of_stock: Sequence[dt.date]  # days for which other demand stood in, ascending: by the file or by marks
    previous: tuple[str, str] | None  # (site_code, partnumber) of the series before it
    next: tuple[str, str] | None
    scores: Sequence[tuple[str, float]]  # mean scaled lead-time pinball of each model in the backtest, the best first
    backtest: Sequence[BacktestFold] | None  # the earliest first; None where the batch was published without it


@dataclass(frozen=True, kw_only=True, slots=True)
class Readiness:
    """Whether this server can take work."""

    problems: tuple[Message, ...]

    @property
    def ok(self) -> bool:
        """It can."""
        return not self.problems


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerLoad:
    """How much a server has to do, and how many workers it has for it."""

    pending: int  # batches in the queue, of all servers
    processing: int  # batches at work, on all servers
    at_work: int  # batches at work here
    workers: int  # partitions that can be at work here at once
    worker_memory_mb: float  # of all workers here, MB of 2**20 bytes


# What a server can't do, beside what goes wrong in the rooms below.


class BatchEnded(ConflictError):
    """The batch has ended, so it can't be cancelled."""

    slug = "batch-ended"

    def __init__(self, batch: Batch) -> None:
        template = N_("Batch {batch_id} has ended already: it is {state}. There is nothing left to cancel.")
        super().__init__(Message(template, {"batch_id": batch.batch_id, "state": batch.state.value}))


class IdempotencyKeyReused(ConflictError):
    """The Idempotency-Key was sent before, with another file or other settings."""

    slug = "idempotency-key-reused"

    def __init__(self, batch_id: str) -> None:
        template = N_(
            "This Idempotency-Key was used for batch {batch_id}, with another file or other settings. Send a new key "
            "with a new submission."
        )
        super().__init__(Message(template, {"batch_id": batch_id}))


class ResultNotReady(ConflictError):
    """The batch has no result to download."""

    slug = "result-not-ready"

    def __init__(self, batch: Batch) -> None:
        values = {"batch_id": batch.batch_id, "state": batch.state.value, "error": batch.error}
        super().__init__(Message(_not_ready(batch), values))


class NoSuchFile(BatchcastError):
    """The batch has no file of that kind or format."""

    slug = "no-such-file"

    def __init__(self, kind: str, file_format: str) -> None:
        template = N_(
            "There is no {kind} file as {format}. There are {known}; {rejected} only where rows or series were refused."
        )
        known = ", ".join(f"{one.name} ({', '.join(one.formats)})" for one in DOWNLOADS)
        super().__init__(Message(template, {"kind": kind, "format": file_format, "known": known, "rejected": REJECTED}))


class ResultNotKept(BatchcastError):
    """The batch was published by an earlier version, which did not keep these figures."""

    slug = "result-not-kept"

    def __init__(self, batch_id: str) -> None:
        template = N_(
            "Batch {batch_id} was published by an earlier version of batchcast, which did not keep these figures. "
            "Retry the batch to get them."
        )
        super().__init__(Message(template, {"batch_id": batch_id}))


def _not_ready(batch: Batch) -> str:
    if batch.state is BatchState.ROLLED_BACK and batch.error:
        return N_("Batch {batch_id} was rolled back, so there is no result: {error}")
    if batch.state.is_final:
        return N_("Batch {batch_id} is {state}, so there is no result; retry it to get one.")
    return N_("Batch {batch_id} is {state}; its result can be downloaded once it is COMPLETED.")


def seconds_left(batch: Batch) -> float | None:
    """Until a batch at work has ended: what was estimated counts for less the more of the work is done."""
    if batch.state is not BatchState.PROCESSING or batch.started_at is None:
        return None
    elapsed = max(time.time() - batch.started_at.timestamp(), 0.0)
    done = batch.progress
    by_estimate = max(batch.plan.estimate_seconds - elapsed, 0.0)
    by_progress = elapsed * (1 - done) / done if done else 0.0
    return round((1 - done) * by_estimate + done * by_progress, 1)
