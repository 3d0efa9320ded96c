"""How long a batch has taken, and how long it will still take."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from batchcast.domain.batch import Batch, PartitionState

_TRUSTED_FROM = 0.1  # share of the work done from which its own pace beats the plan's estimate


class BatchClock:
    """Times a batch and its partitions from what the listener is told."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._started: float | None = None
        self._partitions: dict[tuple[int, int], float] = {}  # (number, attempt) -> when it was first seen at work

    def see(self, batch: Batch) -> None:
        """Note what has begun."""
        if self._started is None:
            self._started = self._now()
        for record in batch.partitions:
            if record.state is PartitionState.PROCESSING:
                self._partitions.setdefault((record.partition.number, record.attempt), self._now())

    def seconds(self, batch: Batch) -> Mapping[int, float]:
        """Seconds each partition at work has taken so far, by its number."""
        now = self._now()
        at_work = [r for r in batch.partitions if r.state is PartitionState.PROCESSING]
        starts = {r.partition.number: self._partitions.get((r.partition.number, r.attempt), now) for r in at_work}
        return {number: now - start for number, start in starts.items()}

    def time_left(self, batch: Batch) -> float | None:
        """Seconds until the work is done; None before it has begun and once it has ended."""
        if self._started is None or batch.state.is_final or batch.progress >= 1:
            return None
        elapsed = self._now() - self._started
        if batch.progress < _TRUSTED_FROM:
            return max(batch.plan.estimate_seconds - elapsed, 0.0)
        return elapsed * (1 - batch.progress) / batch.progress
