"""Who is told what a batch is doing, while it does it."""

from __future__ import annotations

import time
from typing import Protocol

from batchcast.app.analysis import Analysis
from batchcast.domain.batch import Batch, Event
from batchcast.store import Store

_BETWEEN_LOOKS_SECONDS = 0.1  # a listener is told at most this often


class Listener(Protocol):
    """Called from the thread that called the use case."""

    def on_step(self, step: str) -> None:
        """A step has begun: ingest, plan, prepare, forecast, publish."""

    def on_analysis(self, analysis: Analysis) -> None:
        """The file has been read and the batch planned."""

    def on_batch(self, batch: Batch) -> None:
        """The batch as it stands after a change."""


class NoListener:
    """For those who only want the result."""

    def on_step(self, step: str) -> None:
        """Nobody listens."""

    def on_analysis(self, analysis: Analysis) -> None:
        """Nobody listens."""

    def on_batch(self, batch: Batch) -> None:
        """Nobody listens."""


def tell(store: Store, batch_id: str, listener: Listener) -> None:
    """Tell the listener of every change until the batch has ended; changes that come close together are one."""
    after = 0
    while True:
        events = store.events_after(batch_id, after, wait_seconds=60)
        after = events[-1].number if events else after
        for event in events:
            if step := _step_begun(event):
                listener.on_step(step)
        batch = store.batch(batch_id)
        listener.on_batch(batch)
        if batch.state.is_final:
            return
        time.sleep(_BETWEEN_LOOKS_SECONDS)


def _step_begun(event: Event) -> str | None:
    """The step that an event tells the beginning of; the partitions follow on the preparation."""
    if event.kind != "step":
        return None
    step, state = event.detail["step"], event.detail["state"]
    if state == "started":
        return str(step)
    return "forecast" if (step, state) == ("prepare", "done") else None
