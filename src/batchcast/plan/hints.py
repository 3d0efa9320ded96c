"""Where a plan is poor, and what to change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Message
from batchcast.domain.plan import Pace, Partition
from batchcast.domain.settings import BatchSettings
from batchcast.plan.estimate import partition_seconds

FEW_ROWS = 500  # under it, starting a partition costs more than its work
MANY_ROWS = 5_000
SHORT_LIMIT_SECONDS = 60
FEW_PERIODS = 3
_WORKER_MB = 350  # interpreter, libraries and compiled kernels
_BYTES_PER_CELL = 32  # the panel and what is computed beside it
_SHOWN = 5


def find_hints(
    partitions: Sequence[Partition], periods: NDArray[np.int64], settings: BatchSettings, pace: Pace
) -> tuple[Message, ...]:
    """A sentence for every weakness of the plan. `periods` holds the periods of each series that is forecast."""
    found = [
        _overhead(partitions),
        _time_out(partitions, settings, pace),
        _memory(partitions, settings),
        _short_history(periods),
    ]
    return tuple(hint for hint in found if hint is not None)


def _overhead(partitions: Sequence[Partition]) -> Message | None:
    small = [p for p in partitions if p.rows < FEW_ROWS]
    if len(partitions) == 1 or not small:
        return None
    template = N_(
        "{count} of {total} partitions hold fewer than {few:,} rows ({named}): starting them costs more than their "
        "work. A lower max_partitions or partition_strategy auto joins them."
    )
    return Message(template, {"count": len(small), "total": len(partitions), "few": FEW_ROWS, "named": _named(small)})


def _time_out(partitions: Sequence[Partition], settings: BatchSettings, pace: Pace) -> Message | None:
    limit = settings.max_execution_time
    risky = [
        p
        for p in partitions
        if (p.rows > MANY_ROWS and limit < SHORT_LIMIT_SECONDS) or partition_seconds(p, pace) > limit / 2
    ]
    if not risky:
        return None
    template = N_(
        "{count} of {total} partitions are large for a limit of {limit:g} seconds ({named}): they risk a time-out. "
        "Raise max_execution_time, or lower max_rows_per_partition with partition_strategy auto."
    )
    values = {"count": len(risky), "total": len(partitions), "limit": limit, "named": _named(risky)}
    return Message(template, values)


def _memory(partitions: Sequence[Partition], settings: BatchSettings) -> Message | None:
    heavy = [p for p in partitions if _memory_mb(p) > settings.memory_limit_mb]
    if not heavy:
        return None
    template = N_(
        "{count} of {total} partitions may need up to {needed:,} MB, over the limit of {limit:,} MB ({named}). "
        "Raise memory_limit_mb, or lower max_rows_per_partition with partition_strategy auto."
    )
    values = {
        "count": len(heavy),
        "total": len(partitions),
        "needed": max(map(_memory_mb, heavy)),
        "limit": settings.memory_limit_mb,
        "named": _named(heavy),
    }
    return Message(template, values)


def _short_history(periods: NDArray[np.int64]) -> Message | None:
    short = int(np.count_nonzero(periods < FEW_PERIODS))
    if not short:
        return None
    template = N_(
        "{count:,} of {total:,} series have fewer than {few} periods of history: their forecast is little more than a "
        "mean, and no backtest can judge it."
    )
    return Message(template, {"count": short, "total": len(periods), "few": FEW_PERIODS})


def _memory_mb(partition: Partition) -> int:
    return _WORKER_MB + partition.cells * _BYTES_PER_CELL // 1_000_000


def _named(partitions: Sequence[Partition]) -> str:
    """The first few, by number: `P3, P4, ...`."""
    named = ", ".join(f"P{p.number}" for p in partitions[:_SHOWN])
    return named + (", ..." if len(partitions) > _SHOWN else "")
