"""What a server answers, beside the nouns of the domain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchcast.app.analysis import Analysis
from batchcast.domain.batch import Batch
from batchcast.domain.message import Message


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Download:
    """A file of a batch, on this machine and checked."""

    path: Path
    name: str  # for whoever saves it, such as "forecast-demand-1a2b3c4d.csv"
    media_type: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectedPage:
    """Some of the rows that were refused: a value by column of rejected.csv."""

    rows: tuple[Mapping[str, str], ...]
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BacktestFold:
    """What was forecast of one series from a past cutoff for the lead-time demand, and what came."""

    cutoff: dt.date  # first day of the last period that the forecast had seen
    first: dt.date  # first day of the first period that was forecast
    last: dt.date  # first day of the last one
    actual: float  # what was demanded over these periods
    forecast: float  # the mean
    low: float  # the quantile at 0.1
    median: float
    high: float  # the quantile at 0.9
    stock: float  # the quantile at the service level


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesDetail:
    """One series: where it came from and what was forecast."""

    series: Mapping[str, Any]  # its row of the index: demand class, model, stock and accuracy figures
    history: Sequence[tuple[str, float]]  # (first day of the period, demand), every period, the oldest first
    forecast: Sequence[Mapping[str, Any]]  # rows as they were published
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
class Figures:
    """What a server is doing, in numbers."""

    pending: int  # batches in the queue, of all servers
    processing: int  # batches at work, on all servers
    at_work: int  # batches at work here
    workers: int  # partitions that can be at work here at once
    worker_memory_mb: float  # of all workers here, MB of 2**20 bytes
