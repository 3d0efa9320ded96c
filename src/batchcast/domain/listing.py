"""The history of batches, a page at a time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from batchcast.domain.batch import BatchState
from batchcast.domain.message import Message

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
