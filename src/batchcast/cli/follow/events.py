"""For programs: one JSON object a line on standard output, documented in `docs/reference/events.md`."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from batchcast.app.nouns import analyzed_json, batch_json, partition_json
from batchcast.cli.session import Session
from batchcast.domain.batch import Batch, PartitionState

if TYPE_CHECKING:
    from batchcast.app.intake import Analysis


class EventView:
    """A listener that writes an event for every change."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen: dict[int, tuple[PartitionState, int]] = {}  # number -> (state, attempt)
        self._overall: tuple[str, int] | None = None  # (state, percent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def on_step(self, step: str) -> None:
        """`{"kind": "step", "step": "ingest"}`."""
        self._write("step", step=step)

    def on_analysis(self, analysis: Analysis) -> None:
        """The report, the plan and its partitions."""
        self._write("analysis", **analyzed_json(analysis, self._session.words.text))

    def on_batch(self, batch: Batch) -> None:
        """Every partition whose state changed, then the batch where its state or percent did."""
        for record in batch.partitions:
            now = (record.state, record.attempt)
            before = self._seen.get(record.partition.number, (PartitionState.PENDING, 0))
            if now != before:
                self._seen[record.partition.number] = now
                self._write("partition", **partition_json(record, self._session.words.text))
        overall = (batch.state.value, int(100 * batch.progress))
        if overall != self._overall:
            self._overall = overall
            self._write("batch", **batch_json(batch))

    def _write(self, kind: str, **values: Any) -> None:
        self._session.screen.write_json({"kind": kind} | values)
