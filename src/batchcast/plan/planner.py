"""Puts the steps of planning together: request, scope, partitions, estimate, hints."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import date_of, day_of
from batchcast.domain.cutoffs import count_cases, typical_length
from batchcast.domain.errors import N_, Message
from batchcast.domain.history import HistoryFacts, SeriesTable
from batchcast.domain.plan import ForecastRequest, Pace, Partition, Plan
from batchcast.domain.settings import BatchSettings
from batchcast.plan.partitioner import (
    Numbers,
    Scope,
    build_partitions,
    choose_scope,
    partition_by_site,
    partition_by_size,
    periods_of_series,
)
from batchcast.plan.remedies import Cut
from batchcast.plan.request import resolve_request


def plan_batch(
    facts: HistoryFacts, series: SeriesTable, settings: BatchSettings, pace: Pace, *, learns: bool = True
) -> Plan:
    """The plan of a batch; the same history, settings and pace give the same plan.

    Args:
        facts: what the history holds.
        series: its series.
        settings: of the batch.
        pace: how fast this installation works.
        learns: whether any of the models learns across series, which takes time of its own.

    Raises:
        InvalidSettings: if a setting does not fit the history; see `resolve_request` and `choose_scope`.
    """
    request, request_notes = resolve_request(facts, settings)
    scope = choose_scope(facts, settings)
    numbers = _number_series(series, scope, settings)
    partitions = build_partitions(series, numbers, request)
    every = periods_of_series(series, request)
    periods, cases = every[numbers >= 0], _count_cases(every, request, pace) if learns else 0
    return Plan(
        request=request,
        partitions=partitions,
        batch_mode=scope.batch_mode,
        rows=sum(p.rows for p in partitions),
        sites=len(scope.sites),
        parts=_count_distinct(series.part_index[numbers >= 0]),
        series=len(periods),
        first_date=_first_date(facts, request),
        last_date=min(facts.last_date, date_of(request.calendar.last_day(request.last_period))),
        estimate_seconds=batch_seconds(partitions, cases, pace, workers=useful_workers(partitions, settings, pace)),
        single_job_seconds=single_job_seconds(partitions, cases, pace),
        hints=find_hints(Cut(settings=settings, batch_mode=scope.batch_mode, partitions=partitions), periods, pace),
        notes=(*request_notes, *scope.notes),
        cases=cases,
    )


def _number_series(series: SeriesTable, scope: Scope, settings: BatchSettings) -> Numbers:
    """Partition number of each series; -1 where its site is not taken in."""
    if not scope.batch_mode:
        wanted = set(scope.sites)
        number_of_site = np.array([0 if site in wanted else -1 for site in series.site_codes], dtype=np.int64)
        return number_of_site[series.site_index]
    if settings.partition_strategy == "site":
        return partition_by_site(series, max_partitions=settings.max_partitions)
    return partition_by_size(series, max_rows=settings.max_rows_per_partition, max_partitions=settings.max_partitions)


def _first_date(facts: HistoryFacts, request: ForecastRequest) -> dt.date:
    period = request.calendar.period_of_day(day_of(facts.first_date))
    return date_of(request.calendar.first_day(period))


def _count_cases(periods: Numbers, request: ForecastRequest, pace: Pace) -> int:
    """About how many cases are learned from across series of so many periods.

    Whatever sites are asked for, all series of the history are learned from.
    """
    return count_cases(request, typical_length(periods, request), min(len(periods), pace.sampled_series))


def _count_distinct(index: NDArray[np.int32]) -> int:
    seen = np.zeros(int(index.max()) + 1, dtype=bool)
    seen[index] = True
    return int(np.count_nonzero(seen))


# Where a plan is poor, and what to change.

FEW_ROWS = 500  # under it, starting a partition costs more than its work
MANY_ROWS = 5_000
SHORT_LIMIT_SECONDS = 60
FEW_PERIODS = 3
_WORKER_MB = 350  # interpreter, libraries and compiled kernels
_BYTES_PER_CELL = 32  # the panel and what is computed beside it
_SHOWN = 5


def find_hints(cut: Cut, periods: NDArray[np.int64], pace: Pace) -> tuple[Message, ...]:
    """A sentence for every weakness of the plan. `periods` holds the periods of each series that is forecast."""
    found = [
        _overhead(cut.partitions),
        _time_out(cut, pace),
        _memory(cut),
        _short_history(periods),
    ]
    return tuple(hint for hint in found if hint is not None)


def _overhead(partitions: Sequence[Partition]) -> Message | None:
    small = [p for p in partitions if p.rows < FEW_ROWS]
    if len(partitions) == 1 or not small:
        return None
    template = N_(
        "{count} of {total} partitions hold fewer than {few:,} rows ({named}): starting them costs more than "
        "their work. A lower {@max_partitions} or {@partition_strategy=auto} joins them."
    )
    return Message(template, {"count": len(small), "total": len(partitions), "few": FEW_ROWS, "named": _named(small)})


def _time_out(cut: Cut, pace: Pace) -> Message | None:
    partitions, limit = cut.partitions, cut.settings.max_execution_time
    risky = [
        p
        for p in partitions
        if (p.rows > MANY_ROWS and limit < SHORT_LIMIT_SECONDS) or partition_seconds(p, pace) > limit / 2
    ]
    if not risky:
        return None
    template = N_(
        "{count} of {total} partitions are large for a limit of {limit:g} seconds ({named}): they risk a "
        "time-out. {way_out}"
    )
    values = {"count": len(risky), "total": len(partitions), "limit": limit, "named": _named(risky)}
    return Message(template, values | {"way_out": cut.way_out("max_execution_time", risky)})


def _memory(cut: Cut) -> Message | None:
    partitions, settings = cut.partitions, cut.settings
    heavy = [p for p in partitions if _memory_mb(p) > settings.memory_limit_mb]
    if not heavy:
        return None
    template = N_(
        "{count} of {total} partitions may need up to {needed:,} MB, over the limit of {limit:,} MB ({named}). "
        "{way_out}"
    )
    values = {
        "count": len(heavy),
        "total": len(partitions),
        "needed": max(map(_memory_mb, heavy)),
        "limit": settings.memory_limit_mb,
        "named": _named(heavy),
        "way_out": cut.way_out("memory_limit_mb", heavy),
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


# How long a plan will take, from what this installation was measured to do.

SHORTEST_SECONDS = 0.01  # an estimate is never zero


def partition_seconds(partition: Partition, pace: Pace) -> float:
    """CPU seconds one partition takes on a core of its own."""
    by_size = partition.cells * pace.seconds_per_cell + partition.series * pace.seconds_per_series
    return by_size + pace.seconds_per_partition


def useful_workers(partitions: Sequence[Partition], settings: BatchSettings, pace: Pace) -> int:
    """Workers that a batch is worth: as many as asked for, else those whose share is more work than their start."""
    if settings.max_parallel is not None or not pace.worker_start_seconds:
        return settings.parallel
    work = sum(partition_seconds(partition, pace) for partition in partitions)
    return max(min(settings.parallel, int(work / pace.worker_start_seconds)), 1)


def steps_seconds(*, series: int, partitions: int, cases: int, pace: Pace) -> float:
    """Wall seconds of a batch of this size while no partition is at work: preparing, keeping, publishing."""
    return (
        pace.start_seconds
        + pace.step_seconds_per_sampled * min(series, pace.sampled_series)
        + pace.step_seconds_per_case * cases
        + pace.step_seconds_per_series * series
        + pace.step_seconds_per_partition * partitions
    )


def batch_seconds(partitions: Sequence[Partition], cases: int, pace: Pace, *, workers: int) -> float:
    """Wall seconds of the batch: a free worker takes the next partition, in the order of the plan.

    Args:
        partitions: in that order.
        cases: that are learned from across series.
        pace: of this installation.
        workers: partitions at work at once.
    """
    free_at = [0.0] * workers
    for partition in partitions:
        heapq.heapreplace(free_at, free_at[0] + partition_seconds(partition, pace))
    series = sum(partition.series for partition in partitions)
    steps = steps_seconds(series=series, partitions=len(partitions), cases=cases, pace=pace)
    return max(steps + max(free_at), SHORTEST_SECONDS)


def single_job_seconds(partitions: Sequence[Partition], cases: int, pace: Pace) -> float:
    """Wall seconds of the same work as one unpartitioned job on one core."""
    return batch_seconds(partitions, cases, pace, workers=1)
