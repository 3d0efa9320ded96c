"""A batch at work: how long it takes, and how a signal or a reader that has left stops it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from batchcast.app.batchcast import Listener
from batchcast.domain.batch import Batch, PartitionState
from batchcast.domain.errors import N_, Message

if TYPE_CHECKING:
    from batchcast.app.intake import Analysis


class Guarded(Listener):
    """Passes everything on; when the reader is gone, cancels the batch instead of failing."""

    def __init__(self, listener: Listener, stop: Callable[[], None]) -> None:
        self._listener = listener
        self._stop = stop

    def on_step(self, step: str) -> None:
        """Pass it on."""
        self._pass(lambda: self._listener.on_step(step))

    def on_note(self, note: Message) -> None:
        """Pass it on."""
        self._pass(lambda: self._listener.on_note(note))

    def on_analysis(self, analysis: Analysis) -> None:
        """Pass it on."""
        self._pass(lambda: self._listener.on_analysis(analysis))

    def on_batch(self, batch: Batch) -> None:
        """Pass it on."""
        self._pass(lambda: self._listener.on_batch(batch))

    def _pass(self, call: Callable[[], None]) -> None:
        try:
            call()
        except BrokenPipeError:
            self._stop()


@contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into `stop`; what a signal did before is restored on leaving."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# How long a batch has taken, and how long it will still take.

# The steps of a batch, as a person reads them.

STEPS: Mapping[str, str] = {
    "ingest": N_("Reading and checking the file"),
    "plan": N_("Planning the partitions"),
    "prepare": N_("Learning across all series"),
    "forecast": N_("Forecasting"),
    "publish": N_("Verifying and publishing"),
}


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
