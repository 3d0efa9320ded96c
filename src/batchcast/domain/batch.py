"""The life of a batch and of its partitions: states, and the arrows between them.

    Batch:      PENDING ──► PROCESSING ──► COMPLETED
                   │             ├───────► ROLLED_BACK   a partition failed, timed out, or publishing failed
                   └─────────────┴───────► CANCELLED     a person stopped it

    Partition:  PENDING ──► PROCESSING ──► COMPLETED
                   │ │           ├───────► FAILED        error, out of memory, crash after its last attempt
                   │ │           ├───────► TIMEOUT       over max_execution_time
                   │ │           ├───────► PENDING       its worker crashed, or the batch changed hands: tried again
                   │ └───────────────────► COMPLETED     an earlier run has its result: taken from that checkpoint
                   └─────────────┴───────► CANCELLED     the batch ended without it

The five on the right are final. State changes only along an arrow, by a conditional update in the store.
A PROCESSING batch stays so while its owner changes: the owner of its lease carries it out (`store.Lease`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self

from batchcast.domain.accuracy import LeaderboardRow
from batchcast.domain.errors import Message
from batchcast.domain.history import HistoryFacts, IngestReport
from batchcast.domain.plan import Partition, Plan
from batchcast.domain.settings import BatchSettings


class BatchState(StrEnum):
    """Where a batch stands."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    ROLLED_BACK = "ROLLED_BACK"
    CANCELLED = "CANCELLED"

    @property
    def is_final(self) -> bool:
        """No arrow leads on from here."""
        return not BATCH_ARROWS[self]


class PartitionState(StrEnum):
    """Where a partition stands."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    TIMEOUT = "TIMEOUT"
    CANCELLED = "CANCELLED"

    @property
    def is_final(self) -> bool:
        """No arrow leads on from here."""
        return not PARTITION_ARROWS[self]


BATCH_ARROWS: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.PENDING: frozenset({BatchState.PROCESSING, BatchState.CANCELLED}),
    BatchState.PROCESSING: frozenset({BatchState.COMPLETED, BatchState.ROLLED_BACK, BatchState.CANCELLED}),
    BatchState.COMPLETED: frozenset(),
    BatchState.ROLLED_BACK: frozenset(),
    BatchState.CANCELLED: frozenset(),
}
PARTITION_ARROWS: Mapping[PartitionState, frozenset[PartitionState]] = {
    PartitionState.PENDING: frozenset({PartitionState.PROCESSING, PartitionState.COMPLETED, PartitionState.CANCELLED}),
    PartitionState.PROCESSING: frozenset(
        {
            PartitionState.COMPLETED,
            PartitionState.FAILED,
            PartitionState.TIMEOUT,
            PartitionState.PENDING,
            PartitionState.CANCELLED,
        }
    ),
    PartitionState.COMPLETED: frozenset(),
    PartitionState.FAILED: frozenset(),
    PartitionState.TIMEOUT: frozenset(),
    PartitionState.CANCELLED: frozenset(),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFile:
    """A file among the artifacts."""

    key: str  # "batches/<batch_id>/history.parquet": made of ids and names of ours, never of a user's text
    sha256: str  # hexadecimal
    size: int  # bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class FilePiece:
    """Some bytes of an artifact that can be fetched and checked without the rest."""

    start: int  # first byte
    size: int  # bytes
    sha256: str  # hexadecimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What a batch was made of, as it was submitted."""

    file_name: str  # as the sender called it: for people, never part of a path
    upload: StoredFile  # the file as it was sent; its key is empty where it is not kept, by a command
    history: StoredFile  # the checked history
    rejected: StoredFile | None  # CSV of the refused rows, where there are some
    input_sha256: str  # of the input, as its certificate will have it
    facts: HistoryFacts
    report: IngestReport
    ingest_seconds: float  # of reading and checking


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultFile:
    """One published file of a batch."""

    kind: str  # forecast, stock, accuracy, rejected, certificate; series, figures, periods, overview: for a page alone
    format: str  # csv, xlsx, parquet, json
    file: StoredFile


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchResult:
    """What a COMPLETED batch has published."""

    files: tuple[ResultFile, ...]
    counts: Mapping[str, int]  # rows and series, accounted for
    leaderboard: tuple[LeaderboardRow, ...]  # accuracy by model, best first


