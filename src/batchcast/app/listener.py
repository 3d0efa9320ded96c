"""Who is told what a batch is doing, while it does it."""

from __future__ import annotations

from typing import Protocol

from batchcast.app.analysis import Analysis
from batchcast.domain.batch import Batch


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
