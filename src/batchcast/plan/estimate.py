"""How long a plan will take, from what this installation was measured to do."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from batchcast.domain.plan import Pace, Partition

SHORTEST_SECONDS = 0.01  # an estimate is never zero


def partition_seconds(partition: Partition, pace: Pace) -> float:
    """CPU seconds one partition takes on a core of its own."""
    by_size = partition.cells * pace.seconds_per_cell + partition.series * pace.seconds_per_series
    return by_size + pace.seconds_per_partition


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
