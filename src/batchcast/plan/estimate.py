"""How long a plan will take, from what this installation was measured to do."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from batchcast.domain.plan import Pace, Partition

SHORTEST_SECONDS = 0.01  # an estimate is never zero


def partition_seconds(partition: Partition, pace: Pace) -> float:
    """CPU seconds one partition takes on a core of its own."""
    return partition.cells * pace.seconds_per_cell + partition.series * pace.seconds_per_series


def batch_seconds(partitions: Sequence[Partition], pace: Pace, *, workers: int) -> float:
    """Wall seconds of the batch: a free worker takes the next partition, in the order of the plan."""
    free_at = [0.0] * workers
    for partition in partitions:
        heapq.heapreplace(free_at, free_at[0] + partition_seconds(partition, pace))
    return max(pace.start_seconds + max(free_at), SHORTEST_SECONDS)


def single_job_seconds(partitions: Sequence[Partition], pace: Pace) -> float:
    """Wall seconds of the same work as one unpartitioned job on one core."""
    return batch_seconds(partitions, pace, workers=1)
