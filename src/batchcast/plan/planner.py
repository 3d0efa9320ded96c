"""Puts the steps of planning together: request, scope, partitions, estimate, hints."""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import date_of, day_of
from batchcast.domain.cutoffs import count_cases, typical_length
from batchcast.domain.history import HistoryFacts, SeriesTable
from batchcast.domain.plan import ForecastRequest, Pace, Plan
from batchcast.domain.settings import BatchSettings
from batchcast.plan.estimate import batch_seconds, single_job_seconds
from batchcast.plan.hints import find_hints
from batchcast.plan.mode import Scope, choose_scope
from batchcast.plan.partitioner import (
    Numbers,
    build_partitions,
    partition_by_site,
    partition_by_size,
    periods_of_series,
)
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
        estimate_seconds=batch_seconds(partitions, cases, pace, workers=settings.parallel),
        single_job_seconds=single_job_seconds(partitions, cases, pace),
        hints=find_hints(partitions, periods, settings, pace),
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
