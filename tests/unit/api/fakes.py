"""A service that answers what it is told to, and counts how often it is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from batchcast.app.intake import Analysis
from batchcast.app.service.answers import BatchStatus
from batchcast.domain.batch import Batch, BatchState, Event
from batchcast.domain.errors import Message
from batchcast.domain.history import IngestReport
from batchcast.store.errors import StoreUnavailable, UnknownBatch

BATCH_ID = "0123456789abcdef" * 2


class FakeService:
    """One batch, moved on by the test."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.events: list[Event] = []
        self.asked: Counter[str] = Counter()
        self.is_away = False
        self.is_deleted = False

    def happen(self, kind: str, state: str | None = None, detail: Mapping[str, object] | None = None) -> None:
        """Another event, and what it changes of the batch."""
        number = len(self.events) + 1
        self.events.append(
            Event(
                number=number, batch_id=self.batch.batch_id, kind=kind, partition=None, state=state, detail=detail or {}
            )
        )
        state_now = BatchState(state) if kind == "batch" and state else self.batch.state
        self.batch = replace(self.batch, state=state_now, last_event=number)

    def status_version(self, batch_id: str) -> int:
        self._note("status_version", batch_id)
        return self.batch.last_event

    def latest_events(self, batch_ids: Collection[str]) -> Mapping[str, int]:
        self.asked["latest_events"] += 1
        if self.is_away:
            raise StoreUnavailable("fake", "it is away")
        return {} if self.is_deleted else {self.batch.batch_id: len(self.events)}

    def events_after(self, batch_id: str, number: int) -> tuple[Event, ...]:
        self._note("events_after", batch_id)
        return tuple(self.events[max(number, 0) :])

    def status(self, batch_id: str) -> BatchStatus:
        self._note("status", batch_id)
        report = IngestReport(
            source="d.csv",
            format=Message("CSV"),
            columns={},
            columns_left_alone=(),
            rows_read=1,
            rows_kept=1,
            rows_summed=0,
            rows_refused=0,
        )
        return BatchStatus(batch=self.batch, analysis=Analysis(report=report, plan=self.batch.plan), seconds_left=None)

    def _note(self, what: str, batch_id: str) -> None:
        self.asked[what] += 1
        if self.is_deleted or batch_id != self.batch.batch_id:
            raise UnknownBatch(batch_id)
