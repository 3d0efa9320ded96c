"""In a log: a line for every step and every partition that ends."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.text import Text

from batchcast.cli.follow.clock import BatchClock
from batchcast.cli.follow.steps import STEPS
from batchcast.cli.render.analysis import analysis_card
from batchcast.cli.render.partitions import LOOKS, progress_text, sites_text
from batchcast.cli.session import Session
from batchcast.domain.batch import Batch, PartitionRecord, PartitionState
from batchcast.domain.errors import N_

if TYPE_CHECKING:
    from batchcast.app.intake import Analysis


class PlainView:
    """A listener that only ever adds lines."""

    def __init__(self, session: Session, clock: BatchClock | None = None) -> None:
        self._words = session.words
        self._console = session.screen.err
        self._clock = clock or BatchClock()
        self._states: dict[int, PartitionState] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def on_step(self, step: str) -> None:
        """Say what is being done."""
        self._line(self._words.say(STEPS[step]) + " …")

    def on_analysis(self, analysis: Analysis) -> None:
        """The card."""
        self._console.print(analysis_card(analysis, self._words))

    def on_batch(self, batch: Batch) -> None:
        """A line for every partition that has begun or ended since the last call."""
        self._clock.see(batch)
        for record in batch.partitions:
            number = record.partition.number
            before = self._states.get(number, PartitionState.PENDING)
            self._states[number] = record.state
            if record.state is not before:
                self._line(self._described(record, batch))

    def _described(self, record: PartitionRecord, batch: Batch) -> str:
        words, partition = self._words, record.partition
        if record.state is PartitionState.PROCESSING:
            template = N_("P{number} at work: {sites}, {rows:,} rows")
            sites = sites_text(partition.sites, words)
            return words.say(template, number=partition.number, sites=sites, rows=partition.rows)
        state = words.say(LOOKS[record.state].word)
        took = f" ({words.duration(record.seconds)})" if record.seconds is not None else ""
        progress = progress_text(batch, words, time_left=self._clock.time_left(batch))
        error = f": {words.tell(record.error)}" if record.error else ""
        return f"P{partition.number} {state}{took}{error} · {progress}"

    def _line(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)