@dataclass(frozen=True, kw_only=True, slots=True)
class PartitionRecord:
    """What is remembered of a partition at work."""

    partition: Partition
    state: PartitionState = PartitionState.PENDING
    attempt: int = 0  # tries started so far
    seconds: float | None = None  # of the attempt that ended it
    progress: float = 0.0  # share of its work done, 0 to 1
    reason: str | None = None  # code of how it failed: error, timeout, out-of-memory, crash
    error: Message | None = None  # "Partition 3 failed: Out of memory ..."
    started_at: dt.datetime | None = None  # of its latest attempt, UTC
    result: str | None = None  # where a COMPLETED one's result is kept: the folder of its artifacts
    reused_from: str | None = None  # batch whose checkpoint it came from


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One try of a partition."""

    partition: int  # number of the partition
    number: int  # 1 is the first try
    seconds: float | None = None  # at work; None while it is
    peak_mb: float | None = None  # most memory its worker held
    reason: str | None = None  # code of how it failed; None while at work, and where it is done
    error: Message | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What is remembered of a batch."""

    batch_id: str
    settings: BatchSettings
    plan: Plan
    state: BatchState = BatchState.PENDING
    partitions: tuple[PartitionRecord, ...] = ()
    error: Message | None = None
    source: Source | None = None  # None: the batch of a command, whose file is where the person has it
    result: BatchResult | None = None  # once it is COMPLETED
    place: int | None = None  # in the queue, 1 is the next; None unless PENDING
    submitted_at: dt.datetime | None = None  # UTC, on the store's clock, as the two that follow
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    submitted_by: str | None = None  # name of the token it was submitted with
    retry_of: str | None = None  # batch that this one repeats
    last_event: int = 0  # number of its latest event

    @property
    def progress(self) -> float:
        """Share of the work done, 0 to 1: partitions weigh by their cells, not by their number."""
        total = sum(record.partition.cells for record in self.partitions)
        done = sum(record.partition.cells * record.progress for record in self.partitions)
        return done / total if total else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One change of a batch, numbered in order."""

    number: int  # 1-based within the batch
    batch_id: str
    kind: str  # batch, partition, progress, step
    partition: int | None
    state: str | None
    detail: Mapping[str, object]
    at: dt.datetime | None = None  # UTC, on the store's clock


# The history of batches, a page at a time.

MOST_A_PAGE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchQuery:
    """Which batches to list; the newest first."""

    states: frozenset[BatchState] = frozenset()  # empty: all
    search: str = ""  # in the file's name and the id, whatever the case
    offset: int = 0
    limit: int = 50  # at most MOST_A_PAGE


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchSummary:
    """A line of the history."""

    batch_id: str
    state: BatchState
    file_name: str | None
    rows: int
    sites: int
    parts: int
    series: int
    partitions: int
    completed: int  # partitions that are COMPLETED
    progress: float  # share of the work done, 0 to 1
    place: int | None
    estimate_seconds: float
    error: Message | None
    submitted_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    submitted_by: str | None
    retry_of: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchPage:
    """Some lines of the history."""

    batches: tuple[BatchSummary, ...]
    total: int  # batches that match, on this page or not


# How long one batch really took: what the next estimate is made of.


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """The seconds of one finished batch."""

    version: str  # of batchcast
    cells: int  # periods over all series that were forecast, those from a checkpoint left out
    series: int  # of the same partitions
    work_seconds: float  # sum over its partitions, each in its worker
    start_seconds: float  # wall time of everything that is not a partition at work
    partitions: int = 0  # that were forecast
    cases: int | None = None  # that were learned from across series; None: not told
    prepare_seconds: float = 0.0
    publish_seconds: float = 0.0

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The timing that was kept as these values; what an earlier version kept beside them is passed over.

        Raises:
            TypeError: if one of them is missing.
        """
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})
