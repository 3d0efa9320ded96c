"""What the page of a batch shows, made from the batch as it stands."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from batchcast.app.service.answers import BatchStatus
from batchcast.domain.batch import Batch, BatchState, PartitionRecord, PartitionState
from batchcast.domain.errors import Message
from batchcast.run.verdict import way_out_of
from batchcast.web.results.downloads import FileLinks, files_of

ROWS_ON_A_PAGE = 50
_MOST_AT_WORK = 8  # partitions at work that are named beside the table
_MOST_FAILED = 10  # failed partitions that the alert names
_FAILED = (PartitionState.FAILED, PartitionState.TIMEOUT)

FILTERS: Mapping[str, tuple[PartitionState, ...]] = {
    "all": tuple(PartitionState),
    "failed": _FAILED,
    "work": (PartitionState.PROCESSING,),
    "waiting": (PartitionState.PENDING,),
    "done": (PartitionState.COMPLETED,),
    "stopped": (PartitionState.CANCELLED,),
}  # by the value of `show` in the address


@dataclass(frozen=True, kw_only=True, slots=True)
class PartitionRow:
    """One partition in the table."""

    record: PartitionRecord
    seconds: float | None  # at work, until now or its end

    @property
    def number(self) -> int:
        """Number of the partition."""
        return self.record.partition.number

    @property
    def sign(self) -> tuple[object, ...]:
        """Changes whenever the row has to be shown anew."""
        record = self.record
        seconds = None if self.seconds is None else round(self.seconds)
        return record.state, record.attempt, round(record.progress, 2), seconds, record.reused_from


@dataclass(frozen=True, kw_only=True, slots=True)
class Phase:
    """A part of the work of a batch."""

    name: str
    weight: int  # of 100
    share: float  # that is done, 0 to 1


_PHASES = (("reading", 5), ("learning", 15), ("forecasting", 75), ("publishing", 5))


@dataclass(frozen=True)
class BatchOverview:
    """The batch as a whole."""

    status: BatchStatus
    now: dt.datetime

    @property
    def batch(self) -> Batch:
        """The batch."""
        return self.status.batch

    @property
    def is_live(self) -> bool:
        """The batch may still change."""
        return not self.batch.state.is_final

    @property
    def file_name(self) -> str:
        """Name of the uploaded file."""
        return self.batch.source.file_name if self.batch.source else self.batch.batch_id

    @cached_property
    def phases(self) -> tuple[Phase, ...]:
        """Reading, learning, forecasting and publishing, each with its share that is done."""
        progress, has_begun = (
            self.batch.progress,
            len(self.batch.partitions) > self.counts.get(PartitionState.PENDING, 0),
        )
        is_done = self.batch.state is BatchState.COMPLETED
        learned = 1.0 if has_begun or is_done else self.status.learned
        shares = (1.0, learned, 1.0 if is_done else progress, float(is_done))
        return tuple(
            Phase(name=name, weight=weight, share=share) for (name, weight), share in zip(_PHASES, shares, strict=True)
        )

    @property
    def phase(self) -> str:
        """The name of the phase that it is in, or ended in."""
        return next((phase.name for phase in self.phases if phase.share < 1), self.phases[-1].name)

    @property
    def percent(self) -> float:
        """Share of the work that is done, 0 to 100: of all phases, so that it reaches 100 at the very end."""
        return sum(phase.weight * phase.share for phase in self.phases)

    @cached_property
    def counts(self) -> Mapping[PartitionState, int]:
        """Partitions by state."""
        return Counter(record.state for record in self.batch.partitions)

    @property
    def completed(self) -> int:
        """Number of COMPLETED partitions."""
        return self.counts.get(PartitionState.COMPLETED, 0)

    @property
    def reused(self) -> int:
        """Number of partitions whose result came from an earlier run."""
        return sum(record.reused_from is not None for record in self.batch.partitions)

    @property
    def seconds(self) -> float | None:
        """Seconds since it began, or that it took; None before."""
        batch = self.batch
        if batch.started_at is None:
            return None
        return ((batch.ended_at or self.now) - batch.started_at).total_seconds()

    @cached_property
    def failed(self) -> tuple[PartitionRow, ...]:
        """Partitions that failed or took too long, the first few."""
        found = (record for record in self.batch.partitions if record.state in _FAILED)
        return tuple(partition_row(record, self.now) for record in found)[:_MOST_FAILED]

    def way_out(self, row: PartitionRow) -> Message | None:
        """What to do about a partition that failed, where its sentence does not say."""
        return way_out_of(self.batch, row.record)

    @property
    def failed_count(self) -> int:
        """Number of partitions that failed or took too long."""
        return sum(self.counts.get(state, 0) for state in _FAILED)

    @cached_property
    def at_work(self) -> tuple[PartitionRow, ...]:
        """Partitions at work, the first few."""
        found = (record for record in self.batch.partitions if record.state is PartitionState.PROCESSING)
        return tuple(partition_row(record, self.now) for record in found)[:_MOST_AT_WORK]

    @property
    def files(self) -> tuple[FileLinks, ...]:
        """What can be downloaded."""
        return files_of(self.batch)


@dataclass(frozen=True, kw_only=True)
class PartitionTable:
    """The partitions that the address asks for."""

    rows: tuple[PartitionRow, ...]
    total: int  # that match
    chosen: str  # the filter
    page: int
    counts: Mapping[str, int]  # partitions by filter

    @property
    def pages(self) -> int:
        """Number of pages."""
        return max(1, -(-self.total // ROWS_ON_A_PAGE))

    @property
    def is_large(self) -> bool:
        """There are so many partitions that filters and pages help."""
        return self.counts["all"] > ROWS_ON_A_PAGE


def overview_of(status: BatchStatus) -> BatchOverview:
    """The batch as a whole, now."""
    return BatchOverview(status, dt.datetime.now(dt.UTC))


def table_of(batch: Batch, chosen: str, page: int) -> PartitionTable:
    """A page of the partitions that a filter lets through; the last page where there are not so many."""
    known = chosen if chosen in FILTERS else "all"
    now = dt.datetime.now(dt.UTC)
    states = Counter(record.state for record in batch.partitions)
    found = [record for record in batch.partitions if record.state in FILTERS[known]]
    last = max(1, -(-len(found) // ROWS_ON_A_PAGE))
    shown = min(max(page, 1), last)
    start = (shown - 1) * ROWS_ON_A_PAGE
    return PartitionTable(
        rows=tuple(partition_row(record, now) for record in found[start : start + ROWS_ON_A_PAGE]),
        total=len(found),
        chosen=known,
        page=shown,
        counts={name: sum(states[state] for state in among) for name, among in FILTERS.items()},
    )


def partition_rows(records: Sequence[PartitionRecord], numbers: frozenset[int], now: dt.datetime) -> list[PartitionRow]:
    """The rows of these partitions."""
    return [partition_row(records[number], now) for number in sorted(numbers) if number < len(records)]


def partition_row(record: PartitionRecord, now: dt.datetime) -> PartitionRow:
    """A partition as the table shows it."""
    seconds = record.seconds
    if record.state is PartitionState.PROCESSING and record.started_at is not None:
        seconds = max(0.0, (now - record.started_at).total_seconds())
    return PartitionRow(record=record, seconds=seconds)
